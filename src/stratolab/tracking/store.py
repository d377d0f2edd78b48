"""MLflow's SQLite store, written directly: one transaction a batch, without importing MLflow.

MLflow costs three seconds to import and sixty milliseconds a run; these tables take a tenth of a millisecond. Three
things make it safe. Only revisions of MLflow's schema that are known are touched (`KNOWN`; a test compares what we
write with what MLflow writes), and only if its tables ask for nothing that we do not give. Whatever is written may
be written again. And MLflow's own processes may work on the same file: SQLite lets one write at a time.
"""

# ruff: noqa: S608 - statements are made of the names of columns only; values are always parameters

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from stratolab.core.errors import RemoteError
from stratolab.tracking import rows, rules
from stratolab.tracking.artifacts import FOLDER, link_log
from stratolab.tracking.writer import RunRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Self

    from stratolab.tracking.models import Run

BUSY_TIMEOUT = 10.0  # seconds that a batch waits for another writer
_LEAVE_WITHIN = 0.1  # seconds
WHOLE = "mlartifacts"  # the folder of artifacts, beside the store

# The revisions from MLflow 3.0.0 to 3.17.2, oldest first: none of them changes what is written here.
KNOWN = (
    "6953534de441", "bda7b8c39065", "cbc13b556ace", "770bee3ae1dd", "a1b2c3d4e5f6", "de4033877273", "1a0cddfcaa16",
    "534353b11cbc", "71994744cf8e", "3da73c924c2f", "bf29a5ff90ea", "1bd49d398cd23", "b7c8d9e0f1a2", "5d2d30f0abce",
    "c9d4e5f6a7b8", "2c33131f4dae", "d3e4f5a6b7c8", "d0e1f2a3b4c5", "c8d9e0f1a2b3", "1b5f0d9ad7c1", "e1f2a3b4c5d6",
    "76601a5f987d", "c3d6457b6d8a", "a5b4c3d2e1f0", "ae8bbe7743c9", "7d34483879f0", "da6fb0208061", "89d3d66ed43f",
    "b7e4c1a90f23", "a8b9c0d1e2f3", "c1d2e3f4a5b6", "c3d9e7f1a2b4", "6f8d9c3b2a1e", "1971f2d9a75b", "17e22815139b",
    "b7e2c1a4d9f3", "75868b020152", "dc11669786a5",
)  # fmt: skip

_WRITTEN = {
    "experiments": {
        "experiment_id", "name", "artifact_location", "lifecycle_stage", "creation_time", "last_update_time",
    },
    "runs": {
        "run_uuid", "name", "source_type", "source_name", "entry_point_name", "user_id", "status", "start_time",
        "end_time", "source_version", "lifecycle_stage", "artifact_uri", "experiment_id",
    },
    "params": {"key", "value", "run_uuid"},
    "tags": {"key", "value", "run_uuid"},
    "metrics": {"key", "value", "timestamp", "run_uuid", "step", "is_nan"},
    "latest_metrics": {"key", "value", "timestamp", "run_uuid", "step", "is_nan"},
}  # fmt: skip

_PLACES = (  # columns that hold where artifacts lie
    ("experiments", "artifact_location"), ("runs", "artifact_uri"), ("logged_models", "artifact_location"),
    ("model_versions", "source"), ("model_versions", "storage_location"),
)  # fmt: skip


class UnknownStoreError(RemoteError):
    """The file is not one that may be written directly; MLflow itself has to."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment that MLflow has, and how many runs are in it."""

    id: str
    name: str
    runs: int


def revision(path: str | os.PathLike[str]) -> str:
    """The revision of MLflow's schema in the file; empty if there is no such file, or no schema in it yet."""
    if not os.path.exists(path):  # noqa: PTH110 - on the path of every command
        return ""
    try:
        with contextlib.closing(_connect(path, "mode=ro", BUSY_TIMEOUT)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return ""
    return str(row[0]) if row else ""


class Store:
    """MLflow's store in the file at `path`, of a known revision. Safe to use from several threads.

    Artifacts of experiments made here go below `artifacts`, a folder. `own` is for a lab's own store, which may have
    moved with its lab: the places in it are then set right. `durable` makes a commit survive a power cut.

    Raises `UnknownStoreError` for a store of another revision or shape, or one that is only being made.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        artifacts: str | os.PathLike[str],
        *,
        own: bool = True,
        durable: bool = True,
        busy_timeout: float = BUSY_TIMEOUT,
    ) -> None:
        self.path = os.fspath(path)
        self._artifacts = uri_of(artifacts)
        self._lock = threading.Lock()
        self._begun: dict[str, list[str]] = {}  # runs that scripts began themselves, by job
        self._seen = -1  # the state of the file when these were read
        self._connection = _connect(self.path, "mode=rw", busy_timeout)
        try:
            self.revision = _check(self._connection, self.path)
            self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._connection.execute("PRAGMA cache_size=-500")  # KiB: it lives beside a sweep
            if own:
                self._relocate()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file, unless another thread is in the middle of something."""
        if self._lock.acquire(timeout=_LEAVE_WITHIN):
            self._connection.close()
            self._lock.release()

    # -- writing ---------------------------------------------------------------------------------

    def write(self, runs: Sequence[Run]) -> None:
        """Bring MLflow up to date with these runs, all of them or none. Parents come before their trials.

        A run that a job's script began itself becomes the job's; what a script logged stays as it is, and so does a
        run that was deleted in MLflow. Writing the same again changes nothing. Raises `RunRefusedError` if the tables
        do not take one of them, `RemoteError` if the file cannot be written.
        """
        for run in runs:
            if run.folder and run.log:
                link_log(run.folder)
        with self._transaction() as connection:
            foreign = self._foreign(connection, runs)
            for some in _once_each(runs):
                self._put_all(connection, some, foreign)

    def begin(self, runs: Sequence[Run]) -> set[str]:
        """Have these runs there before their processes start, and give the ids of those that may be logged to.

        Unlike `write` it looks for nothing that scripts did: it is on the path of a trial.
        """
        with self._transaction() as connection:
            present = self._put_all(connection, runs, {})
        return {run.id for run in runs if run.id not in present or not present[run.id].deleted}

    def _put_all(
        self,
        connection: sqlite3.Connection,
        runs: Sequence[Run],
        foreign: Mapping[str, Sequence[rows.Present]],
    ) -> Mapping[str, rows.Present]:
        """Write runs of different ids; gives those that were there."""
        present = rows.find(connection, [run.id for run in runs])
        experiments: dict[str, tuple[int, str]] = {}
        new = []
        for run in runs:
            if self._put(connection, run, present.get(run.id), foreign.get(run.key, ())):
                continue
            if run.experiment not in experiments:
                experiments[run.experiment] = self._experiment(connection, run.experiment)
            experiment, place = experiments[run.experiment]
            where = f"{uri_of(run.folder)}/{FOLDER}" if run.folder else f"{place}/{run.id}/artifacts"
            new.append(rows.New(run, experiment, where))
        rows.insert(connection, new)
        return present

    def _put(
        self,
        connection: sqlite3.Connection,
        run: Run,
        present: rows.Present | None,
        foreign: Sequence[rows.Present],
    ) -> bool:
        """Bring what there is up to date with a run; False if there is nothing, so that it is a new one."""
        begun = [one for one in foreign if one.adopted or not one.nested]
        if present is not None and begun and not present.deleted and rows.only_shown(connection, present):
            rows.take_back(connection, present)
            present = present._replace(deleted=True)
        target = begun[-1] if begun and (present is None or present.deleted) else present
        if target is not None:
            rows.update(connection, target, run, ours=target is present)
            if target is not present and run.folder and run.log:
                link_log(run.folder, target.artifacts)
        for other in begun:
            if other is not target:
                rows.nest(connection, other, run, below=target.id if target else run.id)
        return target is not None

    def _foreign(self, connection: sqlite3.Connection, runs: Sequence[Run]) -> dict[str, list[rows.Present]]:
        """Runs that scripts of these jobs began themselves, oldest first."""
        state = int(connection.execute("PRAGMA data_version").fetchone()[0])
        if state != self._seen:  # somebody else has written since
            self._begun, self._seen = rows.begun_by_scripts(connection), state
        ids = {run.key: self._begun[run.key] for run in runs if run.key in self._begun}
        there = rows.find(connection, [one for some in ids.values() for one in some]) if ids else {}
        return {
            job: sorted((there[one] for one in some if one in there), key=lambda run: (run.start, run.id))
            for job, some in ids.items()
        }

    def _experiment(self, connection: sqlite3.Connection, name: str) -> tuple[int, str]:
        """The experiment of that name, made if there is none, and where its artifacts go."""
        name = rules.experiment(name)
        row = connection.execute(
            "SELECT experiment_id, artifact_location, lifecycle_stage FROM experiments WHERE name = ?",
            (name,),
        ).fetchone()
        now = int(time.time() * 1000)
        if row is None:
            cursor = connection.execute(
                "INSERT INTO experiments (name, lifecycle_stage, creation_time, last_update_time) "
                "VALUES (?, 'active', ?, ?)",
                (name, now, now),
            )
            number = int(cursor.lastrowid or 0)
            row = (number, f"{self._artifacts}/{number}", "active")
            connection.execute(
                "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", (row[1], number)
            )
        elif row[2] != "active":  # deleted in MLflow, and now used again; its old runs stay deleted
            connection.execute(
                "UPDATE experiments SET lifecycle_stage = 'active', last_update_time = ? WHERE experiment_id = ?",
                (now, row[0]),
            )
        return int(row[0]), str(row[1])

    # -- reading ---------------------------------------------------------------------------------

    def experiments(self) -> list[Experiment]:
        """The experiments that are not deleted, with the number of runs that are not."""
        with self._lock:
            found = self._connection.execute(
                "SELECT experiment_id, name, (SELECT COUNT(*) FROM runs WHERE lifecycle_stage = 'active' "
                "AND runs.experiment_id = experiments.experiment_id) FROM experiments "
                "WHERE lifecycle_stage = 'active' ORDER BY experiment_id"
            ).fetchall()
        return [Experiment(str(number), name, many) for number, name, many in found]

    def run_of(self, id: str, job: str = "") -> str:  # noqa: A002
        """The run `id` if it is there, else the newest that the script of `job` began, else nothing."""
        with self._lock:
            if any(not run.deleted for run in rows.find(self._connection, [id]).values()):
                return id
            begun = rows.begun_by_scripts(self._connection, job).get(job, []) if job else []
            there = rows.find(self._connection, begun).values()
        own = [run for run in there if run.adopted or not run.nested]
        return max(own, key=lambda run: run.start).id if own else ""

    # -- the file --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._connection
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, ValueError) as error:
                raise RunRefusedError(str(error), doing=f"write to {self.path}") from error
            except sqlite3.Error as error:
                raise RemoteError(str(error), doing=f"write to {self.path}") from error
            finally:
                with contextlib.suppress(sqlite3.Error):
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")

    def _relocate(self) -> None:
        """Where the lab was moved or copied, let the store say so: it holds whole paths."""
        row = self._connection.execute(
            "SELECT artifact_location FROM experiments WHERE experiment_id = 0"
        ).fetchone()
        old, slash, _ = str(row[0] if row else "").rpartition(f"/{WHOLE}/")
        new, _, _ = self._artifacts.rpartition(f"/{WHOLE}")
        if not slash or not new or old == new:
            return
        with self._transaction() as connection:
            for table, column in _PLACES:
                if column in _columns(connection, table):
                    connection.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                        f"WHERE substr({column}, 1, ?) = ?",
                        (f"{new}/", len(old) + 2, len(old) + 1, f"{old}/"),
                    )


def uri_of(folder: str | os.PathLike[str]) -> str:
    """A folder as MLflow's tables name it."""
    above, name = os.path.split(os.path.abspath(folder))  # noqa: PTH100 - four times as quick
    return f"{_uri_above(above)}/{name if name.isalnum() and name.isascii() else quote(name)}"


@cache
def _uri_above(folder: str) -> str:
    """What the folders of all jobs share."""
    return f"file://{quote(folder.rstrip('/'))}"


def _once_each(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """The same runs in the same order, parted where an id comes again."""
    part: dict[str, Run] = {}
    for run in runs:
        if run.id in part:
            yield list(part.values())
            part = {}
        part[run.id] = run
    yield list(part.values())


def _connect(path: str | os.PathLike[str], options: str, busy_timeout: float) -> sqlite3.Connection:
    where = f"file:{quote(os.path.abspath(path))}?{options}"  # noqa: PTH100
    return sqlite3.connect(
        where, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False
    )


def _check(connection: sqlite3.Connection, path: str) -> str:
    """The revision of the store. Raises `UnknownStoreError` if it is not one that we know how to write."""
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise UnknownStoreError(f"{path} is not a store of MLflow: {error}", doing="tracking") from error
    found = str(row[0]) if row else ""
    if found not in KNOWN:
        raise UnknownStoreError(f"{path} has revision {found or 'none'} of MLflow's schema", doing="tracking")
    for table, given in _WRITTEN.items():
        columns = _columns(connection, table)
        missing, demanded = given - columns.keys(), {name for name, must in columns.items() if must} - given
        if missing or demanded:
            odd = ", ".join(sorted(missing | demanded))
            raise UnknownStoreError(
                f"{path}: its table {table} is another than we know ({odd})", doing="tracking"
            )
    return found


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, bool]:
    """The columns of a table, and whether a new row must give them a value."""
    found = connection.execute('SELECT name, "notnull", dflt_value FROM pragma_table_info(?)', (table,))
    return {name: bool(must) and default is None for name, must, default in found}
