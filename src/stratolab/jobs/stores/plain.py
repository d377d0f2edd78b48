"""A lab's database on a PostgreSQL or MySQL (MariaDB) server by a driver alone, for functions: no SQLAlchemy to load.

It brings no schema: a database in another version than this program's is refused. Transactions, what is run again and
how often are those of `alchemy`, from the same table (`servers`).
"""

from __future__ import annotations

import contextlib
import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from stratolab.core.errors import RefusedError, RemoteError
from stratolab.jobs.stores.pauses import pauses
from stratolab.jobs.stores.revision import HEAD, is_current

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from stratolab.jobs.database import Transaction
    from stratolab.jobs.stores.servers import Server

T = TypeVar("T")

ATTEMPTS = 6  # in about two seconds; whoever called tries again later
_NAMED = re.compile(r"(?<!:):([a-z_][a-z_0-9]*)")


class PlainTransaction:
    """One open transaction on a DB-API connection whose parameters are `%s`."""

    for_update = " FOR UPDATE"

    def __init__(self, connection: Any, dialect: str) -> None:
        self._connection = connection
        self.dialect = dialect

    def rows(self, sql: str, **values: object) -> list[Mapping[str, Any]]:
        """The rows that a query gives, by column name."""
        with self._executed(sql, values) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def execute(self, sql: str, **values: object) -> int:
        """Run one statement and give the number of rows it changed."""
        with self._executed(sql, values) as cursor:
            return int(cursor.rowcount)

    def execute_many(self, sql: str, values: Sequence[Mapping[str, object]]) -> None:
        """Run one statement once for each of `values`."""
        if values:
            statement, names = _positional(sql)
            with contextlib.closing(self._connection.cursor()) as cursor:
                cursor.executemany(statement, [tuple(one[name] for name in names) for one in values])

    @contextlib.contextmanager
    def _executed(self, sql: str, values: Mapping[str, object]) -> Iterator[Any]:
        statement, names = _positional(sql)
        with contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute(statement, tuple(values[name] for name in names))
            yield cursor


class PlainDatabase:
    """The database to which `connect` gives connections, each in nobody's transaction and used by one at a time.

    Safe to use from several threads. `place` is what it is called in errors, `sleep` waits between two attempts.
    Nothing is connected before it is first used. Raises `RefusedError` then, if the schema there is not this program's.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        server: Server,
        *,
        place: str,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connect, self._server, self._place = connect, server, place
        self._attempts, self._sleep = attempts, sleep
        self._idle: list[Any] = []
        self.dialect = server.dialect

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one durable transaction and give what it returns.

        Raises `RemoteError` when the server stays away, or keeps asking to run it again, after all attempts; then
        nothing was committed, or the same work may safely be run again.
        """
        return self._again("write to", self._server.begin, work)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on one consistent snapshot; a statement in it that would write raises."""
        return self._again("read", self._server.begin_read, work)

    def check(self) -> list[str]:
        """Empty: a server looks after its files itself. Raises `RemoteError` if it does not answer."""
        self.read(lambda tx: tx.rows("SELECT COUNT(*) AS jobs FROM job"))
        return []

    def close(self) -> None:
        """Let go of the connections. Calling it twice does no harm."""
        while self._idle:
            _drop(self._idle.pop())

    # -- one unit of work ------------------------------------------------------------------------

    def _again(self, doing: str, begin: Sequence[str], work: Callable[[Transaction], T]) -> T:
        for pause in pauses(self._attempts):
            try:
                return self._transact(begin, work)
            except Exception as error:
                if not _is_drivers(error):
                    raise
                passing = self._passes(error)
                if pause is None or not passing:
                    raise self._explained(doing, error, passing=passing) from None
            self._sleep(pause)
        raise RemoteError("no attempt was made", doing=f"{doing} {self._place}")

    def _transact(self, begin: Sequence[str], work: Callable[[Transaction], T]) -> T:
        connection = self._idle.pop() if self._idle else self._opened()
        try:
            for statement in begin:
                _say(connection, statement)
            result = work(PlainTransaction(connection, self.dialect))
            _say(connection, "COMMIT")
        except BaseException:
            _drop(connection)  # which undoes what it has begun
            raise
        self._idle.append(connection)
        return result

    def _opened(self) -> Any:
        connection = self._connect()
        try:
            _by_hand(connection)
            for statement in self._server.session:
                _say(connection, statement)
            self._check_revision(PlainTransaction(connection, self.dialect))
        except BaseException:
            _drop(connection)
            raise
        return connection

    def _check_revision(self, tx: PlainTransaction) -> None:
        (found,) = tx.rows("SELECT version_num FROM alembic_version")
        if not is_current(str(found["version_num"]), place=self._place):
            raise RefusedError(
                f"its schema has version {found['version_num']}, and this function speaks {HEAD}",
                doing=f"open {self._place}",
                hint="stratolab up",
            )

    def _passes(self, error: Exception) -> bool:
        """Whether the same work may go well next time, if need be on another connection."""
        lost = isinstance(error, OSError) or type(error).__name__ == "InterfaceError"
        return lost or self._server.passes(error)

    def _explained(self, doing: str, error: Exception, *, passing: bool) -> RefusedError | RemoteError:
        """The driver's error in our words. Its cause is left out: it may hold what must not be shown."""
        told, doing = _told(error), f"{doing} {self._place}"
        if type(error).__name__ == "IntegrityError" or str(_code(error)).startswith("23"):
            return RefusedError(told, doing=doing)
        return RemoteError(told, doing=doing, hint=self._server.hint if passing else "")


@lru_cache(maxsize=512)
def _positional(sql: str) -> tuple[str, tuple[str, ...]]:
    """A statement with `%s` for its parameters, and their names in that order."""
    names = tuple(_NAMED.findall(sql))
    return _NAMED.sub("%s", sql.replace("%", "%%")) if names else sql, names


def _by_hand(connection: Any) -> None:
    """Have transactions begin and end with the statements in `Server` and not by themselves."""
    if callable(connection.autocommit):  # PyMySQL
        connection.autocommit(True)  # noqa: FBT003 - its own signature
    else:
        connection.autocommit = True


def _say(connection: Any, statement: str) -> None:
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(statement)


def _drop(connection: Any) -> None:
    with contextlib.suppress(Exception):  # it may be gone already
        connection.close()


def _is_drivers(error: Exception) -> bool:
    """Whether a driver or the network raised this, and not the work itself: DB-API has no common class."""
    return isinstance(error, OSError) or "Error" in {
        kind.__name__ for kind in type(error).__mro__ if kind.__module__.startswith(("pg8000", "pymysql"))
    }


def _code(error: Exception) -> object:
    """PostgreSQL's SQLSTATE or MySQL's number; pg8000 gives what the server said as a dictionary."""
    first = error.args[0] if error.args else None
    return first.get("C") if isinstance(first, dict) else first


def _told(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    text = first.get("M", "") if isinstance(first, dict) else " ".join(map(str, error.args))
    return " ".join(f"{type(error).__name__}: {text}".split())
