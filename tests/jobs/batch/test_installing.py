"""The store's tables and the writer's login, as a deployment makes them, on servers with TLS and passwords."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool
from tests.servers import MARIADB, POSTGRES

from stratolab.core.errors import RefusedError, RemoteError
from stratolab.jobs import store
from stratolab.jobs.batch.installing import GRANTS, install
from stratolab.jobs.stores import open_database
from stratolab.jobs.stores.plain import PlainDatabase
from stratolab.jobs.stores.revision import HEAD
from stratolab.jobs.stores.servers import SERVERS
from stratolab.runtime.functions import entering, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "0f-the-writer"
BY_PASSWORD = {
    "postgresql": (f"CREATE ROLE {{user}} LOGIN PASSWORD '{PASSWORD}'", "GRANT rds_iam TO {user}"),
    "mysql": (f"CREATE USER {{user}} IDENTIFIED BY '{PASSWORD}' REQUIRE SSL",),
}
"""In place of RDS's tokens, which no other server takes."""


@pytest.fixture
def settled(here):
    """A database whose owner may make users, as RDS's may, and the settings of its functions."""
    (owner,) = [part for part in here.secrets.value.split('"') if part.startswith("lab_owner")]
    if here.server.kind == POSTGRES:
        here.server.statements(
            "DO $$ BEGIN CREATE ROLE rds_iam NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            f"ALTER ROLE {owner} CREATEROLE",
            f"GRANT rds_iam TO {owner} WITH ADMIN OPTION",
        )
    else:
        here.server.statements(
            f"GRANT CREATE USER, SELECT ON *.* TO {owner}",
            f"GRANT ALL ON {here.name}.* TO {owner} WITH GRANT OPTION",
        )
    here.settings[tokens.USER] = f"writer_{os.urandom(4).hex()}"
    return here


def written(here) -> PlainDatabase:
    """The store as the writer enters it."""
    database, who = here.database, entering.Login(here.settings[tokens.USER], PASSWORD)
    return PlainDatabase(
        lambda: entering.connect(database, who), SERVERS[database.dialect], place="the store"
    )


def schema_of(address: Any) -> dict[str, Any]:
    """Everything that a server tells of its tables."""
    engine = create_engine(address, poolclass=NullPool)
    with engine.connect() as connection:
        seen = inspect(connection)
        return {table: dict(_table(seen, table)) for table in seen.get_table_names()}


def _table(seen: Any, table: str) -> Iterator[tuple[str, Any]]:
    yield "columns", [{**one, "type": str(one["type"])} for one in seen.get_columns(table)]
    yield "key", seen.get_pk_constraint(table)
    yield "indexes", sorted(seen.get_indexes(table), key=lambda one: one["name"])
    yield "unique", sorted(seen.get_unique_constraints(table), key=lambda one: one["name"])
    yield "foreign", sorted(seen.get_foreign_keys(table), key=lambda one: one["name"])
    yield "options", seen.get_table_options(table)


def test_the_tables_are_those_that_the_command_line_makes(settled):
    assert install(settled.settings, settled.secrets, BY_PASSWORD) == {
        "Revision": HEAD,
        "User": settled.settings[tokens.USER],
    }
    ours = schema_of(settled.server.engine(settled.name).url)
    settled.server.statements(f"CREATE DATABASE {settled.name}_too")
    address = settled.server.engine(f"{settled.name}_too").url
    open_database(address.render_as_string(hide_password=False)).close()
    theirs = schema_of(address)
    assert ours == theirs
    assert {"job", "job_attribute", "job_event", "outbox", "sweep", "trial", "alembic_version"} == set(ours)


def test_running_it_again_changes_nothing_and_keeps_what_is_there(settled):
    for _ in range(3):
        install(settled.settings, settled.secrets, BY_PASSWORD)
        with closing(written(settled)) as database:
            database.run(lambda tx: tx.execute("INSERT INTO outbox (kind, id, version) VALUES ('job', :id, 1)",
                                               id=os.urandom(4).hex()))  # fmt: skip
    assert settled.ask("SELECT COUNT(*) FROM outbox") == [(3,)]


def test_an_older_version_of_the_tables_is_migrated_and_keeps_its_rows(settled):
    install(settled.settings, settled.secrets, BY_PASSWORD)
    settled.server.statements(
        "DROP TABLE outbox", "UPDATE alembic_version SET version_num = '0001'", database=settled.name
    )
    settled.server.statements(
        "INSERT INTO sweep (id, token, name, number, project, state, config, created, reason, forked_from, revision, "
        "trials) VALUES ('a-1', 't', 'a', 1, 'p', 'running', '{}', 1, '', '', 0, 0)",
        database=settled.name,
    )
    install(settled.settings, settled.secrets, BY_PASSWORD)
    assert settled.ask("SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert settled.ask("SELECT id FROM sweep") == [("a-1",)]


def test_tables_of_a_newer_program_are_left_alone(settled):
    install(settled.settings, settled.secrets, BY_PASSWORD)
    settled.server.statements("UPDATE alembic_version SET version_num = '9999'", database=settled.name)
    with pytest.raises(RefusedError, match="9999"):
        install(settled.settings, settled.secrets, BY_PASSWORD)
    with pytest.raises(RefusedError, match="9999"):
        written(settled).read(store.unfinished)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM job",
        "DELETE FROM job_event",
        "UPDATE job_event SET kind = 'x'",
        "SELECT * FROM trial",
        "SELECT * FROM outbox",
        "DROP TABLE job",
        "CREATE TABLE mine (x INTEGER)",
        "UPDATE alembic_version SET version_num = 'x'",
    ],
)
def test_the_writer_may_write_events_down_and_nothing_else(settled, statement):
    install(settled.settings, settled.secrets, BY_PASSWORD)
    with closing(written(settled)) as database, pytest.raises(RemoteError, match=r"(?i)denied|must be owner"):
        database.run(lambda tx: tx.execute(statement))


def test_every_table_that_it_may_write_in_is_one_of_the_stores(settled):
    install(settled.settings, settled.secrets, BY_PASSWORD)
    with settled.server.engine(settled.name).connect() as connection:
        assert set(GRANTS) <= set(inspect(connection).get_table_names())


def test_a_user_of_rds_is_made_for_a_token(settled):
    """Other servers know nothing of RDS's plug-in, and say so; PostgreSQL has it as a role."""
    if settled.server.kind == MARIADB:
        with pytest.raises(RemoteError, match="AWSAuthenticationPlugin"):
            install(settled.settings, settled.secrets)
        return
    install(settled.settings, settled.secrets)
    user = settled.settings[tokens.USER]
    asked = "rolcanlogin, rolsuper, rolcreaterole, pg_has_role(rolname, 'rds_iam', 'member')"
    found = {row[0]: row[1:] for row in settled.ask(f"SELECT rolname, {asked} FROM pg_roles")}  # noqa: S608
    assert found[user] == (True, False, False, True)
