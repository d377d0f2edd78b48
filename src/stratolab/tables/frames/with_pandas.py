"""Data frames of pandas, read by what they can do and made by pandas itself, which is imported only to make one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.tables.frames import infer
from stratolab.tables.models import Column, Data, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

_WHOLE = {
    "int8": Kind.SMALLINT, "int16": Kind.SMALLINT, "int32": Kind.INTEGER, "int64": Kind.BIGINT,
    "uint8": Kind.SMALLINT, "uint16": Kind.INTEGER, "uint32": Kind.BIGINT,
}  # fmt: skip


def is_pandas(frame: object) -> bool:
    """Whether it is a data frame of pandas, or one that behaves as one (modin)."""
    return all(hasattr(frame, name) for name in ("dtypes", "columns", "iloc", "isna"))


def read(frame: Any) -> Data:
    """The frame's columns, without its index. What pandas calls missing (NaN, NaT, NA, None) is missing."""
    if getattr(frame.columns, "nlevels", 1) > 1:
        raise InputError(
            "its columns have names of several levels",
            doing="table",
            hint='frame.columns = ["_".join(names) for names in frame.columns]',
        )
    found = [_column(str(name), frame.iloc[:, place]) for place, name in enumerate(frame.columns)]
    return Data(tuple(column for column, _ in found), tuple(values for _, values in found))


def _column(name: str, series: Any) -> tuple[Column, Sequence[Any]]:
    dtype = series.dtype
    if hasattr(series, "cat") and hasattr(dtype, "categories"):
        return _category(name, series)
    letter = getattr(dtype, "kind", "O")
    if letter == "M":
        return _times(name, series)
    if letter in "mc":
        raise infer.refusal(name, dt.timedelta if letter == "m" else complex)
    values, kind = _listed(series), _kind(letter, str(dtype).lower())
    if kind is not None:
        return Column(name, kind), values
    return infer.whole(name, values) if letter in "iu" else infer.column(name, values)


def _kind(letter: str, dtype: str) -> Kind | None:
    """The kind that a dtype tells, by NumPy's letter for it; None where only the values do."""
    if letter == "b":
        return Kind.BOOLEAN
    if letter in "iu":
        return _WHOLE.get(dtype.partition("[")[0])
    if letter == "f":
        return Kind.REAL if dtype.startswith(("float32", "float16", "float[")) else Kind.DOUBLE
    return Kind.TEXT if dtype.startswith("str") else None


def _listed(series: Any) -> list[Any]:
    values = series.tolist()
    if not series.hasnans:
        return list(values)
    return [None if lacks else value for value, lacks in zip(values, series.isna().tolist(), strict=True)]


def _category(name: str, series: Any) -> tuple[Column, list[Any]]:
    """A categorical column is one of what its categories are."""
    column, values = _column(name, series.cat.categories.to_series())
    return column, [None if code < 0 else values[code] for code in series.cat.codes.tolist()]


def _times(name: str, series: Any) -> tuple[Column, list[Any]]:
    """Times in microseconds. What lies beyond Python's years 1 to 9999 comes as a number, and is refused."""
    zone = getattr(series.dt, "tz", None)
    plain = series.dt.tz_convert("UTC").dt.tz_localize(None) if zone is not None else series
    values = plain.to_numpy("datetime64[us]").tolist()
    if any(isinstance(value, int) for value in values):
        raise InputError(f"column {name!r} holds years beyond 1 to 9999", doing="table")
    if zone is None:
        return Column(name, Kind.DATETIME), values
    return Column(name, Kind.INSTANT), [value and value.replace(tzinfo=dt.UTC) for value in values]


# -- making one --------------------------------------------------------------------------------------

_NULLABLE = {Kind.SMALLINT: "Int16", Kind.INTEGER: "Int32", Kind.BIGINT: "Int64", Kind.BOOLEAN: "boolean"}
_DTYPES = {
    Kind.SMALLINT: "int16", Kind.INTEGER: "int32", Kind.BIGINT: "int64", Kind.BOOLEAN: "bool",
    Kind.REAL: "float32", Kind.DOUBLE: "float64",
    Kind.DATETIME: "datetime64[us]", Kind.INSTANT: "datetime64[us, UTC]",
}  # fmt: skip


def build(columns: Sequence[Column], values: Sequence[Sequence[Any]]) -> Any:
    """A data frame of pandas: nullable types where whole numbers or booleans are missing, else NumPy's."""
    import pandas as pd  # noqa: PLC0415 - only who wants a frame pays for it

    text = pd.Series([""]).dtype  # `str` from pandas 3 on, `object` before
    made = {}
    for column, found in zip(columns, values, strict=True):
        lacks = None in found
        dtype = _NULLABLE.get(column.kind) if lacks else None
        dtype = dtype or _DTYPES.get(column.kind) or (text if column.kind is Kind.TEXT else "object")
        made[column.name] = pd.Series(list(found), dtype=dtype)
    return pd.DataFrame(made)
