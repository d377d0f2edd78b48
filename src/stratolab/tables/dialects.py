"""What differs between SQLite, PostgreSQL and MySQL (MariaDB): names, types, and what a column cannot hold.

Chosen so that a value comes back as it was: PostgreSQL's NUMERIC without limits; MySQL's TIMESTAMP for moments
(its DATETIME knows no zone), a binary collation (texts that differ at all differ), DOUBLE for floats of 32 bits
(FLOAT is rounded when it is read). SQLite keeps times as text that sorts, and decimals as numbers, which are exact
to 15 digits.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean
from stratolab.tables.models import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from stratolab.tables.models import Column

_DOING = "table"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of database.

    By kind: `types` names a column's type, `trouble` says why a column cannot hold a value (empty if it can), `adapt`
    gives a value as the driver takes it. `blind` tells that names which differ by case only are the same.
    """

    name: str
    quote: str
    name_limit: int
    name_unit: str
    types: Mapping[Kind, Callable[[Column], str]]
    trouble: Mapping[Kind, Callable[[Column, Any], str]]
    adapt: Mapping[Kind, Callable[[Any], Any]]
    blind: bool
    options: str = ""  # behind the columns of a CREATE TABLE

    def quoted(self, name: str) -> str:
        """The name as it stands in a statement: quoted, so that it can be nothing but a name.

        Raises `InputError` for one that this database cannot take.
        """
        if why := self._wrong(name):
            raise InputError(
                f"{_clipped(name)} cannot name a table or column of {self.name}: it {why}", doing=_DOING
            )
        return f"{self.quote}{name.replace(self.quote, 2 * self.quote)}{self.quote}"

    def table(self, name: str, schema: str | None = None) -> str:
        """The name of a table with its schema, quoted."""
        return f"{self.quoted(schema)}.{self.quoted(name)}" if schema is not None else self.quoted(name)

    def _wrong(self, name: str) -> str:
        try:
            coded = name.encode()
        except UnicodeEncodeError:
            return "is no text in UTF-8"
        if not name or "\0" in name:
            return "holds a NUL character" if name else "is empty"
        size = len(coded if self.name_unit == "bytes" else name)
        if size > self.name_limit:
            return f"has {size} {self.name_unit}, and at most {self.name_limit} are possible"
        if self.name == "mysql" and (name.endswith(" ") or max(name) > "\uffff"):
            return "ends with a space" if name.endswith(" ") else "holds a character beyond U+FFFF"
        if self.name == "sqlite" and name.lower().startswith("sqlite_"):
            return "begins with sqlite_, which SQLite keeps for itself"
        return ""

    def checked(self, columns: Sequence[Column], values: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
        """The values as the driver takes them.

        Raises `InputError` for names that meet, and for the first value that a column cannot hold as it is.
        """
        self.check_names(columns)
        return [self._adapted(column, found) for column, found in zip(columns, values, strict=True)]

    def check_names(self, columns: Sequence[Column]) -> None:
        """Raise `InputError` for names of columns that meet, or cannot be."""
        seen: dict[str, str] = {}
        for column in columns:
            self.quoted(column.name)
            folded = column.name.lower() if self.blind else column.name
            if folded in seen:
                told = f"two columns are called {_clipped(column.name)}"
                if seen[folded] != column.name:
                    told = (
                        f"columns {_clipped(seen[folded])} and {_clipped(column.name)} are one to {self.name}"
                    )
                raise InputError(told, doing=_DOING, hint="rename one of them")
            seen[folded] = column.name

    def _adapted(self, column: Column, values: Sequence[Any]) -> Sequence[Any]:
        trouble = self.trouble.get(column.kind)
        for place, value in enumerate(values) if trouble else ():
            if value is not None and trouble and (why := trouble(column, value)):
                raise InputError(f"column {column.name!r}, row {place}: {why}", doing=_DOING)
        adapt = self.adapt.get(column.kind)
        return [None if value is None else adapt(value) for value in values] if adapt else values


def dialect(name: str) -> Dialect:
    """The dialect of that name. Raises `InputError` if there is none."""
    if name not in DIALECTS:
        raise InputError(f"no dialect {name!r}", doing=_DOING, hint=did_you_mean(name, DIALECTS))
    return DIALECTS[name]


def create_table(dialect: Dialect, table: str, columns: Sequence[Column]) -> str:
    """The statement that makes a table; `table` is a quoted name."""
    lines = [f"    {dialect.quoted(column.name)} {dialect.types[column.kind](column)}" for column in columns]
    inner = ",\n".join(lines)
    return f"CREATE TABLE {table} (\n{inner}\n){dialect.options}"


def _clipped(name: str) -> str:
    return ascii(name if len(name) <= 60 else f"{name[:60]}...")


def _always(text: str) -> Callable[[Column], str]:
    return lambda column: text  # noqa: ARG005


# -- what a column cannot hold -----------------------------------------------------------------------

_EXACT = 15  # decimal digits that a float keeps
_MYSQL_DIGITS = 65
_MYSQL_SCALE = 30
_MYSQL_LAST = dt.datetime(2038, 1, 19, 3, 14, 7, tzinfo=dt.UTC)
_MYSQL_FIRST = dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC)


def _sqlite_number(_column: Column, value: int) -> str:
    if -(2**63) <= value < 2**63:
        return ""
    return "SQLite holds whole numbers of 64 bits, and it has more (a server holds it)"


def _sqlite_decimal(_column: Column, value: Decimal) -> str:
    if _fits_float(value):
        return ""
    return f"SQLite holds decimals of {_EXACT} digits, and it has more: round it, or use a server"


def _no_nan(where: str) -> Callable[[Column, float], str]:
    def trouble(_column: Column, value: float) -> str:
        if not math.isnan(value):
            return ""
        return f"{where} holds no NaN: make it missing (polars: frame.fill_nan(None))"

    return trouble


def _postgres_text(_column: Column, value: str) -> str:
    return "PostgreSQL's texts hold no NUL character" if "\0" in value else ""


def _mysql_float(column: Column, value: float) -> str:
    return "MySQL holds no infinity" if math.isinf(value) else _no_nan("MySQL")(column, value)


def _mysql_instant(_column: Column, value: dt.datetime) -> str:
    if _MYSQL_FIRST <= value <= _MYSQL_LAST:
        return ""
    return "MySQL's TIMESTAMP holds moments from 1970 to January 2038: take the zone away for a DATETIME"


def _mysql_number(column: Column, _value: int) -> str:
    if column.digits <= _MYSQL_DIGITS:
        return ""
    return f"MySQL holds whole numbers of {_MYSQL_DIGITS} digits, and one here has {column.digits}"


def _mysql_digits(column: Column, _value: Decimal) -> str:
    if column.scale <= _MYSQL_SCALE and column.digits + column.scale <= _MYSQL_DIGITS:
        return ""
    return f"MySQL holds decimals of {_MYSQL_DIGITS} digits, {_MYSQL_SCALE} of them after the point: round the column"


def _fits_float(value: Decimal) -> bool:
    figures = "".join(map(str, value.as_tuple().digits)).strip("0")
    if len(figures) <= _EXACT:
        return value == 0 or 1e-300 < abs(float(value)) < 1e300
    return value == value.to_integral_value() and -(2**63) <= value < 2**63


# -- values as drivers take them ---------------------------------------------------------------------


def _moment(value: dt.datetime) -> str:
    return value.isoformat(" ", "microseconds")


def _without_zone(value: dt.datetime) -> dt.datetime:
    return value.replace(tzinfo=None)


_SQLITE_ADAPT: dict[Kind, Callable[[Any], Any]] = {
    Kind.BOOLEAN: int,
    Kind.DECIMAL: lambda value: format(value, "f") if abs(value.adjusted()) < 40 else str(value),
    Kind.DATE: dt.date.isoformat,
    Kind.TIME: lambda value: value.isoformat("microseconds"),
    Kind.DATETIME: _moment,
    Kind.INSTANT: _moment,
}

_COMMON = {
    Kind.BOOLEAN: _always("BOOLEAN"),
    Kind.SMALLINT: _always("SMALLINT"),
    Kind.INTEGER: _always("INTEGER"),
    Kind.BIGINT: _always("BIGINT"),
    Kind.DATE: _always("DATE"),
}

SQLITE = Dialect(
    name="sqlite",
    quote='"',
    name_limit=10_000,  # SQLite itself has none
    name_unit="characters",
    types={
        **_COMMON,
        Kind.NUMBER: _always("BIGINT"),
        Kind.REAL: _always("REAL"),
        Kind.DOUBLE: _always("DOUBLE PRECISION"),
        Kind.DECIMAL: _always("DECIMAL"),
        Kind.TEXT: _always("TEXT"),
        Kind.BYTES: _always("BLOB"),
        Kind.TIME: _always("TIME"),
        Kind.DATETIME: _always("TIMESTAMP"),
        Kind.INSTANT: _always("TIMESTAMP WITH TIME ZONE"),
        Kind.NOTHING: _always("TEXT"),
    },
    trouble={
        Kind.NUMBER: _sqlite_number,
        Kind.DECIMAL: _sqlite_decimal,
        Kind.REAL: _no_nan("SQLite"),
        Kind.DOUBLE: _no_nan("SQLite"),
    },
    adapt=_SQLITE_ADAPT,
    blind=True,
)

POSTGRES = Dialect(
    name="postgresql",
    quote='"',
    name_limit=63,
    name_unit="bytes",
    types={
        **_COMMON,
        Kind.NUMBER: lambda column: f"NUMERIC({38 if column.digits <= 38 else 1000}, 0)",
        Kind.REAL: _always("REAL"),
        Kind.DOUBLE: _always("DOUBLE PRECISION"),
        Kind.DECIMAL: _always("NUMERIC"),
        Kind.TEXT: _always("TEXT"),
        Kind.BYTES: _always("BYTEA"),
        Kind.TIME: _always("TIME"),
        Kind.DATETIME: _always("TIMESTAMP"),
        Kind.INSTANT: _always("TIMESTAMP WITH TIME ZONE"),
        Kind.NOTHING: _always("TEXT"),
    },
    trouble={Kind.TEXT: _postgres_text},
    adapt={},
    blind=False,
)


def _mysql_decimal(column: Column) -> str:
    digits = 38 if column.digits + column.scale <= 38 else _MYSQL_DIGITS
    return f"DECIMAL({digits}, {column.scale})"


MYSQL = Dialect(
    name="mysql",
    quote="`",
    name_limit=64,
    name_unit="characters",
    types={
        **_COMMON,
        Kind.NUMBER: _always(f"DECIMAL({_MYSQL_DIGITS}, 0)"),
        Kind.REAL: _always("DOUBLE"),
        Kind.DOUBLE: _always("DOUBLE"),
        Kind.DECIMAL: _mysql_decimal,
        Kind.TEXT: _always("LONGTEXT"),
        Kind.BYTES: _always("LONGBLOB"),
        Kind.TIME: _always("TIME(6)"),
        Kind.DATETIME: _always("DATETIME(6)"),
        Kind.INSTANT: _always("TIMESTAMP(6) NULL DEFAULT NULL"),  # bare, the first one would be set by itself
        Kind.NOTHING: _always("LONGTEXT"),
    },
    trouble={
        Kind.NUMBER: _mysql_number,
        Kind.DECIMAL: _mysql_digits,
        Kind.REAL: _mysql_float,
        Kind.DOUBLE: _mysql_float,
        Kind.INSTANT: _mysql_instant,
    },
    adapt={Kind.INSTANT: _without_zone},
    blind=True,
    options=" ENGINE=InnoDB DEFAULT CHARACTER SET=utf8mb4 COLLATE=utf8mb4_bin",
)

DIALECTS = {one.name: one for one in (SQLITE, POSTGRES, MYSQL)}
