from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.core.errors import InputError
from stratolab.models.schema import bounded, from_mlflow, from_sample, parse_sample

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(), some, max_size=4),
    max_leaves=12,
)
RECORDS = st.dictionaries(st.text(), VALUES, max_size=5)


def valid(schema, value):
    return jsonschema.Draft202012Validator(schema).is_valid(value)


@given(RECORDS)
def test_a_sample_is_valid_under_its_own_schema(sample):
    schema = from_sample(sample)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert valid(schema, sample)
    assert json.loads(json.dumps(schema)) == schema


@given(st.lists(RECORDS, min_size=1, max_size=5))
def test_each_of_several_samples_is_valid(samples):
    schema = from_sample(samples)
    assert all(valid(schema, sample) for sample in samples)


def test_a_schema_says_what_is_wrong():
    schema = from_sample({"year": 2015, "share": 0.5, "teams": ["a"], "home": True})
    good = {"year": 1905, "share": 1, "teams": [], "home": False}
    assert valid(schema, good)
    for wrong in (
        {"year": "2015"},
        {"year": 2015.5},
        {"teams": [1]},
        {"teams": "a"},
        {"home": 1},
        {"extra": 1},
    ):
        assert not valid(schema, {**good, **wrong}), wrong
    assert not valid(schema, {"year": 2015})


def test_what_only_some_samples_have_may_be_left_out():
    schema = from_sample([{"a": 1}, {"a": 2.5, "b": "x"}])
    assert schema["required"] == ["a"]
    assert valid(schema, {"a": 0.1, "b": "y"})
    assert not valid(schema, {"b": "y"})


@pytest.mark.parametrize("text", ["", "{", "1", '"x"', "[]", "[1]", '{"a": NaN}', '{"a": Infinity}', "[" * 100_000,
                                  json.dumps({"a": "x" * 70_000})])  # fmt: skip
def test_what_is_no_sample_is_refused(text):
    with pytest.raises(InputError):
        parse_sample(text)


MLFLOW = {
    "boolean": (True, 1),
    "integer": (5, 2**31),
    "long": (2**40, 2**63),
    "float": (0.5, "0.5"),
    "double": (1, "1"),
    "string": ("x", 1),
    "binary": ("eA==", 1),
    "datetime": ("2015-01-01T00:00:00Z", 5),
}


@pytest.mark.parametrize("kind", MLFLOW)
def test_mlflows_columns_are_read(kind):
    good, bad = MLFLOW[kind]
    schema = from_mlflow([{"type": kind, "name": "x", "required": True}])
    jsonschema.Draft202012Validator.check_schema(schema)
    assert valid(schema, {"x": good})
    assert not valid(schema, {"x": bad})
    assert not valid(schema, {})
    assert not valid(schema, {"x": good, "y": good})


def test_mlflows_optional_and_nested_columns_are_read():
    schema = from_mlflow(
        [
            {"type": "long", "name": "a", "required": False},
            {"type": "array", "items": {"type": "string"}, "name": "b", "required": True},
            {"type": "map", "values": {"type": "double"}, "name": "c", "required": True},
            {
                "type": "object",
                "name": "d",
                "required": True,
                "properties": {
                    "x": {"type": "long", "required": True},
                    "y": {"type": "long", "required": False},
                },
            },
        ]
    )
    good = {"b": ["x"], "c": {"k": 0.5}, "d": {"x": 1}}
    assert valid(schema, good)
    assert valid(schema, {**good, "a": 1})
    for wrong in ({"b": [1]}, {"c": {"k": "x"}}, {"d": {}}, {"d": {"x": 1, "z": 1}}):
        assert not valid(schema, {**good, **wrong})


def test_mlflows_tensors_are_read_without_the_dimension_that_counts_inputs():
    schema = from_mlflow([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2, -1]}}])
    assert valid(schema, [[1.0], [2.0, 3.0]])
    assert not valid(schema, [[1.0]])
    assert not valid(schema, [["x"], [1.0]])
    named = from_mlflow(
        [{"type": "tensor", "name": "x", "tensor-spec": {"dtype": "int64", "shape": [-1, 1]}}]
    )
    assert valid(named, {"x": [1]})


def test_a_schema_that_is_too_long_is_replaced_by_one_that_says_so():
    short = from_sample({"year": 2015})
    assert bounded(short) is short
    wide = from_mlflow(
        [{"type": "double", "name": f"column {number}", "required": True} for number in range(5000)]
    )
    found = bounded(wide)
    assert list(found) == ["$comment"]
    assert valid(found, {"anything": 1})


@given(VALUES)
def test_a_signature_of_any_shape_never_fails(value):
    from_mlflow(value if isinstance(value, list) else [value])
    from_mlflow([{"type": "tensor", "tensor-spec": value}, {"type": "array", "items": value}])
    from_mlflow([{"type": "object", "properties": value, "name": "x"}])
    from_mlflow([{"type": "map", "values": value, "name": value}])
