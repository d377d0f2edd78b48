from __future__ import annotations

import math

from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers.random import RandomSampler
from stratolab.sweeps.space import Float, Int, Space
from stratolab.testing.sampler import SamplerContract


class TestContract(SamplerContract):
    def make(self, space, seed):
        return RandomSampler(space, seed)


def test_the_same_seed_and_number_give_the_same_point_in_every_python():
    point = RandomSampler(Space({"n": Int(0, 10**9)}), 1).ask([0], [], [])
    assert point == [{"n": 584507676}]


def test_a_log_dimension_is_drawn_by_magnitude():
    space = Space({"rate": Float(1e-4, 1.0, log=True)})
    points = RandomSampler(space, 1).ask(range(4000), [], [])
    decades = [math.floor(math.log10(point["rate"])) for point in points]
    assert all(800 < decades.count(decade) < 1200 for decade in (-4, -3, -2, -1))


def test_a_range_of_two_floats_ends_after_both():
    space = Space({"x": Float(1.0, math.nextafter(1.0, 2.0))})
    points = RandomSampler(space, 1).ask(range(5), [], [])
    assert {point["x"] for point in points} == {1.0, math.nextafter(1.0, 2.0)}
    assert RandomSampler(space, 1).ask([9], [Observation(n, p, 0.0) for n, p in enumerate(points)], []) == []


def test_the_last_points_of_a_large_space_are_found():
    space = Space({"n": Int(1, 5000)})
    finished = [Observation(n, {"n": n}, 0.0) for n in range(1, 5001) if n not in (77, 4321)]
    points = RandomSampler(space, 1).ask([6000, 6001, 6002], finished, [])
    assert sorted(point["n"] for point in points) == [77, 4321]
