"""Jobs on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.servers import MARIADB, POSTGRES, emptied_database

from stratolab.jobs import store
from stratolab.jobs.models import JobState
from stratolab.jobs.stores.sqlite import SqliteDatabase
from stratolab.testing.store import PLAIN, StoreContract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class TestOnSqlite(StoreContract):
    @pytest.fixture
    def address(self, tmp_path: Path) -> str:
        return str(tmp_path / "store.db")


class TestOnPostgres(StoreContract):
    @pytest.fixture
    def address(self) -> str:
        return emptied_database(POSTGRES)


class TestOnMariadb(StoreContract):
    @pytest.fixture
    def address(self) -> str:
        return emptied_database(MARIADB)


# -- quick at a hundred thousand jobs ------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (lambda tx: store.find(tx, ""), "job_latest"),
        (lambda tx: store.find(tx, "train"), "job_by_name"),
        (lambda tx: store.listing(tx, limit=20), "job_latest"),
        (lambda tx: store.listing(tx, limit=20, before=PLAIN.id), "job_latest"),
        (lambda tx: store.listing(tx, limit=20, name="train"), "job_by_name"),
        (lambda tx: store.listing(tx, limit=20, sweep="tune-1"), "job_by_sweep"),
        (lambda tx: store.listing(tx, limit=20, states={JobState.FAILED, JobState.LOST}), "job_by_state"),
    ],
)
def test_what_is_listed_is_read_in_the_order_of_an_index(tmp_path: Path, query: Callable, index: str):
    with SqliteDatabase(tmp_path / "store.db") as database:
        database.run(lambda tx: store.add(tx, [PLAIN]))
        plans = database.read(lambda tx: _plans(tx, query))
    assert any(index in plan for plan in plans), plans
    assert not any("TEMP B-TREE" in plan for plan in plans), plans


def _plans(tx: store.Transaction, query: Callable) -> list[str]:
    """How SQLite would go about each statement of a query that sorts."""
    spy = _Spy(tx)
    query(spy)
    return [
        row["detail"]
        for sql, values in spy.asked
        if "ORDER BY" in sql
        for row in tx.rows(f"EXPLAIN QUERY PLAN {sql}", **values)
    ]


class _Spy:
    """A transaction that remembers what it was asked."""

    dialect, for_update = "sqlite", ""

    def __init__(self, tx: store.Transaction) -> None:
        self.tx = tx
        self.asked: list[tuple[str, dict[str, object]]] = []

    def rows(self, sql: str, **values: object) -> object:
        self.asked.append((sql, values))
        return self.tx.rows(sql, **values)
