"""What one does with tables: write a frame, read one, say the DDL of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean
from stratolab.tables import frames, reading, writing
from stratolab.tables.dialects import create_table, dialect
from stratolab.tables.errors import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.tables.connection import Connection


def write(
    connection: Connection, frame: object, name: str, *, if_exists: str = "fail", schema: str | None = None
) -> int:
    """Write a data frame into a table and give the number of rows; see `writing.write`."""
    if if_exists not in writing.WAYS:
        raise InputError(
            f"if_exists={if_exists!r} says nothing",
            doing="write_table",
            hint=did_you_mean(if_exists, writing.WAYS),
        )
    return writing.write(connection, frames.read(frame), name, way=if_exists, schema=schema)


def read(connection: Connection, name: str, *, schema: str | None = None, into: str | None = None) -> Any:
    """A whole table as a data frame."""
    table = dialect(connection.dialect).table(name, schema)
    return _read(connection, f"SELECT * FROM {table}", None, into, f"read_table {table}")  # noqa: S608 - quoted


def query(
    connection: Connection, sql: str, values: Mapping[str, object] | None = None, *, into: str | None = None
) -> Any:
    """The rows of a query as a data frame."""
    return _read(connection, sql, values, into, "read_query")


def ddl(frame: object, name: str, dialect_name: str, *, schema: str | None = None) -> str:
    """The statement that makes the table that `write` would make for this frame."""
    kind = dialect(dialect_name)
    data = frames.read(frame)
    kind.checked(data.columns, data.values)
    return f"{create_table(kind, kind.table(name, schema), data.columns)};\n"


def _read(
    connection: Connection, sql: str, values: Mapping[str, object] | None, into: str | None, doing: str
) -> Any:
    with told(doing):
        data = reading.query(connection, sql, values)
    return frames.build(into, data.columns, data.values)
