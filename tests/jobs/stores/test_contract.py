"""The contract of databases on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.servers import MARIADB, POSTGRES, emptied_database

from stratolab.testing.database import DatabaseContract

if TYPE_CHECKING:
    from pathlib import Path


class TestOnSqlite(DatabaseContract):
    @pytest.fixture
    def address(self, tmp_path: Path) -> str:
        return str(tmp_path / "store.db")


class TestOnPostgres(DatabaseContract):
    @pytest.fixture
    def address(self) -> str:
        return emptied_database(POSTGRES)


class TestOnMariadb(DatabaseContract):
    @pytest.fixture
    def address(self) -> str:
        return emptied_database(MARIADB)
