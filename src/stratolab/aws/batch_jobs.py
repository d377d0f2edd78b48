"""A job as Batch tells of it, in its answers and in its events: `JobDetail` as a value of ours, its texts told apart.

Nothing here calls AWS, so a function that is told of jobs has no need of boto3.
https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL_LOGS = "/aws/batch/job"
"""Where jobs print to whose definition names no log group."""
MIB = 1024 * 1024


class Status(StrEnum):
    """Where Batch says that a job is, in the order of a job's life."""

    SUBMITTED = "SUBMITTED"
    PENDING = "PENDING"
    RUNNABLE = "RUNNABLE"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def ended(self) -> bool:
        """Whether the job will not change again."""
        return self in {Status.SUCCEEDED, Status.FAILED}


class End(StrEnum):
    """How a job ended, as far as Batch's words tell."""

    SUCCEEDED = "succeeded"
    EXIT = "exit"
    OUT_OF_MEMORY = "out_of_memory"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    NOT_STARTED = "not_started"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that is over, or was begun. Times in seconds since the epoch."""

    started: float | None
    stopped: float | None
    exit_code: int | None
    log_stream: str
    status_reason: str
    reason: str


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A job. Times in seconds since the epoch, memory in bytes; `queue` and `definition` by name.

    `index` and `parent` are those of an array's child, `size` an array's own. What its environment holds is left out:
    people put passwords there.
    """

    id: str
    arn: str
    name: str
    queue: str
    definition: str
    status: Status
    created: float
    started: float | None = None
    stopped: float | None = None
    status_reason: str = ""
    reason: str = ""
    exit_code: int | None = None
    cancelled: bool = False
    attempts: tuple[Attempt, ...] = ()
    tries: int = 1
    timeout: float | None = None
    image: str = ""
    command: tuple[str, ...] = ()
    cpus: float = 0.0
    memory: int | None = None
    gpus: int = 0
    role: str = ""
    log_group: str = USUAL_LOGS
    log_stream: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    index: int | None = None
    size: int | None = None

    @property
    def parent(self) -> str:
        """The array that it is a child of; empty if of none."""
        return self.id.rpartition(":")[0] if self.index is not None else ""

    @property
    def end(self) -> End | None:
        """How it ended; None if it has not."""
        if not self.status.ended:
            return None
        return End.SUCCEEDED if self.status is Status.SUCCEEDED else _end(self)


def from_detail(detail: Mapping[str, Any]) -> BatchJob:
    """The job that a `JobDetail` describes.

    Raises `RemoteError` that names what is missing in it, or a status that Batch did not have when this was written.
    """
    try:
        return _job(detail)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RemoteError(f"Batch told of a job in words that are not known: {error!r}") from error


# -- reading it ---------------------------------------------------------------------------------------


def _job(detail: Mapping[str, Any]) -> BatchJob:
    container, array = _container(detail), detail.get("arrayProperties") or {}
    needs = {one["type"]: one["value"] for one in container.get("resourceRequirements") or ()}
    logs = (container.get("logConfiguration") or {}).get("options") or {}
    memory = needs.get("MEMORY", container.get("memory"))
    limit = (detail.get("timeout") or {}).get("attemptDurationSeconds")
    return BatchJob(
        id=str(detail["jobId"]),
        arn=str(detail.get("jobArn", "")),
        name=str(detail["jobName"]),
        queue=_last(detail["jobQueue"]),
        definition=_last(detail["jobDefinition"]),
        status=Status(detail["status"]),
        created=detail["createdAt"] / 1000,
        started=_seconds(detail.get("startedAt")),
        stopped=_seconds(detail.get("stoppedAt")),
        status_reason=str(detail.get("statusReason") or ""),
        reason=str(container.get("reason") or ""),
        exit_code=_number(container.get("exitCode")),
        cancelled=bool(detail.get("isCancelled") or detail.get("isTerminated")),
        attempts=tuple(_attempt(one) for one in detail.get("attempts") or ()),
        tries=int((detail.get("retryStrategy") or {}).get("attempts") or 1),
        timeout=None if limit is None else float(limit),
        image=str(container.get("image") or ""),
        command=tuple(str(word) for word in container.get("command") or ()),
        cpus=float(needs.get("VCPU", container.get("vcpus") or 0)),
        memory=None if memory is None else int(memory) * MIB,
        gpus=int(needs.get("GPU", 0)),
        role=str(container.get("jobRoleArn") or ""),
        log_group=str(logs.get("awslogs-group") or USUAL_LOGS),
        log_stream=str(container.get("logStreamName") or ""),
        secrets={one["name"]: one["valueFrom"] for one in container.get("secrets") or ()},
        tags={str(key): str(value) for key, value in (detail.get("tags") or {}).items()},
        depends_on=tuple(one["jobId"] for one in detail.get("dependsOn") or () if one.get("jobId")),
        index=_number(array.get("index")),
        size=_number(array.get("size")),
    )


def _container(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container of a job; of several, or of several nodes, the first."""
    tasks = (detail.get("ecsProperties") or {}).get("taskProperties") or ()
    nodes = (detail.get("nodeProperties") or {}).get("nodeRangeProperties") or ()
    found = [
        detail.get("container"),
        *(one for task in tasks for one in task.get("containers") or ()),
        *(node.get("container") for node in nodes),
    ]
    return next((one for one in found if one), {})


def _attempt(given: Mapping[str, Any]) -> Attempt:
    container = _container({"container": given.get("container"), "ecsProperties": given})
    return Attempt(
        started=_seconds(given.get("startedAt")),
        stopped=_seconds(given.get("stoppedAt")),
        exit_code=_number(container.get("exitCode")),
        log_stream=str(container.get("logStreamName") or ""),
        status_reason=str(given.get("statusReason") or ""),
        reason=str(container.get("reason") or ""),
    )


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


# -- telling ends apart -------------------------------------------------------------------------------

_BY_STATUS = {
    "Job attempt duration exceeded timeout": End.TIMEOUT,
    "Host EC2": End.LOST,  # a spare machine was taken away, or one broke
    "Array Child Job failed": End.EXIT,
    "Dependent Job failed": End.NOT_STARTED,
    "Task failed to start": End.NOT_STARTED,
}
"""What Batch's `statusReason` begins with.
https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html"""
_BY_CONTAINER = {
    "OutOfMemoryError": End.OUT_OF_MEMORY,
    "Your Spot Task was interrupted": End.LOST,
    "Cannot": End.NOT_STARTED,  # CannotPullContainerError, CannotStartContainerError, ...
    "ResourceInitializationError": End.NOT_STARTED,
    "DockerTimeoutError": End.NOT_STARTED,
}
"""What a container's own `reason` begins with, in ECS's words.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"""


def _end(job: BatchJob) -> End:
    """How a failed job ended: what people did before what the machine says, and that before the exit code."""
    if job.cancelled:
        return End.CANCELLED
    for told, table in ((job.reason, _BY_CONTAINER), (job.status_reason, {**_BY_STATUS, **_BY_CONTAINER})):
        for beginning, end in table.items():
            if told.startswith(beginning):
                return end
    if job.exit_code is not None:
        return End.EXIT
    return End.LOST if job.attempts else End.NOT_STARTED
