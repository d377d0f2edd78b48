"""`stratolab jobs ls`: list jobs, latest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import options as opt
from stratolab.cli import show, ui
from stratolab.core.units import format_duration, format_money

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from stratolab.jobs.models import Job
    from stratolab.lab.local import LocalLab

EXAMPLES = """\
  stratolab jobs ls                      the latest twenty, trials of sweeps left out
  stratolab jobs ls --state failed -n 5
  stratolab jobs ls --sweep tune-3 --json
"""
STATES = ("queued", "starting", "running", "succeeded", "failed", "cancelled", "lost")


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--state", action="append", choices=STATES, help="only jobs in this state (may be repeated)"
    )
    parser.add_argument("--name", help="only jobs of this name")
    parser.add_argument("--sweep", help="only trials of this sweep, such as tune-3")
    parser.add_argument("-a", "--all", action="store_true", help="trials of sweeps too")
    parser.add_argument("-n", "--limit", type=opt.count, default=20, help="how many at the most (default 20)")
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.lab import open_lab

    lab = open_lab()
    jobs: list[Job] = []
    if lab.exists:
        from stratolab.jobs import store
        from stratolab.jobs.models import JobState

        lab.jobs().reconcile()
        states = [JobState(state) for state in options.state or []]
        sweep = options.sweep or (None if options.all else "")
        jobs = lab.database.read(
            lambda tx: store.listing(tx, states=states, name=options.name, sweep=sweep, limit=options.limit)
        )
    if options.json:
        ui.document({"jobs": [show.job_document(job) for job in jobs]})
        return 0
    if not jobs:
        chosen = options.state or options.name or options.sweep
        ui.note("no such job" if chosen else _none(lab))
        return 0
    ui.table(
        ("id", "name", "state", "age", "time", "price", "command"),
        [
            (
                job.id,
                job.name if job.trial is None else f"{job.sweep}/{job.trial}",
                str(job.state),
                ui.ago(job.submitted),
                "" if job.wall_seconds is None else format_duration(job.wall_seconds),
                "" if job.price is None else format_money(job.price),
                show.command_line(job),
            )
            for job in jobs
        ],
        right=("age", "time", "price"),
    )
    return 0


def _none(lab: LocalLab) -> str:
    from stratolab.jobs import store

    if lab.exists and lab.database.read(lambda tx: store.listing(tx, limit=1)):
        return "trials of sweeps only: stratolab sweeps ls, or jobs ls --all"
    return "no jobs yet: stratolab run SCRIPT"
