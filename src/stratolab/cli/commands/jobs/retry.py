"""`stratolab jobs retry`: run a job again with the same parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stratolab.cli import find, show, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab jobs retry                 the latest job, with the code as it is now
  stratolab jobs retry t48v5t -d
  stratolab replay t48v5t              with the code as it was then
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.job_argument(parser)
    parser.add_argument(
        "-d", "--detach", action="store_true", help="print the new job's id and return at once"
    )
    parser.add_argument("--json", action="store_true", help="print the new job as JSON when it ends")


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.cli import follow
    from stratolab.lab import open_lab, replaying

    lab = open_lab()
    old = replaying.original(lab, find.job(lab, options.job))  # a replay's folder is gone
    with lab.tracking.feed(ui.note), lab.jobs() as jobs:
        spec = lab.with_capsule(replace(jobs.again(old), folder=str(lab.where(old))))
        job = jobs.submit(spec, attributes={"retry_of": old.id})
        if options.detach:
            show.detached(lab, job, as_json=options.json)
            return 0
        ui.note(f"{job.name} {job.id}, again after {old.id}")
        outcome = follow.follow(
            jobs, job, lab.home(job.id) / "log", show=not options.json, mask=lab.mask(job.secrets)
        )
    return show.ended(lab, job.id, outcome, as_json=options.json)
