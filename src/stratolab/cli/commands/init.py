"""`stratolab init`: make a project in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab init                              in this folder
  stratolab init demo                         in a new one
  stratolab init series --template world-series
"""
TEMPLATES = ("minimal", "width-sweep", "world-series")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("dir", nargs="?", default=".", metavar="DIR", help="the folder (default: this one)")
    parser.add_argument(
        "-t", "--template", choices=TEMPLATES, default="minimal", help="what to begin from (default: minimal)"
    )
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.config.scaffold import create

    folder = Path(options.dir)
    written = create(folder, options.template)
    if options.json:
        ui.document(
            {"folder": str(folder.resolve()), "files": [str(path.relative_to(folder)) for path in written]}
        )
        return 0
    for path in written:
        ui.say(str(path))
    enter = "" if folder == Path() else f"cd {folder} && "
    ui.note(f"next: {enter}stratolab sweep tune")
    return 0
