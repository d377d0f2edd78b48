"""`stratolab jobs cancel`: stop jobs and all their processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import find, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab jobs cancel               the latest job
  stratolab jobs cancel t48v5t train
  stratolab jobs cancel --all         everything that runs or waits in this lab
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.job_argument(parser, many=True)
    parser.add_argument("--all", action="store_true", help="all jobs that have not ended")
    parser.add_argument(
        "--now", action="store_true", help="kill at once instead of asking first (SIGTERM, 5 s, SIGKILL)"
    )


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.jobs import store
    from stratolab.jobs.service import GRACE
    from stratolab.lab import open_lab

    lab = open_lab()
    if options.all:
        found = list(filter(lab.jobs().mine, lab.database.read(store.unfinished))) if lab.exists else []
    else:
        found = [find.job(lab, text) for text in options.job or [""]]
    running = [job for job in found if not job.state.ended]
    for job in found:
        if job.state.ended:
            ui.note(f"{job.id} had ended already: {job.state}")
    with lab.jobs() as jobs:
        jobs.cancel(running, grace=0.0 if options.now else GRACE)
    for job in running:
        ended = lab.database.read(lambda tx, job=job: store.get(tx, job.id))  # type: ignore[misc]
        ui.say(f"{ended.id} {ended.state}")
    if not found:
        ui.note("nothing runs here")
    return 0
