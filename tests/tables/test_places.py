from __future__ import annotations

import pytest

from stratolab.core.errors import InputError
from stratolab.tables.places import placed, replaced

ALL = ("sqlite", "postgresql", "mysql")


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize(
    ("sql", "places"),
    [
        ("SELECT :a, :b_2", ["a", "b_2"]),
        ("SELECT ':a', \":a\", :a", ["a"]),
        ("SELECT 'it''s :a' || :a", ["a"]),
        ("SELECT :a -- not :b\n, :c", ["a", "c"]),
        ("SELECT /* :a\n:b */ :c", ["c"]),
        ("SELECT x::text, :a::int", ["a"]),
        ("SELECT '12:30', a:b, :1, : a", []),
        ("SELECT :a:b", ["a"]),
        ("", []),
    ],
)
def test_places_are_found_where_they_are_ones(dialect, sql, places):
    found = []
    replaced(sql, dialect, lambda name: found.append(name) or "?")
    assert found == places


@pytest.mark.parametrize(
    ("dialect", "sql", "places"),
    [
        ("mysql", r"SELECT 'it\'s :a', :b", ["b"]),
        ("mysql", 'SELECT "a\\":a", :b', ["b"]),
        ("mysql", "SELECT `:a` # :b\n, :c", ["c"]),
        ("sqlite", r"SELECT '\', :a, '", ["a"]),
        ("sqlite", "SELECT [:a], `:b`, :c", ["c"]),
        ("postgresql", r"SELECT E'it\'s :a', '\', :b", ["b"]),
        ("postgresql", "SELECT $$ :a ' $$, $x$ :b $$ $x$, :c", ["c"]),
    ],
)
def test_each_database_has_its_own_quotes(dialect, sql, places):
    found = []
    replaced(sql, dialect, lambda name: found.append(name) or "?")
    assert found == places


def test_as_the_driver_wants_them():
    sql = "SELECT 5 % 2, '50%', :a"
    assert placed(sql, "sqlite", ["a"]) == sql
    assert placed(sql, "postgresql", ["a"]) == "SELECT 5 %% 2, '50%%', %(a)s"
    assert placed(sql, "mysql", ["a"]) == "SELECT 5 %% 2, '50%%', %(a)s"


def test_a_place_without_a_value_is_told_with_the_nearest():
    with pytest.raises(InputError, match=":yeer") as caught:
        placed("SELECT :yeer", "sqlite", ["year"])
    assert caught.value.hint == "did you mean 'year'?"
