"""Rounds on SQLite, PostgreSQL and MariaDB: what a round tells is what the ledger then says."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.servers import MARIADB, POSTGRES, emptied_database

from stratolab.core.errors import InputError
from stratolab.jobs import store
from stratolab.jobs.models import JobState
from stratolab.jobs.stores import open_database
from stratolab.sweeps import ledger
from stratolab.sweeps.models import Result, TrialState
from stratolab.sweeps.rounds import Ending, Round, write
from stratolab.testing.contenders import LEASE, NOW, new_job, outcome_of, point

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path):
    places = {"postgres": POSTGRES, "mariadb": MARIADB}
    address = (
        emptied_database(places[request.param]) if request.param in places else str(tmp_path / "store.db")
    )
    with open_database(address) as opened:
        yield opened


@pytest.fixture
def sweep(database):
    return database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW)).id


def a_round(sweep, *, endings=(), claims=(), since=0, owner="ana", limit=None):
    return Round(
        sweep=sweep, owner=owner, now=NOW, lease=LEASE, since=since, endings=endings, claims=claims, limit=limit,
        job_of=new_job,
    )  # fmt: skip


def points(*numbers, owner="ana"):
    return [point(number, owner) for number in numbers]


def ending(trial, value=1.5, *, steps=((1, 2.0), (2, 1.5))):
    result = Result(TrialState.SUCCEEDED, value, ended=NOW + 1, started=NOW, steps=steps)
    return Ending(trial, outcome_of(trial.job, 1), result, 0.25)


def revision_of(database, sweep):
    return database.read(lambda tx: ledger.get(tx, sweep)).revision


def test_a_round_is_one_revision_and_tells_what_the_ledger_says(database, sweep):
    first = database.run(partial(write, this=a_round(sweep, claims=points(0, 1, 2))))
    assert [trial.number for trial, _ in first.claimed] == [0, 1, 2]
    assert first.changes == database.read(lambda tx: ledger.changes(tx, sweep, 0))[0]
    (one, _), (two, _), _ = first.claimed
    second = database.run(
        partial(
            write,
            this=a_round(sweep, endings=[ending(two), ending(one, 0.1 + 0.2)], claims=points(3), since=1),
        )
    )
    assert second.accepted == [True, True]
    assert revision_of(database, sweep) == 2
    assert second.changes == database.read(lambda tx: ledger.changes(tx, sweep, 1))[0]
    assert [(trial.number, trial.state, trial.value) for trial in second.changes] == [
        (0, TrialState.SUCCEEDED, 0.1 + 0.2), (1, TrialState.SUCCEEDED, 1.5), (3, TrialState.RUNNING, None),
    ]  # fmt: skip


def test_the_jobs_of_a_round_are_written_with_it(database, sweep):
    first = database.run(partial(write, this=a_round(sweep, claims=points(0))))
    ((trial, job),) = first.claimed
    assert database.read(lambda tx: store.get(tx, job.id)).state is JobState.QUEUED
    database.run(partial(write, this=a_round(sweep, endings=[ending(trial)], since=1)))
    done = database.read(lambda tx: store.get(tx, job.id))
    assert (done.state, done.price, done.trial) == (JobState.SUCCEEDED, 0.25, 0)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_cannot_be_compared_is_told_as_it_is_stored(database, sweep, value):
    first = database.run(partial(write, this=a_round(sweep, claims=points(0))))
    odd = ending(first.claimed[0][0], value, steps=((1, value), (2, 3.0)))
    second = database.run(partial(write, this=a_round(sweep, endings=[odd], since=1)))
    (trial,) = second.changes
    assert (trial.state, trial.value, trial.steps) == (TrialState.FAILED, None, ((2, 3.0),))
    assert second.changes == database.read(lambda tx: ledger.changes(tx, sweep, 1))[0]


def test_what_another_driver_wrote_meanwhile_is_told_too(database, sweep):
    first = database.run(partial(write, this=a_round(sweep, claims=points(0))))
    theirs = database.run(
        partial(write, this=a_round(sweep, claims=points(1, owner="bob"), owner="bob", since=1))
    )
    second = database.run(
        partial(write, this=a_round(sweep, endings=[ending(first.claimed[0][0])], claims=points(2), since=1))
    )
    assert [trial.owner for trial in theirs.changes] == ["bob"]
    assert second.changes == database.read(lambda tx: ledger.changes(tx, sweep, 1))[0]
    assert {trial.number: trial.owner for trial in second.changes} == {0: "ana", 1: "bob", 2: "ana"}


def test_a_driver_that_was_overtaken_cannot_write(database, sweep):
    first = database.run(partial(write, this=a_round(sweep, claims=points(0, 1))))
    database.run(
        lambda tx: ledger.reclaim(tx, sweep, owner="bob", now=NOW + 1, lease=LEASE, dead={"ana"}, limit=1)
    )
    endings = [ending(trial) for trial, _ in first.claimed]
    second = database.run(partial(write, this=a_round(sweep, endings=endings, since=1)))
    assert second.accepted == [False, True]
    assert second.changes == database.read(lambda tx: ledger.changes(tx, sweep, 1))[0]
    states = {trial.number: (trial.state, trial.owner) for trial in second.changes}
    assert states == {0: (TrialState.RUNNING, "bob"), 1: (TrialState.SUCCEEDED, "ana")}


def test_a_round_may_be_written_twice(database, sweep):
    first = database.run(partial(write, this=a_round(sweep, claims=points(0))))
    this = a_round(sweep, endings=[ending(first.claimed[0][0])], claims=points(1, 2), since=1, limit=3)
    once, again = (database.run(partial(write, this=this)) for _ in range(2))
    assert again == once
    assert revision_of(database, sweep) == 2
    assert len(database.read(lambda tx: store.listing(tx, sweep=sweep))) == 3


def test_a_round_that_changes_nothing_raises_no_revision(database, sweep):
    first = database.run(partial(write, this=a_round(sweep, claims=points(0), limit=1)))
    full = database.run(partial(write, this=a_round(sweep, claims=points(1), since=1, limit=1)))
    twin = database.run(
        partial(write, this=a_round(sweep, claims=[replace(point(0, "ana"), job="twin")], since=1))
    )
    assert (len(first.claimed), full.claimed, twin.claimed) == (1, [], [])
    assert full.changes == twin.changes == []
    assert revision_of(database, sweep) == 1


def test_no_such_sweep(database):
    with pytest.raises(InputError, match="no sweep 'no-1'"):
        database.run(partial(write, this=a_round("no-1", claims=points(0))))
