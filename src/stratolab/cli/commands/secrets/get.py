"""`stratolab secrets get`: give a secret's value to a program, or what is known of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stratolab.cli import completers, ui
from stratolab.cli import options as opt
from stratolab.core.units import format_size

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab secrets get world-series/database              when it was set; on a terminal never its value
  stratolab secrets get world-series/database --show       its value
  stratolab secrets get world-series/database | pbcopy     a pipe gets the value, and no line feed
  stratolab secrets get world-series/database:password     one key of a secret that holds a JSON object
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    given = parser.add_argument("name", help="a secret's name, or NAME:KEY for one key of a JSON object")
    opt.completed(given, completers.secrets)
    parser.add_argument("--show", action="store_true", help="print the value on a terminal too")
    parser.add_argument("--previous", action="store_true", help="the version that was current before")
    opt.lab_option(parser)
    parser.add_argument(
        "--json", action="store_true", help="print JSON, with the value where it would be printed"
    )


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab.secret_stores import open_secrets
    from stratolab.secrets import models, service

    store = open_secrets(options.lab)
    stage = models.PREVIOUS if options.previous else models.CURRENT
    name = models.reference(options.name).name
    secret = store.find(name)
    value = service.value(store, options.name, stage=stage)
    shown = options.show or not sys.stdout.isatty()
    version = secret.version(stage)
    if options.json:
        created = version.created if version else None
        document = {
            "name": options.name,
            "stage": stage,
            "created": created,
            "value": value if shown else None,
        }
        ui.document(document)
        return 0
    if shown:
        ui.write(value if not sys.stdout.isatty() else f"{value}\n")
        return 0
    ui.fields(
        [
            ("name", options.name),
            ("set", ui.moment(version.created) if version else ""),
            ("size", format_size(len(value.encode()))),
            ("versions", ", ".join(stage for one in secret.versions for stage in one.stages)),
        ]
    )
    ui.note("its value: the same with --show, or into a pipe")
    return 0
