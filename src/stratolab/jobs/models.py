r"""What a job is, as values: the spec someone wrote, the request an engine gets, how it ended.

JobSpec --engine.prepare--> Request --engine.submit--> JobEvent(started) ... JobEvent(ended, Outcome)
   \____________________ store: Job (one row, its state and its numbers) ______________________/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Param = str | int | float | bool


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def ended(self) -> bool:
        """Whether the job will never change again."""
        return self in _ENDED


_ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.LOST})


class Reason(StrEnum):
    """Why a job ended as it did; told apart because each wants another remedy."""

    DONE = "done"  # exit code 0
    EXIT = "exit"  # its own exit code, not 0
    SIGNAL = "signal"  # killed by a signal that we did not send
    TIMEOUT = "timeout"  # ran longer than its limit
    OUT_OF_MEMORY = "out_of_memory"  # used more than its limit
    CANCELLED = "cancelled"  # someone asked
    PRUNED = "pruned"  # a sweep stopped it early
    NOT_STARTED = "not_started"  # the command could not be executed
    LOST = "lost"  # what ran it died, so that its end was not seen


@dataclass(frozen=True, slots=True)
class Resources:
    """What a job may use. `memory` in bytes and `timeout` in seconds; None is no limit."""

    cpus: float = 1.0
    memory: int | None = None
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What to run, as the user meant it.

    `command` is an argument vector, parameters included. `folder` is where it runs (absolute).
    `env` comes on top of the environment of whoever submits. `secrets` maps a variable to the name of a
    secret: a reference, never a value. `data` lists the files and folders that the work reads. `warm` names modules
    that an engine may load before the process is there; nothing else differs by it. What is `quick` may start from a
    Python that is up and has loaded nothing, if there is one.
    """

    name: str
    command: tuple[str, ...]
    folder: str
    project: str = ""
    resources: Resources = field(default_factory=Resources)
    retries: int = 0
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Param] = field(default_factory=dict)
    data: tuple[str, ...] = ()
    seed: int | None = None
    sweep: str = ""  # the sweep's id, for a trial
    trial: int | None = None
    capsule: str = ""  # the id of the capsule that holds the code's state
    warm: tuple[str, ...] = ()
    quick: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lane:
    """Requests that share a `name`, of which at most `width` run at a time, where the engine keeps lanes."""

    name: str
    width: int


@dataclass(frozen=True, slots=True)
class Request:
    """Exactly what an engine will run: the dry form of a submission.

    `env` is what the job gets on top of the engine session's base environment. `folder` is the
    working folder, `home` the job's own folder in the lab (log, params.json, report.jsonl,
    outcome.json). `fence` tells one claim of this job from a later one. `secrets` are references; the engine puts
    their values into the job's environment when it takes the request, and nowhere else.
    """

    job: str
    fence: int
    command: tuple[str, ...]
    folder: str
    home: str
    env: Mapping[str, str]
    resources: Resources
    retries: int = 0
    params: Mapping[str, Param] = field(default_factory=dict)  # for params.json
    secrets: Mapping[str, str] = field(default_factory=dict)
    lane: Lane | None = None
    warm: tuple[str, ...] = ()
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: its last attempt, and what all attempts together used."""

    job: str
    fence: int
    reason: Reason
    exit_code: int | None  # the process's own; None unless it exited by itself
    signal: int | None  # the signal that ended it, if one did
    started: float  # of the first attempt
    ended: float  # of the last attempt
    wall_seconds: float  # summed over the attempts
    cpu_seconds: float  # user + system, children included, summed
    peak_memory: int  # bytes, the largest of the attempts
    attempts: int = 1
    message: str = ""  # one line for the reader, such as "No such file or directory: 'pyton'"

    @property
    def state(self) -> JobState:
        """The job's final state."""
        return _STATE_OF[self.reason]


_STATE_OF = {
    Reason.DONE: JobState.SUCCEEDED,
    Reason.EXIT: JobState.FAILED,
    Reason.SIGNAL: JobState.FAILED,
    Reason.TIMEOUT: JobState.FAILED,
    Reason.OUT_OF_MEMORY: JobState.FAILED,
    Reason.CANCELLED: JobState.CANCELLED,
    Reason.PRUNED: JobState.CANCELLED,
    Reason.NOT_STARTED: JobState.FAILED,
    Reason.LOST: JobState.LOST,
}


class EventKind(StrEnum):
    """What an engine tells about a job."""

    STARTED = "started"  # its first attempt runs
    RETRIED = "retried"  # an attempt failed and another one runs
    ENDED = "ended"  # see `outcome`
    UNKNOWN = "unknown"  # the engine has no trace of it, neither running nor ended


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One thing that happened to a job, pushed by its engine.

    `note` comes with STARTED: why the job started cold though it named modules to have loaded.
    """

    kind: EventKind
    job: str
    fence: int
    at: float
    pid: int | None = None
    outcome: Outcome | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the store knows it. Times in seconds since the epoch, money in US dollars."""

    id: str
    name: str
    project: str
    state: JobState
    command: tuple[str, ...]
    folder: str
    resources: Resources
    retries: int
    env: Mapping[str, str]
    secrets: Mapping[str, str]
    params: Mapping[str, Param]
    data: tuple[str, ...]
    seed: int | None
    owner: str  # user@machine that submitted it
    engine: str
    fence: int
    submitted: float
    started: float | None = None
    ended: float | None = None
    pid: int | None = None
    reason: Reason | None = None
    exit_code: int | None = None
    signal: int | None = None
    attempts: int = 0
    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory: int | None = None
    price: float | None = None  # what it would have cost on AWS
    message: str = ""
    capsule: str = ""
    sweep: str = ""
    trial: int | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
