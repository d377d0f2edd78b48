"""`stratolab secrets rotate`: exchange secrets while they are in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import completers, rotating, ui
from stratolab.cli import options as opt
from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab secrets rotate world-series/database              a new user takes over; the one before stays let in
  stratolab secrets rotate world-series/database --rehearse   the same as stratolab secrets rehearse
  stratolab secrets rotate --due                              all whose days are over: for cron
  stratolab secrets rotate world-series/prod/database --lab acme
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    given = parser.add_argument("name", nargs="*", help="names of secrets")
    opt.completed(given, completers.secrets)
    parser.add_argument("--due", action="store_true", help="those whose days are over, instead of names")
    parser.add_argument("--rehearse", action="store_true", help="try it, and take it back")
    opt.lab_option(parser)
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    import time

    from stratolab.lab.rotating import open_rotations
    from stratolab.lab.secret_stores import open_secrets

    if bool(options.name) == options.due:
        raise InputError(
            "names of secrets, or --due",
            doing="secrets rotate",
            hint="stratolab secrets ls tells which are due",
        )
    names = options.name
    if options.due:
        now = time.time()
        known = open_secrets(options.lab).all()
        names = [one.name for one in known if one.rotates and one.due is not None and one.due <= now]
        if not names and not options.json:
            ui.note("none is due")
    rotator = open_rotations(options.lab)
    return rotating.exchange(rotator, names, rehearse=options.rehearse, as_json=options.json)
