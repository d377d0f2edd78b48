"""`stratolab lab init`: begin a lab.toml."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

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
        dest="addresses",
        metavar="ADDRESS",
        action="append",
        help="from where people reach it, such as 203.0.113.0/24; may be repeated",
    )
    parser.add_argument("--environments", help="dev, stage, prod, with commas (default: dev)")
    parser.add_argument("--defaults", action="store_true", help="ask nothing")


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


_QUESTIONS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "name": ("the lab's name", str),
    "region": ("the AWS region", str),
    "profile": ("profile", str),
    "monthly": ("the budget of a month, in US dollars", float),
    "mail": ("who gets mails about it (with commas)", _listed),
    "addresses": ("from which addresses people reach it (with commas)", _listed),
    "environments": ("environments", _listed),
}
"""What is asked, in this order: the field of the answers, the question, and how what is typed is read."""


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
    from stratolab.config.labs.scaffold import Answers
    from stratolab.core.errors import InputError

    given: dict[str, Any] = {
        key: value for key, value in vars(options).items() if key in _QUESTIONS and value is not None
    }
    if "environments" in given:
        given["environments"] = _listed(given["environments"])
    answers = replace(Answers(Path(options.dir).resolve().name, _usual_region()), **given)
    for field in _QUESTIONS if ask else ():
        if field not in given:
            answers = _asked(field, answers)
    if not answers.region:
        raise InputError("which region?", doing="lab init", hint="stratolab lab init --region eu-west-1")
    return answers


def _asked(field: str, answers: Answers) -> Answers:
    """The answers with one more, which is asked for until nothing is wrong with it."""
    from stratolab.config.labs import scaffold

    question, read = _QUESTIONS[field]
    if field == "profile":
        for name, words in scaffold.PROFILES.items():
            ui.note(f"  {name:<9} {words}")
    usual = getattr(answers, field)
    shown = (
        ",".join(usual) if isinstance(usual, list | tuple) else f"{usual:g}" if field == "monthly" else usual
    )
    while True:
        typed = ui.ask(f"{question}{f' [{shown}]' if shown else ''}: ")
        try:
            tried = replace(answers, **{field: read(typed)}) if typed else answers
        except ValueError:
            ui.warn(f"  {typed!r} is not a number")
            continue
        wrong = scaffold.wrong(tried, field)
        for finding in wrong:
            ui.warn(f"  {finding.message}{f'; {finding.hint}' if finding.hint else ''}")
        if not wrong:
            return tried


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
