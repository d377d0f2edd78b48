"""`stratolab lab init`: begin a lab.toml."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.config.labs.scaffold import Answers

EXAMPLES = """\
  stratolab lab init                                     asks a few questions
  stratolab lab init --name acme --region eu-west-1 --defaults
  stratolab lab init --name acme --environments dev,prod --mail owner@mail.example --defaults
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("dir", nargs="?", default=".", metavar="DIR", help="the folder (default: this one)")
    parser.add_argument("--name", help="the lab's name: it begins the name of everything that the lab makes")
    parser.add_argument("--region", help="the AWS region (default: that of your AWS settings)")
    parser.add_argument(
        "--profile", choices=("lab", "standard", "hardened"), help="how much safety it pays for"
    )
    parser.add_argument("--monthly", type=float, help="the budget of a month, in US dollars")
    parser.add_argument("--mail", action="append", help="who is told of budgets and alarms; may be repeated")
    parser.add_argument(
        "--address",
        action="append",
        help="from where people reach it, such as 203.0.113.0/24; may be repeated",
    )
    parser.add_argument("--environments", help="dev, stage, prod, with commas (default: dev)")
    parser.add_argument("--defaults", action="store_true", help="ask nothing")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.config.labs import scaffold
    from stratolab.lab.aws import CONFIG

    path = Path(options.dir) / CONFIG
    scaffold.create(path, _answers(options, ask=not options.defaults and sys.stdin.isatty()))
    ui.say(str(path))
    enter = "" if Path(options.dir) == Path() else f"cd {options.dir} && "
    ui.note(f"next: {enter}stratolab plan  (nothing is made, and nothing costs, before stratolab up)")
    return 0


def _answers(options: Namespace, *, ask: bool) -> Answers:
    from stratolab.config.labs.scaffold import PROFILES, Answers
    from stratolab.core.errors import InputError

    folder = Path(options.dir).resolve().name
    name = options.name or _asked("the lab's name", folder, ask=ask)
    region = options.region or _asked("the AWS region", _usual_region(), ask=ask)
    if not region:
        raise InputError("which region?", doing="lab init", hint="stratolab lab init --region eu-west-1")
    if ask and not options.profile:
        for key, words in PROFILES.items():
            ui.note(f"  {key:<9} {words}")
    monthly = options.monthly if options.monthly is not None else _asked("dollars a month", "100", ask=ask)
    try:
        monthly = float(monthly)
    except ValueError:
        raise InputError(f"{monthly!r} is not a number of dollars", doing="lab init") from None
    return Answers(
        name=name,
        region=region,
        profile=options.profile or _asked("profile", "standard", ask=ask),
        monthly=monthly,
        mail=options.mail or _listed(_asked("who gets mails about it (with commas)", "", ask=ask)),
        addresses=options.address or _listed(_asked("from which addresses people reach it", "", ask=ask)),
        environments=_listed(options.environments or _asked("environments", "dev", ask=ask)),
    )


def _asked(question: str, default: str, *, ask: bool) -> str:
    if not ask:
        return default
    return ui.ask(f"{question}{f' [{default}]' if default else ''}: ") or default


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _usual_region() -> str:
    """The region of the user's AWS settings, which every AWS tool takes; empty if there is none."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if os.environ.get(name):
            return os.environ[name]
    import configparser

    config = configparser.ConfigParser()
    config.read(os.environ.get("AWS_CONFIG_FILE", Path("~/.aws/config").expanduser()))
    profile = os.environ.get("AWS_PROFILE", "default")
    section = profile if profile == "default" else f"profile {profile}"
    return config.get(section, "region", fallback="")
