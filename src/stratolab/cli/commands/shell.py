"""`stratolab shell`: a shell, or one command, with credentials that end with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab shell                            asks for the code of your second factor
  stratolab shell -- stratolab plan          one command; its exit code is ours
  stratolab shell --duration 8h
  stratolab shell --role acme-auditor        as a role that you may take on

The credentials are in the environment of what is started and nowhere else. Inside, STRATOLAB_SHELL is the lab and
STRATOLAB_SHELL_UNTIL the time at which they end; the prompt of bash shows both.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "arguments", nargs="*", metavar="-- COMMAND", help="what to run (default: your shell)"
    )
    parser.add_argument("--role", default="", help="take on this role: its name, with its path, or its ARN")
    parser.add_argument(
        "--duration", type=opt.duration, help="how long, such as 8h (default: session_hours of lab.toml)"
    )
    parser.add_argument(
        "--factor", default="", metavar="NAME", help="which second factor, if you have several"
    )


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.account import shell
    from stratolab.lab.aws import AwsLab

    shell.refuse_nested()
    lab = AwsLab.around()
    opened = shell.open_session(
        lab, role=options.role, seconds=options.duration, device=options.factor, ask=_ask
    )
    if not options.arguments:
        until = f" until {opened.until.astimezone():%H:%M}" if opened.until else ""
        ui.note(f"{opened.who} in account {lab.caller.account}{until}; exit ends it")
    sys.stdout.flush()
    shell.start(opened, lab.name, options.arguments)
    return 0


def _ask(question: str) -> str:
    return ui.hidden(question, instead="type it on a terminal, or sign in with: aws login")
