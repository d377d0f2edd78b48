"""`stratolab files put`: copy a file or a folder into a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import progress

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab files put prices/ data/prices      a folder with all that is in it
  stratolab files put model.onnx models/       one file, under its own name
  stratolab files put prices/ data/prices      again: only what is new or changed
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("source", help="a file or a folder of this machine")
    parser.add_argument("target", help="where to: BUCKET/PLACE; the buckets are data, models, artifacts")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.files import service
    from stratolab.files.models import address
    from stratolab.lab import open_lab

    to = address(options.target)
    bucket = open_lab().bucket(to.bucket)
    with progress.Bar() as bar:
        done = service.upload(bucket, Path(options.source), to.key, bar)
    progress.finished(done, as_json=options.json)
    return 0
