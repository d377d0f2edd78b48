"""Kinds of values, columns, and the data of a frame as plain Python values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Kind(StrEnum):
    """What a column holds, and the Python type of its values; None is always missing."""

    BOOLEAN = "boolean"  # bool
    SMALLINT = "smallint"  # int, 16 bits
    INTEGER = "integer"  # int, 32 bits
    BIGINT = "bigint"  # int, 64 bits
    NUMBER = "number"  # int, any size
    REAL = "real"  # float, 32 bits
    DOUBLE = "double"  # float, 64 bits
    DECIMAL = "decimal"  # decimal.Decimal
    TEXT = "text"  # str
    BYTES = "bytes"  # bytes
    DATE = "date"  # datetime.date
    TIME = "time"  # datetime.time without zone
    DATETIME = "datetime"  # datetime.datetime without zone, microseconds
    INSTANT = "instant"  # datetime.datetime in UTC, microseconds
    NOTHING = "nothing"  # every value is missing, and nothing tells what they would be

    @property
    def whole(self) -> bool:
        """Whether it is a kind of whole number."""
        return self in {Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT, Kind.NUMBER}


@dataclass(frozen=True, slots=True)
class Column:
    """A column. Of decimals and of whole numbers of any size: the most digits before and after the point."""

    name: str
    kind: Kind
    digits: int = 0
    scale: int = 0


@dataclass(frozen=True, slots=True)
class Data:
    """A frame: its columns, and the values of each as a list of plain Python values, all of one length."""

    columns: tuple[Column, ...]
    values: tuple[Sequence[Any], ...]

    def __len__(self) -> int:
        return len(self.values[0]) if self.values else 0

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows."""
        return zip(*self.values, strict=True)
