"""`stratolab models promote`: let an alias name another version of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import promoting, ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab models promote world-series --to champion                 its latest version
  stratolab models promote world-series@challenger --to champion
  stratolab models promote world-series/3 --to champion --yes         back to an older one, without asking
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.model_argument(parser)
    parser.add_argument("--to", required=True, metavar="ALIAS", help="the alias, such as champion")
    parser.add_argument(
        "--yes", action="store_true", help="take it from the version that holds it without asking"
    )
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab
    from stratolab.models import service
    from stratolab.models.models import check_alias, parse_reference

    check_alias(options.to)
    registry = open_lab().models
    version = service.find(registry, parse_reference(options.model))
    before = promoting.move(registry, version, options.to, yes=options.yes)
    moved = before is None or before.version != version.version
    if options.json:
        ui.document(
            {
                "name": version.name,
                "alias": options.to,
                "version": version.version,
                "before": before.version if before else None,
                "moved": moved,
            }
        )
        return 0
    ui.say(f"{version.name}@{options.to} is {promoting.told(version)}")
    if not moved:
        ui.note("it was before")
    elif before is not None:
        back = f"stratolab models promote {before.reference} --to {options.to}"
        ui.note(f"before: {promoting.told(before)}; back: {back}")
    return 0
