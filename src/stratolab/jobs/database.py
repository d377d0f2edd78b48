"""Transactions on the lab's relational database, the same for SQLite, PostgreSQL and MySQL.

Statements are portable SQL with `:name` parameters. A unit of work is a function of a transaction;
`Database.run` commits it, and runs it again, a bounded number of times, when the server asked for
that (locked, deadlock, serialization failure, connection lost). So a unit of work must be fit to run
twice: it compares before it sets, and gives the rows it inserts their keys itself.

SQLite lets one unit of work write at a time. The servers let several, so a unit of work that decides by
what it reads locks those rows: it ends that query with `Transaction.for_update`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

T = TypeVar("T")


class Transaction(Protocol):
    """One open transaction."""

    dialect: str  # "sqlite", "postgresql" or "mysql"
    for_update: str  # ends a query whose rows nobody else may change until the commit; empty on SQLite

    def rows(self, sql: str, **values: object) -> list[Mapping[str, Any]]:
        """The rows that a query gives, by column name."""

    def execute(self, sql: str, **values: object) -> int:
        """Run one statement and give the number of rows it changed."""

    def execute_many(self, sql: str, values: Sequence[Mapping[str, object]]) -> None:
        """Run one statement once for each of `values`."""


class Database(Protocol):
    """A database with the lab's schema in its newest version."""

    dialect: str

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one serialised, durable transaction and give what it returns.

        Raises `RemoteError` when the database stays unavailable; then nothing was committed, or the
        same work may safely be run again.
        """

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on one consistent snapshot; it must not write."""

    def check(self) -> list[str]:
        """What is wrong with the database, as far as it can tell; empty when it is sound."""

    def close(self) -> None:
        """Let go of the connections."""
