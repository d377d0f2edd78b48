"""The ledger on SQLite, PostgreSQL and MariaDB, and against a model."""

from __future__ import annotations

import functools
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.servers import MARIADB, POSTGRES, emptied_database

from stratolab.jobs import store
from stratolab.jobs.stores.sqlite import SqliteDatabase
from stratolab.sweeps import ledger
from stratolab.sweeps.models import Result, Trial, TrialState
from stratolab.testing.contenders import NOW, new_job, outcome_of, point
from stratolab.testing.ledger import LedgerContract


class TestOnSqlite(LedgerContract):
    @pytest.fixture
    def address(self, tmp_path: Path) -> str:
        return str(tmp_path / "store.db")


class TestOnPostgres(LedgerContract):
    @pytest.fixture
    def address(self) -> str:
        return emptied_database(POSTGRES)


class TestOnMariadb(LedgerContract):
    @pytest.fixture
    def address(self) -> str:
        return emptied_database(MARIADB)


# -- cost ----------------------------------------------------------------------------------------


def test_a_step_costs_the_same_after_ten_thousand_trials(tmp_path: Path):
    """One result and one claim with their two jobs: well below a millisecond of CPU, and flat."""
    with SqliteDatabase(tmp_path / "store.db") as database:
        sweep = database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW)).id
        early = _cost_of_steps(database, sweep, range(200))
        _fill(database, sweep, range(200, 10_000))
        late = _cost_of_steps(database, sweep, range(10_000, 10_200))
        assert sum(database.read(lambda tx: ledger.counts(tx, sweep)).values()) == 10_200
    assert late < 2 * early, f"{early * 1e3:.2f} ms of CPU at first, {late * 1e3:.2f} ms at last"


def _cost_of_steps(database: SqliteDatabase, sweep: str, numbers: range) -> float:
    """The median CPU seconds of a step."""
    held: list[Trial] = []
    costs = []
    for number in numbers:
        before = time.process_time()
        held = database.run(functools.partial(_step, sweep, held, number))
        costs.append(time.process_time() - before)
    return statistics.median(costs)


def _step(sweep: str, held: list[Trial], number: int, tx: store.Transaction) -> list[Trial]:
    for trial in held:
        result = Result(TrialState.SUCCEEDED, 1.0, ended=NOW, started=NOW)
        ledger.finish(tx, sweep, trial.number, owner="ana", fence=1, result=result)
        store.finish(tx, outcome_of(trial.job, 1), 0.25)
    trials = ledger.claim(tx, sweep, owner="ana", now=NOW, lease=9.0, points=[point(number, "ana")])
    store.add(tx, [new_job(trial) for trial in trials])
    return trials


def _fill(database: SqliteDatabase, sweep: str, numbers: range) -> None:
    def work(tx: store.Transaction) -> None:
        claims = [point(number, "ana") for number in numbers]
        trials = ledger.claim(tx, sweep, owner="ana", now=NOW, lease=9.0, points=claims)
        store.add(tx, [new_job(trial) for trial in trials])
        tx.execute("UPDATE trial SET state = 'succeeded', value = 1.0, ended = 1.0 WHERE number > 200")
        tx.execute("UPDATE job SET state = 'succeeded' WHERE trial > 200")

    database.run(work)


# -- against a model -----------------------------------------------------------------------------

OWNERS = ("ana", "bob", "cat")


@dataclass
class Modelled:
    """What the model knows of a trial."""

    x: int
    job: str
    owner: str
    fence: int = 1
    lease: float = 0.0
    state: TrialState = TrialState.RUNNING
    value: float | None = None


class LedgerMachine(RuleBasedStateMachine):
    """Drivers claim, take over, renew, release and finish in any order, and the clock moves on."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="stratolab-ledger-"))
        self.database = SqliteDatabase(self.folder / "store.db")
        self.sweep = self.database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW)).id
        self.now = NOW
        self.model: list[Modelled] = []
        self.known: dict[int, Trial] = {}
        self.revision = 0
        self.claims = 0

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            shutil.rmtree(self.folder)

    @rule(seconds=st.floats(0, 30))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(
        owner=st.sampled_from(OWNERS),
        xs=st.lists(st.integers(0, 9), min_size=1, max_size=4),
        lease=st.floats(1, 20),
        limit=st.none() | st.integers(0, 12),
        twice=st.booleans(),
    )
    def claim(self, owner: str, xs: list[int], lease: float, limit: int | None, *, twice: bool) -> None:
        self.claims += 1
        points = [replace(point(x, owner), job=f"{self.claims}.{index}") for index, x in enumerate(xs)]
        expected = []
        for x, claimed in zip(xs, points, strict=True):
            taken = any(known.x == x for known in self.model)
            if not taken and (limit is None or len(self.model) < limit):
                expected.append(len(self.model))
                self.model.append(Modelled(x, claimed.job, owner, lease=self.now + lease))
        for _ in range(1 + twice):
            trials = self.database.run(
                lambda tx: ledger.claim(
                    tx, self.sweep, owner=owner, now=self.now, lease=lease, points=points, limit=limit
                )
            )
            assert [trial.number for trial in trials] == expected

    @rule(
        owner=st.sampled_from(OWNERS),
        dead=st.sets(st.sampled_from(OWNERS)),
        lease=st.floats(1, 20),
        limit=st.none() | st.integers(0, 3),
    )
    def reclaim(self, owner: str, dead: set[str], lease: float, limit: int | None) -> None:
        free = [
            number
            for number, known in enumerate(self.model)
            if known.state is TrialState.RUNNING and (known.lease <= self.now or known.owner in dead)
        ][:limit]
        for number in free:
            known = self.model[number]
            known.owner, known.fence, known.lease = owner, known.fence + 1, self.now + lease
        trials = self.database.run(
            lambda tx: ledger.reclaim(
                tx, self.sweep, owner=owner, now=self.now, lease=lease, dead=dead, limit=limit
            )
        )
        assert [trial.number for trial in trials] == free
        assert all(trial.fence == self.model[trial.number].fence for trial in trials)

    @rule(owner=st.sampled_from(OWNERS), until=st.floats(NOW, 2 * NOW), release=st.booleans())
    def renew(self, owner: str, until: float, *, release: bool) -> None:
        held = {
            number: known
            for number, known in enumerate(self.model)
            if known.owner == owner and known.state is TrialState.RUNNING and known.lease > 0
        }
        for known in held.values():
            known.lease = 0.0 if release else until
        if release:
            assert self.database.run(lambda tx: ledger.release(tx, self.sweep, owner=owner)) == len(held)
        else:
            kept = self.database.run(lambda tx: ledger.renew(tx, self.sweep, owner=owner, until=until))
            assert kept == held.keys()

    @precondition(lambda self: self.model)
    @rule(
        data=st.data(),
        owner=st.sampled_from(OWNERS),
        fence=st.integers(1, 3),
        value=st.floats(allow_nan=False, allow_infinity=False),
        holder=st.booleans(),
        twice=st.booleans(),
    )
    def finish(
        self, data: st.DataObject, owner: str, fence: int, value: float, *, holder: bool, twice: bool
    ) -> None:
        number = data.draw(st.integers(0, len(self.model) - 1))
        known = self.model[number]
        if holder:
            owner, fence = known.owner, known.fence
        accepted = (known.owner, known.fence) == (owner, fence) and (
            known.state is TrialState.RUNNING or known.value == value
        )
        result = Result(TrialState.SUCCEEDED, value, ended=NOW)
        for _ in range(1 + twice):
            done = self.database.run(
                lambda tx: ledger.finish(tx, self.sweep, number, owner=owner, fence=fence, result=result)
            )
            assert done is accepted
        if accepted:
            known.state, known.value = TrialState.SUCCEEDED, value

    @invariant()
    def agrees(self) -> None:
        """The ledger is what the model says, and what all changes so far add up to."""
        if not hasattr(self, "model"):
            return
        trials = self.database.read(lambda tx: ledger.trials(tx, self.sweep))
        changes, self.revision = self.database.read(lambda tx: ledger.changes(tx, self.sweep, self.revision))
        self.known.update((trial.number, trial) for trial in changes)
        assert [self.known[number] for number in range(len(self.known))] == trials
        assert [
            Modelled(t.params["x"], t.job, t.owner, t.fence, t.lease, t.state, t.value) for t in trials
        ] == self.model


TestAgainstTheModel = LedgerMachine.TestCase
TestAgainstTheModel.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
