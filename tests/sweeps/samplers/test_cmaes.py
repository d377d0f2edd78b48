from __future__ import annotations

from itertools import pairwise
from statistics import median

import pytest

from stratolab.core.errors import InputError
from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers.cmaes import CmaesSampler
from stratolab.sweeps.samplers.random import RandomSampler
from stratolab.sweeps.space import Choice, Float, Int, Space
from stratolab.testing.sampler import SamplerContract, loss_at


class TestContract(SamplerContract):
    def make(self, space, seed):
        return CmaesSampler(space, seed)


CUBE = Space({f"x{axis}": Float(-2.0, 2.0) for axis in range(4)})


def rosenbrock(_, params):
    xs = list(params.values())
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(xs))


def sweep(sampler, space, trials, loss=rosenbrock):
    finished = []
    for number in range(trials):
        (params,) = sampler.ask([number], finished, [])
        finished.append(Observation(number, params, loss(space, params)))
    return finished


def best(finished):
    return min(one.loss for one in finished)


def test_it_follows_a_valley_that_random_search_misses():
    model = median(best(sweep(CmaesSampler(CUBE, seed), CUBE, 300)) for seed in range(5))
    chance = median(best(sweep(RandomSampler(CUBE, seed), CUBE, 300)) for seed in range(5))
    assert model < 0.4 * chance


def test_one_number_is_enough():
    space = Space({"x": Float(0.0, 1.0)})
    assert best(sweep(CmaesSampler(space, 1), space, 80, loss=loss_at)) < 1e-4


def test_it_begins_anew_elsewhere_when_it_has_converged():
    space = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})
    finished = sweep(CmaesSampler(space, 1), space, 560, loss=lambda _, p: (p["x"] - 0.3) ** 2 + p["y"] ** 2)
    away = [abs(one.params["x"] - 0.3) > 0.1 for one in finished]
    assert not any(away[200:400])
    assert any(away[400:])


def test_what_it_does_not_model_is_drawn_and_said():
    space = Space(
        {
            "x": Float(0.0, 1.0),
            "kind": Choice(("a", "b", "c")),
            "child": Int(1, 9, when={"kind": ("a",)}),
        }
    )
    sampler = CmaesSampler(space, 1)
    assert "kind, child" in sampler.notice
    points = sampler.ask(range(60), [], [])
    assert {point["kind"] for point in points} == {"a", "b", "c"}
    assert len({point["child"] for point in points if "child" in point}) > 4
    assert CmaesSampler(CUBE, 1).notice == ""


def test_a_space_of_choices_alone_is_refused_with_a_way_out():
    with pytest.raises(InputError) as caught:
        CmaesSampler(Space({"kind": Choice(("a", "b"))}), 1)
    assert "tpe" in caught.value.hint
