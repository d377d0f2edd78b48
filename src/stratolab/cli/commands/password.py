"""`stratolab password`: propose a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab password              three words, a digit, two or three symbols, one or two capitals
  stratolab password --count 5    to choose from

It is printed and kept nowhere. Let a password manager choose one where you need not remember it.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--count", type=opt.count, default=1, help="how many (default: 1)")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.passwords import propose

    for _ in range(options.count):
        password = propose()
        ui.say(password.text)
    ui.note(f"about {password.bits:.0f} bits of chance; use it with a second factor")
    return 0
