"""A server as RDS has them, for who connects to it: light to import, since processes that are to be killed do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from stratolab.core.errors import RemoteError
from stratolab.runtime.rotation import credentials
from stratolab.runtime.rotation.credentials import Login
from stratolab.tables.address import Address, with_secret
from stratolab.tables.opening import open_connection

OWNER, OWNERS_PASSWORD = (
    "lab_owner",
    "owner-of-a-test-7f3a",
)  # no secret: the server lives as long as the test
ROOT = {"postgres": "postgres", "mysql": "root"}


@dataclass(frozen=True)
class Server:
    """A server; `certificate` is a file with who vouches for it."""

    engine: str
    port: int
    certificate: Any
    log: Any

    def login(self, name: str, password: str, database: str = "") -> Login:
        first = {"postgres": "postgres", "mysql": "mysql"}[self.engine]
        return Login(self.engine, "127.0.0.1", self.port, database or first, name, password)

    @property
    def root(self) -> Login:
        return self.login(ROOT[self.engine], "")

    @property
    def owner(self) -> Login:
        return self.login(OWNER, OWNERS_PASSWORD)

    def connect(self, login: Login) -> Any:
        """As a laptop connects: psycopg or PyMySQL, TLS verified."""
        return open_connection(self.address(login)).raw

    def address(self, login: Login) -> Address:
        options = (("sslmode", "verify-full"), ("sslrootcert", str(self.certificate)))
        return replace(with_secret(None, credentials.written(login)), options=options)

    def ask(self, login: Login, statement: str) -> list[tuple[Any, ...]]:
        connection = self.connect(login)
        try:
            cursor = connection.cursor()
            cursor.execute(statement)
            found = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
            connection.commit()
        finally:
            connection.close()
        return found

    def lets_in(self, login: Login) -> bool:
        try:
            self.connect(login).close()
        except RemoteError:
            return False
        return True
