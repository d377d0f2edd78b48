"""The contract of databases, by drivers in pure Python alone, on PostgreSQL and MariaDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.jobs.stores.plain import opened
from tests.servers import MARIADB, POSTGRES, emptied_database, fresh_database

from stratolab.core.errors import RefusedError, RemoteError
from stratolab.jobs.stores import open_database
from stratolab.testing.database import DatabaseContract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.jobs.database import Transaction
    from stratolab.jobs.stores.plain import PlainDatabase

KILL = {POSTGRES: "SELECT pg_terminate_backend(:id)", MARIADB: "KILL CONNECTION :id"}
WHO = {POSTGRES: "SELECT pg_backend_pid() AS id", MARIADB: "SELECT CONNECTION_ID() AS id"}


class PlainContract(DatabaseContract):
    """The same, with a database that somebody else has brought to its newest version."""

    @pytest.fixture
    def database(self, address: str) -> Iterator[PlainDatabase]:  # type: ignore[override]
        open_database(address).close()
        database = opened(address)
        yield database
        database.close()


class TestOnPostgres(PlainContract):
    @pytest.fixture
    def address(self) -> str:
        return emptied_database(POSTGRES)


class TestOnMariadb(PlainContract):
    @pytest.fixture
    def address(self) -> str:
        return emptied_database(MARIADB)


@pytest.fixture(params=[POSTGRES, MARIADB])
def address(request: pytest.FixtureRequest) -> str:
    found = emptied_database(str(request.param))
    open_database(found).close()
    return found


def test_a_lost_connection_is_made_anew(address: str):
    pauses: list[float] = []
    database, killer = opened(address, sleep=pauses.append), opened(address)
    tries: list[Any] = []

    def work(tx: Transaction) -> str:
        tries.append(tx)
        (me,) = tx.rows(WHO[tx.dialect])
        if len(tries) == 1:
            killer.run(lambda other: other.execute(KILL[other.dialect], id=me["id"]))
        tx.rows("SELECT 1 AS one")
        return "done"

    assert database.run(work) == "done"
    assert (len(tries), len(pauses)) == (2, 1)
    for one in (database, killer):
        one.close()


def test_attempts_are_bounded_and_tell_no_password(address: str):
    pauses: list[float] = []

    def refused() -> Any:
        raise ConnectionRefusedError(111, "Connection refused")

    database = opened(address, sleep=pauses.append, connect=refused)
    with pytest.raises(RemoteError, match="Connection refused") as error:
        database.run(lambda tx: tx.rows("SELECT 1 AS one"))
    assert len(pauses) == 5
    assert error.value.__cause__ is None


@pytest.mark.parametrize("kind", [POSTGRES, MARIADB])
@pytest.mark.parametrize("version", ["0001", "9999"])
def test_a_schema_of_another_version_is_refused(kind: str, version: str):
    with fresh_database(kind) as address:
        with open_database(address) as ours:  # type: ignore[union-attr]
            ours.run(lambda tx: tx.execute("UPDATE alembic_version SET version_num = :v", v=version))
        with pytest.raises(RefusedError, match=version):
            opened(address).read(lambda tx: tx.rows("SELECT 1 AS one"))
