"""A database's set-up: scripts run in the order of their names, each once, whatever happened before.

What has run is kept in a table of the database itself, by the SHA-256 of the script's text, so that nothing runs twice
and nothing that is there is ever dropped by running the set-up again.

On PostgreSQL and SQLite a script and its entry are one transaction: it has run as a whole or not at all. MySQL ends a
transaction with every CREATE, so there the entry counts statements: before one it says that it begins, after it that it
is done. A set-up that was broken off goes on with the statement that it was at; should that one turn out to have been
done already (the table is there), it counts as done. A script that failed may be mended: what was done of it has to
stay as it was, what comes after may change.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.core.crash import crash_point
from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.runtime.databases.reasons import is_of_driver, reason
from stratolab.runtime.databases.splitting import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stratolab.runtime.databases.splitting import Dialect, Statement

TABLE = "stratolab_setup"
_CREATE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (checksum CHAR(64) NOT NULL PRIMARY KEY, script VARCHAR(255) NOT NULL, "
    "begun INTEGER NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL, so_far CHAR(64) NOT NULL, "
    "at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"
)
_LOCK = 7_248_113_190_517_402  # any number that nobody else locks
PATIENCE = 60  # seconds to wait for another set-up of the same database
_OWN_TRANSACTIONS = frozenset({"ABORT", "BEGIN", "COMMIT", "END", "ROLLBACK", "START"})
_THERE_ALREADY = frozenset({1007, 1050, 1060, 1061, 1304, 1359, 1396, 1537, 1826})
"""MySQL's numbers for a database, table, column, key, routine, trigger, user, event or constraint that is there."""
_GONE_ALREADY = frozenset({1008, 1051, 1091, 1305, 1360, 1539})
"""The same for what a DROP finds no more."""

_HOLDS_PASSWORD = re.compile(r"\b(PASSWORD|IDENTIFIED)\b", re.IGNORECASE)
_QUOTING = re.compile(r" near .*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Script:
    """A script: its name, by which scripts are ordered, and its text."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """What it is known by: another text is another script."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a script: how many statements were run now, and how many had been before."""

    script: str
    statements: int
    before: int = 0

    @property
    def new(self) -> bool:
        """Whether anything was run."""
        return self.statements > 0


@dataclass(frozen=True, slots=True)
class _Entry:
    script: str
    begun: int
    done: int
    total: int
    so_far: str
    """What the statements that are done are known by together."""


def set_up(connection: Any, dialect: Dialect, scripts: Sequence[Script]) -> list[Ran]:
    """Run what has not run yet, in the order of the scripts' names; what became of each.

    `connection` is a DB-API connection of its own, not in a transaction. Two set-ups of one database wait for each
    other. Raises `InputError` for a script that cannot be read, before anything is run; `RefusedError` for one that was
    changed after it had run; `RemoteError` that names script, statement and line if the database refuses one, with
    everything before it kept.
    """
    ordered = sorted(scripts, key=lambda one: one.name)
    read = [(one, _read(one, dialect)) for one in ordered]
    with _alone(connection, dialect):
        _run(connection, _CREATE)
        connection.commit()
        known = _known(connection)
        connection.rollback()
        for script, parts in read:
            _refuse_changed(script, parts, known)
        return [_bring(connection, dialect, script, parts, known) for script, parts in read]


def check(scripts: Sequence[Script], dialect: Dialect) -> None:
    """Read scripts as their engine will. Raises `InputError` for one that cannot be run, with its line."""
    for one in scripts:
        _read(one, dialect)


def _read(script: Script, dialect: Dialect) -> list[Statement]:
    try:
        found = list(statements(script.text, dialect))
    except InputError as error:
        raise InputError(f"{script.name}, {error.what}", doing=error.doing, hint=error.hint) from None
    for one in found if dialect != "mysql" else ():
        if one.words[:1] and one.words[0] in _OWN_TRANSACTIONS:
            raise InputError(
                f"{script.name}, line {one.line}: {one.words[0]} would cut in two what is to run as a whole",
                doing="reading a script",
                hint="leave it out: every script is one transaction already",
            )
    return found


def _refuse_changed(script: Script, parts: list[Statement], known: dict[str, _Entry]) -> None:
    namesakes = [one for one in known.values() if one.script == _kept_name(script) and one.done]
    if script.checksum not in known and namesakes and _mended(script, parts, known) is None:
        raise RefusedError(
            f"{script.name} has been changed since it ran",
            doing="setting up the database",
            hint="put it back as it was, and write the change as a new script",
        )


def _mended(script: Script, parts: list[Statement], known: dict[str, _Entry]) -> str | None:
    """The checksum of the script's former text, if that was not done with and this one begins with what was done."""
    for checksum, entry in known.items():
        broken_off = entry.script == _kept_name(script) and entry.done < entry.total
        if broken_off and entry.done <= len(parts) and entry.so_far == _so_far(parts[: entry.done]):
            return checksum
    return None


def _so_far(parts: Sequence[Statement]) -> str:
    return hashlib.sha256("\0".join(one.text for one in parts).encode()).hexdigest()


def _bring(
    connection: Any, dialect: Dialect, script: Script, parts: list[Statement], known: dict[str, _Entry]
) -> Ran:
    entry = known.get(script.checksum)
    if entry is not None and entry.done == entry.total:
        return Ran(script.name, 0, entry.done)
    if dialect == "mysql":
        return _by_statement(
            connection, script, parts, entry or _taken_over(connection, script, parts, known)
        )
    return _as_a_whole(connection, script, parts, begin="BEGIN IMMEDIATE" if dialect == "sqlite" else "")


def _as_a_whole(connection: Any, script: Script, parts: list[Statement], *, begin: str) -> Ran:
    """Run a script in one transaction, which SQLite's driver begins for a CREATE only when told to."""
    try:
        if begin:
            _run(connection, begin)
        if script.checksum in _known(connection):  # SQLite's lock begins here, and another one was quicker
            connection.rollback()
            return Ran(script.name, 0, len(parts))
        for number, one in enumerate(parts, 1):
            with _told(script, number, one):
                _run(connection, one.text)
            crash_point("setup.statement")
        _begin(connection, script, parts, done=len(parts))
        crash_point("setup.before-commit")
        connection.commit()
    except BaseException:
        with contextlib.suppress(Exception):
            connection.rollback()
        raise
    return Ran(script.name, len(parts))


def _by_statement(connection: Any, script: Script, parts: list[Statement], entry: _Entry | None) -> Ran:
    done, begun = (entry.done, entry.begun) if entry else (0, 0)
    if entry is None:
        _begin(connection, script, parts, done=0)
        connection.commit()
    for number, one in enumerate(parts[done:], done + 1):
        uncertain = begun >= number
        _write(connection, script, parts, begun=number, done=number - 1)
        connection.commit()
        crash_point("setup.before-statement")
        with _told(script, number, one):
            _run_or_find_done(connection, one, uncertain=uncertain)
        crash_point("setup.statement")
        _write(connection, script, parts, begun=number, done=number)
        connection.commit()
    return Ran(script.name, len(parts) - done, done)


def _run_or_find_done(connection: Any, statement: Statement, *, uncertain: bool) -> None:
    """Run a statement; if it may have run before, an answer that it has is as good."""
    try:
        _run(connection, statement.text)
    except Exception as error:
        number = error.args[0] if error.args else None
        made = statement.words[:1] in {("CREATE",), ("ALTER",)} and number in _THERE_ALREADY
        dropped = statement.words[:1] in {("DROP",), ("ALTER",)} and number in _GONE_ALREADY
        if not (uncertain and (made or dropped)):
            connection.rollback()
            raise


def _known(connection: Any) -> dict[str, _Entry]:
    cursor = connection.cursor()
    cursor.execute(f"SELECT checksum, script, begun, done, total, so_far FROM {TABLE}")  # noqa: S608 - a name of ours
    return {row[0]: _Entry(*row[1:]) for row in cursor.fetchall()}


def _taken_over(
    connection: Any, script: Script, parts: list[Statement], known: dict[str, _Entry]
) -> _Entry | None:
    """The entry of a script that was mended, now under its new text; None if there is none."""
    former = _mended(script, parts, known)
    if former is None:
        return None
    done = known[former].done
    _run(
        connection,
        f"UPDATE {TABLE} SET checksum = '{script.checksum}', total = {len(parts)}, begun = {done} "  # noqa: S608
        f"WHERE checksum = '{former}'",
    )
    connection.commit()
    return _Entry(_kept_name(script), done, done, len(parts), known[former].so_far)


def _begin(connection: Any, script: Script, parts: list[Statement], *, done: int) -> None:
    """Write a script's first entry. Name and numbers are ours, so they may stand in the statement for any driver."""
    name = _kept_name(script).replace("'", "''")
    _run(
        connection,
        f"INSERT INTO {TABLE} (checksum, script, begun, done, total, so_far) "  # noqa: S608 - a name of ours
        f"VALUES ('{script.checksum}', '{name}', {done}, {done}, {len(parts)}, '{_so_far(parts[:done])}')",
    )


def _write(connection: Any, script: Script, parts: list[Statement], *, begun: int, done: int) -> None:
    """Write how far a script has come."""
    _run(
        connection,
        f"UPDATE {TABLE} SET begun = {begun}, done = {done}, so_far = '{_so_far(parts[:done])}' "  # noqa: S608
        f"WHERE checksum = '{script.checksum}'",
    )


def _kept_name(script: Script) -> str:
    """A script's name as its entry has it."""
    return script.name.replace("\\", "/").replace("%", "_")[:255]


def _run(connection: Any, sql: str) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
    finally:
        cursor.close()


@contextlib.contextmanager
def _told(script: Script, number: int, statement: Statement) -> Iterator[None]:
    """Say which statement it was. Its text is not repeated: it may hold a password."""
    try:
        yield
    except Exception as error:
        if not is_of_driver(error):
            raise
        line = reason(error)
        if _HOLDS_PASSWORD.search(statement.text):
            line = _QUOTING.sub("", line)
        raise RemoteError(
            f"{script.name}, statement {number} (line {statement.line}): {line}",
            doing="setting up the database",
            hint="mend the script, and run the same again: what ran before it is not run again",
        ) from error


@contextlib.contextmanager
def _alone(connection: Any, dialect: Dialect) -> Iterator[None]:
    """Inside of it no other set-up of this database runs. The lock goes with the connection, however that ends."""
    take, give = _LOCKS[dialect]
    if not all(_asked(connection, one) for one in take):
        raise RemoteError(
            f"another set-up of this database has been running for {PATIENCE} seconds",
            doing="setting up the database",
            hint="wait for it, then run the same again",
        )
    try:
        yield
    finally:
        with contextlib.suppress(Exception):  # where the connection is gone, so is the lock
            _asked(connection, give)


def _asked(connection: Any, sql: str) -> bool:
    """Whether the answer to a question is yes; an error is none."""
    try:
        return bool(_answer(connection, sql))
    except Exception as error:
        if not is_of_driver(error):
            raise
        return False
    finally:
        connection.commit()


def _answer(connection: Any, sql: str) -> object:
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        row = cursor.fetchone()
    finally:
        cursor.close()
    return row[0] if row else None


_LOCKS: dict[Dialect, tuple[tuple[str, ...], str]] = {
    "postgresql": (
        (
            f"SELECT set_config('lock_timeout', '{PATIENCE}s', false)",
            f"SELECT pg_advisory_lock({_LOCK}) IS NOT NULL",
            "SELECT set_config('lock_timeout', '0', false)",  # the scripts themselves may wait
        ),
        f"SELECT pg_advisory_unlock({_LOCK})",
    ),
    "mysql": (
        (f"SELECT GET_LOCK(CONCAT('stratolab_setup.', LEFT(DATABASE(), 40)), {PATIENCE})",),
        "SELECT RELEASE_LOCK(CONCAT('stratolab_setup.', LEFT(DATABASE(), 40)))",
    ),
    "sqlite": ((), "SELECT 1"),  # its own lock on writers does
}
"""How to wait for the others, and how to let go."""
