from __future__ import annotations

import pytest

from stratolab.jobs.stores.sqlite import SqliteDatabase
from stratolab.sweeps import ledger, standing
from stratolab.sweeps.models import Result, TrialState
from stratolab.testing.contenders import LEASE, NOW, point

S, F = TrialState.SUCCEEDED, TrialState.FAILED


@pytest.fixture
def database(tmp_path):
    with SqliteDatabase(tmp_path / "store.db") as database:
        yield database


def fill(database, goal, results):
    def work(tx):
        sweep = ledger.create(tx, "tune", "p", {"goal": goal}, NOW)
        points = [point(number, "ana") for number in range(len(results) + 1)]
        for trial in ledger.claim(tx, sweep.id, owner="ana", now=NOW, lease=LEASE, points=points)[:-1]:
            state, value = results[trial.number]
            result = Result(state, value, ended=NOW + trial.number, started=NOW)
            ledger.finish(tx, sweep.id, trial.number, owner="ana", fence=trial.fence, result=result)
        return sweep

    return database.run(work)


@pytest.mark.parametrize(
    ("goal", "results", "best"),
    [
        ("minimize", [(S, 3.0), (S, 1.0), (F, None), (S, 1.0)], 1),
        ("maximize", [(S, 3.0), (S, 1.0), (TrialState.PRUNED, 9.0)], 0),
        ("minimize", [(F, None)], None),
        ("minimize", [], None),
    ],
)
def test_the_best_is_the_earlier_of_the_best_that_succeeded(database, goal, results, best):
    sweep = fill(database, goal, results)
    found = database.read(lambda tx: standing.best(tx, sweep))
    assert (found.number if found else None) == best


def test_the_last_end_and_the_trials_of_jobs(database):
    sweep = fill(database, "minimize", [(S, 3.0), (S, 1.0)])
    assert database.read(lambda tx: standing.last_end(tx, sweep.id)) == NOW + 1
    assert database.read(lambda tx: standing.last_end(tx, "none-1")) is None
    found = database.read(lambda tx: standing.of_jobs(tx, ["ana.1", "ana.2", "nobody"]))
    assert {job: trial.number for job, trial in found.items()} == {"ana.1": 1, "ana.2": 2}


def test_a_sweep_in_numbers(database):
    sweep = fill(database, "minimize", [(S, 3.0), (F, None), (S, 1.0)])
    stands = database.read(lambda tx: standing.of(tx, sweep))
    assert (stands.trials, stands.counts[S], stands.counts[F], stands.counts[TrialState.RUNNING]) == (
        4,
        2,
        1,
        1,
    )
    assert (stands.seconds, stands.median, stands.best.number, stands.dollars) == (
        0.0 + 1.0 + 2.0,
        1.0,
        2,
        0.0,
    )


def test_a_sweep_without_trials_in_numbers(database):
    sweep = database.run(lambda tx: ledger.create(tx, "none", "p", {"goal": "minimize"}, NOW))
    stands = database.read(lambda tx: standing.of(tx, sweep))
    assert (stands.trials, stands.best, stands.seconds, stands.median, stands.dollars) == (
        0,
        None,
        0.0,
        None,
        0.0,
    )


@pytest.mark.parametrize(
    ("goal", "best_first"), [("minimize", [2, 0, 5, 3, 1]), ("maximize", [0, 2, 5, 3, 1])]
)
def test_trials_in_the_order_in_which_they_are_shown(database, goal, best_first):
    results = [(S, 3.0), (F, None), (S, -1.0), (TrialState.PRUNED, 9.0), (F, None)]
    sweep = fill(database, goal, results)
    shown = database.read(lambda tx: standing.first(tx, sweep, by="value", limit=5))
    assert [trial.number for trial in shown] == best_first
    everything = database.read(lambda tx: standing.first(tx, sweep, by="number"))
    assert [trial.number for trial in everything] == [0, 1, 2, 3, 4, 5]


def test_the_drivers_of_running_trials(database):
    sweep = fill(database, "minimize", [(S, 3.0)])
    assert database.read(lambda tx: standing.owners(tx, sweep.id)) == {"ana"}
    assert database.read(lambda tx: standing.owners(tx, "none-1")) == set()
