from __future__ import annotations

import pytest

from stratolab.core.errors import InputError
from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers.listed import ListSampler
from stratolab.sweeps.space import Choice, Float, Int, Space
from stratolab.testing.sampler import SamplerContract, grid_of


class TestContract(SamplerContract):
    seeded = False

    def make(self, space, seed):  # noqa: ARG002
        return ListSampler(space, grid_of(space))

    def size(self, space):
        return len(grid_of(space))


SPACE = Space(
    {
        "depth": Int(2, 12),
        "rate": Float(0.0, 1.0),
        "model": Choice(("gbm", "forest")),
        "leaves": Int(1, 9, when={"model": ("gbm",)}),
    }
)
GOOD = {"depth": 3, "rate": 0.5, "model": "forest"}


def test_points_come_in_their_order():
    points = [{**GOOD, "depth": depth} for depth in (9, 2, 5)]
    assert ListSampler(SPACE, points).ask([0, 1, 2, 3], [], []) == points


def test_a_point_is_handed_out_in_the_space_s_order_and_types():
    (point,) = ListSampler(SPACE, [{"model": "gbm", "leaves": 4, "rate": 1, "depth": 2}]).ask([0], [], [])
    assert list(point.items()) == [("depth", 2), ("rate", 1.0), ("model", "gbm"), ("leaves", 4)]
    assert type(point["rate"]) is float


def test_every_wrong_point_is_told_at_once():
    points = [
        GOOD,
        {**GOOD, "depth": 30},
        {**GOOD, "leaves": 4},
        {"depth": 3, "rate": 0.5},
        {**GOOD, "dept": 3},
        {**GOOD, "depth": True},
        dict(reversed(GOOD.items())),
    ]
    with pytest.raises(InputError) as caught:
        ListSampler(SPACE, points)
    assert [(finding.key, finding.message) for finding in caught.value.findings] == [
        ("points[1]", "depth = 30 is outside 2 to 12"),
        ("points[2]", "leaves does not exist at this point: it needs model = 'gbm'"),
        ("points[3]", "model is missing"),
        ("points[4]", "dept is no parameter of the space (did you mean 'depth'?)"),
        ("points[5]", "depth = True is not a whole number"),
        ("points[6]", "it is the same as point 1"),
    ]
    assert "point 2: depth = 30" in str(caught.value)


def test_no_point_is_an_error_with_an_example():
    with pytest.raises(InputError) as caught:
        ListSampler(SPACE, [])
    assert "points = [" in caught.value.hint


def test_without_a_space_any_points_will_do_but_none_twice():
    points = [{"a": 1}, {"a": True}, {"b": "x"}]
    assert ListSampler(Space({}), points).ask(range(9), [], []) == points
    with pytest.raises(InputError, match="point 2: it is the same as point 1"):
        ListSampler(Space({}), [{"a": 1, "b": 2}, {"b": 2, "a": 1}])


def test_the_user_s_points_are_not_changed():
    points = [{"rate": 1, "depth": 2, "model": "forest"}]
    ListSampler(SPACE, points).ask([0], [Observation(0, GOOD, 1.0)], [])
    assert points == [{"rate": 1, "depth": 2, "model": "forest"}]
    assert type(points[0]["rate"]) is int
