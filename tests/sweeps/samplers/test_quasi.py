from __future__ import annotations

import itertools
import math
from statistics import mean

import pytest

from stratolab.sweeps.samplers.quasi import QuasiSampler
from stratolab.sweeps.samplers.random import RandomSampler
from stratolab.sweeps.space import Choice, Float, Int, Space
from stratolab.testing.sampler import SamplerContract


class TestContract(SamplerContract):
    def make(self, space, seed):
        return QuasiSampler(space, seed)


def cube(dimensions):
    return Space({f"x{axis}": Float(0.0, 1.0) for axis in range(dimensions)})


def places(sampler, count):
    return [list(point.values()) for point in sampler.ask(range(count), [], [])]


def discrepancy(rows):
    """The centred L2 discrepancy, squared (Hickernell 1998): 0 would be perfectly even."""
    count, width = len(rows), len(rows[0])
    near = [[abs(x - 0.5) for x in row] for row in rows]
    single = sum(math.prod(1 + 0.5 * d - 0.5 * d * d for d in row) for row in near)
    double = sum(
        math.prod(
            1 + 0.5 * a + 0.5 * b - 0.5 * abs(x - y)
            for a, b, x, y in zip(near[i], near[j], rows[i], rows[j], strict=True)
        )
        for i, j in itertools.product(range(count), repeat=2)
    )
    return (13 / 12) ** width - 2 / count * single + double / count**2


@pytest.mark.parametrize(("dimensions", "count"), [(1, 50), (2, 20), (2, 60), (4, 60), (8, 60)])
def test_points_are_spread_more_evenly_than_random_ones(dimensions, count):
    space = cube(dimensions)
    quasi = mean(discrepancy(places(QuasiSampler(space, seed), count)) for seed in range(5))
    chance = mean(discrepancy(places(RandomSampler(space, seed), count)) for seed in range(5))
    assert quasi < 0.6 * chance


def test_every_third_has_a_third_of_the_points_in_every_dimension():
    rows = places(QuasiSampler(cube(3), 11), 81)
    for axis in zip(*rows, strict=True):
        counts = [sum(third / 3 <= x < (third + 1) / 3 for x in axis) for third in range(3)]
        assert min(counts) >= 24


def test_each_point_by_itself_is_uniform_over_seeds():
    rows = [places(QuasiSampler(cube(2), seed), 1)[0] for seed in range(300)]
    for axis in zip(*rows, strict=True):
        assert 0.4 < mean(axis) < 0.6
        assert 50 < sum(x < 0.25 for x in axis) < 100


def test_the_answer_goes_by_the_number_alone():
    sampler = QuasiSampler(cube(3), 4)
    assert sampler.ask([5, 1], [], []) == [*sampler.ask([5], [], []), *sampler.ask([1], [], [])]


def test_many_dimensions_stay_inside_the_cube():
    rows = places(QuasiSampler(cube(40), 1), 200)
    assert all(0 <= x < 1 for row in rows for x in row)


def test_a_number_beyond_all_digits_is_still_a_point():
    (point,) = QuasiSampler(cube(2), 1).ask([10**30], [], [])
    assert all(0 <= x < 1 for x in point.values())


def test_small_spaces_are_covered_before_they_repeat():
    space = Space({"a": Choice(("x", "y", "z")), "b": Int(1, 4)})
    points = QuasiSampler(space, 2).ask(range(20), [], [])
    assert len({space.digest(point) for point in points}) == len(points) == 12


def test_another_seed_gives_other_points():
    first, second = ({row[0] for row in places(QuasiSampler(cube(1), seed), 64)} for seed in (1, 2))
    assert not first & second
