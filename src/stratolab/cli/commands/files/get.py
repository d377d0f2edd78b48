"""`stratolab files get`: copy a file or a folder out of a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import progress

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab files get data/prices prices/      all that lies below data/prices
  stratolab files get models/model.onnx        one file, into this folder
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("source", help="what: BUCKET/PLACE; the buckets are data, models, artifacts")
    parser.add_argument("target", nargs="?", default="./", help="a file or a folder (default: this one)")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.files import service
    from stratolab.files.models import address
    from stratolab.lab import open_lab

    source, target = address(options.source), options.target
    bucket = open_lab().bucket(source.bucket)
    with progress.Bar() as bar:
        done = service.download(bucket, source.key, Path(target), bar, into=target.endswith("/"))
    progress.finished(done, as_json=options.json)
    return 0
