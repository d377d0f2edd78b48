"""Statements through any driver's connection (DB-API), with errors that hold no statement and no value."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import RemoteError, StratolabError

if TYPE_CHECKING:
    from collections.abc import Iterator


def execute(connection: Any, statement: str, *values: object) -> None:
    """Run a statement."""
    cursor = connection.cursor()
    try:
        cursor.execute(statement, values) if values else cursor.execute(statement)
    finally:
        cursor.close()


def rows(connection: Any, statement: str, *values: object) -> list[Any]:
    """What a statement answers."""
    cursor = connection.cursor()
    try:
        cursor.execute(statement, values) if values else cursor.execute(statement)
        return list(cursor.fetchall())
    finally:
        cursor.close()


def one(connection: Any, statement: str, *values: object) -> Any:
    """The first value of the first row; None if there is none."""
    found = rows(connection, statement, *values)
    return found[0][0] if found else None


@contextlib.contextmanager
def told(doing: str, *, hint: str = "") -> Iterator[None]:
    """What a driver raises becomes an error of ours: its kind, and the server's code or its number.

    Its text is not repeated: a server repeats statements, and some of ours hold what nobody may read.
    """
    try:
        yield
    except StratolabError:
        raise
    except Exception as error:
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if not kinds & {"Error", "OSError"}:  # DB-API's name for what drivers raise; the network's
            raise
        raise RemoteError(f"{type(error).__name__}{code(error)}", doing=doing, hint=hint) from None


def code(error: BaseException) -> str:
    """What the server calls it: PostgreSQL's SQLSTATE, MySQL's number; empty if it does not say."""
    first = error.args[0] if error.args else None
    state = getattr(error, "sqlstate", None) or (first.get("C") if isinstance(first, dict) else None)
    found = first if isinstance(first, int) else state
    return f" {found}{_MEANING.get(str(found), '')}" if found else ""


_MEANING = {
    "28P01": " (the password is wrong)",
    "28000": " (this user is not let in)",
    "42501": " (it may not do that)",
    "3D000": " (there is no such database)",
    "42P01": " (there is no such table)",
    "42601": " (a mistake in the statement)",
    "42703": " (there is no such column)",
    "1044": " (it may not do that)",
    "1045": " (the user or the password is wrong)",
    "1049": " (there is no such database)",
    "1064": " (a mistake in the statement)",
    "1142": " (it may not do that)",
    "1146": " (there is no such table)",
    "1227": " (it may not do that)",
    "2003": " (no answer)",
}
"""https://www.postgresql.org/docs/current/errcodes-appendix.html
https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html"""
