"""`stratolab jobs show`: everything known about a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import find, ui
from stratolab.cli import options as opt
from stratolab.cli import show as shown
from stratolab.core.units import format_duration, format_size

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """\
  stratolab jobs show                the latest job
  stratolab jobs show train          the latest job of that name
  stratolab jobs show t48v5t --json
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    opt.job_argument(parser)
    opt.json_option(parser)


def run(options: Namespace) -> int:
    """Do it."""
    from stratolab.jobs import store
    from stratolab.jobs.reports import Reports
    from stratolab.lab import open_lab

    lab = open_lab()
    job = find.job(lab, options.job)
    history = lab.database.read(lambda tx: store.history(tx, job.id))
    reports = Reports(lab.home(job.id))
    reports.finish()
    metrics = reports.numbers()
    run = lab.tracking.run_of(job.id)
    if options.json:
        events = [{"at": event.at, "kind": event.kind, "detail": event.detail} for event in history]
        ui.document({**shown.job_document(job), "run": run or None, "metrics": metrics, "events": events})
        return 0
    limits = [f"{job.resources.cpus:g} CPU"]
    limits += [format_size(job.resources.memory)] if job.resources.memory else []
    limits += [format_duration(job.resources.timeout)] if job.resources.timeout else []
    ui.fields(
        [
            ("job", job.id),
            ("name", job.name),
            ("state", str(job.state)),
            ("why", shown.why(job)),
            ("command", shown.command_line(job)),
            ("folder", job.folder),
            ("params", ", ".join(f"{name}={value}" for name, value in job.params.items())),
            ("seed", "" if job.seed is None else str(job.seed)),
            ("sweep", f"{job.sweep}, trial {job.trial}" if job.sweep else ""),
            ("replay of", job.attributes.get("replay_of", "")),
            ("retry of", job.attributes.get("retry_of", "")),
            ("metrics", ", ".join(f"{name}={ui.number(value)}" for name, value in metrics.items())),
            ("limits", ", ".join(limits)),
            ("attempts", str(job.attempts) if job.attempts > 1 else ""),
            ("submitted", f"{ui.moment(job.submitted)} by {job.owner}"),
            ("started", ui.moment(job.started)),
            ("ended", ui.moment(job.ended)),
            ("used", shown.used(job)),
            ("code", job.capsule),
            ("MLflow run", run),
            ("log", str(lab.home(job.id) / "log")),
        ]
    )
    return 0
