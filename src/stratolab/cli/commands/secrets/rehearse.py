"""`stratolab secrets rehearse`: try an exchange up to the canaries, and take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import completers, rotating
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab secrets rehearse world-series/database     a user of its own is let in, tried, and gone again
  stratolab secrets rehearse world-series/prod/database --lab acme
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    given = parser.add_argument("name", nargs="+", help="names of secrets")
    opt.completed(given, completers.secrets)
    opt.lab_option(parser)
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.rotating import open_rotations

    rotator = open_rotations(options.lab)
    return rotating.exchange(rotator, options.name, rehearse=True, as_json=options.json)
