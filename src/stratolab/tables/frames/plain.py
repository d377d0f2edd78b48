"""Columns and rows of plain Python: a dict of columns, a list of dicts, a table of Arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stratolab.core.errors import InputError
from stratolab.tables.frames import infer
from stratolab.tables.models import Column, Data


def is_plain(frame: object) -> bool:
    """Whether it is a dict of columns, a list of dicts, or an Arrow table."""
    if isinstance(frame, Mapping) or _is_arrow(frame):
        return True
    return isinstance(frame, (list, tuple)) and all(isinstance(row, Mapping) for row in frame)


def read(frame: Any) -> Data:
    """The frame's columns; None is missing, and NaN is a number."""
    if _is_arrow(frame):
        columns = [
            (str(name), frame.column(place).to_pylist()) for place, name in enumerate(frame.column_names)
        ]
    elif isinstance(frame, Mapping):
        columns = [(str(name), _listed(name, values)) for name, values in frame.items()]
    else:
        names = dict.fromkeys(name for row in frame for name in row)
        columns = [(str(name), [row.get(name) for row in frame]) for name in names]
    lengths = {len(values) for _, values in columns}
    if len(lengths) > 1:
        raise InputError("the columns are not of one length", doing="table")
    found = [infer.column(name, values) for name, values in columns]
    return Data(tuple(column for column, _ in found), tuple(values for _, values in found))


def build(columns: Sequence[Column], values: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """A dict of columns."""
    return {column.name: list(found) for column, found in zip(columns, values, strict=True)}


def _is_arrow(frame: object) -> bool:
    return hasattr(frame, "column_names") and hasattr(frame, "to_pydict")


def _listed(name: object, values: Any) -> list[Any]:
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise InputError(
            f"column {name!r} is no list of values", doing="table", hint=f"{{{name!r}: [value]}}"
        )
    return list(values.tolist() if hasattr(values, "tolist") else values)
