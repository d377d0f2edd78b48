"""Data frames as plain Python values, and back. A frame is known by what it can do; no library is imported to read it.

infer         kinds from values, where no type says them
plain         a dict of columns, a list of dicts, a table of Arrow
with_pandas   pandas
with_polars   polars
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean
from stratolab.tables.frames import plain, with_pandas, with_polars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stratolab.tables.models import Column, Data

_BUILDERS: dict[str, Callable[[Sequence[Column], Sequence[Sequence[Any]]], Any]] = {
    "pandas": with_pandas.build,
    "polars": with_polars.build,
    "columns": plain.build,
}


def read(frame: object) -> Data:
    """The columns and values of a data frame.

    Raises `InputError` for what is none, for a frame without columns, and for values that no column holds.
    """
    if with_polars.is_polars(frame):
        data = with_polars.read(frame)
    elif with_pandas.is_pandas(frame):
        data = with_pandas.read(frame)
    elif plain.is_plain(frame):
        data = plain.read(frame)
    else:
        raise InputError(
            f"{type(frame).__name__} is no data frame",
            doing="table",
            hint="give one of pandas or polars, a dict of columns, or a list of dicts",
        )
    if not data.columns:
        raise InputError("the frame has no columns", doing="table")
    return data


def build(into: str | None, columns: Sequence[Column], values: Sequence[Sequence[Any]]) -> Any:
    """A frame of the library `into`; without it pandas if that is installed, else polars, else a dict of columns.

    Raises `InputError` for a library that is not known or not installed.
    """
    if into is None:
        into = next((name for name in ("pandas", "polars") if find_spec(name)), "columns")
    if into not in _BUILDERS:
        raise InputError(f"no frame is made by {into!r}", doing="table", hint=did_you_mean(into, _BUILDERS))
    if into != "columns" and not find_spec(into):
        raise InputError(
            f"{into} is not installed", doing="table", hint=f'pip install {into}, or into="columns"'
        )
    return _BUILDERS[into](columns, values)
