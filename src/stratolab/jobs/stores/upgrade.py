"""Bring a database to the newest revision of the schema, by Alembic.

Loaded only when there is something to do: Alembic and SQLAlchemy are an extra, and slow to import.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from stratolab.jobs.stores.revision import HEAD, MIGRATIONS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection


def upgrade(connection: Connection, *, versions: Path | None = None) -> None:
    """Run every migration that the database has not seen, in the transaction that the caller has begun.

    `versions` is a folder to take the migrations from instead of the shipped one.
    """
    config = Config()
    config.set_main_option("script_location", _literal(MIGRATIONS))
    config.set_main_option("version_locations", _literal(versions or MIGRATIONS / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def upgrade_file(
    connection: sqlite3.Connection, *, found: str, before: Callable[[], None], versions: Path | None = None
) -> None:
    """Migrate a SQLite file from revision `found` in one transaction that keeps every other writer out.

    `before` is called when nobody else can write any more and nothing has been changed yet; neither
    happens if another process was quicker. Raises what sqlite3 raises.
    """
    connection.execute("PRAGMA foreign_keys=OFF")  # Alembic rebuilds tables that others refer to
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    try:
        with engine.connect() as migrating, migrating.begin():
            # Not earlier: SQLAlchemy rolls back when it first looks at a connection.
            migrating.exec_driver_sql("BEGIN IMMEDIATE")
            if migrating.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == found:
                before()
                upgrade(migrating, versions=versions)
    except DBAPIError as error:
        raise (error.orig or error) from error


def _literal(path: Path) -> str:
    return os.fspath(path).replace("%", "%%")  # Config interpolates
