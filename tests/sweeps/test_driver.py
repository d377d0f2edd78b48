"""A driver with the real engine and a real store: how it keeps slots busy with trials of milliseconds."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
from typing import TYPE_CHECKING

import pytest

from stratolab.jobs.engines.local import LocalEngine
from stratolab.jobs.models import JobSpec
from stratolab.jobs.stores.sqlite import SqliteDatabase
from stratolab.sweeps import events, ledger
from stratolab.sweeps.driver import Driver
from stratolab.sweeps.models import Goal, SweepState, TrialState
from stratolab.sweeps.plan import Plan
from stratolab.sweeps.samplers import filler, make
from stratolab.sweeps.space import Float, Space
from stratolab.sweeps.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SQUARE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
TINY = ("sh", "-c", """date +"begin %s%N" >>log; echo '{"loss": 1}'; date +"end %s%N" >>log""")


class World:
    """A lab with four CPUs, and what a driver of a sweep in it tells."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lab = folder / ".stratolab"
        self.lab.mkdir(mode=0o700)
        self.database = SqliteDatabase(self.lab / "store.db")
        self.engine = LocalEngine(self.lab, cpus=4)
        self.heard: list[events.Event] = []

    def driver(self, *, sampler: str = "quasi", trials: int = 40, parallel: int = 2, command=TINY) -> Driver:
        made = make(sampler, SQUARE, 1, trials=trials, parallel=parallel)
        plan = Plan(
            job=JobSpec(name="tiny", command=command, folder=str(self.folder)),
            space=SQUARE,
            metric="loss",
            goal=Goal.MINIMIZE,
            sampler=made,
            filler=filler(made, SQUARE, 1),
            why="a test",
            trials=trials,
            parallel=parallel,
            seed=1,
        )
        sweep = self.database.run(lambda tx: ledger.create(tx, "tiny", "p", {}, 1.0))
        return Driver(
            sweep,
            plan,
            database=self.database,
            engine=self.engine,
            home=lambda job: f"{self.lab}/jobs/{job}",
            price=lambda _resources, _outcome: 0.5,
            tell=self.heard.append,
        )

    def most_at_a_time(self) -> int:
        """How many trials ran at the same time, at most."""
        stamps = sorted(
            (int(line.split()[1]), line.startswith("begin"))
            for line in (self.folder / "log").read_text().splitlines()
        )
        running, most = 0, 0
        for _, begins in stamps:
            running += 1 if begins else -1
            most = max(most, running)
        return most

    def close(self) -> None:
        self.database.close()
        status = self.engine.status()
        if status:
            with contextlib.suppress(ProcessLookupError):
                os.kill(status.pid, signal.SIGTERM)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_short_trials_are_sent_ahead_but_never_more_run_than_was_said(world):
    driver = world.driver()
    ended = driver.run()
    assert (ended.state, ended.reason) == (SweepState.FINISHED, "all 40 trials have ended")
    assert world.most_at_a_time() == 2
    trials = world.database.read(lambda tx: ledger.trials(tx, ended.id))
    assert max(sum(one.created <= new.created < one.ended for one in trials) for new in trials) > 2


def test_results_of_short_trials_are_written_several_at_a_time(world):
    ended = world.driver(trials=60).run()
    trials = world.database.read(lambda tx: ledger.trials(tx, ended.id))
    assert len({trial.revision for trial in trials}) < 60


def test_with_one_trial_at_a_time_each_is_begun_when_the_last_is_known(world):
    ended = world.driver(trials=8, parallel=1).run()
    trials = world.database.read(lambda tx: ledger.trials(tx, ended.id))
    assert world.most_at_a_time() == 1
    assert all(later.created >= sooner.ended for sooner, later in itertools.pairwise(trials))
    assert [trial.params for trial in trials] == make("quasi", SQUARE, 1).ask(range(8), [], [])


def test_the_view_of_the_driver_is_what_the_ledger_tells(world):
    driver = world.driver(trials=30)
    ended = driver.run()
    view = View(Goal.MINIMIZE, wants_curves=False)
    view.take(world.database.read(lambda tx: ledger.changes(tx, ended.id, 0))[0])
    assert view.observed == driver.view.observed
    assert (view.counts, view.losses, view.seconds) == (
        driver.view.counts,
        driver.view.losses,
        driver.view.seconds,
    )
    assert driver.dollars == 15.0


def test_a_model_and_its_filler_share_one_ledger(world):
    ended = world.driver(sampler="gp", trials=40).run()
    trials = world.database.read(lambda tx: ledger.trials(tx, ended.id))
    assert [trial.state for trial in trials] == [TrialState.SUCCEEDED] * 40
    assert len({SQUARE.digest(trial.params) for trial in trials}) == 40


def test_trials_that_break_at_once_are_not_sent_ahead(world):
    driver = world.driver(trials=12, command=("sh", "-c", "exit 3"))
    ended = driver.run()
    trials = world.database.read(lambda tx: ledger.trials(tx, ended.id))
    assert [trial.state for trial in trials] == [TrialState.FAILED] * 12
    assert max(sum(one.created <= new.created < one.ended for one in trials) for new in trials) <= 2
