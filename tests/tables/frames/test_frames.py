"""What is read from frames of every sort, and what is refused; the databases' part is the contract's."""

from __future__ import annotations

import datetime as dt
import enum
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from stratolab.core.errors import InputError
from stratolab.tables import frames
from stratolab.tables.models import Column, Kind

UTC_NOON = dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC)
NAN = float("nan")


def read(frame):
    data = frames.read(frame)
    return {
        column.name: (column.kind, list(values))
        for column, values in zip(data.columns, data.values, strict=True)
    }


def series(values, dtype=None):
    return read(pd.DataFrame({"a": pd.Series(values, dtype=dtype)}))["a"]


@pytest.mark.parametrize(
    ("values", "dtype", "kind", "plain"),
    [
        ([1, 2], "int8", Kind.SMALLINT, [1, 2]),
        ([1, 2], "uint16", Kind.INTEGER, [1, 2]),
        ([1, 2], "uint32", Kind.BIGINT, [1, 2]),
        ([1, 2**64 - 1], "uint64", Kind.NUMBER, [1, 2**64 - 1]),
        ([1, 2], "uint64", Kind.BIGINT, [1, 2]),
        ([1, None], "Int32", Kind.INTEGER, [1, None]),
        ([1, None], "int64[pyarrow]", Kind.BIGINT, [1, None]),
        ([1.5, NAN], "float32", Kind.REAL, [1.5, None]),
        ([1.5, NAN], "float64", Kind.DOUBLE, [1.5, None]),
        ([1.5, None], "Float64", Kind.DOUBLE, [1.5, None]),
        ([1.5, None], "float[pyarrow]", Kind.REAL, [1.5, None]),
        ([True, False], "bool", Kind.BOOLEAN, [True, False]),
        ([True, None], "boolean", Kind.BOOLEAN, [True, None]),
        ([True, None], "bool[pyarrow]", Kind.BOOLEAN, [True, None]),
        (["x", None], "object", Kind.TEXT, ["x", None]),
        (["x", None], "str", Kind.TEXT, ["x", None]),
        (["x", None], "string", Kind.TEXT, ["x", None]),
        (["x", None], "string[pyarrow]", Kind.TEXT, ["x", None]),
        (["x", None, "x"], "category", Kind.TEXT, ["x", None, "x"]),
        ([3, None, 1], "category", Kind.BIGINT, [3, None, 1]),
        ([True, None], "object", Kind.BOOLEAN, [True, None]),
        ([1, 2**70, None], "object", Kind.NUMBER, [1, 2**70, None]),
        ([1, 2.5, NAN], "object", Kind.DOUBLE, [1.0, 2.5, None]),
        ([Decimal("1.5"), 2], "object", Kind.DECIMAL, [Decimal("1.5"), Decimal(2)]),
        ([Decimal("1.5"), Decimal("NaN")], "object", Kind.DECIMAL, [Decimal("1.5"), None]),
        ([b"x", bytearray(b"y"), memoryview(b"z")], "object", Kind.BYTES, [b"x", b"y", b"z"]),
        ([dt.date(2020, 1, 1), None], "object", Kind.DATE, [dt.date(2020, 1, 1), None]),
        ([dt.time(1), None], "object", Kind.TIME, [dt.time(1), None]),
        ([np.int64(1), np.int32(2)], "object", Kind.BIGINT, [1, 2]),
        ([np.str_("x")], "object", Kind.TEXT, ["x"]),
        ([np.bool_(True)], "object", Kind.BOOLEAN, [True]),  # noqa: FBT003
        ([None, None], "object", Kind.NOTHING, [None, None]),
        ([], "object", Kind.NOTHING, []),
        ([], "int64", Kind.BIGINT, []),
        ([], "str", Kind.TEXT, []),
        ([], "category", Kind.NOTHING, []),
    ],
    ids=lambda value: str(value)[:30],
)
def test_columns_of_pandas(values, dtype, kind, plain):
    found = series(values, dtype)
    assert found == (kind, plain)
    assert [type(value) for value in found[1]] == [type(value) for value in plain]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_pandas(unit):
    noon = dt.datetime(2020, 1, 1, 12)  # noqa: DTZ001
    times = pd.Series([noon, None]).astype(f"datetime64[{unit}]")
    assert series(times) == (Kind.DATETIME, [noon, None])
    paris = times.dt.tz_localize("Europe/Paris")
    kind, values = series(paris)
    assert (kind, values) == (Kind.INSTANT, [UTC_NOON - dt.timedelta(hours=1), None])
    assert values[0].tzinfo is dt.UTC
    assert type(values[0]) is dt.datetime
    assert series(pd.Series([pd.Timestamp(noon), pd.NaT], dtype="object")) == (Kind.DATETIME, [noon, None])


def test_an_index_is_left_out_and_names_become_texts():
    frame = pd.DataFrame([[1, 2]], columns=[1, "b"], index=["row"])
    assert read(frame) == {"1": (Kind.BIGINT, [1]), "b": (Kind.BIGINT, [2])}


@pytest.mark.parametrize(
    ("values", "dtype", "kind", "plain"),
    [
        ([1, None], pl.Int8, Kind.SMALLINT, [1, None]),
        ([1, None], pl.UInt32, Kind.BIGINT, [1, None]),
        ([2**64 - 1, None], pl.UInt64, Kind.NUMBER, [2**64 - 1, None]),
        ([2**100, None], pl.Int128, Kind.NUMBER, [2**100, None]),
        ([1.5, None], pl.Float32, Kind.REAL, [1.5, None]),
        ([True, None], pl.Boolean, Kind.BOOLEAN, [True, None]),
        (["x", None], pl.String, Kind.TEXT, ["x", None]),
        (["x", None], pl.Categorical, Kind.TEXT, ["x", None]),
        (["x", None], pl.Enum(["x", "y"]), Kind.TEXT, ["x", None]),
        ([b"x", None], pl.Binary, Kind.BYTES, [b"x", None]),
        ([Decimal("1.50"), None], pl.Decimal(10, 2), Kind.DECIMAL, [Decimal("1.50"), None]),
        ([dt.date(2020, 1, 1), None], pl.Date, Kind.DATE, [dt.date(2020, 1, 1), None]),
        ([dt.time(1), None], pl.Time, Kind.TIME, [dt.time(1), None]),
        ([UTC_NOON, None], pl.Datetime("ms", "Europe/Paris"), Kind.INSTANT, [UTC_NOON, None]),
        ([None], pl.Null, Kind.NOTHING, [None]),
        ([], pl.Int16, Kind.SMALLINT, []),
        ([{"x": 1}], pl.Object, None, None),
        ([[1]], pl.List(pl.Int8), None, None),
        ([{"x": 1}], pl.Struct({"x": pl.Int8}), None, None),
        ([dt.timedelta(1)], pl.Duration, None, None),
        ([], pl.Duration, None, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_columns_of_polars(values, dtype, kind, plain):
    frame = pl.DataFrame({"a": pl.Series(values, dtype=dtype)})
    if kind is None:
        with pytest.raises(InputError, match="column 'a'"):
            frames.read(frame)
    else:
        assert read(frame) == {"a": (kind, plain)}


def test_nan_is_missing_in_pandas_and_a_number_in_polars():
    assert series([NAN], "float64") == (Kind.DOUBLE, [None])
    kind, (value, null) = read(pl.DataFrame({"a": [NAN, None]}))["a"]
    assert (kind, str(value), null) == (Kind.DOUBLE, "nan", None)


def test_the_scale_of_polars_decimals_is_kept():
    frame = pl.DataFrame({"a": pl.Series([Decimal(1)], dtype=pl.Decimal(10, 4))})
    assert frames.read(frame).columns == (Column("a", Kind.DECIMAL, 1, 4),)


def test_a_lazy_frame_is_to_be_collected():
    with pytest.raises(InputError) as caught:
        frames.read(pl.DataFrame({"a": [1]}).lazy())
    assert caught.value.hint == "frame.collect()"


class Colour(enum.StrEnum):
    RED = "red"


def test_plain_columns_and_rows():
    assert read({"a": (1, 2), "b": np.array([1.5, NAN])})["a"] == (Kind.BIGINT, [1, 2])
    assert read({"a": range(2)}) == read([{"a": 0}, {"a": 1}])
    assert read([{"a": 1}, {"b": Colour.RED}]) == {
        "a": (Kind.BIGINT, [1, None]),
        "b": (Kind.TEXT, [None, "red"]),
    }
    assert type(read({"a": [Colour.RED]})["a"][1][0]) is str
    assert read(pa.table({"a": [1, None], "t": [UTC_NOON, None]})) == {
        "a": (Kind.BIGINT, [1, None]),
        "t": (Kind.INSTANT, [UTC_NOON, None]),
    }


def test_the_digits_of_decimals_and_of_large_numbers():
    data = frames.read(
        {"a": [Decimal("1.25"), Decimal("1E+3"), Decimal("0.001")], "b": [10**20, -(10**25), 1]}
    )
    assert data.columns == (Column("a", Kind.DECIMAL, 4, 3), Column("b", Kind.NUMBER, 26))


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (None, "no data frame"), ("text", "no data frame"), ([1], "no data frame"), (np.zeros(3), "no data frame"),
        ({}, "no columns"), (pd.DataFrame(index=[1]), "no columns"), (pl.DataFrame(), "no columns"), ([], "no columns"),
        ({"a": [1], "b": [1, 2]}, "one length"), ({"a": "text"}, "no list"), ({"a": 1}, "no list"),
        ({"a": [1, "x"]}, "mixes int and str"), ({"a": [True, 1]}, "mixes bool and int"),
        ({"a": [UTC_NOON, UTC_NOON.replace(tzinfo=None)]}, "mixes a time with a zone and datetime"),
        ({"a": [dt.date(2020, 1, 1), UTC_NOON.replace(tzinfo=None)]}, "mixes date and datetime"),
        ({"a": [2**60 + 1, 0.5]}, "no float holds"), ({"a": [{}]}, "holds dict"), ({"a": [[1]]}, "holds list"),
        ({"a": [object()]}, "holds object"), ({"a": [1j]}, "holds complex"), ({"a": [Decimal("Infinity")]}, "Infinity"),
        ({"a": [dt.time(1, tzinfo=dt.UTC)]}, "holds time"), ({"a": [dt.timedelta(1)]}, "holds timedelta"),
        (pd.DataFrame({"a": [pd.Timedelta("1s")]}), "holds timedelta"), (pd.DataFrame({"a": [1j]}), "holds complex"),
        (pd.DataFrame({("a", "b"): [1]}), "several levels"),
        (pd.DataFrame({"a": pd.period_range("2020", periods=1)}), "Period"),
        (pd.DataFrame({"a": np.array(["+12020-01-01"], dtype="datetime64[s]")}), "years beyond"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_refused(frame, told):
    with pytest.raises(InputError, match=told):
        frames.read(frame)


COLUMNS = (Column("n", Kind.BIGINT), Column("s", Kind.TEXT))


def test_a_frame_is_made_by_the_library_that_is_asked_for():
    values = ([1, None], ["x", None])
    assert frames.build("columns", COLUMNS, values) == {"n": [1, None], "s": ["x", None]}
    assert frames.build("polars", COLUMNS, values).schema == {"n": pl.Int64, "s": pl.String}
    made = frames.build("pandas", COLUMNS, values)
    assert (str(made.dtypes["n"]), made["n"].isna().tolist(), made["s"].isna().tolist()) == (
        "Int64",
        [False, True],
        [False, True],
    )
    assert isinstance(frames.build(None, COLUMNS, values), pd.DataFrame)
    with pytest.raises(InputError) as caught:
        frames.build("panda", COLUMNS, values)
    assert caught.value.hint == "did you mean 'pandas'?"


@pytest.mark.parametrize("hidden", [["pandas"], ["pandas", "polars"]])
def test_without_pandas_it_is_polars_and_without_either_columns(monkeypatch, hidden):
    for name in hidden:
        monkeypatch.setitem(sys.modules, name, None)  # Python's own sign of what cannot be imported
    made = frames.build(None, COLUMNS, ([1], ["x"]))
    assert type(made) is (dict if "polars" in hidden else pl.DataFrame)
    with pytest.raises(InputError, match="pandas is not installed"):
        frames.build("pandas", COLUMNS, ([1], ["x"]))
