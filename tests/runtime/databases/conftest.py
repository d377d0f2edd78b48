"""The three databases, new for each test of what runs beside them."""

from __future__ import annotations

import pytest
from tests.servers import MARIADB, POSTGRES, fresh_database

from stratolab.tables.address import Address, from_url
from stratolab.tables.opening import open_connection


@pytest.fixture(params=["sqlite", POSTGRES, MARIADB])
def address(request, tmp_path):
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield Address("sqlite", str(tmp_path / "default.db"))
        return
    with fresh_database(request.param) as url:
        yield from_url(url)


@pytest.fixture
def ask(address):
    """Ask a question of the database, in a connection of its own: all rows."""

    def asked(sql):
        with open_connection(address) as connection:
            return [tuple(row) for row in connection.execute(sql).fetchall()]

    return asked
