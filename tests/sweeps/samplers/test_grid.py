from __future__ import annotations

import pytest

from stratolab.core.errors import InputError
from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers import grid
from stratolab.sweeps.samplers.grid import GridSampler
from stratolab.sweeps.space import Choice, Float, Int, Space
from stratolab.testing.sampler import SamplerContract, grid_of


class TestContract(SamplerContract):
    def make(self, space, seed):
        return GridSampler(space, seed)

    def size(self, space):
        return len(grid_of(space))


PLANE = Space({"x": Int(0, 9), "y": Float(0.0, 1.0, steps=10)})


def walk(space, seed=1):
    sampler = GridSampler(space, seed)
    return sampler.ask(range(grid.GRID_LIMIT), [], [])


def test_a_float_takes_its_steps_and_both_ends():
    space = Space({"rate": Float(0.001, 1.0, log=True, steps=4), "lean": Float(0.0, 1.0, steps=3)})
    rates = sorted({point["rate"] for point in walk(space)})
    assert rates == pytest.approx([0.001, 0.01, 0.1, 1.0])
    assert (rates[0], rates[-1]) == (0.001, 1.0)
    assert sorted({point["lean"] for point in walk(space)}) == [0.0, 0.5, 1.0]


def test_an_int_takes_all_its_values_or_its_steps():
    space = Space({"all": Int(1, 3), "few": Int(0, 100, steps=3), "log": Int(1, 1000, log=True, steps=4)})
    axes = {name: sorted({point[name] for point in walk(space)}) for name in space.dimensions}
    assert axes == {"all": [1, 2, 3], "few": [0, 50, 100], "log": [1, 10, 100, 1000]}


def test_more_steps_than_values_are_all_values_once():
    assert sorted(point["n"] for point in walk(Space({"n": Int(1, 4, steps=50)}))) == [1, 2, 3, 4]
    near = Space({"n": Int(1, 9, log=True, steps=8)})
    assert len({point["n"] for point in walk(near)}) == len(walk(near))


def test_inactive_parameters_do_not_multiply_points():
    space = Space(
        {
            "model": Choice(("gbm", "forest")),
            "leaves": Int(1, 5, when={"model": ("gbm",)}),
            "extra": Choice((True, False), when={"model": ("gbm",), "leaves": (5,)}),
        }
    )
    points = walk(space)
    assert len(points) == space.size() == 1 + 4 + 2
    assert {"model": "forest"} in points


def test_half_a_grid_is_a_picture_of_the_whole():
    for seed in range(5):
        points = walk(PLANE, seed)
        for part in (12, 25, 50):
            assert quarters(points[:part]) == pytest.approx([part / 4] * 4, abs=2.1)
        assert {point["x"] for point in points[:30]} == set(range(10))
        assert len({point["y"] for point in points[:30]}) == 10


def quarters(points):
    counts = [0, 0, 0, 0]
    for point in points:
        counts[(point["x"] > 4) + 2 * (point["y"] > 0.5)] += 1
    return counts


def test_four_switches_are_each_thrown_half_the_time_by_halfway():
    space = Space({name: Choice((True, False)) for name in "abcdef"})
    for seed in range(5):
        points = walk(space, seed)[:32]
        assert all(10 <= sum(point[name] for point in points) <= 22 for name in "abcdef")


def test_the_seed_gives_another_beginning_and_the_same_points():
    assert walk(PLANE, 1)[:5] != walk(PLANE, 2)[:5]
    assert sorted(map(PLANE.digest, walk(PLANE, 1))) == sorted(map(PLANE.digest, walk(PLANE, 2)))


def test_two_drivers_with_the_same_knowledge_take_different_points():
    first, second = (GridSampler(PLANE, 1).ask([number], [], []) for number in (7, 8))
    assert first != second


def test_points_of_lost_numbers_come_at_the_end():
    finished = [
        Observation(number, GridSampler(PLANE, 1).ask([number], [], [])[0], 0.0)
        for number in range(100)
        if number not in (3, 50)
    ]
    points = GridSampler(PLANE, 1).ask([100, 101, 102], finished, [])
    assert [*map(PLANE.digest, points)] == [PLANE.digest(walk(PLANE)[number]) for number in (3, 50)]


def test_a_float_without_steps_is_refused_with_the_remedy():
    space = Space({"rate": Float(0.0, 1.0), "n": Int(1, 2), "lean": Float(0.0, 1.0)})
    with pytest.raises(InputError, match="rate and lean have no end of values") as caught:
        GridSampler(space, 1)
    assert "steps" in caught.value.hint


def test_a_grid_too_large_to_hold_is_refused():
    with pytest.raises(InputError, match="more than 100,000 points"):
        GridSampler(Space({"a": Int(1, 1000), "b": Int(1, 1000)}), 1)
