"""The trials that one driver runs: their jobs at the engine, what they report, when one is run again.

The crew knows nothing of claims and results; it submits what it is given, listens, and says which ends count.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stratolab.core.crash import crash_point
from stratolab.jobs import store
from stratolab.jobs.models import EventKind, JobEvent, JobSpec, Reason
from stratolab.jobs.reports import Reports
from stratolab.jobs.service import GRACE
from stratolab.sweeps import events, ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from stratolab.jobs.database import Database, Transaction
    from stratolab.jobs.engine import Engine, Session
    from stratolab.jobs.models import Lane, Outcome
    from stratolab.sweeps.models import Trial
    from stratolab.sweeps.plan import Plan

RECORDED_AFTER = 1.0  # seconds that a job has run; what is over sooner is written once, with its end
LOST_LIMIT = 3  # times that a trial is run again because what ran it died

Steps = tuple[tuple[int, float], ...]


@dataclass(slots=True)
class Running:
    """A trial of ours whose job the engine has."""

    trial: Trial
    job: store.Job
    reports: Reports
    started: float | None = None
    recorded: bool = False  # the start is in the store
    pruned: str = ""
    heard: int = 0  # reports of the metric that were told
    losses: int = 0  # times that its end was not seen
    adopted: bool = False  # it was submitted by another driver, outside of our lane


class Crew:
    """The running trials of a driver, in its `lane`. `put` gives its inbox an event; `tell` is for who watches."""

    def __init__(
        self,
        plan: Plan,
        *,
        engine: Engine,
        session: Session,
        database: Database,
        home: Callable[[str], str],
        put: Callable[[JobEvent], None],
        tell: Callable[[events.Event], None],
        lane: Lane,
    ) -> None:
        self.runs: dict[str, Running] = {}
        self._plan, self._engine, self._session, self._database = plan, engine, session, database
        self._home, self._put, self._tell, self._lane = home, put, tell, lane
        self._told: set[str] = set()  # notices that one sweep needs once

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def numbers(self) -> set[int]:
        """The trials that run here."""
        return {running.trial.number for running in self.runs.values()}

    @property
    def all_ours(self) -> bool:
        """Whether every trial that runs here is in our lane: then the engine knows how many may run."""
        return not any(running.adopted for running in self.runs.values())

    # -- beginning -------------------------------------------------------------------------------

    def begin(self, claimed: Sequence[tuple[Trial, store.Job]], *, quick: bool = False) -> None:
        """Run the jobs of trials that have just been claimed; `quick` says how they may start (`JobSpec`)."""
        for trial, job in claimed:
            self.runs[job.id] = Running(trial, job, Reports(self._home(job.id)))
        self._submit([job for _, job in claimed], quick=quick)

    def adopt(self, taken: Sequence[tuple[Trial, store.Job]]) -> None:
        """Go on with trials taken over from another driver.

        A job that runs is waited for, one that ended by itself is taken as it ended, one that was stopped or of
        which there is no trace is run again.
        """
        again = []
        for trial, job in taken:
            running = Running(trial, job, Reports(self._home(job.id)), adopted=True)
            self.runs[job.id] = running
            outcome = self._engine.outcome(job.id, job.fence)
            stopped = outcome is not None and outcome.reason in {Reason.CANCELLED, Reason.LOST}
            if stopped or (outcome is None and job.state.ended):
                again.append(running)
            elif outcome is not None:
                self._put(JobEvent(EventKind.ENDED, job.id, job.fence, outcome.ended, outcome=outcome))
            else:
                self._session.watch({job.id: job.fence})
        if again:
            self._run_again(again)

    def keep(self, held: Collection[int]) -> None:
        """Leave the trials that are not `held` any more to the driver that took them over."""
        for running in [one for one in self.runs.values() if one.trial.number not in held]:
            del self.runs[running.job.id]
            self._tell(taken_over(running.trial))

    def _run_again(self, runs: Sequence[Running]) -> None:
        """Hand jobs out anew, but none of a trial that another driver has taken over: that is at work on it."""
        mine = runs[0].trial

        def refence(tx: Transaction) -> tuple[set[int], list[int]]:
            held = ledger.held(tx, mine.sweep, mine.owner)
            return held, [store.refence(tx, one.job.id) for one in runs if one.trial.number in held]

        held, fences = self._database.run(refence)
        self.keep(held)
        runs = [running for running in runs if running.trial.number in held]
        for running, fence in zip(runs, fences, strict=True):
            running.job = replace(running.job, fence=fence)
            running.reports = Reports(self._home(running.job.id))
            running.started, running.recorded, running.pruned, running.heard = None, False, "", 0
            running.adopted = False
        self._submit([running.job for running in runs])

    def _submit(self, jobs: Sequence[store.Job], *, quick: bool = False) -> None:
        if not jobs:
            return
        told = self._plan.begun(jobs)
        requests = [
            self._engine.prepare(
                self._spec(job, told.get(job.id, {}), quick=quick),
                job=job.id,
                fence=job.fence,
                lane=self._lane,
            )
            for job in jobs
        ]
        crash_point("sweep.before-submit")
        self._session.submit(requests)
        crash_point("sweep.submitted")

    def _spec(self, job: store.Job, told: Mapping[str, str], *, quick: bool) -> JobSpec:
        """What to run for a job, here: where it was claimed the project may have been another folder."""
        here = self._plan.job
        return JobSpec(
            name=here.name,
            command=job.command,
            folder=here.folder,
            resources=job.resources,
            retries=job.retries,
            env={**job.env, **told, **here.env},
            secrets=here.secrets,
            params=job.params,
            warm=here.warm,
            quick=quick,
        )

    # -- listening -------------------------------------------------------------------------------

    def hear(self, event: JobEvent) -> None:
        """News of a job that has not ended."""
        running = self._of(event)
        if running is None:
            return
        number = running.trial.number
        if event.kind is EventKind.STARTED and running.started is None:
            running.started = event.at
            self._tell(events.Started(number, dict(running.trial.params), event.at))
            self._tell_once(f"trials start cold: {event.note}" if event.note else "")
        elif event.kind is EventKind.RETRIED:
            self._tell(events.Noted(f"trial {number} failed and is tried again"))
        elif event.kind is EventKind.UNKNOWN:
            self._run_again([running])

    def ended(self, ends: Iterable[JobEvent]) -> list[tuple[Running, Outcome]]:
        """Those of these ends that count: not of another claim, and not of a trial that is run again for it."""
        counting = []
        for event in ends:
            running = self._of(event)
            if running is None or event.outcome is None:
                continue
            if event.outcome.reason is Reason.LOST and running.losses < LOST_LIMIT:
                running.losses += 1
                why = event.outcome.message or "what ran it died"
                self._tell(events.Noted(f"trial {running.trial.number} runs again: {why}"))
                self._run_again([running])
                continue
            del self.runs[event.job]
            counting.append((running, event.outcome))
        return counting

    def _tell_once(self, text: str) -> None:
        if text and text not in self._told:
            self._told.add(text)
            self._tell(events.Noted(text))

    def _of(self, event: JobEvent) -> Running | None:
        running = self.runs.get(event.job)
        return running if running is not None and running.job.fence == event.fence else None

    # -- looking around --------------------------------------------------------------------------

    def record_starts(self) -> None:
        """Write the starts of jobs that did not end at once, so that others see them running."""
        before = time.time() - RECORDED_AFTER
        runs = [
            running
            for running in self.runs.values()
            if running.started and running.started < before and not running.recorded
        ]
        if not runs:
            return

        def work(tx: Transaction) -> None:
            for running in runs:
                store.started(tx, running.job.id, running.job.fence, None, running.started or 0.0)

        self._database.run(work)
        for running in runs:
            running.recorded = True

    def look(self, curves: Iterable[Steps]) -> None:
        """Read what running trials report, and stop those without hope. `curves` are those of ended trials."""
        known = None
        for running in self.runs.values():
            if running.started is None or not running.reports.read() or not self._news(running):
                continue
            if self._plan.pruner is not None and not running.pruned:
                known = list(curves) if known is None else known
                self._prune(running, [*known, *self._beside(running)])

    def _news(self, running: Running) -> bool:
        series = running.reports.metric(self._plan.metric)
        if series is None or series.count == running.heard or not series.steps:
            return False
        running.heard = series.count
        step, value = series.steps[-1]
        self._tell(events.Reported(running.trial.number, step, value))
        return True

    def _prune(self, running: Running, others: Sequence[Steps]) -> None:
        series = running.reports.metric(self._plan.metric)
        if series is None or self._plan.pruner is None:
            return
        running.pruned = self._plan.pruner.should_stop(series.steps, others, self._plan.goal) or ""
        if running.pruned:
            self._session.cancel([running.job.id], reason=Reason.PRUNED, grace=GRACE)

    def _beside(self, running: Running) -> list[Steps]:
        found = []
        for other in self.runs.values():
            series = other.reports.metric(self._plan.metric)
            if other is not running and series is not None:
                found.append(tuple(series.steps))
        return found

    def cancel(self) -> None:
        """Ask for the end of everything that runs here."""
        self._session.cancel(list(self.runs), reason=Reason.CANCELLED, grace=GRACE)


def taken_over(trial: Trial) -> events.Noted:
    """What is told of a trial that another driver has now."""
    return events.Noted(f"trial {trial.number} was taken over by another driver; its result here is not used")
