"""Stores of earlier and later versions (R22): migrated with a backup, or refused."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.servers import MARIADB, POSTGRES, fresh_database

from stratolab.core.errors import RefusedError
from stratolab.jobs import store
from stratolab.jobs.models import JobState
from stratolab.jobs.stores import open_database
from stratolab.jobs.stores.alchemy import AlchemyDatabase
from stratolab.jobs.stores.revision import HEAD
from stratolab.jobs.stores.sqlite import SqliteDatabase
from stratolab.sweeps import ledger
from stratolab.sweeps.models import SweepState, TrialState
from stratolab.testing.contenders import LEASE, NOW, point
from stratolab.testing.store import FULL, PLAIN

if TYPE_CHECKING:
    from stratolab.jobs.database import Database

HERE = Path(__file__).parent
OLDER = (
    "ALTER TABLE trial DROP COLUMN steps",
    "DROP TABLE job_event",
    "DROP TABLE outbox",
    "UPDATE alembic_version SET version_num = '0000'",
)

WITHOUT = """
import sys
sys.modules["sqlalchemy"] = None
from pathlib import Path
from stratolab.core.errors import StratolabError
from stratolab.jobs.stores.sqlite import SqliteDatabase
try:
    SqliteDatabase(sys.argv[1], versions=Path(sys.argv[2]))
except StratolabError as error:
    print(error)
"""


def _make_older(database: Database) -> None:
    """Fill a store and take it back to the made-up revision."""

    def work(tx: store.Transaction) -> None:
        sweep = ledger.create(tx, "tune", "p", {}, NOW)
        ledger.claim(
            tx, sweep.id, owner="ana", now=NOW, lease=LEASE, points=[point(0, "ana"), point(1, "ana")]
        )
        store.add(tx, [PLAIN])

    database.run(work)
    database.run(lambda tx: [tx.execute(statement) for statement in OLDER])


def _check_migrated(database: Database) -> None:
    assert database.read(lambda tx: tx.rows("SELECT version_num FROM alembic_version")) == [
        {"version_num": HEAD}
    ]
    trials = database.read(lambda tx: ledger.trials(tx, "tune-1"))
    assert [(trial.number, trial.owner, trial.steps) for trial in trials] == [
        (0, "migrated", ()),
        (1, "migrated", ()),
    ]
    database.run(lambda tx: store.record(tx, PLAIN.id, "submitted", "", NOW))
    assert len(database.read(lambda tx: store.history(tx, PLAIN.id))) == 1


@pytest.fixture
def older(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    with SqliteDatabase(path) as database:
        _make_older(database)
    return path


def test_an_older_file_is_backed_up_and_migrated(older: Path):
    before = _dump(older)
    with SqliteDatabase(older, versions=HERE / "older") as database:
        _check_migrated(database)
        assert database.check() == []
    backup = older.with_name("store.db.0000.bak")
    assert _dump(backup) == before
    assert backup.stat().st_mode & 0o777 == 0o600
    assert sorted(older.parent.iterdir()) == [older, backup]
    with SqliteDatabase(older) as database:
        _check_migrated(database)


def test_a_migration_that_fails_changes_nothing(older: Path):
    before = _dump(older)
    with pytest.raises(ZeroDivisionError):
        SqliteDatabase(older, versions=HERE / "broken")
    assert _dump(older) == before
    with SqliteDatabase(older, versions=HERE / "older") as database:
        _check_migrated(database)


def test_several_may_find_the_older_file_at_once(older: Path):
    def begin() -> int:
        with SqliteDatabase(older, versions=HERE / "older") as database:
            return len(database.read(lambda tx: ledger.trials(tx, "tune-1")))

    with ThreadPoolExecutor() as pool:
        assert [attempt.result() for attempt in [pool.submit(begin) for _ in range(3)]] == [2, 2, 2]
    with SqliteDatabase(older) as database:
        _check_migrated(database)


def test_without_the_extra_the_command_that_gets_it_is_named(older: Path):
    before = _dump(older)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, older, HERE / "older"], capture_output=True, text=True, check=True
    )
    assert "pip install 'stratolab[sql]'" in done.stdout
    assert f"from version 0000 to {HEAD}" in done.stdout
    assert _dump(older) == before


@pytest.mark.parametrize("kind", [POSTGRES, MARIADB])
def test_an_older_server_is_migrated(kind: str):
    with fresh_database(kind) as url:
        with contextlib.closing(open_database(url)) as database:
            _make_older(database)
        with AlchemyDatabase(url, versions=HERE / "older") as database:
            _check_migrated(database)


@pytest.mark.parametrize("kind", [POSTGRES, MARIADB])
def test_a_newer_server_is_refused(kind: str):
    with fresh_database(kind) as url:
        with contextlib.closing(open_database(url)) as database:
            database.run(lambda tx: tx.execute("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(
            RefusedError, match=f"version 9999, and this stratolab knows versions up to {HEAD}"
        ):
            open_database(url)


@pytest.mark.parametrize("revision", ["9999", "1", "a1b2c3d4e5f6"])
def test_a_file_of_another_time_is_refused(tmp_path: Path, revision: str):
    path = tmp_path / "store.db"
    SqliteDatabase(path).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
    before = path.read_bytes()
    with pytest.raises(
        RefusedError, match=f"version {revision}, and this stratolab knows versions up to {HEAD}"
    ):
        SqliteDatabase(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("revision", sorted(file.stem for file in (HERE / "stored").glob("*.sql")))
def test_a_stored_file_of_each_released_version_opens(tmp_path: Path, revision: str):
    path = tmp_path / "store.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript((HERE / "stored" / f"{revision}.sql").read_text(encoding="utf-8"))
    with SqliteDatabase(path) as database:
        assert database.check() == []
        sweep = database.read(lambda tx: ledger.find(tx, "tune", "world-series"))
        trials = database.read(lambda tx: ledger.trials(tx, sweep.id))
        jobs = database.read(lambda tx: store.listing(tx, sweep=sweep.id))
        assert database.read(lambda tx: store.get(tx, FULL.id)) == FULL
        assert [entry.detail for entry in database.read(lambda tx: store.history(tx, FULL.id))] == ["by hand"]
    assert (sweep.id, sweep.state, sweep.reason, sweep.config["trials"]) == (
        "tune-1", SweepState.STOPPED, "interrupted", 3,
    )  # fmt: skip
    assert [(trial.state, trial.value, trial.steps) for trial in trials] == [
        (TrialState.SUCCEEDED, 1 / 3, ((1, 0.5), (2, 1 / 3))),
        (TrialState.FAILED, None, ()),
        (TrialState.RUNNING, None, ()),
    ]
    assert [trial.params for trial in trials] == [{"rate": 0.1 * (n + 1), "model": "gbm"} for n in range(3)]
    assert sorted(job.id for job in jobs) == [trial.job for trial in trials]
    assert {job.state for job in jobs} == {JobState.QUEUED}


def _dump(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())
