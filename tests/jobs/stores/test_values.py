"""How values become columns."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stratolab.jobs.stores.values import among, escape, finite, pack, unescape, unpack

any_text = st.text(alphabet=st.characters())


@given(any_text)
@example("\\u0041")
@example("\\\\u0041")
@example("\udcff\x00")
def test_any_text_comes_back(text):
    escaped = escape(text)
    assert unescape(escaped) == text
    assert "\x00" not in escaped
    escaped.encode()


@given(st.text(alphabet=st.characters(exclude_characters="\\\x00", exclude_categories=["Cs"])))
def test_ordinary_text_is_stored_as_it_is(text):
    assert escape(text) == text


@given(st.text(), st.text())
def test_different_texts_stay_different(one, other):
    assert (escape(one) == escape(other)) == (one == other)


@given(st.dictionaries(any_text, any_text | st.integers() | st.booleans() | st.floats(allow_nan=False)))
def test_structure_comes_back_in_its_order(value):
    packed = pack(value)
    assert list(unpack(packed).items()) == list(value.items())
    assert packed.isascii()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, None])
def test_what_is_not_finite_is_null(number):
    assert finite(number) is None


def test_finite_numbers_stay():
    assert finite(-0.5) == -0.5


def test_among_names_each_value():
    assert among("id", ["a", "b"]) == ("id IN (:id_0, :id_1)", {"id_0": "a", "id_1": "b"})


def test_among_makes_few_statements_of_lists_of_many_lengths():
    made = [among("id", iter(range(length))) for length in range(1, 501)]
    assert len({condition for condition, _ in made}) == 10
    for length, (_, values) in enumerate(made, 1):
        assert set(values.values()) == set(range(length))
