"""`stratolab models show`: everything known about a version of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import modelshow, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab models show world-series             its latest version
  stratolab models show world-series@champion
  stratolab models show world-series/3 --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.model_argument(parser)
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab
    from stratolab.models import service
    from stratolab.models.models import parse_reference

    lab = open_lab()
    version = service.find(lab.models, parse_reference(options.model))
    if options.json:
        ui.document(modelshow.document(version))
    else:
        modelshow.page(lab, version)
    return 0
