"""`stratolab files ls`: list what a bucket holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui
from stratolab.core.units import format_size

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab files ls                        the buckets
  stratolab files ls data                   every file of one, by name
  stratolab files ls data/prices/ --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("place", nargs="?", default="", help="BUCKET, or BUCKET/ and how names begin")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.files.models import BUCKETS, address
    from stratolab.lab import open_lab

    lab = open_lab()
    if not options.place:
        held = {name: [entry.size for entry in lab.bucket(name).entries()] for name in BUCKETS}
        if options.json:
            ui.document(
                {
                    "buckets": [
                        {"name": name, "files": len(sizes), "bytes": sum(sizes)}
                        for name, sizes in held.items()
                    ]
                }
            )
            return 0
        ui.table(
            ("bucket", "files", "size", "for"),
            [
                (name, f"{len(held[name]):,}", format_size(sum(held[name])), what)
                for name, what in BUCKETS.items()
            ],
            right=("files", "size"),
        )
        return 0
    place = address(options.place)
    found = list(lab.bucket(place.bucket).entries(place.key))
    if options.json:
        files = [
            {
                "name": f"{place.bucket}/{entry.key}",
                "bytes": entry.size,
                "modified": None if entry.mtime_ns is None else entry.mtime_ns / 1e9,
            }
            for entry in found
        ]
        ui.document({"files": files})
        return 0
    if not found:
        ui.note(f"nothing there: stratolab files put SOURCE {place}")
        return 0
    ui.table(
        ("name", "size", "modified"),
        [
            (
                f"{place.bucket}/{entry.key}",
                format_size(entry.size),
                "" if entry.mtime_ns is None else ui.moment(entry.mtime_ns / 1e9),
            )
            for entry in found
        ],
        right=("size",),
    )
    return 0
