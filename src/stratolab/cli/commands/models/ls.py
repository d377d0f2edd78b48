"""`stratolab models ls`: list models, or the versions of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import completers, modelshow, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab models ls                  a line a model
  stratolab models ls world-series     its versions, newest first
  stratolab models ls --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    name = parser.add_argument("name", nargs="?", default="", help="list the versions of this model")
    opt.completed(name, completers.models)
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab
    from stratolab.models import service
    from stratolab.models.models import Reference

    registry = open_lab().models
    versions = registry.versions(options.name)
    if options.name and not versions:
        service.find(registry, Reference(options.name))  # says which names there are
    if options.json:
        ui.document({"versions": [modelshow.document(version) for version in versions]})
    elif not versions:
        ui.note("no models yet: stratolab models register NAME PATH")
    elif options.name:
        modelshow.versions_table(versions)
    else:
        modelshow.models_table(versions)
    return 0
