"""From a function's settings to an open connection: where the database is, who we are there, TLS that is verified.

The settings are environment variables that its template sets (`variables` has their names); the user and the password
are in a secret, whose ARN is among them. The certificate must be signed by RDS's own authority, whose roots are packed
beside this module: no other one vouches for a database.
"""

from __future__ import annotations

import json
import os
import ssl
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import RemoteError
from stratolab.runtime.databases.examining import Place
from stratolab.runtime.databases.reasons import reason

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

    from stratolab.runtime.databases.splitting import Dialect

PREFIX = "STRATOLAB_DATABASE_"
AUTHORITIES = Path(__file__).with_name("rds.pem")
"""Roots of RDS's authority `rds-ca-rsa2048-g1`, one for each region.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html"""
WITHIN = 10.0  # seconds for a connection, and for a secret
_DIALECTS: dict[str, Dialect] = {"postgres": "postgresql", "mysql": "mysql"}
_DOING = "connecting to the database"


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password, which no repr shows."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Database:
    """A database, and the secret with which one gets in."""

    dialect: Dialect
    host: str
    port: int
    name: str
    secret: str
    """The secret's ARN; empty for who gets in by another way (`tokens`)."""
    authorities: str

    def __str__(self) -> str:
        return f"{self.dialect} {self.host}:{self.port}/{self.name}"

    @property
    def place(self) -> Place:
        """The same for who tries the way step by step."""
        return Place(self.dialect, self.host, self.port, tls="verify-full", authorities=self.authorities)


def variables(engine: str, host: Any, port: Any, name: Any, secret: Any) -> dict[str, Any]:
    """The settings of a function that enters this database, for a template."""
    return {
        f"{PREFIX}ENGINE": engine,
        f"{PREFIX}HOST": host,
        f"{PREFIX}PORT": port,
        f"{PREFIX}NAME": name,
        f"{PREFIX}SECRET": secret,
    }


def database(env: Mapping[str, str] = os.environ) -> Database:
    """The database of this function."""
    return Database(
        dialect=_DIALECTS[env[f"{PREFIX}ENGINE"]],
        host=env[f"{PREFIX}HOST"],
        port=int(env[f"{PREFIX}PORT"]),
        name=env[f"{PREFIX}NAME"],
        secret=env.get(f"{PREFIX}SECRET", ""),
        authorities=authorities(env),
    )


def authorities(env: Mapping[str, str] = os.environ) -> str:
    """The file with the roots that vouch for a database; `STRATOLAB_DATABASE_AUTHORITIES` may name another one."""
    return env.get(f"{PREFIX}AUTHORITIES") or str(AUTHORITIES)


def login(arn: str, secrets: Any = None) -> Login:
    """Who we are: what the secret holds now. `secrets` is a client of Secrets Manager, made if none is given.

    Raises `RemoteError` that says whether the way there or the right is missing, and nothing of the secret.
    """
    try:
        text = (secrets or client("secretsmanager")).get_secret_value(SecretId=arn)["SecretString"]
    except failures() as error:
        raise _no_secret(error) from None
    try:
        held = json.loads(text)
        return Login(str(held["username"]), str(held["password"]))
    except (ValueError, TypeError, KeyError):
        raise RemoteError("the secret holds no user name and password", doing="reading the secret") from None


def client(service: str) -> Any:
    """A client of a service that gives up soon: the function has to say so while it still can."""
    import boto3  # noqa: PLC0415 - a part of a second that not every call needs
    from botocore.config import Config  # noqa: PLC0415

    soon = Config(connect_timeout=WITHIN / 2, read_timeout=WITHIN, retries={"total_max_attempts": 2})
    return boto3.client(service, config=soon)


def failures() -> tuple[type[Exception], ...]:
    """What a call of AWS raises: its answer, or that there was none."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

    return BotoCoreError, ClientError


def code_of(error: Exception) -> str:
    """The code of AWS's answer; empty where there was none."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def connect(database: Database, who: Login) -> Any:
    """A connection of DB-API, in UTC. Raises `RemoteError` without a word of the password."""
    context = ssl.create_default_context(cafile=database.authorities)
    return _CONNECT[database.dialect](database, who, context)


@contextmanager
def connected(database: Database, who: Login) -> Iterator[Any]:
    """Such a connection, closed at the end. That the server has ended it already is not told: what came first is."""
    connection = connect(database, who)
    try:
        yield connection
    finally:
        with suppress(Exception):
            connection.close()


def _postgres(database: Database, who: Login, context: ssl.SSLContext) -> Any:
    import pg8000.dbapi  # noqa: PLC0415 - the zip of a function holds both drivers; one is used

    try:
        secure = _Secure(context)
        connection = pg8000.dbapi.connect(
            user=who.user,
            password=who.password,
            host=database.host,
            port=database.port,
            database=database.name,
            timeout=WITHIN,
            ssl_context=secure,
            application_name="stratolab",
        )
        secure.unhurried()
        cursor = connection.cursor()
        cursor.execute("SET TIME ZONE 'UTC'")
        connection.commit()
    except (pg8000.dbapi.Error, OSError) as error:
        raise RemoteError(reason(error), doing=_DOING) from None
    return connection


class _Secure:
    """A context as pg8000 uses it. It remembers the socket, whose time limit is for getting in alone."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._made: list[ssl.SSLSocket] = []

    def wrap_socket(self, plain: socket.socket, *, server_hostname: str) -> ssl.SSLSocket:
        """TLS over a connection, with the certificate checked."""
        self._made.append(self._context.wrap_socket(plain, server_hostname=server_hostname))
        return self._made[-1]

    def unhurried(self) -> None:
        """Let the connection last from now on."""
        for one in self._made:
            one.settimeout(None)


def _mysql(database: Database, who: Login, context: ssl.SSLContext) -> Any:
    import pymysql  # noqa: PLC0415

    try:
        connection = pymysql.connect(
            host=database.host,
            port=database.port,
            user=who.user,
            password=who.password,
            database=database.name,
            connect_timeout=int(WITHIN),
            charset="utf8mb4",
            ssl=context,
        )
    except (pymysql.Error, OSError) as error:
        raise RemoteError(reason(error), doing=_DOING) from None
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        secure = (cursor.fetchone() or ("", ""))[1]
        cursor.execute("SET SESSION time_zone = '+00:00'")
    if not secure:  # PyMySQL before 1.2 goes on in the clear
        connection.close()
        raise RemoteError("the server talks without TLS", doing=_DOING)
    return connection


_CONNECT = {"postgresql": _postgres, "mysql": _mysql}


def _no_secret(error: Exception) -> RemoteError:
    """Why the secret was not to be had."""
    code = code_of(error)
    hints = {
        "AccessDeniedException": "the function's role may not read it, or not use its key",
        "ResourceNotFoundException": "the database's secret was deleted: the database has to be made anew or restored",
    }
    nowhere = 'the function reaches no Secrets Manager: nat, or endpoints = "needed", gives it a way'
    return RemoteError(
        f"no secret: {code or type(error).__name__}",
        doing="reading the secret",
        hint=hints.get(code, "" if code else nowhere),
    )
