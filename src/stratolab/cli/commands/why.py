"""`stratolab why`: why a job waits or failed, and the fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import find, ui
from stratolab.cli import options as opt

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab why                the latest job
  stratolab why t48v5t --json
"""
_TAIL = 15  # lines of the log shown for a job that failed


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.job_argument(parser)
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab
    from stratolab.lab.why import explain

    lab = open_lab()
    job = find.job(lab, options.job)
    said = explain(lab, job)
    if options.json:
        ui.document(
            {"job": job.id, "state": str(job.state), "why": said.why, "fix": said.fix, "log": said.log}
        )
        return 0
    ui.fields(
        [("job", f"{job.id} {job.name}"), ("state", str(job.state)), ("why", said.why), ("fix", said.fix)]
    )
    if said.log:
        ui.say()
        for line in said.log[-_TAIL:]:
            ui.say(f"  {ui.clean(line)}")
    return 0
