"""A lab's database on a PostgreSQL or MySQL (MariaDB) server, by SQLAlchemy Core.

Several drivers write at once: units of work lock the rows they decide by, and the server puts those that
meet in an order. What the server asks to be run again (deadlock, serialization failure, restart, lost
connection) is run again, a bounded number of times, each after a longer pause. A driver that is stopped in
the middle of a transaction is cut off by the server, so that it cannot hold its locks for ever.
"""

from __future__ import annotations

import contextlib
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Self, TypeVar

try:
    from sqlalchemy import create_engine, event, inspect, text
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
except ImportError as error:
    from stratolab.core.errors import InputError

    raise InputError(
        "a store on a server takes SQLAlchemy, which is not installed",
        hint="pip install 'stratolab[postgres]' (or 'stratolab[mysql]')",
    ) from error

from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.jobs.stores.pauses import pauses
from stratolab.jobs.stores.revision import HEAD, is_current
from stratolab.jobs.stores.servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Connection, Engine, TextClause
    from sqlalchemy.engine import URL
    from sqlalchemy.engine.interfaces import DBAPIConnection

    from stratolab.jobs.database import Transaction
    from stratolab.jobs.stores.servers import Server

T = TypeVar("T")

ATTEMPTS = 10  # in about 16 seconds: a server's restart takes less


class AlchemyTransaction:
    """One open transaction on a connection to a server."""

    for_update = " FOR UPDATE"

    def __init__(self, connection: Connection, dialect: str) -> None:
        self._connection = connection
        self.dialect = dialect

    def rows(self, sql: str, **values: object) -> list[Mapping[str, Any]]:
        """The rows that a query gives, by column name."""
        return [dict(row) for row in self._connection.execute(_statement(sql), values).mappings()]

    def execute(self, sql: str, **values: object) -> int:
        """Run one statement and give the number of rows it changed."""
        return self._connection.execute(_statement(sql), values).rowcount

    def execute_many(self, sql: str, values: Sequence[Mapping[str, object]]) -> None:
        """Run one statement once for each of `values`."""
        if values:
            self._connection.execute(_statement(sql), list(values))


class AlchemyDatabase:
    """The database that `url` names, brought to the newest schema when it is opened.

    `url` is `postgresql://user@host/name` or `mysql://...` (also `mariadb://`). Its password is never
    shown. Safe to use from several threads. `sleep` waits between two attempts, `versions` is a folder of
    migrations instead of the shipped one. `connect` gives the driver's connections; then the URL names the driver too,
    and nobody to log in as.

    Raises `InputError` for a URL that makes no sense, `RemoteError` if the server does not answer or
    refuses us, `RefusedError` if the schema there is newer than this program, or MySQL would keep it in
    tables without transactions.
    """

    def __init__(
        self,
        url: str,
        *,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        versions: Path | None = None,
        connect: Callable[[], Any] | None = None,
    ) -> None:
        self._url, self._server = _understand(url)
        self._attempts, self._sleep = attempts, sleep
        self.dialect = self._server.dialect
        self._engine = (
            _engine(make_url(url), self._server, connect) if connect else _engine(self._url, self._server)
        )
        try:
            with self._explained("open"):
                self._open(versions)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"AlchemyDatabase({self._name!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one durable transaction and give what it returns.

        Raises `RemoteError` when the server stays away, or keeps asking to run it again, after all
        attempts; then nothing was committed, or the same work may safely be run again.
        """
        return self._again("write to", lambda: self._transact(self._server.begin, work))

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on one consistent snapshot; a statement in it that would write raises."""
        return self._again("read", lambda: self._transact(self._server.begin_read, work))

    def check(self) -> list[str]:
        """Empty: a server looks after its files itself. Raises `RemoteError` if it does not answer."""
        self.read(lambda tx: tx.rows("SELECT COUNT(*) AS jobs FROM job"))
        return []

    def close(self) -> None:
        """Let go of the connections. Calling it twice does no harm."""
        self._engine.dispose()

    @property
    def _name(self) -> str:
        return self._url.render_as_string(hide_password=True)

    # -- one unit of work ------------------------------------------------------------------------

    def _transact(self, begin: Sequence[str], work: Callable[[Transaction], T]) -> T:
        with self._engine.connect() as connection:
            for statement in begin:
                connection.exec_driver_sql(statement)
            try:
                result = work(AlchemyTransaction(connection, self.dialect))
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                with contextlib.suppress(SQLAlchemyError):  # what went wrong before matters more
                    connection.exec_driver_sql("ROLLBACK")
                raise
        return result

    def _again(self, doing: str, attempt: Callable[[], T]) -> T:
        with self._explained(doing):
            for pause in pauses(self._attempts):
                try:
                    return attempt()
                except DBAPIError as error:
                    if pause is None or not self._worth_another(error):
                        raise
                self._sleep(pause)
        raise RemoteError("no attempt was made", doing=f"{doing} {self._name}")

    def _worth_another(self, error: DBAPIError) -> bool:
        """Whether the same work may go well next time."""
        return error.connection_invalidated or self._server.passes(error.orig)

    @contextlib.contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            what = self._scrubbed(str(error.orig))
            told = f"{doing} {self._name}"
            # The cause is left out: a driver's own text may hold what must not be shown.
            if isinstance(error, IntegrityError):
                raise RefusedError(what, doing=told) from None
            raise RemoteError(
                what, doing=told, hint=self._server.hint if self._worth_another(error) else ""
            ) from None

    def _scrubbed(self, told: str) -> str:
        told = " ".join(told.split())
        secrets = [self._url.password, *(v for k, v in self._url.query.items() if "pass" in k.lower())]
        for secret in secrets:
            if isinstance(secret, str) and secret:
                told = told.replace(secret, "***")
        return told

    # -- opening ---------------------------------------------------------------------------------

    def _open(self, versions: Path | None) -> None:
        with self._engine.connect() as connection:
            self._check_engines(connection)
            if self._is_current(connection):
                return
            with self._alone(connection):
                if not self._is_current(connection):  # another process was quicker
                    self._upgrade(connection, versions)

    def _is_current(self, connection: Connection) -> bool:
        if not inspect(connection).has_table("alembic_version"):
            return False
        found = connection.execute(_statement("SELECT version_num FROM alembic_version")).scalar()
        return found is not None and is_current(str(found), place=self._name)

    def _check_engines(self, connection: Connection) -> None:
        for row in (
            connection.exec_driver_sql(self._server.unsafe_tables) if self._server.unsafe_tables else ()
        ):
            raise RefusedError(
                f"{row[0]} is kept by the engine {row[1]}, which knows no transactions; InnoDB is needed",
                doing=f"open {self._name}",
                hint=f"ALTER TABLE {row[0]} ENGINE=InnoDB"
                if row[1] != "none"
                else "enable InnoDB on the server",
            )

    @contextlib.contextmanager
    def _alone(self, connection: Connection) -> Iterator[None]:
        """Keep other processes from changing the schema meanwhile."""
        if connection.exec_driver_sql(self._server.lock).scalar() == 0:  # MySQL: it timed out
            raise RemoteError(
                "another process has been changing its schema for a minute", doing=f"open {self._name}"
            )
        try:
            yield
        finally:
            with contextlib.suppress(SQLAlchemyError):
                connection.exec_driver_sql(self._server.unlock)

    def _upgrade(self, connection: Connection, versions: Path | None) -> None:
        try:
            from stratolab.jobs.stores.upgrade import upgrade  # noqa: PLC0415 - needed once in a release
        except ImportError as error:
            raise RefusedError(
                f"its schema must be brought to version {HEAD}; that takes {error.name}, which is not installed",
                doing=f"open {self._name}",
                hint="pip install 'stratolab[sql]'",
            ) from error
        connection.exec_driver_sql(self._server.begin[-1])
        try:
            upgrade(connection, versions=versions)
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            with contextlib.suppress(SQLAlchemyError):
                connection.exec_driver_sql("ROLLBACK")
            raise


@lru_cache(maxsize=512)
def _statement(sql: str) -> TextClause:
    return text(sql)


def _understand(url: str) -> tuple[URL, Server]:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Not chained: the text of that error may hold the password.
        raise InputError(
            "the store's URL makes no sense", hint="write it like postgresql://user@host:5432/name"
        ) from None
    server = SERVERS.get(parsed.drivername.partition("+")[0])
    if server is None:
        known = ", ".join(f"{name}://" for name in SERVERS)
        raise InputError(
            f"no store can be at a {parsed.drivername}:// URL", hint=f"known: {known} or a file's path"
        )
    return parsed.set(drivername=server.driver), server


def _engine(url: URL, server: Server, connect: Callable[[], Any] | None = None) -> Engine:
    how: dict[str, Any] = {"creator": connect} if connect else {"connect_args": dict(server.connect)}
    try:
        engine = create_engine(
            url,
            isolation_level="AUTOCOMMIT",  # transactions are begun and ended by the statements in `Server`
            hide_parameters=True,
            **how,
        )
    except ModuleNotFoundError as error:
        raise InputError(
            f"a store there takes {error.name}, which is not installed",
            hint=f"pip install 'stratolab[{server.extra}]'",
        ) from error

    def prepare(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        for statement in server.session:
            cursor.execute(statement)
        cursor.close()

    event.listen(engine, "connect", prepare)
    return engine
