"""What one does with jobs: submit, hear how they go, record their ends, set right what a dead command left.

The service owns a connection to the engine (opened when first needed) and writes what it hears into the
store. Several commands may work on one lab at a time: every end is written by compare-and-set, once.
"""

from __future__ import annotations

import getpass
import queue
import socket
import time
from dataclasses import replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Self

from stratolab.core.crash import crash_point
from stratolab.core.errors import RefusedError
from stratolab.core.names import new_id
from stratolab.core.processes import alive, identity
from stratolab.jobs import store
from stratolab.jobs.models import EventKind, Job, JobSpec, JobState, Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from stratolab.jobs.database import Database
    from stratolab.jobs.engine import Engine, Session
    from stratolab.jobs.models import JobEvent, Resources

    Price = Callable[[Resources, Outcome], float | None]
    Begun = Callable[
        [Sequence[Job]], Mapping[str, Mapping[str, str]]
    ]  # variables for jobs about to start, by job

GRACE = 5.0  # seconds between SIGTERM and SIGKILL
SUBMITTER = "submitter"  # attribute: the identity of the process that submitted, to tell a dead one's jobs

_ELSEWHERE = {"batch": "aws batch terminate-job --reason WHY --job-id ID, or aws batch submit-job"}
"""How jobs of another engine are ended, and begun anew."""


class JobService:
    """Jobs of one lab. Use as a context manager where something is submitted or awaited."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        *,
        price: Price,
        clock: Callable[[], float] = time.time,
        begun: Begun = lambda jobs: {},  # noqa: ARG005
    ) -> None:
        self.database = database
        self.engine = engine
        self._price = price
        self._clock = clock
        self._begun = begun
        self._inbox: queue.SimpleQueue[JobEvent] = queue.SimpleQueue()

    @cached_property
    def session(self) -> Session:
        """The connection to the engine; begun by its first use."""
        return self.engine.open(self._inbox.put)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if "session" in self.__dict__:
            self.session.close()

    def submit(self, spec: JobSpec, attributes: Mapping[str, str] | None = None) -> Job:
        """Record a job and hand it to the engine.

        Raises `InputError` if it could never run here; then nothing was recorded.
        """
        self.engine.check(spec)
        job = new_job(spec, engine=self.engine.name, now=self._clock(), attributes=attributes)
        self.session  # noqa: B018 - connect first: without an engine nothing is recorded
        crash_point("job.before-record")
        self.database.run(lambda tx: store.add(tx, [job]))
        crash_point("job.recorded")
        env = {**self._begun([job]).get(job.id, {}), **spec.env}
        self.session.submit([self.engine.prepare(replace(spec, env=env), job=job.id, fence=job.fence)])
        crash_point("job.submitted")
        return job

    def events(self, timeout: float) -> Iterator[JobEvent]:
        """What happened since; waits up to `timeout` seconds for the first event. Each is recorded."""
        try:
            event = self._inbox.get(timeout=timeout)
            while True:
                self.record(event)
                yield event
                event = self._inbox.get_nowait()
        except queue.Empty:
            return

    def record(self, event: JobEvent) -> None:
        """Write an event into the store. Writing one twice changes nothing."""
        if event.kind is EventKind.STARTED:
            self.database.run(lambda tx: store.started(tx, event.job, event.fence, event.pid, event.at))
        elif event.kind is EventKind.ENDED and event.outcome is not None:
            self.finish(event.outcome)

    def finish(self, outcome: Outcome) -> bool:
        """Write how a job ended; False if that was written already."""

        def work(tx: store.Transaction) -> bool:
            price = self._price(store.get(tx, outcome.job).resources, outcome)
            return store.finish(tx, outcome, price)

        crash_point("job.before-finish")
        return self.database.run(work)

    def mine(self, job: Job) -> bool:
        """Whether this lab's engine runs it: a store may hold jobs of others, such as those of AWS Batch."""
        return job.engine == self.engine.name

    def cancel(self, jobs: Sequence[Job], *, grace: float = GRACE) -> None:
        """Ask the engine to end these jobs and wait until their ends are recorded.

        Raises `RefusedError` if one of them is another engine's; then nothing is cancelled.
        """
        for job in jobs:
            self._refuse_others(job, "cancel")
        waiting = {job.id: job.fence for job in jobs if not job.state.ended}
        if not waiting:
            return
        self.session.watch(waiting)
        self.session.cancel(waiting, reason=Reason.CANCELLED, grace=grace)
        while waiting:
            for event in self.events(timeout=1.0):
                if event.kind is EventKind.UNKNOWN and event.job in waiting:
                    self.finish(
                        _without_trace(event.job, waiting[event.job], Reason.CANCELLED, self._clock())
                    )
                if event.kind in {EventKind.ENDED, EventKind.UNKNOWN}:
                    waiting.pop(event.job, None)

    def reconcile(self, sweep: str | None = None) -> None:
        """Write down the starts and the ends of jobs that nobody listened to.

        Asks the engine only about jobs that left no outcome behind, and starts nothing. What another engine runs is
        told of by that.
        """
        for job in filter(self.mine, self.database.read(lambda tx: store.unfinished(tx, sweep))):
            outcome = self.engine.outcome(job.id, job.fence)
            if outcome is not None:
                self.finish(outcome)
            elif started := self.engine.started(job.id, job.fence):
                if job.state is not JobState.RUNNING:
                    self.record(started)
            elif self._abandoned(job):
                self.finish(_without_trace(job.id, job.fence, Reason.LOST, self._clock()))

    def again(self, job: Job) -> JobSpec:
        """The spec that runs a job again.

        Raises `RefusedError` while it has not ended, and for one of another engine.
        """
        self._refuse_others(job, "retry")
        if not job.state.ended:
            raise RefusedError(
                f"{job.id} is {job.state}", doing="retry", hint=f"stratolab jobs cancel {job.id}"
            )
        return spec_of(job)

    def _refuse_others(self, job: Job, doing: str) -> None:
        if not self.mine(job):
            raise RefusedError(
                f"{job.id} is run by {job.engine}, not by this lab's engine ({self.engine.name})",
                doing=doing,
                hint=_ELSEWHERE.get(job.engine, ""),
            )

    def _abandoned(self, job: Job) -> bool:
        """Whether nobody runs or will run this job: the engine has no trace and its submitter is dead."""
        return (
            not self.engine.knows(job.id, job.fence)
            and alive(job.attributes.get(SUBMITTER, "?/0/")) is not True
        )


def new_job(
    spec: JobSpec,
    *,
    engine: str,
    now: float,
    attributes: Mapping[str, str] | None = None,
    id: str = "",  # noqa: A002
) -> Job:
    """The row of a job that has just been asked for."""
    return Job(
        id=id or new_id(now=now),
        name=spec.name,
        project=spec.project,
        state=JobState.QUEUED,
        command=spec.command,
        folder=spec.folder,
        resources=spec.resources,
        retries=spec.retries,
        env=spec.env,
        secrets=spec.secrets,
        params=spec.params,
        data=spec.data,
        seed=spec.seed,
        owner=owner(),
        engine=engine,
        fence=1,
        submitted=now,
        capsule=spec.capsule,
        sweep=spec.sweep,
        trial=spec.trial,
        attributes={SUBMITTER: identity(), **spec.attributes, **(attributes or {})},
    )


def spec_of(job: Job) -> JobSpec:
    """The spec that a job was submitted with."""
    attributes = {name: value for name, value in job.attributes.items() if name != SUBMITTER}
    return JobSpec(
        name=job.name,
        command=job.command,
        folder=job.folder,
        project=job.project,
        resources=job.resources,
        retries=job.retries,
        env=job.env,
        secrets=job.secrets,
        params=job.params,
        data=job.data,
        seed=job.seed,
        capsule=job.capsule,
        attributes=attributes,
    )


@cache
def owner() -> str:
    """Who submits: `user@machine`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def _without_trace(job: str, fence: int, reason: Reason, now: float) -> Outcome:
    return Outcome(
        job=job,
        fence=fence,
        reason=reason,
        exit_code=None,
        signal=None,
        started=now,
        ended=now,
        wall_seconds=0.0,
        cpu_seconds=0.0,
        peak_memory=0,
        attempts=0,
        message="it never started"
        if reason is Reason.CANCELLED
        else "what was to run it died before it began",
    )
