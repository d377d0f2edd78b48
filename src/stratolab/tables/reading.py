"""From a query to columns of plain Python values with their kinds, as the database or the driver tells them.

SQLite tells of values only. What a column was declared as is asked of a temporary view of the same query: so a
TIMESTAMP comes back as a time and a BOOLEAN as true or false. A column whose values do not bear out what was
declared comes as it is.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import sqlite3
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.tables.frames import infer
from stratolab.tables.models import Column, Data, Kind
from stratolab.tables.places import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stratolab.tables.connection import Connection


def query(connection: Connection, sql: str, values: Mapping[str, object] | None) -> Data:
    """The rows of a query. Raises `InputError` if it gives none by nature, or two columns of one name."""
    cursor = connection.execute(sql, values)
    if cursor.description is None:
        raise InputError(
            "the statement gives no rows", doing="read_query", hint="connect().execute(...) runs it"
        )
    names = [str(column[0]) for column in cursor.description]
    _check_names(names)
    kinds = columns_of(connection, cursor, sql, values)
    rows = cursor.fetchall()
    found = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    made = [_column(name, kind, given) for name, kind, given in zip(names, kinds, found, strict=True)]
    return Data(tuple(column for column, _ in made), tuple(given for _, given in made))


def columns_of(
    connection: Connection, cursor: Any, sql: str, values: Mapping[str, object] | None = None
) -> list[Kind | None]:
    """The kinds of a query's columns; None where only the values tell."""
    if connection.dialect == "sqlite":
        return _declared(connection, sql, values, len(cursor.description))
    told = _postgres_kind if connection.dialect == "postgresql" else _mysql_kind
    return [told(column) for column in cursor.description]


def _check_names(names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            f"two columns are called {twice!r}", doing="read_query", hint=f"SELECT ... AS {twice}_2"
        )


def _column(name: str, kind: Kind | None, values: Sequence[Any]) -> tuple[Column, Sequence[Any]]:
    if kind is not None and {*map(type, values)} <= {_NATIVE.get(kind), type(None)}:
        return Column(name, kind), values
    if kind is not None:
        convert = _CONVERT[kind]
        with suppress(ValueError, TypeError, ArithmeticError, AttributeError):
            given = [None if one is None else convert(one) for one in values]
            return infer.whole(name, given) if kind is Kind.NUMBER else (Column(name, kind), given)
    try:
        return infer.column(name, values)
    except InputError:  # values of several sorts: as they are
        return Column(name, Kind.NOTHING), values


_NATIVE = {  # kinds whose values are told by their Python type alone
    Kind.BOOLEAN: bool, Kind.REAL: float, Kind.DOUBLE: float, Kind.DECIMAL: Decimal, Kind.TEXT: str,
    Kind.BYTES: bytes, Kind.DATE: dt.date, Kind.TIME: dt.time,
}  # fmt: skip


# -- what a value is made of, by kind ----------------------------------------------------------------


def _boolean(value: Any) -> bool:
    if value not in {0, 1}:
        raise ValueError(value)
    return bool(value)


def _whole(value: Any) -> int:
    if value != int(value):
        raise ValueError(value)
    return int(value)


def _small(bits: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        found = _whole(value)
        if not -(1 << bits - 1) <= found < 1 << bits - 1:
            raise ValueError(value)
        return found

    return convert


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _date(value: Any) -> dt.date:
    return dt.date.fromisoformat(value) if isinstance(value, str) else _as(dt.date, value)


_MIDNIGHT = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a time of day has no zone


def _time(value: Any) -> dt.time:
    if isinstance(value, dt.timedelta) and dt.timedelta() <= value < dt.timedelta(1):  # PyMySQL's, of a TIME
        return (_MIDNIGHT + value).time()
    return dt.time.fromisoformat(value) if isinstance(value, str) else _as(dt.time, value)


def _datetime(value: Any) -> dt.datetime:
    found = dt.datetime.fromisoformat(value) if isinstance(value, str) else _as(dt.datetime, value)
    if found.tzinfo:
        raise ValueError(value)
    return found


def _instant(value: Any) -> dt.datetime:
    found = dt.datetime.fromisoformat(value) if isinstance(value, str) else _as(dt.datetime, value)
    return found.astimezone(dt.UTC) if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _as(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(value)
    return value


_CONVERT: dict[Kind, Callable[[Any], Any]] = {
    Kind.BOOLEAN: _boolean,
    Kind.SMALLINT: _small(16),
    Kind.INTEGER: _small(32),
    Kind.BIGINT: _small(64),
    Kind.NUMBER: _whole,
    Kind.REAL: float,
    Kind.DOUBLE: float,
    Kind.DECIMAL: _decimal,
    Kind.TEXT: lambda value: _as(str, value),
    Kind.BYTES: bytes,
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.DATETIME: _datetime,
    Kind.INSTANT: _instant,
}

# -- PostgreSQL --------------------------------------------------------------------------------------

_NUMERIC = 1700
_OIDS = {  # pg_type.oid of what comes with PostgreSQL
    16: Kind.BOOLEAN, 21: Kind.SMALLINT, 23: Kind.INTEGER, 20: Kind.BIGINT, 700: Kind.REAL, 701: Kind.DOUBLE,
    25: Kind.TEXT, 1043: Kind.TEXT, 1042: Kind.TEXT, 19: Kind.TEXT, 17: Kind.BYTES,
    1082: Kind.DATE, 1083: Kind.TIME, 1114: Kind.DATETIME, 1184: Kind.INSTANT,
}  # fmt: skip


def _postgres_kind(column: Any) -> Kind | None:
    if column.type_code == _NUMERIC:
        return Kind.NUMBER if column.precision and not column.scale else Kind.DECIMAL
    return _OIDS.get(column.type_code)


# -- MySQL -------------------------------------------------------------------------------------------

MYSQL_TEXTS = frozenset({15, 249, 250, 251, 252, 253, 254})  # texts or bytes: their values tell
_TINY, _DECIMAL = 1, 246
_CODES = {  # the protocol's column types; of whole numbers without a sign the values may tell a larger kind
    2: Kind.SMALLINT, 3: Kind.INTEGER, 9: Kind.INTEGER, 8: Kind.BIGINT, 13: Kind.SMALLINT, 4: Kind.DOUBLE,
    5: Kind.DOUBLE, 7: Kind.INSTANT, 10: Kind.DATE, 11: Kind.TIME, 12: Kind.DATETIME, 245: Kind.TEXT,
}  # fmt: skip


def _mysql_kind(column: Any) -> Kind | None:
    """Of what PyMySQL's description tells."""
    code, length, scale = column[1], column[3], column[5]
    if code == _TINY:
        return Kind.BOOLEAN if length == 1 else Kind.SMALLINT
    if code == _DECIMAL:
        return Kind.DECIMAL if scale else Kind.NUMBER
    return _CODES.get(code)


# -- SQLite ------------------------------------------------------------------------------------------

_DECLARED = (  # by the first that is found in what was declared, as SQLite's own rules go
    ("BOOL", Kind.BOOLEAN), ("TIMESTAMP WITH TIME ZONE", Kind.INSTANT), ("TIMESTAMPTZ", Kind.INSTANT),
    ("TIMESTAMP", Kind.DATETIME), ("DATETIME", Kind.DATETIME), ("INT", Kind.BIGINT), ("CHAR", Kind.TEXT),
    ("CLOB", Kind.TEXT), ("TEXT", Kind.TEXT), ("BLOB", Kind.BYTES), ("REAL", Kind.DOUBLE), ("FLOA", Kind.DOUBLE),
    ("DOUB", Kind.DOUBLE), ("DEC", Kind.DECIMAL), ("NUMERIC", Kind.DECIMAL), ("DATE", Kind.DATE), ("TIME", Kind.TIME),
)  # fmt: skip


def _declared(
    connection: Connection, sql: str, values: Mapping[str, object] | None, count: int
) -> list[Kind | None]:
    view = f"stratolab_{os.urandom(6).hex()}"
    plain = replaced(sql, "sqlite", lambda _: "NULL") if values is not None else sql
    try:
        connection.raw.execute(f"CREATE TEMP VIEW {view} AS {_without_end(plain)}")
    except (sqlite3.Error, sqlite3.Warning):  # a PRAGMA, for example, has no view
        return [None] * count
    try:
        rows = connection.raw.execute(f"PRAGMA temp.table_info({view})").fetchall()
    except sqlite3.Error:
        rows = []
    finally:
        connection.raw.execute(f"DROP VIEW temp.{view}")
    return [_kind(row[2]) for row in rows] if len(rows) == count else [None] * count


def _without_end(sql: str) -> str:
    return re.sub(r"[;\s]+\Z", "", sql)


def _kind(declared: str) -> Kind | None:
    return next((kind for word, kind in _DECLARED if word in declared.upper()), None)
