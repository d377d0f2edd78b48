"""`stratolab image ls`: list a project's images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

EXAMPLES = """\
  stratolab image ls                  of the project in this folder
  stratolab image ls world-series     beside lab.toml
  stratolab image ls --json
"""
_WORST = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("project", nargs="?", default="", help="the project (default: this folder's)")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.core.units import format_size
    from stratolab.lab import images

    one = images.subject(options.project)
    found, current = images.images_of(one)
    if options.json:
        ui.document(
            {
                "project": one.project,
                "images": [
                    {
                        "tags": list(image.tags),
                        "digest": image.digest,
                        "pushed": image.pushed.timestamp(),
                        "bytes": image.size,
                        "findings": None if image.findings is None else dict(image.findings),
                        "current": image.digest == current,
                    }
                    for image in found
                ],
            }
        )
        return 0
    if not found:
        ui.note(f"no images yet: stratolab image build {one.project}")
        return 0
    ui.table(
        ("tag", "pushed", "size", "findings", "jobs", "digest"),
        [
            (
                ", ".join(image.tags),
                f"{ui.ago(image.pushed.timestamp())} ago",
                format_size(image.size),
                _findings(image.findings),
                "run in it" if image.digest == current else "",
                image.digest,
            )
            for image in found
        ],
        right=("size",),
    )
    return 0


def _findings(found: Mapping[str, int] | None) -> str:
    """What the scan found, the worst first."""
    if found is None:
        return "not scanned"
    return ", ".join(f"{found[one]} {one.lower()}" for one in _WORST if found.get(one)) or "none"
