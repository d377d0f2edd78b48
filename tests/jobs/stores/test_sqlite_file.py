"""Files that are not right (R13): found when they are opened, and refused, naming the newest backup."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.jobs.stores.files import count, fill, flip

from stratolab.core.errors import RefusedError
from stratolab.jobs.stores import sqlite_file
from stratolab.jobs.stores.sqlite import SqliteDatabase
from stratolab.sweeps import ledger
from stratolab.testing.contenders import NOW

DIES = """
import os, sys
from stratolab.jobs.stores.sqlite import SqliteDatabase
from stratolab.sweeps import ledger
database = SqliteDatabase(sys.argv[1])
for number in range(int(sys.argv[2])):
    database.run(lambda tx: ledger.create(tx, "dies", "p", {"much": "x" * 5000}, 1.0))
os._exit(9)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.mark.parametrize("left", [0, 1, 99, 100, 511, 512, 4096, 4097, 0.5, 0.9, -4096, -512, -1])
def test_a_truncated_file_is_refused(path: Path, left: float):
    fill(path)
    size = path.stat().st_size
    os.truncate(path, int(size * left) if isinstance(left, float) else left if left >= 0 else size + left)
    with pytest.raises(RefusedError, match="damaged") as error:
        SqliteDatabase(path)
    assert "there is no backup" in error.value.hint
    assert error.value.exit_code == 3


@pytest.mark.parametrize("offset", [0, 15, 16, 21, 28, 47, 59, 100, 103, 108])
def test_bits_flipped_in_the_first_page_are_refused(path: Path, offset: int):
    fill(path)
    flip(path, offset)
    with pytest.raises(RefusedError, match="damaged"):
        SqliteDatabase(path)


def test_no_byte_of_the_header_makes_it_read_something_wrong(path: Path):
    """A flipped byte is refused, found by the full check, or of no consequence."""
    fill(path, 20)
    sound = path.read_bytes()
    refused, found, harmless = [], [], []
    for offset in range(112):
        path.write_bytes(sound)
        flip(path, offset)
        try:
            with SqliteDatabase(path) as database:
                findings = database.check()
                assert findings or count(database) == 20
                (found if findings else harmless).append(offset)
        except RefusedError:
            refused.append(offset)
    assert len(refused) > 30
    assert len(found) > 8
    assert all(offset in range(16, 100) or offset in range(101, 108) for offset in harmless)


@pytest.mark.parametrize(
    "content", [b"not a database", b"x" * 10_000, b"SQLite format 3\x00" + b"\x00" * 5000]
)
def test_something_else_is_refused(path: Path, content: bytes):
    path.write_bytes(content)
    with pytest.raises(RefusedError):
        SqliteDatabase(path)
    assert path.read_bytes() == content


def test_somebody_elses_database_is_refused(path: Path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE job (id)")
        connection.commit()
    with pytest.raises(RefusedError, match="not one of stratolab's"):
        SqliteDatabase(path)


def test_the_newest_backup_is_named(path: Path):
    fill(path)
    backups = [path.with_name(f"store.db.{revision}.bak") for revision in ("0001", "0002")]
    with SqliteDatabase(path) as database:
        for backup in backups:
            database.backup(backup)
    os.utime(backups[0], (time.time() + 60,) * 2)
    os.truncate(path, 100)
    with pytest.raises(RefusedError) as error:
        SqliteDatabase(path)
    assert str(backups[0]) in error.value.hint
    path.write_bytes(backups[0].read_bytes())
    with SqliteDatabase(path) as database:
        assert count(database) == 200


def test_a_backup_is_whole_and_private(path: Path):
    fill(path)
    backup = path.with_suffix(".bak")
    with SqliteDatabase(path) as database:
        database.run(lambda tx: ledger.create(tx, "last", "p", {}, NOW))
        database.backup(backup)
        database.backup(backup)
    assert backup.stat().st_mode & 0o777 == 0o600
    with SqliteDatabase(backup) as copy:
        assert count(copy) == 201
        assert copy.check() == []
    assert sorted(path.parent.iterdir()) == [backup, path]


def test_a_sound_file_has_no_findings(path: Path):
    fill(path)
    with SqliteDatabase(path) as database:
        assert database.check() == []


def test_the_full_check_finds_damage_in_the_middle(path: Path):
    fill(path)
    flip(path, path.stat().st_size // 8192 * 4096, 64)
    with SqliteDatabase(path) as database:
        assert database.check()


def test_the_full_check_finds_rows_that_refer_to_nothing(path: Path):
    fill(path, 1)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO job_attribute VALUES ('nobody', 'a', 'b')")
    with SqliteDatabase(path) as database:
        assert database.check() == ["row 1 of job_attribute refers to a job that is not there"]


def test_damage_that_is_met_later_is_refused(path: Path):
    fill(path)
    flip(path, path.stat().st_size // 8192 * 4096, 64)
    with SqliteDatabase(path) as database, pytest.raises(RefusedError, match="damaged"):
        database.read(lambda tx: tx.rows("SELECT * FROM sweep"))


def test_after_a_kill_everything_is_there(path: Path):
    subprocess.run([sys.executable, "-c", DIES, path, "20"], check=False)
    assert sqlite_file.beside(path, "-wal").stat().st_size > 0
    with SqliteDatabase(path) as database:
        assert count(database) == 20
        assert database.check() == []
    assert list(path.parent.iterdir()) == [path]


def test_after_a_kill_every_page_is_looked_at(path: Path):
    fill(path)
    middle = path.stat().st_size // 8192 * 4096
    subprocess.run([sys.executable, "-c", DIES, path, "1"], check=False)
    flip(path, middle, 64)
    with pytest.raises(RefusedError, match="damaged"):
        SqliteDatabase(path)


def test_a_log_that_is_in_use_is_no_sign_of_a_kill(path: Path):
    with SqliteDatabase(path) as writing:
        writing.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW))
        with contextlib.closing(sqlite_file.Presence(path)) as presence:
            assert presence.alone is False
        with SqliteDatabase(path) as other:
            assert count(other) == 1
    with contextlib.closing(sqlite_file.Presence(path)) as presence:
        assert presence.alone


def test_a_network_file_system_is_refused(path: Path):
    mounts = (
        "22 1 0:20 / / rw - ext4 /dev/vda rw\n"
        f"23 22 0:21 / {path.parent} rw,relatime shared:1 - nfs4 server:/export rw\n"
    )
    with pytest.raises(RefusedError, match="nfs4") as error:
        SqliteDatabase(path, mounts=mounts)
    assert "STRATOLAB_STORE" in error.value.hint
    assert not path.exists()


def test_the_nearest_mount_counts():
    mounts = (
        "1 1 0:1 / / rw - ext4 /dev/vda rw\n"
        "2 1 0:2 / /work\\040place rw - nfs4 a:/b rw\n"
        "3 2 0:3 / /work\\040place/local rw - xfs /dev/vdb rw\n"
    )
    kinds = [
        sqlite_file.file_system(Path(folder) / "store.db", mounts)
        for folder in ("/", "/work place", "/work place/x", "/work place/local/x", "/work places")
    ]
    assert kinds == ["ext4", "nfs4", "nfs4", "xfs", "ext4"]
    assert sqlite_file.file_system(Path("/x/store.db"), "") == ""
    assert sqlite_file.file_system(Path("/proc/store.db"), sqlite_file.mountinfo()) == "proc"
