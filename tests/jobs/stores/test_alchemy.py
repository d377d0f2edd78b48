"""Stores on servers: what is run again and how often, what is refused, what is never shown."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import make_url
from tests.servers import MARIADB, POSTGRES, emptied_database, fresh_database, own_database

from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.jobs.stores import open_database
from stratolab.jobs.stores.alchemy import ATTEMPTS, AlchemyDatabase
from stratolab.sweeps import ledger
from stratolab.testing.contenders import NOW, compete

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.jobs.database import Transaction

KILL = {POSTGRES: "SELECT pg_terminate_backend(:id)", MARIADB: "KILL CONNECTION :id"}
WHO = {POSTGRES: "SELECT pg_backend_pid() AS id", MARIADB: "SELECT CONNECTION_ID() AS id"}
SECRET = "correct-horse"


@pytest.fixture(params=[POSTGRES, MARIADB])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def database(kind: str, pauses: list[float]) -> Iterator[AlchemyDatabase]:
    with AlchemyDatabase(emptied_database(kind), sleep=pauses.append) as database:
        database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW))
        yield database


def _kill_own_connection(tx: Transaction, other: AlchemyDatabase) -> None:
    (row,) = tx.rows(WHO[tx.dialect])
    other.run(lambda killer: killer.execute(KILL[killer.dialect], id=row["id"]))


def _add(tx: Transaction, sweep: str = "tune-1") -> None:
    tx.execute("UPDATE sweep SET trials = trials + 1 WHERE id = :id", id=sweep)


def _trials(database: AlchemyDatabase, sweep: str = "tune-1") -> int:
    return int(
        database.read(lambda tx: tx.rows("SELECT trials FROM sweep WHERE id = :id", id=sweep))[0]["trials"]
    )


# -- running again -------------------------------------------------------------------------------


def test_a_lost_connection_is_made_anew(database: AlchemyDatabase, kind: str, pauses: list[float]):
    tries = []

    def work(tx: Transaction) -> str:
        tries.append(tx)
        _add(tx)
        if len(tries) == 1:
            _kill_own_connection(tx, killer)
        _add(tx)
        return "done"

    with open_database(own_database(kind)) as killer:
        assert database.run(work) == "done"
    assert len(tries) == 2
    assert len(pauses) == 1
    assert _trials(database) == 2


def test_idle_connections_may_have_been_lost(database: AlchemyDatabase, kind: str):
    (row,) = database.run(lambda tx: tx.rows(WHO[tx.dialect]))
    with open_database(own_database(kind)) as killer:
        killer.run(lambda tx: tx.execute(KILL[tx.dialect], id=row["id"]))
    assert _trials(database) == 0


def test_attempts_are_bounded_and_further_and_further_apart(
    database: AlchemyDatabase, kind: str, pauses: list[float]
):
    tries = []

    def work(tx: Transaction) -> None:
        tries.append(tx)
        _kill_own_connection(tx, killer)
        _add(tx)

    with open_database(own_database(kind)) as killer, pytest.raises(RemoteError) as error:
        database.run(work)
    assert len(tries) == ATTEMPTS
    assert len(pauses) == ATTEMPTS - 1
    assert all(0.5 * 0.05 * 2**n <= pause <= 0.05 * 2**n for n, pause in enumerate(pauses[:6]))
    assert 8 < sum(pauses) < 25
    assert error.value.exit_code == 4
    assert _trials(database) == 0


def test_a_deadlock_is_run_again(database: AlchemyDatabase, pauses: list[float]):
    database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW))
    both_hold_one = threading.Barrier(2, timeout=30)
    tries: list[str] = []

    def work(first: str, second: str) -> None:
        def cross(tx: Transaction) -> None:
            tries.append(first)
            _add(tx, first)
            if tries.count(first) == 1:
                both_hold_one.wait()
            _add(tx, second)

        database.run(cross)

    threads = [
        threading.Thread(target=work, args=order) for order in (("tune-1", "tune-2"), ("tune-2", "tune-1"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [_trials(database, sweep) for sweep in ("tune-1", "tune-2")] == [2, 2]
    # With pauses that do not wait, the loser may be back before the winner is awake, and lose to it once more.
    assert 1 <= len(pauses) < ATTEMPTS
    assert len(tries) == 2 + len(pauses)


def test_a_duplicate_that_a_rival_inserted_is_run_again(database: AlchemyDatabase, pauses: list[float]):
    rivals = []

    def work(tx: Transaction) -> str:
        known = ledger.listing(tx)
        if not rivals:
            rivals.append(database.run(lambda rival: ledger.create(rival, "tune", "p", {}, NOW)).id)
            number = len(known) + 1
            tx.execute(
                "INSERT INTO sweep (id, token, name, number, project, state, config, created, reason, forked_from, "
                "revision, trials) VALUES (:id, 'x', 'tune', :n, 'p', 'running', '{}', 1.0, '', '', 0, 0)",
                id=f"tune-{number}", n=number,
            )  # fmt: skip
        return ledger.create(tx, "tune", "p", {}, NOW).id

    assert database.run(work) == "tune-3"
    assert rivals == ["tune-2"]
    assert len(pauses) == 1


def _fails(tx: Transaction) -> None:
    raise ZeroDivisionError


def test_what_cannot_go_better_is_not_run_again(database: AlchemyDatabase, pauses: list[float]):
    with pytest.raises(RemoteError):
        database.run(lambda tx: tx.rows("SELECT nothing FROM nowhere"))
    with pytest.raises(ZeroDivisionError):
        database.run(_fails)
    assert pauses == []


def test_a_stopped_driver_does_not_hold_its_locks_for_ever(database: AlchemyDatabase, kind: str):
    shown = {
        POSTGRES: "SELECT setting AS value FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'",
        MARIADB: "SELECT @@idle_transaction_timeout AS value",
    }
    (row,) = database.read(lambda tx: tx.rows(shown[kind]))
    assert int(row["value"]) in {60, 60_000}


# -- opening -------------------------------------------------------------------------------------


def test_several_processes_may_be_the_first(kind: str):
    with fresh_database(kind) as url:
        order = {"action": "open", "address": url}
        assert compete(order, order, order) == [1, 1, 1]


def test_a_first_opening_that_was_killed_is_completed():
    """On MySQL each table is there as soon as it is created."""
    with fresh_database(MARIADB) as url:
        with AlchemyDatabase(url) as database:
            database.run(lambda tx: [tx.execute(sql) for sql in (
                "DROP TABLE trial", "DROP TABLE sweep", "DROP INDEX job_by_name ON job", "DROP TABLE alembic_version",
            )])  # fmt: skip
        with AlchemyDatabase(url) as database:
            database.run(lambda tx: ledger.create(tx, "tune", "p", {}, NOW))
            indices = database.read(lambda tx: tx.rows("SHOW INDEX FROM job"))
            assert "job_by_name" in {row["Key_name"] for row in indices}


def test_tables_without_transactions_are_refused():
    with fresh_database(MARIADB) as url:
        with AlchemyDatabase(url) as database:
            database.run(lambda tx: tx.execute("DROP TABLE job_event"))
            database.run(lambda tx: tx.execute("CREATE TABLE job_event (id INT) ENGINE=MyISAM"))
        with pytest.raises(RefusedError, match="job_event is kept by the engine MyISAM") as error:
            AlchemyDatabase(url)
        assert error.value.hint == "ALTER TABLE job_event ENGINE=InnoDB"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "mysql", "mariadb", "postgresql+psycopg2"])
def test_a_server_that_is_not_there(scheme: str, pauses: list[float]):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"{scheme}://ana:{SECRET}@127.0.0.1:{closed.getsockname()[1]}/lab"
        with pytest.raises(RemoteError) as error:
            AlchemyDatabase(url, sleep=pauses.append)
    assert error.value.exit_code == 4
    assert "127.0.0.1" in str(error.value)
    assert error.value.hint
    assert pauses == []
    _assert_no_secret(error.value)


# -- what is never shown -------------------------------------------------------------------------


def _assert_no_secret(error: BaseException | None) -> None:
    while error is not None:
        assert SECRET not in str(error)
        assert SECRET not in repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ana:{SECRET}@127.0.0.1:not-a-port/lab",
        f"oracle://ana:{SECRET}@127.0.0.1/lab",
        f"://ana:{SECRET}@127.0.0.1/lab",
    ],
)
def test_a_url_that_makes_no_sense(url: str):
    with pytest.raises(InputError) as error:
        AlchemyDatabase(url)
    _assert_no_secret(error.value)


def _as(url: str, user: str) -> str:
    return make_url(url).set(username=user, password=SECRET).render_as_string(hide_password=False)


def test_the_password_is_never_shown(kind: str, pauses: list[float]):
    url = emptied_database(kind)
    user = f"stratolab_{os.getpid()}"
    with open_database(url) as admin:
        with _user(admin, kind, user):
            theirs = _as(url, user)
            with AlchemyDatabase(theirs, sleep=pauses.append) as database:
                assert SECRET not in repr(database)
                with pytest.raises(RemoteError) as error:
                    database.run(lambda tx: tx.execute("SELECT :secret FROM nowhere", secret=SECRET))
                _assert_no_secret(error.value)
        wrong = _as(url, "nobody-at-all")
        with pytest.raises(RemoteError) as error:
            AlchemyDatabase(wrong)
        _assert_no_secret(error.value)


@contextlib.contextmanager
def _user(admin: AlchemyDatabase, kind: str, name: str) -> Iterator[None]:
    made = {
        POSTGRES: [f"CREATE ROLE {name} LOGIN SUPERUSER PASSWORD '{SECRET}'"],
        MARIADB: [f"CREATE USER {name}@'%' IDENTIFIED BY '{SECRET}'", f"GRANT ALL ON *.* TO {name}@'%'"],
    }
    dropped = {POSTGRES: f"DROP ROLE {name}", MARIADB: f"DROP USER {name}@'%'"}
    for statement in made[kind]:
        admin.run(lambda tx, statement=statement: tx.execute(statement))
    try:
        yield
    finally:
        admin.run(lambda tx: tx.execute(dropped[kind]))


@pytest.mark.parametrize(
    ("module", "url", "extra"),
    [
        ("sqlalchemy", "postgresql://127.0.0.1/lab", "stratolab[postgres]"),
        ("psycopg", "postgresql://127.0.0.1/lab", "stratolab[postgres]"),
        ("pymysql", "mysql://127.0.0.1/lab", "stratolab[mysql]"),
    ],
)
def test_without_the_extra_the_command_that_gets_it_is_named(module: str, url: str, extra: str):
    code = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from stratolab.core.errors import InputError\n"
        "from stratolab.jobs.stores import open_database\n"
        f"try: open_database({url!r})\n"
        "except InputError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert module in done.stdout.lower()
    assert f"pip install '{extra}'" in done.stdout
