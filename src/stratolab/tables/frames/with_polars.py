"""Data frames of polars, read by what they can do and made by polars itself, which is imported only to make one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.tables.frames import infer
from stratolab.tables.models import Column, Data, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

_KINDS = {
    "Boolean": Kind.BOOLEAN, "Int8": Kind.SMALLINT, "Int16": Kind.SMALLINT, "Int32": Kind.INTEGER,
    "Int64": Kind.BIGINT, "UInt8": Kind.SMALLINT, "UInt16": Kind.INTEGER, "UInt32": Kind.BIGINT,
    "Float32": Kind.REAL, "Float64": Kind.DOUBLE, "String": Kind.TEXT, "Utf8": Kind.TEXT,
    "Categorical": Kind.TEXT, "Enum": Kind.TEXT, "Binary": Kind.BYTES, "Date": Kind.DATE, "Time": Kind.TIME,
    "Null": Kind.NOTHING,
}  # fmt: skip
_INT128_DIGITS = 38


def is_polars(frame: object) -> bool:
    """Whether it is a data frame of polars, or a lazy one."""
    return type(frame).__module__.partition(".")[0] == "polars"


def read(frame: Any) -> Data:
    """The frame's columns. Null is missing, and NaN is a number."""
    if not hasattr(frame, "get_columns"):
        raise InputError(
            f"a {type(frame).__name__} of polars is no data frame", doing="table", hint="frame.collect()"
        )
    found = [_column(series) for series in frame.get_columns()]
    return Data(tuple(column for column, _ in found), tuple(values for _, values in found))


def _column(series: Any) -> tuple[Column, list[Any]]:
    name, dtype = series.name, series.dtype
    sort = type(dtype).__name__ if type(dtype).__name__ != "DataTypeClass" else dtype.__name__
    values = series.to_list()
    if sort in _KINDS:
        return Column(name, _KINDS[sort]), values
    if sort == "Datetime":
        return infer.instants(name, values) if dtype.time_zone else (Column(name, Kind.DATETIME), values)
    if sort == "Decimal":
        found, values = infer.decimals(name, values)
        return Column(name, Kind.DECIMAL, found.digits, max(found.scale, dtype.scale)), values
    if sort in {"UInt64", "Int128", "UInt128"}:
        return infer.whole(name, values)
    if sort == "Duration":
        raise infer.refusal(name, dt.timedelta)
    return infer.column(name, values)


def build(columns: Sequence[Column], values: Sequence[Sequence[Any]]) -> Any:
    """A data frame of polars."""
    import polars as pl  # noqa: PLC0415 - only who wants a frame pays for it

    types: dict[Kind, Any] = {
        Kind.BOOLEAN: pl.Boolean, Kind.SMALLINT: pl.Int16, Kind.INTEGER: pl.Int32,
        Kind.BIGINT: pl.Int64, Kind.REAL: pl.Float32, Kind.DOUBLE: pl.Float64,
        Kind.TEXT: pl.String, Kind.BYTES: pl.Binary, Kind.DATE: pl.Date, Kind.TIME: pl.Time,
        Kind.DATETIME: pl.Datetime("us"), Kind.INSTANT: pl.Datetime("us", "UTC"),
    }  # fmt: skip
    made = []
    for column, found in zip(columns, values, strict=True):
        dtype = types.get(column.kind)
        if column.kind is Kind.DECIMAL:
            dtype = pl.Decimal(None, infer.decimals(column.name, found)[0].scale)
        elif column.kind is Kind.NUMBER and column.digits <= _INT128_DIGITS:
            dtype = pl.Int128
        elif dtype is None and any(value is not None for value in found):
            dtype = pl.Object  # values of several sorts, as they are
        made.append(pl.Series(column.name, list(found), dtype=dtype))
    return pl.DataFrame(made)
