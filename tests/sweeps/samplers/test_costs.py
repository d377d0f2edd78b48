"""Gain per cost: a search that minds how long trials take."""

from __future__ import annotations

import math
from statistics import median

import numpy as np
import pytest

from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers import make
from stratolab.sweeps.samplers.gp import GpSampler
from stratolab.sweeps.samplers.gp.costs import CostModel, PerCost
from stratolab.sweeps.samplers.gp.encode import Encoding
from stratolab.sweeps.samplers.gp.history import History
from stratolab.sweeps.samplers.gp.model import Posterior, fit
from stratolab.sweeps.space import Float, Space
from stratolab.testing.sampler import SamplerContract, same

SQUARE = Space({"x": Float(-5.0, 10.0), "y": Float(0.0, 15.0)})
TRIALS = 60


class TestContract(SamplerContract):
    def make(self, space, seed):
        return GpSampler(space, seed, cost_aware=True, trials=40)


def branin(params):
    """Three equal minima, 0.398, at x of -3.1, 3.1 and 9.4."""
    x, y = params["x"], params["y"]
    curve = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return curve**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def dear_to_the_right(params):
    """1 second at the left edge, 55 at the right one."""
    return math.exp((params["x"] + 5) / 15 * 4)


def walk(sampler, cost, trials=TRIALS, loss=branin):
    """Trials one after the other."""
    finished = []
    for number in range(trials):
        (params,) = sampler.ask([number], finished, [])
        finished.append(Observation(number, params, loss(params), seconds=cost(params)))
    return finished


def spent(finished, target=0.41):
    """Seconds until a loss below the target."""
    total = 0.0
    for one in finished:
        total += one.seconds
        if one.loss < target:
            return total
    return math.inf


def test_a_good_value_costs_less_than_half_where_costs_differ():
    aware = [
        spent(walk(GpSampler(SQUARE, seed, cost_aware=True, trials=TRIALS), dear_to_the_right))
        for seed in range(5)
    ]
    plain = [spent(walk(GpSampler(SQUARE, seed), dear_to_the_right)) for seed in range(5)]
    assert median(aware) < 0.5 * median(plain)


def test_the_best_is_found_though_it_is_the_dearest():
    def loss(params):
        return (params["x"] - 9) ** 2 + (params["y"] - 3) ** 2

    finished = walk(GpSampler(SQUARE, 2, cost_aware=True, trials=40), dear_to_the_right, 40, loss)
    assert min(one.loss for one in finished) < 0.01


@pytest.mark.parametrize(
    "cost", [lambda _: None, lambda _: 7.0], ids=["no time is known", "all take the same"]
)
def test_without_a_difference_it_is_the_usual_search(cost):
    usual = walk(GpSampler(SQUARE, 4), cost, 14)
    assert walk(GpSampler(SQUARE, 4, cost_aware=True, trials=14), cost, 14) == usual


def test_the_last_trials_do_not_mind_the_cost():
    finished = walk(GpSampler(SQUARE, 4), dear_to_the_right, 20)
    aware, usual = GpSampler(SQUARE, 4, cost_aware=True, trials=30), GpSampler(SQUARE, 4)
    assert same(aware.ask([30], finished, []), usual.ask([30], finished, []))
    assert not same(aware.ask([21], finished, []), usual.ask([21], finished, []))


def test_a_new_sampler_says_what_a_used_one_says_of_timed_trials():
    used = GpSampler(SQUARE, 3, cost_aware=True, trials=TRIALS)
    finished = walk(used, dear_to_the_right, 45)
    for known in (11, 22, 30, 44):
        question = [known + 1], finished[:known], [finished[known].params]
        assert same(used.ask(*question), GpSampler(SQUARE, 3, cost_aware=True, trials=TRIALS).ask(*question))


def test_trials_that_were_stopped_teach_nothing_of_costs():
    finished = walk(GpSampler(SQUARE, 4), dear_to_the_right, 20)
    failed = [Observation(number, one.params, None, seconds=1e-3) for number, one in enumerate(finished, 20)]
    encoding = Encoding(SQUARE)
    history, both = History(encoding), History(encoding)
    history.update(finished)
    both.update(finished + failed)
    rows = encoding.features(np.array([[0.1, 0.5], [0.9, 0.5]]))
    alone, beside = CostModel(history, encoding).learn(20, 20), CostModel(both, encoding).learn(40, 40)
    assert alone is not None
    assert beside is not None
    assert beside.means(rows) == pytest.approx(alone.means(rows))
    assert np.diff(alone.means(rows))[0] == pytest.approx(0.8 * 4, rel=0.1)


def test_its_gradient_is_that_of_its_values():
    encoding = Encoding(SQUARE)
    history = History(encoding)
    finished = walk(GpSampler(SQUARE, 4), dear_to_the_right, 20)
    history.update(finished)
    known = history.known(20)
    features = encoding.features(known.units)
    losses = (known.losses - known.losses.mean()) / known.losses.std()
    posterior = Posterior(features, losses, encoding.groups, fit(features, losses, encoding.groups))
    costs = CostModel(history, encoding).learn(20, 20)
    assert costs is not None
    landscape = PerCost(posterior, costs, 0.7)
    rows = encoding.features(np.random.default_rng(1).random((5, 2)))
    values, gradient = landscape.gain_slopes(rows)
    assert values == pytest.approx(landscape.gains(rows))
    for column in range(rows.shape[1]):
        step = np.zeros_like(rows)
        step[:, column] = 1e-6
        slope = (landscape.gains(rows + step) - landscape.gains(rows - step)) / 2e-6
        assert gradient[:, column] == pytest.approx(slope, rel=1e-4, abs=1e-4)


def test_it_is_made_when_it_is_asked_for():
    finished = walk(GpSampler(SQUARE, 4), dear_to_the_right, 20)
    asked = make("gp", SQUARE, 4, trials=TRIALS, cost_aware=True).ask([21], finished, [])
    assert same(asked, GpSampler(SQUARE, 4, cost_aware=True, trials=TRIALS).ask([21], finished, []))
