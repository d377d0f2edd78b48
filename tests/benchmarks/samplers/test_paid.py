"""Races that end when their money is spent."""

import math

import pytest

from benchmarks.samplers import paid
from benchmarks.samplers.players import COST_AWARE, player
from benchmarks.samplers.race import Run, race
from benchmarks.samplers.tasks import PAID, TASKS


def test_a_race_ends_with_its_money():
    task = PAID["branin by x"]
    run = race(task, player("random", "", task.space, 1), seed=1, budget=500, pending=4)
    assert run.paid[-2] < task.money <= run.paid[-1]
    assert len(run.best) < 500


def test_how_long_a_trial_runs_depends_on_its_point():
    seconds = PAID["branin by x"].seconds
    assert [seconds({"x": x, "y": 0.0}) for x in (-5.0, 10.0)] == pytest.approx([1.0, math.exp(4)])


def test_what_the_money_buys():
    run = Run(best=[3.0, 2.0, 1.0], paid=[10.0, 20.0, 31.0], milliseconds=0.0)
    assert [paid.bought(run, money) for money in (5, 10, 30, 31)] == [math.inf, 3.0, 2.0, 1.0]


@pytest.mark.parametrize("name", ["random", COST_AWARE])
def test_a_bill_of_ours(name):
    one = paid.bill(paid.Order("mixed by size", name, "", pending=4, seeds=1))
    assert one.whole <= one.half < math.inf
    assert one.trials > 10


def test_trials_of_the_other_tasks_are_alike():
    assert {task.seconds({}) for task in TASKS.values()} == {1.0}
    assert {task.money for task in TASKS.values()} == {math.inf}
