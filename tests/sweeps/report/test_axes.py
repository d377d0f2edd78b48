from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.sweeps.report.axes import Categories, Numbers, axis_of, labels, shown, value_axis
from stratolab.sweeps.space import Choice, Float, Int

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FINITE, min_size=1, max_size=30), st.booleans())
def test_every_value_has_a_place_and_ticks_stay_on_the_axis(values, less):
    axis = value_axis(values, less_is_better=less)
    best = min(values) if less else max(values)
    assert axis.low <= best <= axis.high
    assert all(0 <= axis.at(value) <= 1 for value in values)
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 30
    assert all(-1e-6 <= place <= 1 + 1e-6 for place, _ in ticks)


@given(FINITE, FINITE)
def test_larger_values_lie_higher(one, other):
    axis = Numbers(min(one, other), max(one, other))
    assert axis.at(min(one, other)) <= axis.at(max(one, other))


def test_a_log_axis_gives_every_magnitude_the_same_room():
    axis = Numbers(0.001, 10, log=True)
    assert [axis.at(value) for value in (0.001, 0.01, 0.1, 1, 10)] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert [told for _, told in axis.ticks()] == ["0.001", "0.01", "0.1", "1", "10"]


def test_whole_numbers_have_whole_ticks():
    assert [told for _, told in axis_of(Int(1, 3), []).ticks()] == ["1", "2", "3"]
    assert [told for _, told in axis_of(Float(1, 3), []).ticks()] == ["1", "1.5", "2", "2.5", "3"]


def test_what_has_no_place_is_left_out():
    assert Numbers(0, 1).at("a") is None
    assert Numbers(0, 1).at(None) is None
    assert Categories(("a", 1)).at("b") is None
    assert Categories(("a", 1)).at(value=True) is None
    assert Categories((True, 1)).at(1) == 0.75


def test_far_worse_values_lie_beyond_and_good_ones_never():
    values = [1.0, 1.1, 1.2, 1.3, 1.4, 500.0]
    assert value_axis(values, less_is_better=True).high == 1.4
    assert value_axis(values, less_is_better=False).high == 500.0


def test_values_of_many_magnitudes_are_shown_by_magnitude():
    assert value_axis([1e-6, 1e-3, 1.0, 1e3], less_is_better=True).log
    assert not value_axis([-1.0, 1e-3, 1.0, 1e6], less_is_better=True).log


def test_an_axis_without_a_space_is_as_the_values_are():
    assert axis_of(None, [1, 5, 3]) == Numbers(1.0, 5.0)
    assert axis_of(None, ["b", "a", "b"]) == Categories(("b", "a"))
    assert axis_of(Choice(("x", "y")), ["x"]) == Categories(("x", "y"))


def test_many_categories_are_named_here_and_there():
    told = [name for _, name in Categories(tuple(map(str, range(100)))).ticks(10)]
    assert told == [str(index) for index in range(0, 100, 10)]


def test_labels_tell_neighbours_apart():
    assert labels([1.0, 1.0000001]) == ["1", "1.0000001"]
    assert len(set(labels([sys.float_info.max, sys.float_info.max / 1.0000000001]))) == 2


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ""),
        (True, "true"),
        (3, "3"),
        (0.123456789, "0.12346"),
        (1e-5, "1e-5"),
        (123456.0, "123460"),
        (-0.0, "0"),
    ],
)
def test_values_are_shown_short(value, told):
    assert shown(value) == told
