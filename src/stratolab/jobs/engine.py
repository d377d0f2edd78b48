"""The protocol of whatever runs jobs: processes on this machine, AWS Batch.

An engine is asked in two steps. `prepare` says what it would run and touches nothing; `open` gives a
session that submits, cancels and pushes events. Engines keep running what was submitted when the
session's process dies, and can tell afterwards how each job ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from stratolab.jobs.models import JobEvent, JobSpec, Lane, Outcome, Reason, Request


class Session(Protocol):
    """A live connection to an engine. Safe to call from several threads."""

    def submit(self, requests: Sequence[Request]) -> None:
        """Take the requests in this order; each starts as soon as it has its resources.

        Submitting a job and fence that the engine already has changes nothing.
        """

    def cancel(self, jobs: Iterable[str], *, reason: Reason, grace: float) -> None:
        """End these jobs: SIGTERM to the whole group, SIGKILL `grace` seconds later.

        A job that has not begun ends at once. Each still gives its ENDED event, with `reason`.
        """

    def watch(self, jobs: Mapping[str, int]) -> None:
        """Ask for the events of jobs (id: fence) submitted by another session.

        Answers at once with STARTED for one that runs, ENDED for one that ended and UNKNOWN for one
        of which there is no trace; later with ENDED for those that run or wait.
        """

    def close(self) -> None:
        """Let go. What was submitted goes on."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Engine(Protocol):
    """Something that runs jobs."""

    name: str
    keeps_lanes: bool  # whether requests of a lane wait until fewer than its width run
    cpus_here: float  # how many CPUs of this machine its jobs may use at a time; 0 where they run elsewhere

    def check(self, spec: JobSpec) -> None:
        """Raise `InputError` if this spec could never run here (more CPUs than there are ...)."""

    def prepare(self, spec: JobSpec, *, job: str, fence: int, lane: Lane | None = None) -> Request:
        """The exact request for `spec`. Touches nothing."""

    def open(self, notify: Callable[[JobEvent], None]) -> Session:
        """Connect, starting what needs starting. `notify` is called from a thread of the session."""

    def knows(self, job: str, fence: int) -> bool:
        """Whether that job waits or runs. Starts nothing."""

    def started(self, job: str, fence: int) -> JobEvent | None:
        """The STARTED event of that job if it runs; None if it waits, ended or is not known. Starts nothing."""

    def outcome(self, job: str, fence: int) -> Outcome | None:
        """How that job ended, read from what the engine left behind; None if it left nothing."""
