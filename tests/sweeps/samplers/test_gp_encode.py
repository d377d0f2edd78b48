from __future__ import annotations

import numpy as np
import pytest

from stratolab.sweeps.samplers.gp.encode import Encoding
from stratolab.sweeps.space import Choice, Float, Int, Space
from stratolab.testing.sampler import FINITE, MIXED, NUMBERS, ONE

WIDE = Space({"seed": Int(0, 2**40), "size": Int(1, 2**30, log=True), "rate": Float(1e-6, 1.0, log=True)})
SPACES = pytest.mark.parametrize(
    "space", [MIXED, FINITE, NUMBERS, ONE, WIDE], ids=["mixed", "finite", "numbers", "one", "wide"]
)


@SPACES
def test_snapped_rows_are_the_rows_of_their_points(space):
    encoding = Encoding(space)
    rows = np.random.default_rng(1).random((300, encoding.width))
    points = [space.from_unit(row) for row in rows.tolist()]
    np.testing.assert_allclose(encoding.snap(rows), encoding.units(points), atol=1e-9)
    again = [space.from_unit(row) for row in encoding.snap(rows).tolist()]
    assert [list(one) for one in again] == [list(one) for one in points]
    for one, other in zip(again, points, strict=True):
        assert all(one[name] == pytest.approx(other[name]) for name in one if not isinstance(one[name], str))


@SPACES
def test_active_is_what_the_space_says(space):
    encoding = Encoding(space)
    rows = encoding.snap(np.random.default_rng(2).random((200, encoding.width)))
    names = list(space.dimensions)
    for row, mask in zip(rows, encoding.active(rows), strict=True):
        assert [name for name, holds in zip(names, mask, strict=True) if holds] == list(
            space.from_unit(row.tolist())
        )


def test_a_parameter_that_does_not_apply_makes_no_distance():
    space = Space({"kind": Choice(("a", "b")), "x": Float(0, 1, when={"kind": ("a",)})})
    encoding = Encoding(space)
    rows = encoding.features(np.array([[0.25, 0.1], [0.25, 0.9], [0.75, 0.1], [0.75, 0.9]]))
    part = rows[:, encoding.groups == 1]
    distance = np.linalg.norm(part[:, None] - part[None], axis=-1)
    assert distance[2, 3] == 0
    assert distance[0, 2] == distance[1, 2] == pytest.approx(1)
    assert distance[0, 1] == pytest.approx(0.8, rel=0.03)


def test_two_values_of_a_choice_are_as_far_apart_as_the_ends_of_a_range():
    encoding = Encoding(Space({"kind": Choice(("a", "b", "c"))}))
    rows = encoding.features(np.array([[0.1], [0.5], [0.9]]))
    distance = np.linalg.norm(rows[:, None] - rows[None], axis=-1)
    np.testing.assert_allclose(distance, 1 - np.eye(3))


def test_gradients_come_back_to_the_units():
    encoding = Encoding(MIXED)
    units = encoding.snap(np.random.default_rng(3).random((40, encoding.width)))
    weights = np.random.default_rng(4).random(len(encoding.groups))
    pulled = encoding.pull_back(units, np.repeat(weights[None], len(units), axis=0))
    for column in np.flatnonzero(encoding.numeric):
        moved = units.copy()
        moved[:, column] += 1e-6
        slope = (encoding.features(moved) - encoding.features(units)) @ weights / 1e-6
        np.testing.assert_allclose(pulled[:, column], slope, atol=1e-5)
    assert not pulled[:, ~encoding.numeric].any()


def test_moves_are_other_values_of_one_parameter():
    encoding = Encoding(WIDE)
    row = encoding.snap(np.array([[0.5, 0.5, 0.5]]))[0]
    for column in (0, 1):
        moves = encoding.moves(row, column)
        assert 20 < len(moves) < 100
        assert not (np.delete(moves, column, axis=1) != np.delete(row, column)).any()
        assert len({encoding.space.digest(encoding.space.from_unit(one)) for one in moves.tolist()}) == len(
            moves
        )
