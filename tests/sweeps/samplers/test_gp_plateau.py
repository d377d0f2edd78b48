from __future__ import annotations

import numpy as np
import pytest

from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers.gp import GpSampler
from stratolab.sweeps.samplers.gp.plateau import margin
from stratolab.sweeps.space import Choice, Float, Space

KERNELS = Space({"kernel": Choice(("flat", "deep", "other")), "x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})


def test_nothing_is_asked_for_where_losses_differ():
    assert margin(np.linspace(0.0, 1.0, 80)) == 0.0
    assert margin(np.array([])) == 0.0


def test_more_and_more_is_asked_for_on_a_plateau():
    steps = np.array([0.5, 0.25] + [0.25, 0.5] * 30)
    asked = [margin(steps[:count]) for count in range(2, 60)]
    assert asked[:3] == [0.0] * 3
    assert asked == sorted(asked)
    assert asked[-1] == asked[-10] > 0.0


def test_a_better_trial_ends_it():
    steps = np.array([0.5] * 40)
    assert margin(steps) > 0.0
    assert margin(np.append(steps, 0.4)) == 0.0


def test_what_pruned_trials_count_as_is_no_plateau():
    sampler = GpSampler(Space({"x": Float(0.0, 1.0)}), 1)
    ended = [Observation(n, {"x": n / 99}, float(n)) for n in range(20)]
    pruned = [Observation(n, {"x": n / 99}, None, 1.0) for n in range(20, 60)]
    sampler.ask([60], ended + pruned, [])
    assert margin(sampler._history.whole(60)) == 0.0
    assert margin(sampler._history.known(60).losses) > 0.0


def error(params) -> float:
    """A hundred samples: one value of a choice is a plateau, another has a narrow dip below it."""
    if params["kernel"] == "flat":
        return 0.2
    if params["kernel"] == "other":
        return 0.9
    away = abs(params["x"] - 0.62)
    return round(0.1 + min(0.8, 2.5 * away), 2)


@pytest.mark.parametrize("seed", range(6))
def test_a_search_leaves_a_plateau(seed):
    sampler, finished = GpSampler(KERNELS, seed), []
    for number in range(80):
        (point,) = sampler.ask([number], finished, [])
        finished.append(Observation(number, point, error(point)))
    assert min(one.loss for one in finished) < 0.2


@pytest.mark.parametrize("seed", range(3))
def test_a_new_value_of_a_choice_is_tried_all_over(seed):
    # Every trial so far was flat, so that the others are new; what the model knows least is in the corners.
    rng = np.random.default_rng(seed)
    finished = [
        Observation(n, {"kernel": "flat", "x": float(x), "y": float(y)}, 0.2 + 1e-3 * n)
        for n, (x, y) in enumerate(rng.random((30, 2)))
    ]
    sampler, tried = GpSampler(KERNELS, seed), {"deep": [], "other": []}
    for number in range(30, 80, 5):
        (point,) = sampler.ask([number], finished, [])
        tried[point["kernel"]].append(point)
        finished.append(Observation(number, point, error(point)))
    assert [len(points) for points in tried.values()] == [5, 5]
    for points in tried.values():
        inside = [0.02 < point[axis] < 0.98 for point in points for axis in ("x", "y")]
        assert sum(inside) >= 8
        assert len({int(2 * point["x"]) for point in points}) == 2
