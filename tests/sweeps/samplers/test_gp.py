from __future__ import annotations

import math
import random
import subprocess
import sys
from collections import Counter
from statistics import median

import numpy as np
import pytest

from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers.gp import GpSampler
from stratolab.sweeps.samplers.gp.encode import Encoding
from stratolab.sweeps.samplers.random import RandomSampler
from stratolab.sweeps.space import Choice, Float, Int, Space
from stratolab.testing.sampler import MIXED, SamplerContract, same

SQUARE = Space({"x": Float(-5.0, 10.0), "y": Float(0.0, 15.0)})


class TestContract(SamplerContract):
    def make(self, space, seed):
        return GpSampler(space, seed)


def branin(params):
    x, y = params["x"], params["y"]
    curve = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return curve**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def sweep(sampler, loss, trials, parallel=4):
    """Trials that end out of order; what is finished, in the order in which it ended."""
    dice = random.Random(9)  # noqa: S311 - a test
    finished, pending = [], {}
    for number in range(trials):
        (pending[number],) = sampler.ask([number], finished, list(pending.values()))
        if len(pending) == parallel:
            ended = dice.choice(sorted(pending))
            params = pending.pop(ended)
            finished.append(Observation(ended, params, loss(params)))
    return finished


def best(finished):
    return min(one.loss for one in finished if one.loss is not None)


def test_it_finds_the_least_branin_in_thirty_trials():
    assert median(best(sweep(GpSampler(SQUARE, seed), branin, 33)) for seed in range(3)) < 0.41


def test_it_beats_chance_clearly_in_six_dimensions():
    space = Space({f"x{axis}": Float(0.0, 1.0) for axis in range(6)})

    def loss(params):
        return sum((axis + 1) * (x - 0.2 - 0.1 * axis) ** 2 for axis, x in enumerate(params.values()))

    ours = [best(sweep(GpSampler(space, seed), loss, 43)) for seed in range(3)]
    chance = [best(sweep(RandomSampler(space, seed), loss, 43)) for seed in range(3)]
    assert max(ours) < 0.1 * min(chance)


def test_a_mixed_space_with_a_condition_is_searched_well():
    def loss(params):
        inner = abs(math.log2(params["leaves"] / 32)) + (params["bins"] != "1") if "leaves" in params else 6
        return inner + abs(params["depth"] - 7) / 3 + abs(math.log10(params["rate"]) + 2)

    finished = sweep(GpSampler(MIXED, 5), loss, 53)
    top = min(finished, key=lambda one: one.loss).params
    assert (top["model"], top["bins"]) == ("gbm", "1")
    assert best(finished) < 0.4


def test_a_resumed_sweep_suggests_what_an_undisturbed_one_would_have():
    used = GpSampler(SQUARE, 3)
    finished = sweep(used, branin, 49)
    for known in (11, 22, 30, 46):
        question = [known + 3], finished[:known], [one.params for one in finished[known : known + 2]]
        assert same(used.ask(*question), GpSampler(SQUARE, 3).ask(*question))


def test_a_batch_is_what_single_questions_give():
    finished = sweep(GpSampler(SQUARE, 1), branin, 24)
    sampler = GpSampler(SQUARE, 1)
    together = sampler.ask([30, 31, 32], finished, [])
    single = []
    for number in (30, 31, 32):
        single += sampler.ask([number], finished, [*single])
    assert same(together, single)


def test_a_family_that_looked_bad_at_first_is_not_given_up():
    space = Space(
        {
            "family": Choice(("good", "fair", "poor")),
            "steep": Float(0.0, 1.0, when={"family": ("good",)}),
            "flat": Float(0.0, 1.0, when={"family": ("fair",)}),
            "none": Float(0.0, 1.0, when={"family": ("poor",)}),
        }
    )

    def loss(params):
        steep = 1.0 - 0.3 * math.exp(-(((params["steep"] - 0.62) / 0.06) ** 2)) if "steep" in params else 9
        flat = 0.8 + (params["flat"] - 0.3) ** 2 / 10 if "flat" in params else 9
        return min(steep, flat, 0.9 + params.get("none", 9))

    assert median(best(sweep(GpSampler(space, seed), loss, 83)) for seed in range(3)) < 0.71


def test_every_value_of_a_choice_is_tried_again_though_its_first_trials_were_bad():
    """Two of three kernels look hopeless but for a narrow valley, and the third is fair everywhere."""
    space = Space(
        {
            "kernel": Choice(("fair", "narrow", "hopeless")),
            "rate": Float(1e-4, 1e4, log=True),
            "width": Float(1e-4, 1e4, log=True),
        }
    )

    def loss(params):
        rate, width = math.log10(params["rate"]), math.log10(params["width"])
        if params["kernel"] == "fair":
            return 0.3 + 0.01 * (rate**2 + width**2)
        valley = (rate - 2) ** 2 + (width + 2) ** 2
        return min(0.9, 0.1 + 0.1 * valley) if params["kernel"] == "narrow" else 0.9

    for seed in range(3):
        finished = sweep(GpSampler(space, seed), loss, 63)
        tried = Counter(str(one.params["kernel"]) for one in finished)
        assert min(tried.values()) >= 6
        assert len(tried) == 3
    with_conditions = Space({"model": Choice(("a", "b")), "k": Choice((1, 2), when={"model": ("a",)})})
    assert Encoding(with_conditions).choices == [0]


def test_points_of_a_batch_keep_apart():
    finished = sweep(GpSampler(SQUARE, 1), branin, 15)
    places = np.array([SQUARE.to_unit(one) for one in GpSampler(SQUARE, 1).ask(range(20, 26), finished, [])])
    apart = np.abs(places[:, None] - places[None]).max(axis=2)[~np.eye(6, dtype=bool)]
    assert apart.min() > 0.01


def test_a_region_that_fails_is_left():
    def loss(params):
        return None if params["x"] > 2 else branin(params)

    finished = sweep(GpSampler(SQUARE, 2), loss, 53)
    assert best(finished) < 0.42  # one of the three minima is at x = -pi
    late = finished[25:]
    assert sum(one.loss is None for one in late) < 0.25 * len(late)


def test_failures_by_chance_do_not_drive_it_from_the_best():
    found = []
    for seed in (1, 4, 12):
        dice = random.Random(seed)  # noqa: S311 - a test
        finished = sweep(
            GpSampler(SQUARE, 2),
            lambda params, dice=dice: None if dice.random() < 0.25 else branin(params),
            53,
        )
        found.append(best(finished))
    assert median(found) < 0.41
    assert max(found) < 1.0


def test_pruned_trials_are_known_to_be_bad():
    finished = sweep(GpSampler(SQUARE, 2), branin, 43)
    middle = median(one.loss for one in finished)
    pruned = [
        one if one.loss <= middle else Observation(one.number, one.params, None, one.loss * 2)
        for one in finished
    ]
    asked = GpSampler(SQUARE, 2).ask(range(60, 66), pruned, [])
    assert sum(branin(params) < middle for params in asked) >= 4


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "losses",
    [
        [1.0] * 12,
        [1e300, -1e300, 0.0] * 4,
        [1e300] * 11 + [0.0],
        [5e-324, 0.0] * 6,
        [1.0 + 1e-15 * step for step in range(12)],
        [10.0 ** (step * 25) for step in range(12)],
        [math.inf, -math.inf, math.nan, None, 3.0, 1.0, 2.0, 4.0, 1.5, 2.5, None, None],
    ],
    ids=["constant", "huge", "outlier", "tiny", "nearly-equal", "magnitudes", "not-numbers"],
)
def test_no_losses_trouble_it(losses):
    points = RandomSampler(SQUARE, 1).ask(range(12), [], [])
    for count in (1, 3, 4, 7, 12):
        finished = [Observation(i, points[i], losses[i]) for i in range(count)]
        (found,) = GpSampler(SQUARE, 1).ask([20], finished, points[:1])
        SQUARE.check(found)


@pytest.mark.filterwarnings("error")
def test_repeated_points_are_no_trouble():
    point = {"x": 1.0, "y": 2.0}
    finished = [Observation(i, point, float(i % 3)) for i in range(40)]
    for found in GpSampler(SQUARE, 1).ask([50, 51], finished, [point, point]):
        assert found != point


def test_the_best_of_a_small_space_is_found_by_looking_at_all():
    space = Space({"a": Int(1, 30), "b": Choice(tuple("uvwxyz"))})
    finished = sweep(GpSampler(space, 1), lambda p: abs(p["a"] - 17) + 3 * "wuvxyz".index(p["b"]), 43)
    assert best(finished) == 0


def test_the_expected_gain_shrinks_as_the_search_converges_and_has_the_units_of_the_loss():
    sampler = GpSampler(SQUARE, 1)
    finished = sweep(sampler, branin, 63)
    early, late = sampler.expected_gain(finished[:12], []), sampler.expected_gain(finished, [])
    assert early > 20 * late
    thousand = [Observation(one.number, one.params, 1000 * one.loss) for one in finished[:12]]
    assert GpSampler(SQUARE, 1).expected_gain(thousand, []) == pytest.approx(1000 * early, rel=1e-3)
    assert sampler.expected_gain([], []) == math.inf


def test_thousands_of_trials_are_thinned_and_still_answered():
    dice = np.random.default_rng(1)
    points = [SQUARE.from_unit(row) for row in dice.random((1500, 2)).tolist()]
    finished = [Observation(i, one, branin(one)) for i, one in enumerate(points)]
    asked = GpSampler(SQUARE, 1).ask(range(2000, 2006), finished, points[:8])
    assert median(branin(one) for one in asked) < 1.0


def test_it_imports_numpy_and_nothing_else_that_is_heavy():
    code = "import sys, stratolab.sweeps.samplers.gp; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "numpy" in loaded
    assert not {"scipy", "pandas", "sqlalchemy", "pydantic", "optuna"} & set(loaded)
