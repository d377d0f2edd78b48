"""The SQLite store: quick, private, and never in doubt about its file."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.jobs.stores.files import count, fill

from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.jobs.stores import open_database, sqlite_file
from stratolab.jobs.stores.sqlite import SqliteDatabase
from stratolab.sweeps import ledger
from stratolab.testing.contenders import NOW, compete

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.jobs.database import Transaction

HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


# -- a fresh file --------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_only_its_owner_may_read_it(path: Path, mask: int):
    before = os.umask(mask)
    try:
        with SqliteDatabase(path) as database:
            database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW))
            files = sorted(path.parent.iterdir())
            assert [file.name for file in files] == ["store.db", "store.db-shm", "store.db-wal"]
            assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    finally:
        os.umask(before)
    assert list(path.parent.iterdir()) == [path]


def test_it_loads_nothing_heavy(path: Path):
    code = (
        "import sys; from stratolab.jobs.stores import open_database; open_database(sys.argv[1]).close();"
        "from stratolab.jobs import store; from stratolab.sweeps import ledger;"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    roots = {name.partition(".")[0] for name in done.stdout.split()}
    assert not roots & {"sqlalchemy", "alembic", "pydantic", "numpy", "rich", "asyncio"}


def test_commits_are_durable(path: Path):
    with SqliteDatabase(path) as database:
        settings = database.run(
            lambda tx: [
                tx.rows(f"PRAGMA {name}")[0] for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        )
    assert settings == [{"journal_mode": "wal"}, {"synchronous": 2}, {"foreign_keys": 1}]


def test_many_processes_may_be_the_first_to_open_it(path: Path):
    order = {"action": "open", "address": str(path)}
    assert compete(*[order] * 8) == [1] * 8
    # Two that close at the same moment may each take the other for a reader and leave the log: the next sees to it.
    SqliteDatabase(path).close()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a b?c#d%20.db", "naïve 漢字.db", "semi;colon&.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str):
    fill(tmp_path / name, 1)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_it_may_lie_where_hard_links_cannot_be_made(path: Path, monkeypatch: pytest.MonkeyPatch):
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    fill(path, 1)
    assert list(path.parent.iterdir()) == [path]


def test_what_a_dead_process_left_half_made_is_swept_up(path: Path):
    old, new = (path.with_name(f"store.db.{name}.new") for name in ("old", "new"))
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 3600,) * 2)
    SqliteDatabase(path).close()
    assert sorted(path.parent.iterdir()) == [path, new]


def test_without_its_folder_it_cannot_be_made(tmp_path: Path):
    with pytest.raises(RemoteError, match="No such file"):
        SqliteDatabase(tmp_path / "nowhere" / "store.db")


def test_addresses(path: Path):
    for address in (path, str(path), f"sqlite:///{path}"):
        database = open_database(address)
        assert database.path == path
        database.close()
    with pytest.raises(InputError, match="oracle"):
        open_database("oracle://nowhere/x")


def _nothing(tx: Transaction) -> None:
    pass


def test_a_closed_one_says_so(path: Path):
    database = SqliteDatabase(path)
    database.close()
    for use in (database.run, database.read):
        with pytest.raises(RemoteError, match="closed"):
            use(_nothing)
    with pytest.raises(RemoteError, match="closed"):
        database.backup(path.with_suffix(".copy"))


# -- a file that cannot be written ---------------------------------------------------------------


@pytest.fixture
def ordinary_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of an ordinary user, as whom the rest of the test runs: root may write anything."""
    if os.getuid() != 0:
        yield tmp_path
        return
    nobody = 65534
    with tempfile.TemporaryDirectory(
        prefix="stratolab-"
    ) as folder:  # pytest's own folders are closed to others
        os.chown(folder, nobody, nobody)
        os.setresuid(nobody, nobody, 0)
        try:
            yield Path(folder)
        finally:
            os.setresuid(0, 0, 0)


def test_a_file_that_cannot_be_written_can_be_read(ordinary_folder: Path):
    path = ordinary_folder / "store.db"
    fill(path)
    path.chmod(0o400)
    ordinary_folder.chmod(0o500)
    try:
        with SqliteDatabase(path) as database:
            assert count(database) == 200
            assert database.check() == []
            with pytest.raises(RemoteError, match="can be read but not written") as error:
                database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW))
            assert "ls -la" in error.value.hint
    finally:
        ordinary_folder.chmod(0o700)


def test_a_log_that_cannot_be_read_back_is_not_passed_over(ordinary_folder: Path):
    path = ordinary_folder / "store.db"
    with SqliteDatabase(path) as database:
        database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW))
        copy = ordinary_folder / "copy"
        copy.mkdir()
        for suffix in ("", "-wal"):
            (copy / f"store.db{suffix}").write_bytes((ordinary_folder / f"store.db{suffix}").read_bytes())
    copy.chmod(0o500)
    try:
        with contextlib.suppress(RemoteError), SqliteDatabase(copy / "store.db") as database:
            assert count(database) == 1
    finally:
        copy.chmod(0o700)


def test_a_file_that_may_not_be_read(ordinary_folder: Path):
    path = ordinary_folder / "store.db"
    fill(path, 1)
    path.chmod(0)
    with pytest.raises(RemoteError) as error:
        SqliteDatabase(path)
    assert "ls -la" in error.value.hint


def test_a_folder_in_its_place(path: Path):
    path.mkdir()
    with pytest.raises((RemoteError, RefusedError)):
        SqliteDatabase(path)


# -- a file that somebody holds (R12) ------------------------------------------------------------


@contextlib.contextmanager
def _held(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "locked\n"
        yield holder
        holder.kill()


def test_who_holds_it_is_named(path: Path):
    fill(path, 1)
    with SqliteDatabase(path, busy_timeout=0.3) as database, _held(path) as holder:
        began = time.monotonic()
        with pytest.raises(RemoteError, match=f"locked by process {holder.pid} .python") as error:
            database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW))
        assert 0.25 < time.monotonic() - began < 5
        assert error.value.exit_code == 4
        assert "nothing is lost" in error.value.hint
        assert count(database) == 1  # reading goes on
        holder.kill()
        holder.wait()
        database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW))
        assert count(database) == 2


def test_a_lock_that_is_let_go_in_time_is_waited_for(path: Path):
    fill(path, 1)
    with SqliteDatabase(path) as database, _held(path) as holder:
        threading.Timer(0.3, holder.kill).start()
        database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW))
        assert count(database) == 2


def test_a_held_file_can_be_opened(path: Path):
    fill(path, 1)
    with _held(path), SqliteDatabase(path, busy_timeout=0.2) as database:
        assert count(database) == 1


def test_where_locks_cannot_be_seen_it_says_what_it_may_be(path: Path):
    assert "another stratolab command" in sqlite_file.lock_holder(path)


# -- a full disk (R11) ---------------------------------------------------------------------------

FILLS = """
import os, sys
from stratolab.core.errors import RemoteError
from stratolab.jobs.stores.sqlite import SqliteDatabase
from stratolab.sweeps import ledger
database = SqliteDatabase(sys.argv[1])
if sys.argv[2:]:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
kept = 0
try:
    while True:
        database.run(lambda tx: ledger.create(tx, "fills", "p", {"much": os.urandom(20_000).hex()}, 1.0))
        kept += 1
except RemoteError as error:
    print(error)
if sys.argv[2:]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
else:
    os.unlink(os.path.join(os.path.dirname(sys.argv[1]), "ballast"))
database.run(lambda tx: ledger.create(tx, "fills", "p", {}, 1.0))
assert database.read(lambda tx: tx.rows("SELECT COUNT(*) AS n FROM sweep"))[0]["n"] == kept + 1
assert kept > 5
assert database.check() == []
database.close()
"""
MOUNT = """
mount -t tmpfs -o size=4m tmpfs "$1" && head -c 1000000 /dev/zero > "$1/ballast" && exec "$2" -c "$3" "$1/store.db"
"""


def test_no_room_left_by_a_limit(path: Path):
    done = subprocess.run(
        [sys.executable, "-c", FILLS, path, "2000000"], capture_output=True, text=True, check=True
    )
    assert str(path) in done.stdout
    assert "free in" in done.stdout


def test_no_room_left_on_the_device(tmp_path: Path):
    """On a file system of 4 MB where mounting is allowed; elsewhere the test above must do."""
    for unshare in (["unshare", "-m"], ["unshare", "-rm"]):
        if subprocess.run(
            [*unshare, "mount", "-t", "tmpfs", "x", tmp_path], capture_output=True, check=False
        ).returncode:
            continue
        command = [*unshare, "sh", "-c", MOUNT, "sh", tmp_path, sys.executable, FILLS]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "database or disk is full" in done.stdout
        assert f"free in {tmp_path}" in done.stdout
        return
