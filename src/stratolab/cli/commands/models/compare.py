"""`stratolab models compare`: what differs between two versions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import ui

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.lab.local import LocalLab
    from stratolab.models.models import Version

_HASH = re.compile(r"[0-9a-f]{64}")
EXAMPLES = """\
  stratolab models compare world-series@champion world-series      the one that counts, and the latest
  stratolab models compare world-series/1 world-series/2 --all
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.model_argument(parser, "one")
    opt.model_argument(parser, "other")
    parser.add_argument("-a", "--all", action="store_true", help="what is the same too")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab
    from stratolab.models import service
    from stratolab.models.models import parse_reference

    lab = open_lab()
    one, other = (service.find(lab.models, parse_reference(text)) for text in (options.one, options.other))
    found = service.compare(one, other, lambda: _code(lab, one, other), _commands(lab, one, other))
    if options.json:
        ui.document(
            {
                "one": str(one.reference),
                "other": str(other.reference),
                "differences": [
                    {"about": line.about, "name": line.name, "one": line.one, "other": line.other}
                    for line in found
                    if not line.same
                ],
            }
        )
        return 0
    shown = [line for line in found if options.all or not line.same]
    if not shown:
        ui.note(f"{one.reference} is the same version as {other.reference}")
        return 0
    ui.table(
        ("about", "name", "one", "other"),
        [(line.about, line.name, _short(line.one), _short(line.other)) for line in shown],
    )
    return 0


def _short(text: str) -> str:
    """A hash by its beginning, everything else as it is."""
    return text[:12] if _HASH.fullmatch(text) else text


def _commands(lab: LocalLab, one: Version, other: Version) -> tuple[str, str]:
    """What the jobs of two versions ran; empty where parameters say it, or a job is not in this lab."""
    import shlex

    from stratolab.jobs import store

    wanted = [one.origin.job, other.origin.job]
    jobs = {job.id: job for job in lab.database.read(lambda tx: store.several(tx, wanted))}
    if any(job.params for job in jobs.values()):
        return "", ""
    first, second = (shlex.join(jobs[job].command) if job in jobs else "" for job in wanted)
    return first, second


def _code(lab: LocalLab, one: Version, other: Version) -> list[str]:
    """How the code of two versions differs, a line a file."""
    from stratolab.core.errors import StratolabError

    if not one.origin.capsule or not other.origin.capsule:
        return ["not recorded of one of them"]
    try:
        return lab.code_differences(one.origin.capsule, other.origin.capsule)
    except StratolabError as error:
        return [f"cannot be compared: {error.what}"]
