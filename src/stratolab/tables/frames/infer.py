"""What a column holds, told from its Python values where no type says it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.tables.models import Column, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HINTS = {
    dt.timedelta: "as seconds: frame[name].dt.total_seconds()",
    dict: "as text: json.dumps(value)",
    list: "as text: json.dumps(value), or one row a value",
    tuple: "as text: json.dumps(value), or one row a value",
    complex: "as two columns: real and imaginary part",
}
_END = 1 << 63  # the first whole number that 64 bits do not hold


def column(name: str, values: Sequence[Any]) -> tuple[Column, list[Any]]:
    """The column of these values (None is missing) and the values as its kind has them.

    Raises `InputError` for values of several sorts, or of one that no database column holds.
    """
    plain = [_plain(value) for value in values]
    sorts = {_sort(value) for value in plain if value is not None}
    if not sorts:
        return Column(name, Kind.NOTHING), plain
    found = _BY_SORTS.get(frozenset(sorts))
    if found is None:
        raise _refused(name, plain, sorts)
    return found(name, plain)


def decimals(name: str, values: Sequence[Any]) -> tuple[Column, list[Any]]:
    """A column of decimals, from decimals and whole numbers."""
    digits = scale = 0
    made = [None if value is None else Decimal(value) for value in values]
    for value in made:
        if value is None:
            continue
        if not value.is_finite():
            raise InputError(
                f"column {name!r} holds the decimal {value}", doing="table", hint="use floats for it"
            )
        _, figures, exponent = value.as_tuple()
        after = max(0, -int(exponent))
        scale = max(scale, after)
        digits = max(digits, len(figures) + int(exponent), 1)
    return Column(name, Kind.DECIMAL, digits, scale), made


def whole(name: str, values: Sequence[Any]) -> tuple[Column, list[Any]]:
    """A column of whole numbers: 64 bits if they suffice."""
    if all(value is None or -_END <= value < _END for value in values):
        return Column(name, Kind.BIGINT), list(values)
    most = max(abs(value) for value in values if value is not None)
    return Column(name, Kind.NUMBER, digits=len(str(most))), list(values)


def instants(name: str, values: Sequence[Any]) -> tuple[Column, list[Any]]:
    """A column of moments, in UTC."""
    return Column(name, Kind.INSTANT), [None if one is None else one.astimezone(dt.UTC) for one in values]


def _plain(value: Any) -> Any:
    """A NumPy scalar, a pandas time or a view of bytes as Python's own value."""
    kind = type(value)
    if kind in _KNOWN:
        return value
    if isinstance(value, dt.datetime):  # pandas' Timestamp is one
        return value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if kind.__module__ == "numpy" and hasattr(value, "item"):
        return value.item()
    return value


_KNOWN = frozenset({bool, int, float, str, bytes, Decimal, dt.date, dt.time, type(None)})


def _sort(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return "instant" if value.tzinfo else dt.datetime
    if isinstance(value, dt.time):
        return "zoned time" if value.tzinfo else dt.time
    kind = type(value)
    return kind if kind in _SORTS else next((sort for sort in _SORTS if issubclass(kind, sort)), kind)


_SORTS = (
    bool,
    int,
    float,
    str,
    bytes,
    Decimal,
    dt.date,
)  # a subclass (an enumeration of texts) counts as its base


def _of(kind: Kind) -> Callable[[str, Sequence[Any]], tuple[Column, list[Any]]]:
    return lambda name, values: (Column(name, kind), list(values))


def _floats(name: str, values: Sequence[Any]) -> tuple[Column, list[Any]]:
    floats = [None if value is None else float(value) for value in values]
    if any(one != other for one, other in zip(floats, values, strict=True) if one == one):  # noqa: PLR0124 - NaN
        raise InputError(
            f"column {name!r} mixes floats with whole numbers that no float holds", doing="table"
        )
    return Column(name, Kind.DOUBLE), floats


_BY_SORTS: dict[frozenset[Any], Callable[[str, Sequence[Any]], tuple[Column, list[Any]]]] = {
    frozenset({bool}): _of(Kind.BOOLEAN),
    frozenset({int}): whole,
    frozenset({float}): _floats,
    frozenset({int, float}): _floats,
    frozenset({Decimal}): decimals,
    frozenset({int, Decimal}): decimals,
    frozenset({str}): _of(Kind.TEXT),
    frozenset({bytes}): _of(Kind.BYTES),
    frozenset({dt.date}): _of(Kind.DATE),
    frozenset({dt.time}): _of(Kind.TIME),
    frozenset({dt.datetime}): _of(Kind.DATETIME),
    frozenset({"instant"}): instants,
}


def _refused(name: str, values: Sequence[Any], sorts: set[Any]) -> InputError:
    if len(sorts) > 1:
        told = sorted(
            "a time with a zone" if sort == "instant" else getattr(sort, "__name__", sort) for sort in sorts
        )
        return InputError(
            f"column {name!r} mixes {' and '.join(told)}",
            doing="table",
            hint="make them one: frame[name].astype(...)",
        )
    return refusal(name, type(next(value for value in values if value is not None)))


def refusal(name: str, kind: type) -> InputError:
    """Why a column of such values is refused, and what to make of it."""
    hint = next(
        (hint for sort, hint in _HINTS.items() if issubclass(kind, sort)), "as text: frame[name].astype(str)"
    )
    return InputError(f"column {name!r} holds {kind.__name__}, which no column can", doing="table", hint=hint)
