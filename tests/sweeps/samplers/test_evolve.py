from __future__ import annotations

from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers.evolve import ELITE, EvolveSampler
from stratolab.sweeps.samplers.quasi import QuasiSampler
from stratolab.sweeps.space import Choice, Float, Space
from stratolab.testing.sampler import SamplerContract

SQUARE = Space({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)})


class TestContract(SamplerContract):
    def make(self, space, seed):
        return EvolveSampler(space, seed)


def swept(sampler, space, loss, trials):
    """A sweep, one trial after the other."""
    finished = []
    for number in range(trials):
        (params,) = sampler.ask([number], finished, [])
        finished.append(Observation(number, params, loss(params)))
    return finished


def bowl(params):
    return (params["x"] - 0.3) ** 2 + (params["y"] - 0.7) ** 2


def test_it_closes_in_on_the_best_where_spreading_evenly_does_not():
    evolved = min(one.loss for one in swept(EvolveSampler(SQUARE, 1), SQUARE, bowl, 300))
    spread = min(one.loss for one in swept(QuasiSampler(SQUARE, 1), SQUARE, bowl, 300))
    assert evolved < spread / 100


def test_every_third_point_looks_anywhere():
    finished = swept(EvolveSampler(SQUARE, 1), SQUARE, bowl, 300)
    even = QuasiSampler(SQUARE, 1).ask(range(300), [], [])
    assert [one.params for one in finished[::3]] == even[::3]


def test_only_the_best_are_bred():
    sampler = EvolveSampler(SQUARE, 1)
    far = [Observation(number, {"x": 0.9 + number / 1e4, "y": 0.9}, 5.0) for number in range(500)]
    near = [Observation(500 + number, {"x": 0.1 + number / 1e4, "y": 0.1}, 1.0) for number in range(ELITE)]
    children = sampler.ask([1, 2, 4, 5, 7, 8], [*far, *near], [])
    assert all(params["x"] < 0.3 and params["y"] < 0.3 for params in children)


def test_failed_and_pruned_trials_are_not_bred():
    sampler = EvolveSampler(SQUARE, 1)
    failed = [Observation(number, {"x": number / 50, "y": 0.5}, None, 0.1) for number in range(50)]
    assert sampler.ask([1, 2], failed, []) == QuasiSampler(SQUARE, 1).ask([1, 2], failed, [])


def test_choices_are_inherited_and_now_and_then_changed():
    space = Space({"kind": Choice(tuple("abcdefgh")), "x": Float(0.0, 1.0)})

    def loss(params):
        return params["x"] + (params["kind"] != "c")

    finished = swept(EvolveSampler(space, 1), space, loss, 400)
    late = [one.params["kind"] for one in finished[200:] if one.number % 3]
    assert late.count("c") > 0.8 * len(late)
    assert set(late) != {"c"}
