"""One schema: the tables, the migrations and the snapshot say the same, on every database."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from tests.servers import MARIADB, POSTGRES, fresh_database

from stratolab.jobs.stores.alchemy import AlchemyDatabase
from stratolab.jobs.stores.revision import HEAD, MIGRATIONS, SCHEMA
from stratolab.jobs.stores.schema import metadata, sqlite_script
from stratolab.jobs.stores.servers import SERVERS
from stratolab.jobs.stores.upgrade import upgrade

if TYPE_CHECKING:
    from pathlib import Path


def test_the_snapshot_is_generated_from_the_tables():
    assert SCHEMA.read_text(encoding="ascii") == sqlite_script()


def test_the_program_speaks_the_newest_revision():
    assert ScriptDirectory(MIGRATIONS).get_current_head() == HEAD


def test_the_migrations_lead_to_the_snapshot(tmp_path: Path):
    migrated = tmp_path / "migrated.db"
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.begin() as connection:
        upgrade(connection)
    engine.dispose()
    snapshot = tmp_path / "snapshot.db"
    with sqlite3.connect(snapshot) as connection:
        connection.executescript(SCHEMA.read_text(encoding="ascii"))
    connection.close()
    assert _shape(migrated) == _shape(snapshot)


@pytest.mark.parametrize("kind", [POSTGRES, MARIADB])
def test_the_migrations_lead_to_the_tables_on_a_server(kind: str):
    with fresh_database(kind) as url:
        AlchemyDatabase(url).close()
        engine = create_engine(make_url(url).set(drivername=SERVERS[kind].driver))
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
        engine.dispose()


def _shape(path: Path) -> dict[str, object]:
    """Everything that SQLite knows of the tables, apart from how their statements were written."""
    connection = sqlite3.connect(path)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    shape: dict[str, object] = {"revision": connection.execute("SELECT * FROM alembic_version").fetchall()}
    for table in tables:
        indices = connection.execute(
            'SELECT name, "unique", origin FROM pragma_index_list(?)', [table]
        ).fetchall()
        shape[table] = {
            "columns": connection.execute("SELECT * FROM pragma_table_info(?)", [table]).fetchall(),
            "indices": {
                (
                    tuple(
                        row[0] for row in connection.execute("SELECT name FROM pragma_index_info(?)", [name])
                    ),
                    *rest,
                )
                for name, *rest in indices
            },
            "named": {name for name, *_ in indices if not name.startswith("sqlite_autoindex")},
            "references": connection.execute("SELECT * FROM pragma_foreign_key_list(?)", [table]).fetchall(),
        }
    connection.close()
    return shape
