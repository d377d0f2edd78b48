"""What the ledger must do when drivers meet, die, stand still, and lose their database.

Part of `LedgerContract` (`stratolab.testing.ledger`).
"""

# ruff: noqa: D102 - the name of a test is what it promises

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Literal

import pytest

from stratolab.core.errors import RemoteError
from stratolab.jobs import store
from stratolab.jobs.stores import open_database
from stratolab.sweeps import ledger
from stratolab.sweeps.models import Result, Trial, TrialState
from stratolab.testing.contenders import LEASE, NOW, compete, contenders, drive, value_of
from stratolab.testing.database import FailingDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stratolab.jobs.database import Database
    from stratolab.sweeps.models import Sweep

GOOD = Result(TrialState.SUCCEEDED, 1 / 3, ended=NOW + 1.5, started=NOW + 0.5, steps=((1, 0.1), (2, 1 / 3)))


class LedgerFaults:
    """Each point gets exactly one record, whatever happens to those who work on it."""

    contended_points = 500  # that eight processes claim at once

    @pytest.fixture
    def database(self, address: str) -> Iterator[Database]:
        """The database under test."""
        database = open_database(address)
        yield database
        database.close()

    @pytest.fixture
    def sweep(self, database: Database) -> str:
        """A sweep without trials."""
        return create(database, "tune").id

    def test_processes_that_create_at_once_get_different_sweeps(
        self, database: Database, address: str
    ) -> None:
        order = {"action": "create", "address": address, "name": "tune", "times": 5}
        ids = list(itertools.chain.from_iterable(compete(order, order, order, order)))
        assert sorted(ids) == sorted(f"tune-{number}" for number in range(1, 21))
        assert len(database.read(ledger.listing)) == 20

    def test_eight_processes_claim_each_point_once(
        self, database: Database, address: str, sweep: str
    ) -> None:
        wanted = list(range(self.contended_points))
        orders = [
            {
                "action": "claim",
                "address": address,
                "sweep": sweep,
                "chunk": 10,
                "points": wanted[k:] + wanted[:k],
            }
            for k in range(0, len(wanted), len(wanted) // 8)
        ]
        got = list(itertools.chain.from_iterable(compete(*orders[:8])))
        assert sorted(got) == wanted
        trials = database.read(lambda tx: ledger.trials(tx, sweep))
        assert [trial.number for trial in trials] == wanted
        assert sorted(trial.params["x"] for trial in trials) == wanted

    def test_a_process_that_stood_still_past_its_lease_is_refused(
        self, database: Database, address: str, sweep: str
    ) -> None:
        with contenders({"action": "finish_late", "address": address, "sweep": sweep}) as (zombie,):
            zombie.tell()
            assert zombie.hear() == "claimed"
            (taken,) = reclaim(database, sweep, now=NOW + LEASE + 1)
            assert finish(database, sweep, 0, GOOD, owner="bob", fence=taken.fence)
            zombie.tell()
            assert json.loads(zombie.hear()) is False
        (trial,) = database.read(lambda tx: ledger.trials(tx, sweep))
        assert (trial.value, trial.owner) == (GOOD.value, "bob")

    def test_drivers_share_a_sweep_though_some_are_killed(
        self, database: Database, address: str, sweep: str, tmp_path: Path
    ) -> None:
        history = tmp_path / "history"
        wanted = list(range(60))
        order = {
            "action": "drive", "address": address, "sweep": sweep, "points": wanted, "history": str(history),
            "halt": False,
        }  # fmt: skip
        doomed = {**order, "halt": True}
        with contenders(doomed, doomed, order, order, order) as started:
            for contender in started[:2]:
                contender.tell()
                assert contender.hear().startswith("evaluated")  # it holds two trials, and their results
            for contender in started[2:]:
                contender.tell()
            for contender in started[:2]:
                contender.close()
            for contender in started[2:]:
                assert json.loads(contender.hear()) == "done"
        drive(database, sweep, wanted, owner="resumed", gone=lambda owner: owner != "resumed")
        self._is_complete(database, sweep, wanted)
        executions = history.read_text(encoding="ascii").split()
        assert len(executions) <= len(wanted) + 2 * 2  # each of the two had two trials in hand

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_any_call_to_the_database_may_fail(
        self, database: Database, when: Literal["before", "after"]
    ) -> None:
        wanted = [0, 1, 2]
        for number in itertools.count(1):
            sweep = create(database, "fault").id
            failing = FailingDatabase(database, at=number, when=when)
            try:
                drive(failing, sweep, wanted, owner=f"first.{number}", gone=lambda _: False)
            except RemoteError:
                drive(
                    database,
                    sweep,
                    wanted,
                    owner=f"second.{number}",
                    gone=lambda owner: owner.startswith("first"),
                )
            self._is_complete(database, sweep, wanted)
            if failing.calls < number:
                break
        assert number > 20

    def _is_complete(self, database: Database, sweep: str, wanted: Sequence[int]) -> None:
        """Each point has one terminal record, its value is right, and its job has ended as well."""
        trials = database.read(lambda tx: ledger.trials(tx, sweep))
        assert [trial.number for trial in trials] == list(range(len(wanted)))
        assert sorted(trial.params["x"] for trial in trials) == list(wanted)
        assert {trial.state for trial in trials} == {TrialState.SUCCEEDED}
        assert all(trial.value == value_of(trial.params) for trial in trials)
        jobs = {job.id: job for job in database.read(lambda tx: store.listing(tx, sweep=sweep))}
        assert sorted(jobs) == sorted(trial.job for trial in trials)
        assert database.read(lambda tx: store.unfinished(tx, sweep)) == []


def create(database: Database, name: str) -> Sweep:
    """A new sweep."""
    return database.run(lambda tx: ledger.create(tx, name, "p", {}, NOW + len(ledger.listing(tx))))


def claim(
    database: Database,
    sweep: str,
    points: Sequence[ledger.Claim],
    *,
    owner: str = "ana",
    limit: int | None = None,
) -> list[Trial]:
    """Claim points at the time `NOW`."""
    return database.run(
        lambda tx: ledger.claim(tx, sweep, owner=owner, now=NOW, lease=LEASE, points=points, limit=limit)
    )


def reclaim(
    database: Database, sweep: str, *, now: float, dead: set[str] | None = None, limit: int | None = None
) -> list[Trial]:
    """Take over, as bob."""
    return database.run(
        lambda tx: ledger.reclaim(
            tx, sweep, owner="bob", now=now, lease=LEASE, dead=dead or set(), limit=limit
        )
    )


def finish(
    database: Database, sweep: str, number: int, result: Result, *, owner: str = "ana", fence: int = 1
) -> bool:
    """Write a result."""
    return database.run(lambda tx: ledger.finish(tx, sweep, number, owner=owner, fence=fence, result=result))
