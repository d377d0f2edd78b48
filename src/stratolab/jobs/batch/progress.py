"""What Batch's words mean in the store's: the row of a job that it has not seen, and how a job goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.aws.batch_jobs import End, Status
from stratolab.jobs.models import Job, JobState, Reason, Resources

if TYPE_CHECKING:
    from stratolab.aws.batch_jobs import BatchJob
    from stratolab.jobs.batch.notices import Notice

ENGINE = "batch"
"""What runs these jobs, in the store's words."""
PROJECT_TAG, OWNER_TAG = "stratolab:project", "stratolab:owner"
NOBODY = "unknown"  # Batch does not say who submitted a job
_SHORT = 255  # characters of a short column; a tag may have one more

STATES = {
    Status.SUBMITTED: JobState.QUEUED,
    Status.PENDING: JobState.QUEUED,
    Status.RUNNABLE: JobState.QUEUED,
    Status.STARTING: JobState.STARTING,
    Status.RUNNING: JobState.RUNNING,
}
REASONS = {
    End.SUCCEEDED: Reason.DONE,
    End.EXIT: Reason.EXIT,
    End.OUT_OF_MEMORY: Reason.OUT_OF_MEMORY,
    End.TIMEOUT: Reason.TIMEOUT,
    End.CANCELLED: Reason.CANCELLED,
    End.NOT_STARTED: Reason.NOT_STARTED,
    End.LOST: Reason.LOST,
}
ENDS = {
    Reason.DONE: JobState.SUCCEEDED,
    Reason.CANCELLED: JobState.CANCELLED,
    Reason.LOST: JobState.LOST,
}
"""States of jobs that ended for a reason; all others failed."""
BY_SIGNAL = range(129, 160)
"""Exit codes by which a container says that a signal ended it: 128 and the signal's number."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How a job goes, as columns of its row."""

    state: JobState
    reason: Reason | None
    exit_code: int | None
    signal: int | None
    started: float | None
    ended: float | None
    attempts: int
    wall_seconds: float | None
    message: str


def new_row(job: BatchJob) -> Job:
    """The row of a job that somebody submitted by hand, before anything of it is known but what it was asked to be."""
    return Job(
        id=job.id,
        name=job.name,
        project=job.tags.get(PROJECT_TAG, "")[:_SHORT],
        state=JobState.QUEUED,
        command=job.command,
        folder="",
        resources=Resources(cpus=job.cpus, memory=job.memory, timeout=job.timeout),
        retries=job.tries - 1,
        env={},
        secrets=job.secrets,
        params={},
        data=(),
        seed=None,
        owner=job.tags.get(OWNER_TAG, NOBODY)[:_SHORT],
        engine=ENGINE,
        fence=1,
        submitted=job.created,
    )


def progress(notice: Notice) -> Progress:
    """How the job stood when this happened."""
    job = notice.job
    first = job.attempts[0].started if job.attempts else None
    reason = None if job.end is None else _reason(job, job.end)
    return Progress(
        state=STATES[job.status] if reason is None else ENDS.get(reason, JobState.FAILED),
        reason=reason,
        exit_code=job.exit_code if reason else None,
        signal=_signal(job) if reason is Reason.SIGNAL else None,
        started=job.started if first is None else first,
        ended=(notice.at if job.stopped is None else job.stopped) if reason else None,
        attempts=len(job.attempts),
        wall_seconds=_wall(job) if reason else None,
        message=_message(job) if reason not in {None, Reason.DONE} else "",
    )


def attributes(notice: Notice) -> dict[str, str]:
    """What else is known of a job, by name. What is not known has no entry."""
    job = notice.job
    known: dict[str, object] = {
        "batch_job": job.id,
        "batch_arn": job.arn,
        "queue": job.queue,
        "definition": job.definition,
        "image": job.image,
        "gpus": job.gpus or "",
        "role": job.role,
        "log_group": job.log_group if job.log_stream else "",
        "log_stream": job.log_stream,
        "array": job.parent,
        "array_index": "" if job.index is None else job.index,
        "array_size": "" if job.size is None else job.size,
        "depends_on": " ".join(job.depends_on),
        "blocked": job.status_reason if notice.blocked else "",
    }
    return {name: str(value) for name, value in known.items() if value != ""}


NAMES = frozenset({
    "array", "array_index", "array_size", "batch_arn", "batch_job", "blocked", "definition", "depends_on", "gpus",
    "image", "log_group", "log_stream", "queue", "role",
})  # fmt: skip
"""The attributes that are Batch's to say: one of them that a later event does not have is gone."""


def _reason(job: BatchJob, end: End) -> Reason:
    return Reason.SIGNAL if end is End.EXIT and job.exit_code in BY_SIGNAL else REASONS[end]


def _signal(job: BatchJob) -> int:
    return (job.exit_code or 0) - 128


def _wall(job: BatchJob) -> float | None:
    """Seconds that its attempts took together; None for one that never ran."""
    took = [
        one.stopped - one.started
        for one in job.attempts
        if one.started is not None and one.stopped is not None
    ]
    return sum(took) if took else None


def _message(job: BatchJob) -> str:
    """One line for the reader: what the container says, which is more exact, else what Batch says."""
    return " ".join((job.reason or job.status_reason).split())
