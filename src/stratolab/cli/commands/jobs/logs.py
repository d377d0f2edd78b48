"""`stratolab jobs logs`: print a job's log; -f follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import find, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab jobs logs                 of the latest job
  stratolab jobs logs -f train        follow it until it ends
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.job_argument(parser)
    parser.add_argument(
        "-f", "--follow", action="store_true", help="go on until the job ends; Ctrl-C leaves it running"
    )


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli.follow import Log
    from stratolab.jobs.models import EventKind
    from stratolab.lab import open_lab

    lab = open_lab()
    job = find.job(lab, options.job)
    path = lab.home(job.id) / "log"
    if job.state.ended and not path.exists():
        ui.note(f"{job.id} left no log ({job.state})")
        return 0
    log = Log(path, mask=lab.mask(job.secrets))
    log.copy()
    if not options.follow or job.state.ended:
        log.finish()
        return 0
    with lab.jobs() as jobs:
        jobs.session.watch({job.id: job.fence})
        while not any(
            event.kind in {EventKind.ENDED, EventKind.UNKNOWN} for event in jobs.events(timeout=0.1)
        ):
            log.copy()
        log.finish()
    return 0
