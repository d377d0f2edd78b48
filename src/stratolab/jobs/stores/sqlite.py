"""A lab's database in one SQLite file, by the standard library alone: quick to open, durable, shared.

Write-ahead log with full synchronisation: a commit that returned survives a power cut. Any number of
processes may have the file open; one at a time writes, the others wait. Within a process one connection
writes and one reads, each behind a lock, so that a reader never waits for a writer. A file that is not
wholly sound is refused when it is opened, naming the newest backup.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from stratolab.core.errors import RefusedError, RemoteError
from stratolab.jobs.stores import sqlite_file as file
from stratolab.jobs.stores.revision import HEAD, is_current

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from stratolab.jobs.database import Transaction

T = TypeVar("T")

# KiB of pages that a connection keeps: the system has them too, and SQLite's own 2,000 took a large sweep 6 MB.
CACHE = 500
BUSY_TIMEOUT = 10.0  # seconds that a writer waits for another process


class SqliteTransaction:
    """One open transaction on a SQLite connection."""

    dialect = "sqlite"
    for_update = ""  # whoever writes is alone

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, **values: object) -> list[Mapping[str, Any]]:
        """The rows that a query gives, by column name."""
        cursor = self._connection.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def execute(self, sql: str, **values: object) -> int:
        """Run one statement and give the number of rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def execute_many(self, sql: str, values: Sequence[Mapping[str, object]]) -> None:
        """Run one statement once for each of `values`."""
        self._connection.executemany(sql, values)


class SqliteDatabase:
    """The database in the file at `path`, created if there is none (its folder must exist).

    Safe to use from several threads. `busy_timeout` is in seconds. `versions` is a folder of migrations
    instead of the shipped one, `mounts` the text of Linux's mountinfo instead of this machine's.

    Raises `RefusedError` for a file that is damaged, not ours, of a newer version, or on a network file
    system; `RemoteError` if it cannot be read, or made. One that cannot be written can still be read.
    """

    dialect = "sqlite"

    def __init__(
        self,
        path: os.PathLike[str] | str,
        *,
        busy_timeout: float = BUSY_TIMEOUT,
        versions: Path | None = None,
        mounts: str | None = None,
    ) -> None:
        self.path = Path(path)
        self._timeout = busy_timeout
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._presence: file.Presence | None = None
        try:
            self._open(versions, file.mountinfo() if mounts is None else mounts)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"SqliteDatabase({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one serialised, durable transaction and give what it returns.

        Raises `RemoteError` when another process holds the file for longer than the busy timeout, or the
        disk is full, or the file cannot be written; then nothing was committed.
        """
        with self._writing, self._explained("write to the store"):
            if self._writer is None:
                self._writer = self._connect_to_write()
            return _transact(self._writer, "BEGIN IMMEDIATE", work)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on one consistent snapshot; a statement in it that would write raises."""
        with self._reading, self._explained("read the store"):
            if self._reader is None:
                raise RemoteError("it has been closed", doing=f"read {self.path}")
            return _transact(self._reader, "BEGIN", work)

    def check(self) -> list[str]:
        """Everything that a full integrity check finds wrong; empty when the file is sound.

        Reads the whole file: about a second for a gigabyte.
        """
        try:
            return self.read(_findings)
        except RefusedError as error:
            return [error.what]

    def backup(self, target: Path) -> None:
        """Copy the database as it is now to `target`, whole or not at all, readable by its owner only."""
        with self._reading, self._explained("back the store up"):
            if self._reader is None:
                raise RemoteError("it has been closed", doing=f"back up {self.path}")
            draft = target.with_name(target.name + ".new")
            draft.unlink(missing_ok=True)
            file.private_file(draft)
            with contextlib.closing(sqlite3.connect(draft)) as copy:
                self._reader.backup(copy)
            draft.replace(target)

    def close(self) -> None:
        """Let go of the connections. Calling it twice does no harm."""
        with self._reading, self._writing:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._reader = self._writer = None
            if self._presence is not None:
                self._presence.close()

    # -- opening ---------------------------------------------------------------------------------

    def _open(self, versions: Path | None, mounts: str) -> None:
        file.refuse_network(self.path, mounts)
        try:
            if not self.path.exists():
                file.create(self.path)
            file.refuse_stump(self.path)
            self._presence = file.Presence(self.path)
        except OSError as error:
            raise RemoteError(f"{error.strerror}: {error.filename}", doing=f"open {self.path}") from error
        unclean = self._presence.alone and file.size(file.beside(self.path, "-wal")) > 0
        with self._explained(file.OPEN):
            self._reader, found = self._connect_to_read()
            if unclean:
                self._quick_check()
        if not is_current(found, place=str(self.path)):
            self._upgrade(found, versions)

    def _connect_to_read(self) -> tuple[sqlite3.Connection, str]:
        """A connection that cannot write, and the revision it found.

        SQLite must make files beside the database even to read it. Where it may not, and no log waits
        to be read, the file can be taken as one that nobody changes.
        """
        if file.writable(self.path):
            return self._first_read("mode=rw")
        try:
            return self._first_read("mode=ro")
        except sqlite3.OperationalError:
            if file.size(file.beside(self.path, "-wal")) > 0:
                raise
        return self._first_read("mode=ro&immutable=1")

    def _first_read(self, options: str) -> tuple[sqlite3.Connection, str]:
        connection = self._connect(options)
        with _closed_on_error(connection):
            connection.execute("PRAGMA query_only=ON")
            ours = connection.execute(
                "SELECT name FROM sqlite_master WHERE name = 'alembic_version'"
            ).fetchone()
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone() if ours else None
            if found is None:
                raise RefusedError(
                    "it is a SQLite file, but not one of stratolab's",
                    doing=f"open {self.path}",
                    hint=f"move it away: mv {self.path} {self.path}.other",
                )
            file.refuse_torn(self.path, page=connection.execute("PRAGMA page_size").fetchone()[0])
        return connection, str(found[0])

    def _connect_to_write(self) -> sqlite3.Connection:
        if self._reader is None:
            raise RemoteError("it has been closed", doing=f"write to {self.path}")
        if not file.writable(self.path):
            raise RemoteError(
                f"{self.path} can be read but not written",
                doing="write to the store",
                hint=f"look at who may write it: ls -la {self.path.parent}",
            )
        connection = self._connect("mode=rw")
        with _closed_on_error(connection):
            connection.execute("PRAGMA journal_mode=WAL")  # already so, unless someone else's tool changed it
        return connection

    def _connect(self, options: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            file.uri(self.path, options),
            uri=True,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        with _closed_on_error(connection):
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute(f"PRAGMA cache_size=-{CACHE}")
        return connection

    def _quick_check(self) -> None:
        """Look at every page, because whoever last had this file open died."""
        if self._reader is not None:
            found = self._reader.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise file.damaged(self.path, str(found))

    @contextlib.contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise file.explain(error, self.path, doing=doing) from error

    # -- an older file ---------------------------------------------------------------------------

    def _upgrade(self, found: str, versions: Path | None) -> None:
        doing = f"bring {self.path} from version {found} to {HEAD}"
        try:
            from stratolab.jobs.stores.upgrade import upgrade_file  # noqa: PLC0415 - an extra, needed once a release
        except ImportError as error:
            raise RefusedError(
                f"that takes {error.name}, which is not installed",
                doing=doing,
                hint="pip install 'stratolab[sql]'",
            ) from error
        backup = self.path.with_name(f"{self.path.name}.{found}.bak")
        with contextlib.closing(self._connect_to_write()) as connection, self._explained(doing):
            upgrade_file(connection, found=found, before=lambda: self.backup(backup), versions=versions)


@contextlib.contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Let go at once: what a dropped connection still holds would be shared with the next one."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _transact(connection: sqlite3.Connection, begin: str, work: Callable[[Transaction], T]) -> T:
    connection.execute(begin)
    try:
        result = work(SqliteTransaction(connection))
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # what went wrong before matters more
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise
    return result


def _findings(tx: Transaction) -> list[str]:
    found = [str(row["integrity_check"]) for row in tx.rows("PRAGMA integrity_check")]
    broken = tx.rows("PRAGMA foreign_key_check")
    dangling = [
        f"row {row['rowid']} of {row['table']} refers to a {row['parent']} that is not there"
        for row in broken
    ]
    return [text for text in found if text != "ok"] + dangling
