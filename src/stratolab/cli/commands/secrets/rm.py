"""`stratolab secrets rm`: forget secrets, with all versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import completers, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab secrets rm world-series/database     at once; in AWS an admin can restore it for some days
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    given = parser.add_argument("name", nargs="+", help="names of secrets")
    opt.completed(given, completers.secrets)
    opt.lab_option(parser)
    parser.add_argument("--json", action="store_true", help="print the names of what was removed as JSON")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.secret_stores import open_secrets

    secrets = open_secrets(options.lab)
    for name in options.name:
        secrets.find(name)  # all are there, or none is removed
    for name in dict.fromkeys(options.name):
        secrets.remove(name)
        if not options.json:
            ui.note(f"{name} is removed")
    if options.json:
        ui.document({"removed": options.name})
    return 0
