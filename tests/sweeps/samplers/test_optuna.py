from __future__ import annotations

import logging
from statistics import median

import optuna
import pytest

from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers import optuna as ours
from stratolab.sweeps.samplers.optuna import TpeSampler
from stratolab.sweeps.samplers.random import RandomSampler
from stratolab.sweeps.space import Choice, Float, Int, Space
from stratolab.testing.sampler import MIXED, NUMBERS, SamplerContract, loss_at


class TestContract(SamplerContract):
    def make(self, space, seed):
        return TpeSampler(space, seed)


def sweep(sampler, space, trials, loss=loss_at):
    finished = []
    for number in range(trials):
        (params,) = sampler.ask([number], finished, [])
        finished.append(Observation(number, params, loss(space, params)))
    return finished


def best(finished):
    return min(one.loss for one in finished if one.loss is not None)


@pytest.mark.parametrize("space", [MIXED, NUMBERS], ids=["mixed", "numbers"])
def test_it_finds_better_values_than_random_search(space):
    model = median(best(sweep(TpeSampler(space, seed), space, 60)) for seed in range(5))
    chance = median(best(sweep(RandomSampler(space, seed), space, 60)) for seed in range(5))
    assert model < 0.5 * chance


def test_it_keeps_away_from_what_is_pending():
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    finished = sweep(TpeSampler(space, 1), space, 30)
    numbers = range(100, 140)
    (first,) = TpeSampler(space, 1).ask([99], finished, [])
    crowd = [{"x": first["x"] + shift * 1e-6, "y": first["y"]} for shift in range(-6, 7)]

    def near(pending):
        points = [TpeSampler(space, 1).ask([number], finished, pending)[0] for number in numbers]
        return sum(abs(p["x"] - first["x"]) < 0.1 and abs(p["y"] - first["y"]) < 0.1 for p in points)

    assert near(crowd) < 0.7 * near([])


def test_failed_trials_do_not_move_the_model():
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    finished = sweep(TpeSampler(space, 1), space, 30)
    failed = [Observation(100 + n, {"x": 0.9, "y": n / 100}, None) for n in range(30)]
    assert TpeSampler(space, 1).ask([500], finished, []) == TpeSampler(space, 1).ask(
        [500], [*finished, *failed], []
    )


def test_pruned_trials_count_as_worse_than_finished_ones():
    space = Space({"x": Float(0.0, 1.0)})
    finished = [Observation(n, {"x": n / 40}, abs(n / 40 - 0.2)) for n in range(20)]
    pruned = [Observation(50 + n, {"x": 0.5 + n / 40}, None, pruned_loss=-5.0) for n in range(20)]
    points = [
        TpeSampler(space, 1).ask([number], [*finished, *pruned], [])[0]["x"] for number in range(100, 120)
    ]
    assert median(points) < 0.4


def test_choices_that_are_equal_to_python_stay_apart():
    space = Space({"kind": Choice((True, 1, "1", 0, False)), "x": Float(0.0, 1.0)})
    finished = sweep(TpeSampler(space, 1), space, 60, loss=lambda _, p: 0.0 if p["kind"] is True else 1.0)
    assert sum(one.params["kind"] is True for one in finished[20:]) > 13  # 8 by chance


def test_a_child_that_exists_rarely_is_still_learnt():
    space = Space({"model": Choice(("a", "b")), "depth": Int(1, 100, when={"model": ("b",)})})

    def loss(_, params):
        return abs(params["depth"] - 70) if "depth" in params else 40.0

    assert best(sweep(TpeSampler(space, 3), space, 50, loss=loss)) <= 5


def test_a_study_that_grew_stale_is_built_anew_and_says_the_same(monkeypatch):
    finished = sweep(TpeSampler(NUMBERS, 1), NUMBERS, 20)
    expected = [TpeSampler(NUMBERS, 1).ask([n], finished, [])[0] for n in range(30, 40)]
    monkeypatch.setattr(ours, "_STALE", 3)
    used = TpeSampler(NUMBERS, 1)
    assert [used.ask([n], finished, [])[0] for n in range(30, 40)] == expected


@pytest.mark.filterwarnings("error")
def test_nothing_is_written_on_the_screen(capfd):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    sweep(TpeSampler(MIXED, 1), MIXED, 15)
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == logging.INFO
