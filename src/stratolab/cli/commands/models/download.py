"""`stratolab models download`: copy a version's files into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab models download world-series@champion             into ./world-series
  stratolab models download world-series/3 models/three
  stratolab models download world-series --force              replaces an older download
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.model_argument(parser)
    parser.add_argument(
        "target",
        metavar="DIR",
        nargs="?",
        default="",
        help="where to (default: a folder of the model's name)",
    )
    parser.add_argument("--force", action="store_true", help="replace files of the same names")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab
    from stratolab.models import delivery, service
    from stratolab.models.models import parse_reference

    registry = open_lab().models
    version = service.find(registry, parse_reference(options.model))
    target = Path(options.target or version.name)
    new = delivery.download(registry, version, target, force=options.force)
    if options.json:
        ui.document({"name": version.name, "version": version.version, "folder": str(target), "new": new})
        return 0
    ui.say(ui.clean(str(target)))
    ui.note(f"{version.reference}{'' if new else ' was there already'}")
    if version.content is None:
        ui.note("its hash was not compared: MLflow registered it by itself, without one")
    for reason in version.content.reasons if version.content else ():
        ui.note(f"opening it runs code: {reason}")
    return 0
