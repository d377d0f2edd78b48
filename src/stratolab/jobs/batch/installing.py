"""The function that a deployment calls before events are taken: the store's tables, and the user who writes in them.

The tables are brought to their newest version by the same migrations that the command line runs, so that there is one
schema whoever came first. Nothing is ever dropped. The user can do what writing events down takes, and nothing else;
it has no password, RDS lets it in by a token (`runtime.functions.tokens`).
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Any

from stratolab.jobs.stores.alchemy import AlchemyDatabase
from stratolab.jobs.stores.revision import HEAD
from stratolab.runtime.functions import answering, entering, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stratolab.jobs.database import Transaction

GRANTS = {
    "job": "SELECT, INSERT, UPDATE",
    "job_attribute": "SELECT, INSERT, DELETE",
    "job_event": "SELECT, INSERT",
    "outbox": "INSERT",
    "alembic_version": "SELECT",
}
"""What writing events down takes, by table."""

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html
BY_TOKEN = {
    "postgresql": ("CREATE ROLE {user} LOGIN", "GRANT rds_iam TO {user}"),
    "mysql": ("CREATE USER {user} IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS' REQUIRE SSL",),
}
"""How a user is made whom RDS lets in by a token."""
_THERE = {
    "postgresql": "SELECT 1 AS found FROM pg_roles WHERE rolname = :user",
    "mysql": "SELECT 1 AS found FROM mysql.user WHERE user = :user",
}


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """What CloudFormation calls, and a person may."""
    if answering.is_of_cloudformation(event):
        return dict(answering.answered(event, lambda _: install(os.environ)))
    return dict(install(os.environ))


def install(
    env: Mapping[str, str], secrets: Any = None, made_by: Mapping[str, tuple[str, ...]] = BY_TOKEN
) -> dict[str, str]:
    """Bring the tables to their newest version and let the writer in; running it again changes nothing.

    `made_by` are the statements that make a user. Raises `RefusedError` if a newer program made the tables.
    """
    database = entering.database(env)
    owner = entering.login(database.secret, secrets)
    user = tokens.user(env)
    with closing(opened(database, lambda: entering.connect(database, owner))) as store:
        store.run(lambda tx: let_in(tx, user, made_by[tx.dialect]))
    return {"Revision": HEAD, "User": user}


def opened(database: entering.Database, connect: Callable[[], Any]) -> AlchemyDatabase:
    """The store as the command line opens it, which migrates it, over connections by a driver in pure Python."""
    scheme = {"postgresql": "postgresql+pg8000", "mysql": "mysql+pymysql"}[database.dialect]
    return AlchemyDatabase(f"{scheme}://{database.host}:{database.port}/{database.name}", connect=connect)


def let_in(tx: Transaction, user: str, made_by: tuple[str, ...]) -> None:
    """Make the user if it is not there, and give it its rights. Its name is ours, so it may stand in a statement."""
    if not tx.rows(_THERE[tx.dialect], user=user):
        for statement in made_by:
            tx.execute(statement.format(user=user))
    for table, rights in GRANTS.items():
        tx.execute(f"GRANT {rights} ON {table} TO {user}")
