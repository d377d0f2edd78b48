"""An open database: the driver's own connection, with one way to give values and one meaning of `with`.

with stratolab.connect() as database:
    for row in database.execute("SELECT * FROM games WHERE year > :year", {"year": 2000}):
        ...
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from stratolab.tables.places import placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType


class Connection:
    """A connection to a database, as DB-API has it (`cursor`, `commit`, `rollback`, `close`).

    `raw` is the driver's own connection, for what wants one (`pandas.read_sql`). `dialect` is "sqlite",
    "postgresql" or "mysql". As a context manager it commits at the end, or rolls back if an exception ends it, and
    closes. Not to be used from two threads at once.
    """

    def __init__(self, raw: Any, dialect: str) -> None:
        self.raw = raw
        self.dialect = dialect

    def execute(self, sql: str, values: Mapping[str, object] | None = None) -> Any:
        """Run a statement with values for its places `:name` and give the cursor. Raises what the driver raises."""
        cursor = self.raw.cursor()
        if values is None:
            cursor.execute(sql)
        else:
            cursor.execute(placed(sql, self.dialect, values), self._adapted(values))
        return cursor

    def executemany(self, sql: str, rows: Iterable[Mapping[str, object]]) -> Any:
        """Run a statement once for each of `rows` and give the cursor."""
        given = [self._adapted(row) for row in rows]
        cursor = self.raw.cursor()
        if given:
            cursor.executemany(placed(sql, self.dialect, given[0]), given)
        return cursor

    def cursor(self) -> Any:
        """A cursor of the driver, with the driver's own way to give values."""
        return self.raw.cursor()

    def commit(self) -> None:
        """Keep what was done."""
        self.raw.commit()

    def rollback(self) -> None:
        """Undo what was not committed."""
        self.raw.rollback()

    def close(self) -> None:
        """Let go of the database; what was not committed is undone."""
        self.raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.commit()
            else:
                self.rollback()
        finally:
            self.close()

    def _adapted(self, values: Mapping[str, object]) -> dict[str, object]:
        plain = {name: _plain(value) for name, value in values.items()}
        if self.dialect != "sqlite":
            return plain
        return {name: _for_sqlite(value) for name, value in plain.items()}


def _plain(value: Any) -> Any:
    """A NumPy scalar or a pandas time as Python's own value; pandas' NA and NaT as None."""
    kind = type(value)
    if kind.__name__ in {"NAType", "NaTType"}:
        return None
    if kind.__module__ == "numpy" and hasattr(value, "item"):
        return value.item()
    return value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value


def _for_sqlite(value: object) -> object:
    """Times as text that sorts and decimals as numbers: what `write_table` writes and `read_table` reads."""
    if isinstance(value, dt.datetime):
        return (value.astimezone(dt.UTC) if value.tzinfo else value).isoformat(" ", "microseconds")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
