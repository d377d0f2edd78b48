"""The driver: keeps the slots of one sweep busy until a stop rule says that it is enough.

One loop in one thread takes what happens from one inbox: ends of jobs (from the engine), points (from the
suggester), stop requests (from a signal). Whatever arrived together is written in one transaction: results of
trials, ends of their jobs, claims of new trials, renewed leases. Then the new jobs are submitted. Nothing else
writes, so that killing this process at any point loses at most a result that the engine still holds.
"""

from __future__ import annotations

import contextlib
import queue
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from stratolab.core.crash import crash_point
from stratolab.core.names import new_id
from stratolab.core.processes import alive, identity, usable_cpus
from stratolab.jobs import store
from stratolab.jobs.models import EventKind, JobEvent, Lane
from stratolab.jobs.service import GRACE
from stratolab.sweeps import events, ledger, rounds
from stratolab.sweeps.crew import Crew, Running, taken_over
from stratolab.sweeps.models import SweepState, TrialState
from stratolab.sweeps.pace import Pace
from stratolab.sweeps.plan import job_of
from stratolab.sweeps.stop import Progress
from stratolab.sweeps.suggester import Known, Suggested, Suggester
from stratolab.sweeps.values import judge
from stratolab.sweeps.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stratolab.jobs.database import Database, Transaction
    from stratolab.jobs.engine import Engine
    from stratolab.jobs.models import Outcome
    from stratolab.jobs.service import Price
    from stratolab.sweeps.models import Sweep, Trial
    from stratolab.sweeps.plan import Plan

LEASE = 15.0  # seconds that a driver may be silent before others take its trials over
TICK = 0.25  # seconds between two looks at what running trials report
RECLAIMED = 100  # trials beyond those that run, which a dead driver may have left waiting at the engine
LEAVING = 3.0  # seconds beyond the grace of cancelled jobs that a clean stop waits for their ends


@dataclass(frozen=True, slots=True)
class Stop:
    """A request to stop: put into the inbox by a signal handler or another thread."""

    why: str


class Driver:
    """Drives one sweep. `run` returns when it is finished or stopped; `stop` may be called from anywhere.

    Raises what the sampler or the database raised, after a clean stop.
    """

    def __init__(
        self,
        sweep: Sweep,
        plan: Plan,
        *,
        database: Database,
        engine: Engine,
        home: Callable[[str], str],
        price: Price,
        tell: Callable[[events.Event], None],
        lease: float = LEASE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.sweep = sweep
        self.plan = plan
        self.view = View(plan.goal, wants_curves=plan.pruner is not None)
        self.dollars = 0.0
        self._database, self._engine, self._home = database, engine, home
        self._price, self._tell, self._clock = price, tell, clock
        self._lease, self._owner = lease, f"{identity()}/{new_id()}"
        self._inbox: queue.SimpleQueue[JobEvent | Suggested | Stop] = queue.SimpleQueue()
        taken = min(plan.parallel * plan.job.resources.cpus, engine.cpus_here)
        self._pace = Pace(
            plan.parallel,
            lanes=engine.keeps_lanes,
            spare=usable_cpus() - taken,
            learns=plan.sampler is not plan.filler,
        )
        self._suggester = Suggester(
            plan.sampler,
            self._inbox.put,
            pace=self._pace,
            filler=plan.filler,
            ahead=plan.parallel > 1,
            foresees=plan.foresees,
        )
        self._crew: Crew
        self._renewed = 0.0
        self._ticked = 0.0
        self._began_with = 0  # trials that had ended before this sitting
        self._why = ""  # why no further trial begins
        self.stopped = ""  # why we leave before the sweep is finished

    def stop(self, why: str = "interrupted") -> None:
        """Ask for a clean stop: running trials are ended and will run again when the sweep is resumed."""
        self._inbox.put(Stop(why))

    def run(self) -> Sweep:
        """Drive until a stop rule holds or `stop` is called. Gives the sweep as it then stands."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._suggester.close)
            session = stack.enter_context(self._engine.open(self._inbox.put))
            self._crew = Crew(
                self.plan,
                engine=self._engine,
                session=session,
                database=self._database,
                home=self._home,
                put=self._inbox.put,
                tell=self._tell,
                lane=Lane(self._owner, self.plan.parallel),
            )
            try:
                self._begin()
                self._loop()
            except BaseException:
                self._leave("an error ended the driver")
                raise
            return self._leave(self.stopped) if self.stopped else self._database.run(self._close)

    # -- the loop --------------------------------------------------------------------------------

    def _begin(self) -> None:
        sweep = self.sweep.id
        self.dollars = self._database.read(lambda tx: ledger.spent(tx, sweep))
        self._database.run(lambda tx: ledger.set_state(tx, sweep, SweepState.RUNNING))
        self._take(self._database.read(lambda tx: ledger.changes(tx, sweep, 0))[0], quiet=True)
        self._began_with = self.view.ended
        plan, before = self.plan, self._began_with
        self._tell(events.Began(sweep, plan.most, plan.parallel, plan.sampler.name, plan.why, before))
        self._check_rules()
        self._reclaim()

    def _loop(self) -> None:
        while not self.stopped:
            self._refill()
            if not self._crew.runs:
                self._reclaim()
            if self._finished():
                return
            self._handle(self._wait())

    def _wait(self) -> list[JobEvent | Suggested | Stop]:
        """Everything that has arrived, once anything has or it is time to look around."""
        messages = []
        try:
            messages.append(self._inbox.get(timeout=max(0.0, self._ticked + TICK - time.monotonic())))
            if not self._starving():
                time.sleep(self._pace.gather)
            while True:
                messages.append(self._inbox.get_nowait())
        except queue.Empty:
            return messages

    def _handle(self, messages: Sequence[JobEvent | Suggested | Stop]) -> None:
        ends = []
        for message in messages:
            if isinstance(message, Stop):
                self.stopped = message.why
                return
            if isinstance(message, Suggested):
                self._suggester.take(message)
                self._check_rules()
            elif message.kind is EventKind.ENDED:
                ends.append(message)
            else:
                self._crew.hear(message)
        if ends:
            self._write(self._crew.ended(ends))
        if time.monotonic() - self._ticked >= TICK:
            self._tick()

    def _tick(self) -> None:
        """Look around: what running trials report, leases, other drivers."""
        self._ticked = time.monotonic()
        if self._ticked - self._renewed >= self._lease / 3:
            self._renew()
        self._crew.record_starts()
        self._crew.look(self.view.curves.values())
        if self.view.running.keys() - self._crew.numbers:  # another driver's
            changes, _ = self._database.read(lambda tx: ledger.changes(tx, self.sweep.id, self.view.revision))
            self._take(changes)
            self._check_rules()
            self._reclaim()

    def _renew(self) -> None:
        """Keep our trials, and let go of those that others have taken over because we were silent."""
        self._renewed, until = time.monotonic(), self._clock() + self._lease
        renew = partial(ledger.renew, sweep=self.sweep.id, owner=self._owner, until=until)
        self._crew.keep(self._database.run(renew))

    def _finished(self) -> bool:
        if len(self._crew):
            return False
        if not self._why and not self.view.running:
            if self._room() == 0:
                self._halt(f"all {self.plan.trials} trials have ended")
            elif self._suggester.exhausted and not self._suggester.ready:
                self._halt("every point of the space has been tried")
        return bool(self._why)

    # -- new trials ------------------------------------------------------------------------------

    def _refill(self) -> None:
        if self._why:
            return
        if self._starving() and self._free() > 0 and (self._suggester.ready or self._suggester.fills):
            self._write([])
        if self.plan.parallel > 1 or not self._crew:
            self._suggester.want(self._room(), self._known)

    def _known(self) -> Known:
        running = [trial.params for trial in self.view.running.values()]
        return Known(self.view.next_number, self.view.observed, running)

    def _ahead(self) -> int:
        return self._pace.ahead if self._crew.all_ours else 0

    def _free(self) -> int:
        return self.plan.parallel + self._ahead() - len(self._crew)

    def _starving(self) -> bool:
        """Whether a slot is free, or soon will be: less than half of what should wait at the engine is there."""
        return len(self._crew) - self.plan.parallel < self._ahead() / 2

    def _room(self) -> int | None:
        """How many more trials may begin."""
        return None if self.plan.trials is None else max(0, self.plan.trials - self.view.begun)

    def _claims(self) -> list[ledger.Claim]:
        if self._why:
            return []
        free, room = self._free(), self._room()
        points = self._suggester.draw(free if room is None else min(free, room), self._known)
        return [ledger.Claim(params=p, digest=self.plan.space.digest(p), job=new_id()) for p in points]

    # -- the one transaction ---------------------------------------------------------------------

    def _write(self, ends: Sequence[tuple[Running, Outcome]]) -> None:
        """Write these ends and claim trials for the slots that are free."""
        endings = [self._ending(running, outcome) for running, outcome in ends]
        for _ in endings:
            self._suggester.freed()
        claims = self._claims()
        if not endings and not claims:
            return
        crash_point("sweep.before-commit")
        written = self._database.run(partial(rounds.write, this=self._round(endings, claims)))
        crash_point("sweep.committed")
        self._crew.begin(written.claimed, quick=self.plan.quick and self._pace.quick)
        for ending, accepted in zip(endings, written.accepted, strict=True):
            self.dollars += ending.price or 0.0
            if not accepted:
                self._tell(taken_over(ending.trial))
        if len(written.claimed) < len(claims):
            self._suggester.again()
        self._take(written.changes)
        if claims and self._room() == 0:
            self.plan.all_begun()
        self._check_rules()

    def _round(self, endings: Sequence[rounds.Ending], claims: Sequence[ledger.Claim]) -> rounds.Round:
        return rounds.Round(
            sweep=self.sweep.id,
            owner=self._owner,
            now=self._clock(),
            lease=self._lease,
            since=self.view.revision,
            endings=endings,
            claims=claims,
            limit=self.plan.trials,
            job_of=partial(job_of, self.plan, engine=self._engine.name),
        )

    def _ending(self, running: Running, outcome: Outcome) -> rounds.Ending:
        resources = running.job.resources
        result = judge(
            outcome,
            running.reports,
            self.plan.metric,
            resources=resources,
            pruned=running.pruned,
            elsewhere=lambda: self.plan.elsewhere(running.job.id),
            hide=self.plan.hide,
        )
        if result.state is TrialState.SUCCEEDED:  # one that breaks at once says nothing of how long they take
            self._pace.took(outcome.ended - outcome.started, outcome.cpu_seconds)
        return rounds.Ending(running.trial, outcome, result, self._price(resources, outcome))

    def _take(self, changes: Sequence[Trial], *, quiet: bool = False) -> None:
        """Fold changes of the ledger into the view, and tell of trials that ended by them."""
        for trial in changes:
            best = self.view.best
            for ended in self.view.take([trial]):
                if not quiet:
                    improved = self.view.best is not best
                    mine = trial.owner == self._owner
                    self._tell(events.Ended(ended, best=improved, mine=mine, dollars=self.dollars))

    # -- taking over -----------------------------------------------------------------------------

    def _reclaim(self) -> None:
        """Take over trials whose driver is dead or silent, as many as one driver may have at the engine."""
        free, now = self.plan.parallel + RECLAIMED - len(self._crew), self._clock()
        others = [trial for trial in self.view.running.values() if trial.owner != self._owner]
        if free <= 0 or not others:
            return
        dead = {owner for owner in {trial.owner for trial in others} if _lives(owner) is False}
        if not dead and not any(trial.lease <= now for trial in others):
            return

        def work(tx: Transaction) -> tuple[list[tuple[Trial, store.Job]], list[Trial]]:
            # Our own leases first: after a sleep they are over too, and we would take our own trials over.
            ledger.renew(tx, self.sweep.id, owner=self._owner, until=now + self._lease)
            trials = ledger.reclaim(
                tx, self.sweep.id, owner=self._owner, now=now, lease=self._lease, dead=dead, limit=free
            )
            changes, _ = ledger.changes(tx, self.sweep.id, self.view.revision)
            return [(trial, store.get(tx, trial.job)) for trial in trials], changes

        taken, changes = self._database.run(work)
        crash_point("sweep.reclaimed")
        self._take(changes)
        self._crew.adopt(taken)

    # -- the end ---------------------------------------------------------------------------------

    def _check_rules(self) -> None:
        if self._why:
            return
        progress = Progress(
            losses=self.view.losses,
            best_at=self.view.best_at,
            seconds=self.view.seconds,
            dollars=self.dollars,
            counts=self.view.counts,
            began_with=self._began_with,
            expected_gain=self._suggester.expected_gain,
        )
        for rule in self.plan.rules:
            verdict = rule(progress)
            if verdict:
                self._halt(verdict.why)
                return

    def _halt(self, why: str) -> None:
        self._why = why
        self._tell(events.Stopping(why))

    def _leave(self, why: str) -> Sweep:
        """Stop cleanly: end what runs here and give the trials back, to be run again later."""
        self.stopped = why
        if time.monotonic() - self._renewed >= self._lease:  # then others may have what we would cancel
            with contextlib.suppress(Exception):
                self._renew()
        self._crew.cancel()
        waiting = dict(self._crew.runs)
        deadline = time.monotonic() + GRACE + LEAVING
        outcomes: list[tuple[Running, Outcome]] = []
        while waiting and (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                message = self._inbox.get(timeout=left)
                if isinstance(message, JobEvent) and message.outcome and message.job in waiting:
                    outcomes.append((waiting.pop(message.job), message.outcome))

        def work(tx: Transaction) -> None:
            for running, outcome in outcomes:
                store.finish(tx, outcome, self._price(running.job.resources, outcome))
            ledger.release(tx, self.sweep.id, owner=self._owner)

        self._database.run(work)
        with contextlib.suppress(Exception):  # whoever listened may be what failed
            self._tell(events.Stopping(why))
        return self._database.run(self._close)

    def _close(self, tx: Transaction) -> Sweep:
        sweep = self.sweep.id
        others = {trial.owner for trial in self.view.running.values()} - {self._owner}
        if self.stopped and not any(_lives(owner) for owner in others):
            ledger.set_state(tx, sweep, SweepState.STOPPED, reason=self.stopped)
        elif not self.stopped and not self.view.running:
            ledger.set_state(tx, sweep, SweepState.FINISHED, reason=self._why, now=self._clock())
        return ledger.get(tx, sweep)


def _lives(owner: str) -> bool | None:
    """Whether the process of a driver lives; None if it is another machine's."""
    return alive(owner.rsplit("/", 1)[0])
