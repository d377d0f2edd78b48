"""How jobs are shown: a line, a page, a JSON document."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stratolab.cli import ui
from stratolab.core.units import format_duration, format_money, format_size

if TYPE_CHECKING:
    from stratolab.jobs.models import Job, Outcome
    from stratolab.lab.local import LocalLab


def job_document(job: Job) -> dict[str, object]:
    """A job as JSON. The keys are stable; times are seconds since the epoch, sizes bytes, money US dollars."""
    return {
        "id": job.id,
        "name": job.name,
        "project": job.project,
        "state": str(job.state),
        "reason": str(job.reason) if job.reason else None,
        "message": job.message or None,
        "exit_code": job.exit_code,
        "signal": job.signal,
        "command": list(job.command),
        "folder": job.folder,
        "params": dict(job.params),
        "seed": job.seed,
        "cpus": job.resources.cpus,
        "memory": job.resources.memory,
        "timeout": job.resources.timeout,
        "retries": job.retries,
        "attempts": job.attempts,
        "owner": job.owner,
        "engine": job.engine,
        "submitted": job.submitted,
        "started": job.started,
        "ended": job.ended,
        "wall_seconds": job.wall_seconds,
        "cpu_seconds": job.cpu_seconds,
        "peak_memory": job.peak_memory,
        "price": job.price,
        "capsule": job.capsule or None,
        "sweep": job.sweep or None,
        "trial": job.trial,
    }


def detached(lab: LocalLab, job: Job, *, as_json: bool) -> None:
    """What `--detach` prints."""
    if as_json:
        ui.document(job_document(job))
        return
    ui.say(job.id)
    ui.note(f"it goes on when this terminal closes; log: {lab.home(job.id) / 'log'}")
    ui.note(f"follow it: stratolab jobs logs -f {job.id}    stop it: stratolab jobs cancel {job.id}")


def ended(lab: LocalLab, job: str, outcome: Outcome | None, *, as_json: bool) -> int:
    """Show how a job ended, and give the exit code that stands for it."""
    from stratolab.cli.follow import exit_code
    from stratolab.jobs import store

    found = lab.database.read(lambda tx: store.get(tx, job))
    if as_json:
        ui.document(job_document(found))
    elif outcome is not None:
        ui.note(" · ".join(part for part in (str(found.state), why(found), used(found)) if part))
        if exit_code(outcome):
            ui.note(f"more: stratolab why {job}")
    else:
        ui.note(f"{job}: the engine has no trace of it (stratolab why {job})")
    return 1 if outcome is None else exit_code(outcome)


def why(job: Job) -> str:
    """Why a job ended as it did, in a few words; empty if it succeeded or has not ended."""
    from stratolab.jobs.ends import ended_badly
    from stratolab.jobs.models import Reason

    if job.reason is None or job.reason is Reason.DONE:
        return ""
    return ended_badly(
        job.reason,
        job.resources,
        exit_code=job.exit_code,
        signal_number=job.signal,
        peak_memory=job.peak_memory or 0,
        message=job.message,
    )


def used(job: Job) -> str:
    """What a job used and what that would have cost on AWS."""
    if job.wall_seconds is None:
        return ""
    parts = [format_duration(job.wall_seconds)]
    if job.cpu_seconds is not None:
        parts.append(f"{format_duration(job.cpu_seconds)} of CPU")
    if job.peak_memory:
        parts.append(f"{format_size(job.peak_memory)} at most")
    if job.price is not None:
        parts.append(f"{format_money(job.price)} on AWS")
    return ", ".join(parts)


def command_line(job: Job) -> str:
    """A job's command as one would type it."""
    return shlex.join(job.command)
