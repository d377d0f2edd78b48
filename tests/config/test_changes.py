"""What differs between two configurations, and how it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.config.changes import Change, changes, describe

OLD = {
    "job": "train",
    "command": ["python", "train.py"],
    "space": {"depth": {"int": [2, 12]}, "rate": {"float": [0.1, 0.2]}},
    "points": [{"x": 1}, {"x": 2}],
    "goal": None,
}


def told(**new: Any) -> list[str]:
    return describe(changes(OLD, {**OLD, **new})).split("\n")


def test_nothing_differs() -> None:
    assert changes(OLD, json.loads(json.dumps(OLD))) == []
    assert describe([]) == ""


def test_within_tables() -> None:
    assert told(space={"depth": {"int": [2, 14]}, "rate": {"float": [0.1, 0.2]}}) == [
        "space.depth.int: [2, 12] -> [2, 14]"
    ]


def test_within_lists_of_tables() -> None:
    assert told(points=[{"x": 1}, {"x": 3}, {"x": 4}]) == [
        "points[1].x: 2 -> 3",
        "points[2]: { x = 4 } is new",
    ]


def test_what_is_new_and_what_is_gone() -> None:
    assert told(goal="maximize", space={"depth": {"int": [2, 12]}, "leaves": {"int": [1, 2]}}) == [
        "space.rate: was { float = [0.1, 0.2] }, is gone",
        "space.leaves: { int = [1, 2] } is new",
        'goal: "maximize" is new',
    ]


def test_other_lists_are_told_as_a_whole() -> None:
    assert told(command=["python", "-u", "train.py"]) == [
        'command: ["python", "train.py"] -> ["python", "-u", "train.py"]'
    ]


def test_another_kind_of_value() -> None:
    assert told(space=3) == [
        "space: { depth = { int = [2, 12] }, rate = { float = [0.1, 0.2] } } -> 3",
    ]


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ([1, 2], (1, 2), True),
        ([1], [True], False),
        ("1", 1, False),
        (None, None, True),
    ],
)
def test_what_counts_as_the_same(old: object, new: object, same: bool) -> None:  # noqa: FBT001
    assert changes({"a": old}, {"a": new}) == ([] if same else [Change("a", old, new)])


def test_a_key_without_a_value_is_a_key_that_is_not_there() -> None:
    assert changes({"a": None}, {}) == changes({}, {"a": None}) == []


def test_long_texts_show_where_they_differ() -> None:
    (line,) = describe(
        changes({"a": "x" * 500 + "old" + "y" * 500}, {"a": "x" * 500 + "new" + "y" * 500})
    ).split("\n")
    assert "old" in line
    assert "new" in line
    assert line.startswith("a: ...")
    assert len(line) < 250


def test_the_end_of_a_longer_text_is_shown() -> None:
    (line,) = describe(changes({"a": "x" * 500}, {"a": "x" * 500 + " --more"})).split("\n")
    assert "--more" in line


def test_nothing_unprintable_reaches_a_terminal() -> None:
    assert describe(changes({"a": "\x1b[31m"}, {"a": "b\x9b\u202e"})).isprintable()


tables = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text(max_size=4),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=3), part, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), tables), st.dictionaries(st.text(max_size=3), tables))
def test_any_two_tables(old: dict[str, Any], new: dict[str, Any]) -> None:
    there, back = changes(old, new), changes(new, old)
    assert changes(old, old) == []
    assert sorted(repr((one.key, one.old, one.new)) for one in there) == sorted(
        repr((one.key, one.new, one.old)) for one in back
    )
    assert len(describe(there).split("\n")) == max(len(there), 1)
