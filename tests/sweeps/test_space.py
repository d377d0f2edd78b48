from __future__ import annotations

import copy
import json
import math
import pickle
import timeit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stratolab.core.errors import InputError
from stratolab.sweeps.dimensions import INT_LIMIT, LOG_INT_LIMIT, identity
from stratolab.sweeps.space import Choice, Float, Int, Space, grid_values, space_of

BELOW_ONE = math.nextafter(1.0, 0.0)


# -- spaces and points of any kind ------------------------------------------------------------------


def ints():
    linear = st.tuples(st.integers(-INT_LIMIT, INT_LIMIT), st.integers(0, 50)).filter(
        lambda pair: pair[0] + pair[1] <= INT_LIMIT
    )
    log = st.tuples(st.integers(1, LOG_INT_LIMIT), st.integers(1, LOG_INT_LIMIT)).map(sorted)
    return linear.map(lambda pair: Int(pair[0], pair[0] + pair[1])) | log.map(
        lambda pair: Int(*pair, log=True)
    )


def floats():
    linear = st.tuples(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300)).map(sorted)
    log = st.tuples(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300)).map(sorted)
    return linear.map(lambda pair: Float(*pair)) | log.map(lambda pair: Float(*pair, log=True))


def choices():
    value = st.text(max_size=3) | st.integers(-3, 3) | st.floats(-3, 3) | st.booleans()
    return st.lists(value, min_size=1, max_size=5, unique_by=identity).map(
        lambda values: Choice(tuple(values))
    )


@st.composite
def spaces(draw, dimensions=None):
    """Up to seven dimensions, some with conditions on earlier ones, in any order."""
    dimensions = choices() | ints() | floats() if dimensions is None else dimensions
    made = {}
    for place in range(draw(st.integers(1, 7))):
        dimension = draw(dimensions)
        fit = [name for name, one in made.items() if not isinstance(one, Float)]
        parents = draw(st.lists(st.sampled_from(fit), max_size=2, unique=True)) if fit else []
        when = {parent: draw(some_values(made[parent])) for parent in parents}
        fields = {**vars(dimension), "when": when}
        made[f"p{place}"] = type(dimension)(**fields)
    names = draw(st.permutations(list(made)))
    return Space({name: made[name] for name in names})


def some_values(parent):
    if isinstance(parent, Choice):
        return st.lists(st.sampled_from(parent.values), min_size=1, max_size=2).map(tuple)
    return st.lists(st.integers(parent.low, parent.high), min_size=1, max_size=2).map(tuple)


small = choices() | st.tuples(st.integers(-3, 3), st.integers(0, 3)).map(lambda p: Int(p[0], p[0] + p[1]))
units = st.floats(0, BELOW_ONE)


@st.composite
def points(draw, of=None):
    space = draw(spaces() if of is None else of)
    return space, space.from_unit(draw(st.lists(units, min_size=7, max_size=7))[: len(space.dimensions)])


def typed(params):
    return [(name, type(value), value) for name, value in params.items()]


@given(points())
def test_whatever_the_unit_cube_gives_is_a_point_that_json_keeps(drawn):
    space, params = drawn
    space.check(params)
    assert typed(json.loads(json.dumps(params))) == typed(params)
    assert list(params) == space.active(params)
    assert typed(space.canonical(params)) == typed(params)


@given(points())
def test_to_unit_leads_back(drawn):
    space, params = drawn
    unit = space.to_unit(params)
    assert all(0 <= place < 1 for place in unit)
    again = space.from_unit(unit)
    assert list(again) == list(params)
    for name, value in params.items():
        dimension = space.dimensions[name]
        if isinstance(dimension, Float):
            span = dimension.high - dimension.low
            near = 1e-9 * value if dimension.log else 1e-9 * span
            assert abs(again[name] - value) <= near
        else:
            assert identity(again[name]) == identity(value)


@given(points(), st.data())
def test_digests_are_equal_for_equal_points_and_only_for_them(drawn, data):
    space, params = drawn
    other = space.from_unit(data.draw(st.lists(units, min_size=7, max_size=7))[: len(space.dimensions)])
    same = {n: identity(v) for n, v in params.items()} == {n: identity(v) for n, v in other.items()}
    assert (space.digest(params) == space.digest(other)) is same
    assert space.digest(dict(reversed(params.items()))) == space.digest(params)
    assert len(space.digest(params)) == 16
    assert space.digest(json.loads(json.dumps(params))) == space.digest(params)


@given(spaces(small))
def test_the_size_is_the_number_of_points(space):
    every = list(space.points())
    assert space.size() == len(every) == len({space.digest(params) for params in every})
    for params in every:
        space.check(params)


@given(spaces(small), st.data())
def test_every_point_has_a_place_in_the_cube(space, data):
    params = data.draw(st.sampled_from(list(space.points())))
    assert typed(space.from_unit(space.to_unit(params))) == typed(params)


@given(points())
def test_conditions_hold_for_what_exists_and_fail_for_what_does_not(drawn):
    space, params = drawn
    for name, dimension in space.dimensions.items():
        holds = all(
            parent in params and identity(params[parent]) in map(identity, values)
            for parent, values in dimension.when.items()
        )
        assert (name in params) is holds


@given(points())
def test_a_changed_point_is_refused(drawn):
    space, params = drawn
    assume(params)
    missing = dict(params)
    gone = next(iter(missing))
    del missing[gone]
    with pytest.raises(InputError):
        space.check(missing)
    with pytest.raises(InputError):
        space.check({**params, "stranger": 1})
    for name, dimension in space.dimensions.items():
        if name not in params:
            value = dimension.values[0] if isinstance(dimension, Choice) else dimension.low
            with pytest.raises(InputError):
                space.check({**params, name: value})


@given(spaces(), st.lists(st.floats(allow_nan=False), min_size=7, max_size=7))
def test_places_outside_the_cube_give_the_nearest_bounds(space, numbers):
    unit = [min(max(number, -1e6), 1e6) for number in numbers][: len(space.dimensions)]
    inside = [min(max(number, 0.0), BELOW_ONE) for number in unit]
    space.check(space.from_unit(unit))
    assert [*space.from_unit(unit)] == [*space.from_unit(inside)]


# -- single facts ------------------------------------------------------------------------------------

NESTED = Space(
    {
        "bins": Choice((8, 16), when={"leaves": (2, 3), "fast": (True,)}),
        "leaves": Int(1, 4, when={"model": ("gbm",)}),
        "model": Choice(("gbm", "forest")),
        "fast": Choice((True, False)),
    }
)


def test_parents_come_before_children_and_else_the_order_is_kept():
    assert list(NESTED.dimensions) == ["model", "leaves", "fast", "bins"]
    assert list(Space({"b": Int(1, 2), "a": Int(1, 2)}).dimensions) == ["b", "a"]


def test_a_child_exists_only_with_all_its_parents():
    assert NESTED.active({"model": "gbm", "leaves": 2, "fast": True}) == ["model", "leaves", "fast", "bins"]
    assert NESTED.active({"model": "gbm", "leaves": 2, "fast": False}) == ["model", "leaves", "fast"]
    assert NESTED.active({"model": "gbm", "leaves": 4, "fast": True}) == ["model", "leaves", "fast"]
    assert NESTED.active({"model": "forest", "leaves": 2, "fast": True}) == ["model", "fast"]
    assert NESTED.size() == 2 + 2 * 4 + 4 * 1 - 2 * 1 - 2 * 1 + 2 * 1


def test_true_is_not_one_but_one_is_one_point_zero():
    space = Space({"kind": Choice((True, 1)), "child": Int(1, 2, when={"kind": (True,)})})
    assert [dict(p) for p in space.points()] == [
        {"kind": True, "child": 1},
        {"kind": True, "child": 2},
        {"kind": 1},
    ]
    assert space.digest({"kind": 1}) != space.digest({"kind": True})
    assert space.digest({"kind": 1}) == space.digest({"kind": 1.0})
    with pytest.raises(InputError, match="twice"):
        Space({"kind": Choice((1, 1.0))})


def test_whole_numbers_are_welcome_where_floats_are_meant():
    space = space_of({"rate": {"float": [0, 1]}})
    assert typed(space.from_unit([0.0])) == [("rate", float, 0.0)]
    assert typed(space.canonical({"rate": 1})) == [("rate", float, 1.0)]
    assert space.digest({"rate": 1}) == space.digest({"rate": 1.0})
    assert space.digest({"rate": -0.0}) == space.digest({"rate": 0.0})
    assert space.digest({"rate": 0.1 + 0.2}) != space.digest({"rate": 0.3})


def test_cells_of_choices_and_ints_are_equal_and_those_of_log_ints_by_magnitude():
    space = Space({"n": Int(1, 4), "log": Int(1, 1000, log=True), "word": Choice(("a", "b", "c", "d"))})
    rows = [space.from_unit([place / 4000, place / 4000, place / 4000]) for place in range(4000)]
    assert [sum(row["n"] == n for row in rows) for n in (1, 2, 3, 4)] == [1000] * 4
    assert [sum(row["word"] == word for row in rows) for word in "abcd"] == [1000] * 4
    ones, tens = (sum(low <= row["log"] < low * 10 for row in rows) for low in (10, 100))
    assert abs(ones - tens) < 40
    assert sum(row["log"] == 1 for row in rows) == pytest.approx(4000 * math.log(3) / math.log(2001), abs=2)


def test_bounds_are_reached_and_never_passed():
    space = Space({"x": Float(0.1, 0.3), "log": Float(1e-5, 0.7, log=True), "n": Int(-3, 3)})
    assert space.from_unit([0.0, 0.0, 0.0]) == {"x": 0.1, "log": 1e-5, "n": -3}
    assert space.from_unit([1.0, 1.0, 1.0]) == {"x": 0.3, "log": 0.7, "n": 3}
    space.check({"x": 0.3, "log": 0.7, "n": 3})


def test_a_wrong_number_of_places_or_a_nan_is_a_mistake_of_the_sampler():
    for space in (Space({"x": Float(0.0, 1.0)}), Space({"n": Int(1, 9)}), Space({"n": Int(1, 9, log=True)})):
        for unit in ([], [0.5, 0.5], [math.nan]):
            with pytest.raises(ValueError):
                space.from_unit(unit)


def test_sizes_of_large_spaces_are_exact_and_quick():
    switches = {f"s{n}": Choice((True, False)) for n in range(30)}
    children = {f"c{n}": Int(1, 10**9, when={f"s{n}": (True,)}) for n in range(30)}
    assert Space({**switches, **children}).size() == (10**9 + 1) ** 30
    assert Space({"x": Float(0.0, 1.0)}).size() is None
    assert Space({"x": Float(0.5, 0.5), "n": Int(7, 7)}).size() == 1
    assert Space({}).size() == 1
    assert list(Space({}).points()) == [{}]


def test_a_float_that_can_never_exist_does_not_make_a_space_endless():
    space = Space(
        {
            "a": Choice(("x", "y")),
            "b": Choice((1, 2), when={"a": ("x",)}),
            "c": Float(0.0, 1.0, when={"a": ("y",), "b": (1,)}),
        }
    )
    assert (
        space.size()
        == 3
        == len(list(Space({**space.dimensions, "c": Int(1, 1, when={"a": ("y",), "b": (1,)})}).points()))
    )


def test_a_point_takes_under_ten_microseconds():
    space = space_of(
        {
            "depth": {"int": [2, 12]},
            "rate": {"float": [0.001, 0.3], "log": True},
            "model": {"choice": ["gbm", "forest"]},
            "leaves": {"int": [8, 256], "log": True, "when": {"model": "gbm"}},
            "share": {"float": [0, 1]},
            "flag": {"choice": [True, False]},
        }
    )
    unit = [0.3, 0.2, 0.1, 0.4, 0.9, 0.5]
    best = min(timeit.repeat(lambda: space.from_unit(unit), number=1000, repeat=20)) / 1000
    assert best < 10e-6


def test_spaces_compare_copy_and_pickle_as_values():
    assert Space({"n": Int(1, 2)}) == Space({"n": Int(1, 2)}) != Space({"n": Int(1, 3)})
    for other in (copy.deepcopy(NESTED), pickle.loads(pickle.dumps(NESTED))):  # noqa: S301 - our own
        assert other == NESTED
        assert other.from_unit([0.1, 0.4, 0.1, 0.9]) == NESTED.from_unit([0.1, 0.4, 0.1, 0.9])


# -- from a table ------------------------------------------------------------------------------------


def test_a_table_becomes_a_space():
    space = space_of(
        {
            "leaves": {"int": [8, 256], "log": True, "steps": 4, "when": {"model": "gbm", "fast": [True]}},
            "rate": {"float": [0.001, 0.3], "log": True},
            "model": {"choice": ["gbm", "forest"]},
            "fast": {"choice": [True, False]},
        }
    )
    assert space.dimensions == {
        "rate": Float(0.001, 0.3, log=True),
        "model": Choice(("gbm", "forest")),
        "fast": Choice((True, False)),
        "leaves": Int(8, 256, log=True, when={"model": ("gbm",), "fast": (True,)}, steps=4),
    }


WRONG = [
    ({}, "give one of int = [low, high], float = [low, high], choice = [...]"),
    ({"int": [1, 2], "float": [1, 2]}, "give one of"),
    ({"int": 3}, "int wants a list, not 3"),
    ({"int": [1, 2, 3]}, "int wants two bounds, [low, high]"),
    ({"int": [1, 2], "logg": True}, "'logg' goes not with int: did you mean 'log'?"),
    ({"choice": [1, 2], "log": True}, "'log' goes not with choice"),
    ({"int": [1, 2], "when": "model"}, "when wants a table"),
    ({"int": [3, 2]}, "the lower bound 3 is above the upper bound 2"),
    ({"int": [1.0, 2]}, "the bounds of an int are whole numbers, not 1.0 and 2"),
    ({"int": [True, 2]}, "the bounds of an int are whole numbers"),
    ({"int": [0, 2**51]}, "an int beyond 1125899906842624 cannot be searched"),
    ({"int": [1, 2**41], "log": True}, "an int beyond 1099511627776 cannot be searched"),
    ({"int": [0, 8], "log": True}, "log needs bounds above 0, not 0"),
    ({"int": [1, 8], "log": "yes"}, "log is true or false, not 'yes'"),
    ({"int": [1, 8], "steps": 0}, "steps is a whole number of at least 1, not 0"),
    ({"float": ["a", 1.0]}, "the bounds are finite numbers, not 'a' and 1.0"),
    ({"float": [0.0, math.inf]}, "the bounds are finite numbers"),
    ({"float": [0.0, 10**400]}, "the bounds are finite numbers"),
    ({"float": [-1.7e308, 1.7e308]}, "the range is wider than a float can hold"),
    ({"float": [0.0, 1.0], "log": True}, "log needs bounds above 0"),
    ({"choice": []}, "choice wants a list of at least one value"),
    ({"choice": ["a", "b", "a"]}, "choice names a value twice"),
    ({"choice": ["a", None]}, "None cannot be a choice"),
    ({"choice": ["a", [1]]}, "[1] cannot be a choice"),
    ({"choice": [math.nan]}, "nan cannot be a choice"),
    ({"int": [1, 2], "when": {"modle": "gbm"}}, "when names 'modle', which the space does not have"),
    ({"int": [1, 2], "when": {"rate": 0.5}}, "when names 'rate', a float; a condition needs a choice or an int"),
    ({"int": [1, 2], "when": {"model": []}}, "when gives no value of 'model'"),
    ({"int": [1, 2], "when": {"model": "gbn"}}, "its condition can never hold: model = 'gbn' is none of"),
    ({"int": [1, 2], "when": {"depth": 99}}, "its condition can never hold: depth = 99 is outside 2 to 12"),
    ({"int": [1, 2], "when": {"it": 1}}, "conditions go in a circle among it"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_is_wrong_is_said_with_its_name(table, told):
    good = {"model": {"choice": ["gbm", "forest"]}, "rate": {"float": [0, 1]}, "depth": {"int": [2, 12]}}
    with pytest.raises(InputError) as caught:
        space_of({**good, "it": table})
    (finding,) = caught.value.findings
    assert finding.key == "space.it"
    assert told in finding.message


def test_everything_wrong_is_told_at_once():
    with pytest.raises(InputError) as caught:
        Space({"a b": Int(1, 2), "n": Int(3, 1), "m": Int(1, 2, when={"q": (1,)}), "-x": Choice(("a",))})
    assert [finding.key for finding in caught.value.findings] == [
        "space.a b",
        "space.n",
        "space.m",
        "space.-x",
    ]
    with pytest.raises(InputError) as caught:
        space_of({"a": {"int": 1}, "b": {"float": [1]}})
    assert [finding.key for finding in caught.value.findings] == ["space.a", "space.b"]


def test_a_circle_names_those_on_it():
    with pytest.raises(InputError, match="circle among a, b, c"):
        Space(
            {
                "a": Int(1, 2, when={"c": (1,)}),
                "b": Int(1, 2, when={"a": (1,)}),
                "c": Int(1, 2, when={"b": (1,)}),
                "free": Int(1, 2),
            }
        )


def test_the_values_of_a_grid():
    assert grid_values(Int(1, 3)) == range(1, 4)
    assert grid_values(Int(0, 10, steps=3)) == [0, 5, 10]
    assert grid_values(Int(1, 9, steps=1)) == [5]
    assert grid_values(Float(0.0, 1.0)) is None
    assert grid_values(Float(0.5, 0.5)) == (0.5,)
    assert grid_values(Float(0.5, 0.5, steps=3)) == (0.5,)
    assert grid_values(Float(-1.0, 1.0, steps=5)) == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert grid_values(Choice(("a", True))) == ("a", True)
