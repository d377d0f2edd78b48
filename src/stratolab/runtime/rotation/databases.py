"""What is exchanged: a database's user, of which there are two. One is current; the other one is made anew, and tried.

    exchange = Databases(connect, owner, password_length=32)
    exchange.next(current)            the other user, with a new password
    exchange.apply(current, pending)  have it in the database, able to do what the current one can
    exchange.test(pending)            log in as it and ask something
    exchange.undo(pending, previous)  let nobody in by the new password; whoever had the one before gets in again

Without a current one (`seed`), the database of an application is made, and its first user.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from stratolab.core.errors import RefusedError, RemoteError
from stratolab.runtime.rotation import credentials, mysql, postgres
from stratolab.runtime.rotation.canaries import CanaryError
from stratolab.runtime.rotation.sql import one, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from stratolab.runtime.rotation.canaries import Canary, Candidate
    from stratolab.runtime.rotation.credentials import Login

QUERY = "SELECT NOW()"
_SERVERS: dict[str, ModuleType] = {"postgres": postgres, "mysql": mysql}
_FIRST = {"postgres": "postgres", "mysql": "mysql"}
"""A database that every server has, to connect to before there is the one that is wanted."""
_BY = "exchanging a database's user"


class Connect(Protocol):
    """Logs in and gives a connection (DB-API), over TLS where the host is another machine; or raises."""

    def __call__(self, login: Login) -> Any:
        """Connect."""


@dataclass(frozen=True, slots=True)
class Databases:
    """Users of databases. `owner` gives, for a user, the one who may make users there: itself, or another secret's."""

    connect: Connect
    owner: Callable[[Login], Login]
    username_length: int = credentials.USERNAME_LENGTH
    password_length: int = credentials.PASSWORD_LENGTH
    seed: Login | None = None
    """Where a user's database is to be, if the secret may not say so yet; its name and password do not count."""
    shared: str = ""
    """The server's first database, which a new application's database closes to all."""

    def next(self, current: str) -> str:
        """The value that takes the place of `current`, which is empty for the first one of all."""
        made_up = credentials.password(self.password_length)
        before = credentials.read(current) if current else None
        if self.seed is None:
            if before is None:
                raise RefusedError("the secret has no value, so there is nobody to exchange", doing=_BY)
            return credentials.written(before.twin(made_up))
        name = before.base if before else credentials.username(self.username_length)
        return credentials.written(replace(self.seed, name=name, password=made_up))

    def rehearsal(self, current: str) -> str:
        """The value of a third user, who does not outlive a rehearsal."""
        made_up = credentials.password(self.password_length)
        return credentials.written(credentials.read(current).rehearsal(made_up))

    def apply(self, current: str, pending: str) -> None:
        """Have the user of `pending` in the database. May be repeated."""
        wanted = credentials.read(pending)
        before = credentials.read(current) if current else None
        if self.seed is not None:
            self._have_application(wanted)
            return
        if before is None or before.place != wanted.place or before.base != wanted.base:
            raise RefusedError("the new value is of another database or user than the current one", doing=_BY)
        if before.name == wanted.name:
            raise RefusedError(f"the new value is of {wanted.name}, who is in use", doing=_BY)
        with self._owning(before) as connection:
            _SERVERS[wanted.family].have_twin(connection, before, wanted)

    def canary(self, query: str) -> Canary:
        """A canary that asks what the application asks, as the new user."""

        def ask(candidate: Candidate) -> None:
            try:
                self.test(candidate.value, query)
            except RemoteError as error:
                raise CanaryError(
                    f"its query failed: {error.what}", doing="the canary", hint=error.hint
                ) from None

        return ask

    def test(self, pending: str, query: str = "") -> None:
        """Log in with `pending`, see that it is who it should be, and ask `query` too. Nothing is changed by it."""
        login = credentials.read(pending)
        with told(f"logging in as {login.name}", hint="the new credential is not taken"):
            connection = self.connect(login)
        try:
            with told(f"asking as {login.name}", hint="can the current credential ask this?"):
                acts = _SERVERS[login.family].acts_as(connection)
                for asked in filter(None, (QUERY, query)):
                    one(connection, asked)
                connection.rollback()
        finally:
            connection.close()
        expected = login.base if login.family == "postgres" else login.name
        if acts != expected:
            raise RemoteError(f"{login.name} acts as {acts} and not as {expected}", doing=_BY)

    def undo(self, current: str, pending: str, previous: str) -> None:
        """Take the new password from its user, and give that of `previous` back if it was the same user's."""
        wanted = credentials.read(pending)
        now, before = (credentials.read(text) if text else None for text in (current, previous))
        if now is not None and now.name == wanted.name and now.place == wanted.place:
            return  # it is in use
        with self._owning(wanted, _FIRST[wanted.family] if self.seed else "") as connection:
            server = _SERVERS[wanted.family]
            if wanted.rehearsed:
                server.drop(connection, wanted.name)
            elif before is not None and before.name == wanted.name and before.place == wanted.place:
                server.restore(connection, before)
            else:
                server.lock(connection, wanted.name)

    def moved(self, current: str) -> bool:
        """Whether the current one opens another database than the one that is wanted now."""
        return self.seed is not None and credentials.read(current).place != self.seed.place

    def discarded(self, pending: str) -> bool:
        """Whether the value was meant for a rehearsal, and must never be anybody's."""
        return credentials.read(pending).rehearsed

    def people(self, value: str) -> str:
        """Who it is, in words for a notice."""
        login = credentials.read(value)
        return f"user {login.name} of the database {login.database}"

    def _have_application(self, wanted: Login) -> None:
        with self._owning(wanted, _FIRST[wanted.family]) as connection:
            _SERVERS[wanted.family].have_application(connection, wanted, self.shared)

    @contextlib.contextmanager
    def _owning(self, of: Login, database: str = "") -> Iterator[Any]:
        """A connection of whoever may make users there."""
        owner = self.owner(of)
        with told(
            f"working on users as {owner.name}",
            hint="may this user make others? GRANT tells, and the secret's masterarn",
        ):
            connection = self.connect(replace(owner, database=database or owner.database))
            try:
                yield connection
                connection.commit()
            finally:
                connection.close()
