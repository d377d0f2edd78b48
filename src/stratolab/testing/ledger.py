"""What the ledger must do in every database. Subclass `LedgerContract` and give it the fixture `address`."""

# ruff: noqa: D102 - the name of a test is what it promises

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from stratolab.core.errors import InputError
from stratolab.jobs import store
from stratolab.sweeps import ledger
from stratolab.sweeps.models import Result, SweepState, Trial, TrialState
from stratolab.testing.contenders import (
    LEASE,
    NOW,
    new_job,
    outcome_of,
    point,
)
from stratolab.testing.ledger_faults import GOOD, LedgerFaults, claim, create, finish, reclaim

if TYPE_CHECKING:
    from stratolab.jobs.database import Database
    from stratolab.sweeps.models import Sweep
    from stratolab.sweeps.space import Params


class LedgerContract(LedgerFaults):
    """Every point is claimed once, every trial has one holder, every result is written once.

    A subclass defines the fixture `address`, which gives what `open_database` takes, for an empty database.
    """

    # -- sweeps ------------------------------------------------------------------------------------

    def test_a_sweep_comes_back_as_it_was(self, database: Database) -> None:
        config = {"space": {"x": {"float": [1e-7, 0.1]}}, "trials": 60, "none": None, "odd": "\x00\udcff🦉"}
        made = database.run(
            lambda tx: ledger.create(tx, "tune", "world-series", config, NOW + 1 / 3, forked_from="tune-7")
        )
        assert made.config == config
        assert (made.id, made.state, made.created, made.forked_from) == (
            "tune-1", SweepState.RUNNING, NOW + 1 / 3, "tune-7",
        )  # fmt: skip
        assert database.read(lambda tx: ledger.get(tx, made.id)) == made

    def test_sweeps_are_counted_by_name(self, database: Database) -> None:
        assert [create(database, name).id for name in ("tune", "width", "tune", "tune")] == [
            "tune-1", "width-1", "tune-2", "tune-3",
        ]  # fmt: skip

    def test_a_token_makes_creating_fit_to_run_twice(self, database: Database) -> None:
        made = [
            database.run(lambda tx, t=token: ledger.create(tx, "tune", "p", {}, NOW, token=t)).id  # type: ignore[misc]
            for token in ("a", "a", "b")
        ]
        assert made == ["tune-1", "tune-1", "tune-2"]

    def test_find_by_id_by_name_and_latest(self, database: Database) -> None:
        first, other, second = (create(database, name) for name in ("tune", "width", "tune"))
        theirs = database.run(lambda tx: ledger.create(tx, "tune", "another", {}, NOW + 99))
        found = {text: database.read(lambda tx, t=text: ledger.find(tx, t, "p")).id for text in  # type: ignore[misc]
                 ("tune", "tune-1", "width", "", theirs.id)}  # fmt: skip
        assert found == {
            "tune": second.id, "tune-1": first.id, "width": other.id, "": second.id, theirs.id: theirs.id,
        }  # fmt: skip
        assert [s.id for s in database.read(lambda tx: ledger.listing(tx, "p"))] == [
            second.id,
            other.id,
            first.id,
        ]
        assert [s.id for s in database.read(lambda tx: ledger.listing(tx, "p", limit=1))] == [second.id]

    @pytest.mark.usefixtures("sweep")
    def test_an_unknown_sweep_gets_the_nearest_name(self, database: Database) -> None:
        with pytest.raises(InputError, match="no sweep 'tuen'") as error:
            database.read(lambda tx: ledger.find(tx, "tuen", "p"))
        assert "tune" in error.value.hint

    def test_find_before_there_is_a_sweep(self, database: Database) -> None:
        with pytest.raises(InputError, match="no sweep yet"):
            database.read(lambda tx: ledger.find(tx, "", "p"))

    def test_no_such_sweep(self, database: Database) -> None:
        for use in (
            lambda tx: ledger.get(tx, "no"),
            lambda tx: ledger.changes(tx, "no", 0),
            lambda tx: ledger.set_state(tx, "no", SweepState.STOPPED),
            lambda tx: ledger.claim(tx, "no", owner="a", now=NOW, lease=LEASE, points=[point(0, "a")]),
        ):
            with pytest.raises(InputError, match="no sweep 'no'"):
                database.run(use)

    def test_state_and_config_change(self, database: Database, sweep: str) -> None:
        def seen() -> Sweep:
            return database.read(lambda tx: ledger.get(tx, sweep))

        database.run(lambda tx: ledger.set_state(tx, sweep, SweepState.FINISHED, reason="enough", now=NOW))
        assert (seen().state, seen().reason, seen().ended, seen().revision) == (
            SweepState.FINISHED, "enough", NOW, 1,
        )  # fmt: skip
        database.run(lambda tx: ledger.set_state(tx, sweep, SweepState.RUNNING))
        database.run(lambda tx: ledger.update_config(tx, sweep, {"trials": 5}))
        assert (seen().state, seen().reason, seen().ended, seen().revision) == (
            SweepState.RUNNING,
            "",
            None,
            3,
        )
        assert seen().config == {"trials": 5}

    # -- claims ------------------------------------------------------------------------------------

    def test_a_claimed_trial_comes_back_as_it_was(self, database: Database, sweep: str) -> None:
        params: Params = {"depth": 3, "rate": 0.1, "model": "gbm 🦉", "flag": True, "whole": 2.0}
        claims = [ledger.Claim(params, "0123456789abcdef", "job-a")]
        (trial,) = claim(database, sweep, claims)
        assert trial == Trial(
            sweep, 0, TrialState.RUNNING, params, "job-a", "ana", 1, NOW + LEASE, NOW, revision=1
        )
        assert database.read(lambda tx: ledger.trials(tx, sweep)) == [trial]

    def test_numbers_are_dense_and_points_unique(self, database: Database, sweep: str) -> None:
        first = claim(database, sweep, [point(7, "ana"), point(8, "ana"), point(7, "twin")])
        second = claim(database, sweep, [point(8, "bob"), point(9, "bob")], owner="bob")
        assert [(trial.number, trial.params["x"], trial.owner) for trial in first + second] == [
            (0, 7, "ana"), (1, 8, "ana"), (2, 9, "bob"),
        ]  # fmt: skip

    def test_claiming_again_gives_the_trials_as_they_stand(self, database: Database, sweep: str) -> None:
        claims = [point(0, "ana"), point(1, "ana")]
        claim(database, sweep, claims)
        finish(database, sweep, 0, GOOD)
        again = claim(database, sweep, claims)
        assert again == database.read(lambda tx: ledger.trials(tx, sweep))
        assert [trial.state for trial in again] == [TrialState.SUCCEEDED, TrialState.RUNNING]

    def test_the_limit_holds_over_all_trials(self, database: Database, sweep: str) -> None:
        points = [point(number, "ana") for number in range(5)]
        assert len(claim(database, sweep, points[:2], limit=3)) == 2
        assert [trial.number for trial in claim(database, sweep, points, limit=3)] == [0, 1, 2]
        assert len(claim(database, sweep, points[3:], limit=2)) == 0
        assert len(claim(database, sweep, points[3:])) == 2

    def test_sweeps_may_try_the_same_points(self, database: Database, sweep: str) -> None:
        claim(database, sweep, [point(0, "ana")])
        other = create(database, "width").id
        assert [trial.number for trial in claim(database, other, [point(0, "bob")])] == [0]

    # -- results -----------------------------------------------------------------------------------

    def test_a_result_is_written_once(self, database: Database, sweep: str) -> None:
        claim(database, sweep, [point(0, "ana")])
        assert finish(database, sweep, 0, GOOD)
        assert finish(database, sweep, 0, GOOD)  # the same again, as after a lost answer
        assert not finish(database, sweep, 0, Result(TrialState.FAILED, None, ended=NOW, reason="late"))
        (trial,) = database.read(lambda tx: ledger.trials(tx, sweep))
        assert (trial.state, trial.value, trial.started, trial.ended, trial.steps, trial.revision) == (
            GOOD.state, GOOD.value, GOOD.started, GOOD.ended, GOOD.steps, 2,
        )  # fmt: skip

    @pytest.mark.parametrize(("number", "owner", "fence"), [(0, "bob", 1), (0, "ana", 2), (1, "ana", 1)])
    def test_only_the_holder_writes(
        self, database: Database, sweep: str, number: int, owner: str, fence: int
    ) -> None:
        before = claim(database, sweep, [point(0, "ana")])
        assert not finish(database, sweep, number, GOOD, owner=owner, fence=fence)
        assert not database.run(
            lambda tx: ledger.started(tx, sweep, number, owner=owner, fence=fence, at=NOW)
        )
        assert database.read(lambda tx: ledger.changes(tx, sweep, 0)) == (before, 1)

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_what_cannot_be_compared_is_a_failure(self, database: Database, sweep: str, value: float) -> None:
        claim(database, sweep, [point(0, "ana")])
        result = Result(TrialState.SUCCEEDED, value, ended=NOW, steps=((1, value), (2, 0.5)))
        assert finish(database, sweep, 0, result)
        (trial,) = database.read(lambda tx: ledger.trials(tx, sweep))
        assert (trial.state, trial.value, trial.steps) == (TrialState.FAILED, None, ((2, 0.5),))
        assert str(value) in trial.reason

    def test_started_is_recorded(self, database: Database, sweep: str) -> None:
        claim(database, sweep, [point(0, "ana")])
        assert database.run(lambda tx: ledger.started(tx, sweep, 0, owner="ana", fence=1, at=NOW + 0.5))
        assert finish(database, sweep, 0, Result(TrialState.PRUNED, None, ended=NOW + 1, reason="worse"))
        (trial,) = database.read(lambda tx: ledger.trials(tx, sweep))
        assert (trial.started, trial.ended, trial.reason, trial.state) == (
            NOW + 0.5, NOW + 1, "worse", TrialState.PRUNED,
        )  # fmt: skip

    def test_counts_and_money(self, database: Database, sweep: str) -> None:
        trials = claim(database, sweep, [point(number, "ana") for number in range(4)])
        finish(database, sweep, 0, GOOD)
        finish(database, sweep, 1, Result(TrialState.FAILED, None, ended=NOW, reason="exit code 1"))
        assert database.read(lambda tx: ledger.counts(tx, sweep)) == {
            TrialState.RUNNING: 2, TrialState.SUCCEEDED: 1, TrialState.FAILED: 1, TrialState.PRUNED: 0,
        }  # fmt: skip
        assert database.read(lambda tx: ledger.spent(tx, sweep)) == 0.0
        database.run(lambda tx: store.add(tx, [new_job(trial) for trial in trials]))
        for trial in trials[:2]:
            database.run(lambda tx, t=trial: store.finish(tx, outcome_of(t.job, 1), 0.5))  # type: ignore[misc]
        assert database.read(lambda tx: ledger.spent(tx, sweep)) == 1.0

    # -- leases ------------------------------------------------------------------------------------

    def test_what_is_expired_or_dead_is_taken_over(self, database: Database, sweep: str) -> None:
        for number, owner in enumerate(("ana", "ana", "dead", "cat", "ana")):
            claim(database, sweep, [point(number, owner)], owner=owner)
        finish(database, sweep, 0, GOOD)
        assert reclaim(database, sweep, now=NOW) == []
        taken = reclaim(database, sweep, now=NOW, dead={"dead", "gone"})
        assert [(t.number, t.owner, t.fence, t.lease) for t in taken] == [(2, "bob", 2, NOW + LEASE)]
        later = NOW + LEASE + 1
        database.run(lambda tx: ledger.renew(tx, sweep, owner="cat", until=later + 1))
        taken = reclaim(database, sweep, now=later, limit=1)
        assert [(t.number, t.fence) for t in taken] == [(1, 2)]
        taken = reclaim(database, sweep, now=later)
        assert [(t.number, t.fence) for t in taken] == [(2, 3), (4, 2)]
        assert taken == [t for t in database.read(lambda tx: ledger.trials(tx, sweep)) if t.number in {2, 4}]

    def test_a_fenced_writer_is_refused(self, database: Database, sweep: str) -> None:
        claim(database, sweep, [point(0, "ana")])
        reclaim(database, sweep, now=NOW + LEASE)
        assert not finish(database, sweep, 0, GOOD)
        assert database.run(lambda tx: ledger.renew(tx, sweep, owner="ana", until=NOW * 2)) == set()
        assert finish(database, sweep, 0, GOOD, owner="bob", fence=2)

    def test_a_driver_holds_what_it_claimed_until_it_ends_or_is_taken_over(
        self, database: Database, sweep: str
    ) -> None:
        for number, owner in enumerate(("ana", "ana", "ana", "cat")):
            claim(database, sweep, [point(number, owner)], owner=owner)
        finish(database, sweep, 0, GOOD)
        assert database.run(lambda tx: ledger.held(tx, sweep, "ana")) == {1, 2}
        reclaim(database, sweep, now=NOW + LEASE, limit=1)
        assert database.run(lambda tx: ledger.renew(tx, sweep, owner="ana", until=NOW * 2)) == {2}
        assert database.run(lambda tx: ledger.held(tx, sweep, "bob")) == {1}

    def test_a_released_trial_is_held_by_nobody(self, database: Database, sweep: str) -> None:
        claim(database, sweep, [point(0, "ana")])
        database.run(lambda tx: ledger.release(tx, sweep, owner="ana"))
        claim(database, sweep, [point(1, "ana")])
        assert database.run(lambda tx: ledger.renew(tx, sweep, owner="ana", until=NOW * 2)) == {1}
        assert database.run(lambda tx: ledger.held(tx, sweep, "ana")) == {1}

    def test_an_expired_lease_that_nobody_took_is_still_good(self, database: Database, sweep: str) -> None:
        claim(database, sweep, [point(0, "ana")])
        assert finish(database, sweep, 0, Result(TrialState.SUCCEEDED, 1.0, ended=NOW + 10 * LEASE))

    def test_released_trials_are_free_at_once(self, database: Database, sweep: str) -> None:
        claim(database, sweep, [point(0, "ana"), point(1, "ana")])
        claim(database, sweep, [point(2, "cat")], owner="cat")
        assert database.run(lambda tx: ledger.release(tx, sweep, owner="ana")) == 2
        assert database.run(lambda tx: ledger.renew(tx, sweep, owner="ana", until=NOW + LEASE)) == set()
        assert [(trial.number, trial.fence) for trial in reclaim(database, sweep, now=NOW)] == [
            (0, 2),
            (1, 2),
        ]

    # -- changes -----------------------------------------------------------------------------------

    def test_changes_tell_everything_once_and_in_order(self, database: Database, sweep: str) -> None:
        known: dict[int, Trial] = {}
        revision = 0

        def news() -> list[int]:
            nonlocal revision
            trials, revision = database.read(lambda tx: ledger.changes(tx, sweep, revision))
            known.update((trial.number, trial) for trial in trials)
            assert list(known.values()) == sorted(known.values(), key=lambda trial: trial.number)
            assert [known[n] for n in sorted(known)] == database.read(lambda tx: ledger.trials(tx, sweep))
            return [trial.number for trial in trials]

        claim(database, sweep, [point(number, "ana") for number in range(3)])
        assert news() == [0, 1, 2]
        assert news() == []
        finish(database, sweep, 1, GOOD)
        finish(database, sweep, 0, GOOD)
        assert news() == [1, 0]
        database.run(lambda tx: ledger.renew(tx, sweep, owner="ana", until=NOW + 2 * LEASE))
        assert news() == [2]
        reclaim(database, sweep, now=NOW + 3 * LEASE)
        assert news() == [2]
        finish(database, sweep, 2, GOOD, owner="bob", fence=2)
        assert news() == [2]
        finish(database, sweep, 2, GOOD)
        assert news() == []
