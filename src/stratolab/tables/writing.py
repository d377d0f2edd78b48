"""From columns of plain Python values to a table: all rows or none, in bulk.

A new table is filled under another name and then takes its place: on PostgreSQL and MySQL who reads waits for the
moment of the exchange only, and MySQL, whose CREATE ends a transaction, needs it to be all or nothing at all. SQLite
does everything in one transaction, which readers do not see until it is done.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.tables.dialects import Dialect, create_table, dialect
from stratolab.tables.errors import told
from stratolab.tables.models import Column, Kind
from stratolab.tables.reading import MYSQL_TEXTS, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stratolab.tables.connection import Connection
    from stratolab.tables.models import Data

WAYS = ("fail", "replace", "append")
_BATCH = 10_000  # rows that are handed to a driver at a time
_DOING = "write_table"


@dataclass(frozen=True, slots=True)
class _Job:
    """What to write where. `table` is the name with its schema, quoted; `values` are as the driver takes them."""

    connection: Connection
    dialect: Dialect
    name: str
    schema: str | None
    table: str
    columns: tuple[Column, ...]
    values: list[Sequence[Any]]
    way: str

    def rows(self) -> Iterator[tuple[Any, ...]]:
        return zip(*self.values, strict=True)

    def execute(self, sql: str, *values: Any) -> Any:
        cursor = self.connection.raw.cursor()
        cursor.execute(sql, values) if values else cursor.execute(sql)
        return cursor


def write(connection: Connection, data: Data, name: str, *, way: str, schema: str | None) -> int:
    """Write all rows into a table and give their number; the connection is committed, or as it was before.

    `way` says what to do with a table that is there: "fail", "replace" it with its columns, "append" to it. Raises
    `InputError` if the values do not fit, `RefusedError` if the table is there and shall not be, `RemoteError` for
    what the database says.
    """
    kind = dialect(connection.dialect)
    values = kind.checked(data.columns, data.values)
    job = _Job(connection, kind, name, schema, kind.table(name, schema), data.columns, values, way)
    with told(f"{_DOING} {job.table}"):
        try:
            _WRITERS[kind.name](job)
            connection.commit()
        except BaseException:
            with contextlib.suppress(Exception):  # what went wrong is the first error
                connection.rollback()
            raise
    return len(data)


# -- what is there already ---------------------------------------------------------------------------


def _exists(job: _Job) -> RefusedError:
    return RefusedError(
        f"the table {job.table} is there already", doing=_DOING, hint='if_exists="append", or "replace"'
    )


_FITS = {
    Kind.REAL: {Kind.REAL, Kind.DOUBLE},
    Kind.DOUBLE: {Kind.REAL, Kind.DOUBLE},
    Kind.BYTES: {Kind.BYTES},
    Kind.TEXT: {Kind.TEXT},
}
_NUMBERS = {Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT, Kind.NUMBER, Kind.DECIMAL, Kind.DOUBLE, Kind.REAL}


def _check_fits(job: _Job) -> None:
    """Raise `InputError` if the table lacks a column, or one would round or bend what is appended."""
    nothing = f"SELECT * FROM {job.table} WHERE 1 = 0"  # noqa: S608 - quoted
    cursor = job.execute(nothing)
    fold = str.lower if job.dialect.blind else str
    kinds = columns_of(job.connection, cursor, nothing)
    there = {fold(told[0]): (told, kind) for told, kind in zip(cursor.description, kinds, strict=True)}
    for column in job.columns:
        if fold(column.name) not in there:
            known = ", ".join(told[0] for told in cursor.description)
            raise InputError(
                f"{job.table} has no column {column.name!r}", doing=_DOING, hint=f"it has {known}"
            )
        told, kind = there[fold(column.name)]
        if not _fits(column, told, kind, job.dialect.name):
            raise InputError(
                f"column {column.name!r} is {column.kind} here and {kind or 'another type'} in {job.table}",
                doing=_DOING,
                hint="make them alike, or write another table",
            )


def _fits(column: Column, told: Any, kind: Kind | None, where: str) -> bool:
    """Whether a column of the database, as the driver describes it, takes these values as they are."""
    if column.kind is Kind.NOTHING:
        return True
    if kind is None:
        texts = where == "mysql" and told[1] in MYSQL_TEXTS
        return column.kind in {Kind.TEXT, Kind.BYTES} or not texts
    if column.kind.whole:
        return kind in _NUMBERS
    if column.kind is Kind.DECIMAL and kind in {Kind.DECIMAL, Kind.NUMBER}:
        scale = None if where == "sqlite" else told[5]
        return scale is None or column.scale <= scale
    return kind in _FITS.get(column.kind, {column.kind})


# -- SQLite ------------------------------------------------------------------------------------------


def _write_sqlite(job: _Job) -> None:
    job.execute("BEGIN IMMEDIATE")
    there = _in_sqlite(job)
    if there and job.way == "fail":
        raise _exists(job)
    if there and job.way == "append":
        _check_fits(job)
    else:
        if there:
            job.execute(f"DROP TABLE {job.table}")
        job.execute(create_table(job.dialect, job.table, job.columns))
    marks = ", ".join("?" for _ in job.columns)
    cursor = job.connection.raw.cursor()
    cursor.executemany(f"INSERT INTO {job.table} ({_names(job)}) VALUES ({marks})", job.rows())  # noqa: S608 - quoted


def _in_sqlite(job: _Job) -> bool:
    return bool(
        job.execute("SELECT 1 FROM pragma_table_info(?, ?)", job.name, job.schema or "main").fetchone()
    )


# -- PostgreSQL --------------------------------------------------------------------------------------


def _write_postgres(job: _Job) -> None:
    # Two that make one table at once would both find it missing, and one would fail.
    job.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", f"stratolab {job.table}")
    there = job.execute("SELECT to_regclass(%s)", job.table).fetchone()[0] is not None
    if there and job.way == "fail":
        raise _exists(job)
    if there and job.way == "append":
        _check_fits(job)
        _copy(job, job.table)
        return
    if not there:
        job.execute(create_table(job.dialect, job.table, job.columns))
        _copy(job, job.table)
        return
    draft = _draft(job)
    job.execute(create_table(job.dialect, draft, job.columns))
    _copy(job, draft)
    job.execute(f"DROP TABLE {job.table}")
    job.execute(f"ALTER TABLE {draft} RENAME TO {job.dialect.quoted(job.name)}")


def _copy(job: _Job, table: str) -> None:
    with (
        job.connection.raw.cursor() as cursor,
        cursor.copy(f"COPY {table} ({_names(job)}) FROM STDIN") as copy,
    ):
        for row in job.rows():
            copy.write_row(row)


# -- MySQL and MariaDB -------------------------------------------------------------------------------

_TABLE_EXISTS, _NO_SUCH_TABLE = 1050, 1146
_TRIES = 5


def _write_mysql(job: _Job) -> None:
    if job.way == "append":
        _append_mysql(job)
        return
    if job.way == "fail" and _in_mysql(job):
        raise _exists(job)
    draft = _draft(job)
    job.execute(create_table(job.dialect, draft, job.columns))
    try:
        _insert(job, draft)
        job.connection.commit()
        _put_in_place(job, draft)
    except BaseException:
        with contextlib.suppress(Exception):  # the connection may be what failed
            job.connection.rollback()
            job.execute(f"DROP TABLE IF EXISTS {draft}")
        raise


def _append_mysql(job: _Job) -> None:
    statement = create_table(job.dialect, job.table, job.columns)
    if not _in_mysql(job):
        job.execute(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))
    _check_fits(job)
    _insert(job, job.table)


def _put_in_place(job: _Job, draft: str) -> None:
    """Exchange the tables in one step. Another one may make or drop the table meanwhile: then look again."""
    old = _draft(job)
    for _ in range(_TRIES):
        there = _in_mysql(job)
        if there and job.way == "fail":
            raise _exists(job)
        exchange = f"{job.table} TO {old}, {draft} TO {job.table}" if there else f"{draft} TO {job.table}"
        try:
            job.execute(f"RENAME TABLE {exchange}")
        except Exception as error:
            if not error.args or error.args[0] not in {_TABLE_EXISTS, _NO_SUCH_TABLE}:
                raise
            continue
        if there:
            job.execute(f"DROP TABLE {old}")
        return
    raise RemoteError("others make and drop the table all the time", doing=f"{_DOING} {job.table}")


def _in_mysql(job: _Job) -> bool:
    sql = (
        "SELECT 1 FROM information_schema.tables "
        "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s"
    )
    return job.execute(sql, job.schema, job.name).fetchone() is not None


def _insert(job: _Job, table: str) -> None:
    names = _names(job).replace("%", "%%")
    marks = ", ".join("%s" for _ in job.columns)
    rows = job.rows()
    cursor = job.connection.raw.cursor()
    while batch := list(islice(rows, _BATCH)):
        cursor.executemany(f"INSERT INTO {table.replace('%', '%%')} ({names}) VALUES ({marks})", batch)  # noqa: S608


_WRITERS = {"sqlite": _write_sqlite, "postgresql": _write_postgres, "mysql": _write_mysql}


def _names(job: _Job) -> str:
    return ", ".join(job.dialect.quoted(column.name) for column in job.columns)


def _draft(job: _Job) -> str:
    """A new name beside the table's, for what is not in its place yet, or not any more."""
    return job.dialect.table(f"stratolab_new_{os.urandom(8).hex()}", job.schema)
