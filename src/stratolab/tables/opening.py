"""Opening a database: SQLite with Python's own driver, servers with psycopg or PyMySQL, which are loaded only then."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import os
import sqlite3
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.tables.connection import Connection

if TYPE_CHECKING:
    from stratolab.tables.address import Address

PATIENCE = 30.0  # seconds that SQLite waits for another writer
_DOING = "connect"
_AUTHORITIES = (  # where systems keep the certificates that they trust, for a libpq that was built elsewhere
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)
_MYSQL_SESSION = (
    "SET SESSION time_zone = '+00:00', "  # so that a TIMESTAMP is read as the moment it is, in UTC
    "sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), "  # what does not fit is an error, not cut
    "lock_wait_timeout = 60"
)


def open_connection(address: Address) -> Connection:
    """Connect.

    Raises `InputError` if the driver is not installed, `RemoteError` if there is no answer or we are not let in,
    `RefusedError` if the server would talk without TLS though it is another machine.
    """
    return Connection(_OPEN[address.dialect](address), address.dialect)


def load_driver(dialect: str) -> None:
    """Import a database's driver now, so that it is not counted where a connection is timed. Absent, it is left."""
    with contextlib.suppress(ImportError):
        importlib.import_module({"postgresql": "psycopg", "mysql": "pymysql"}.get(dialect, "sqlite3"))


# -- SQLite ------------------------------------------------------------------------------------------


def _open_sqlite(address: Address) -> Any:
    path = Path(address.database).absolute()
    try:
        new = not path.exists() or not path.stat().st_size
        connection = sqlite3.connect(
            f"file:{quote(os.fspath(path))}?mode=rwc",
            uri=True,
            timeout=PATIENCE,
            isolation_level="IMMEDIATE",  # a writer waits at its first statement, not in the middle
        )
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("SELECT name FROM sqlite_master LIMIT 1")  # whether it is a database at all
        if new:
            with contextlib.suppress(
                sqlite3.Error
            ):  # another one does it just now, or this disk has no locks for it
                connection.execute("PRAGMA journal_mode=WAL")
    except (sqlite3.Error, OSError) as error:
        raise RemoteError(str(error), doing=f"opening {path}", hint=f"is {path.parent} there?") from error
    connection.create_function("NOW", 0, _now)
    return connection


def _now() -> str:
    """SQL's NOW(), which servers have and SQLite lacks."""
    return dt.datetime.now(dt.UTC).isoformat(" ", "microseconds")


# -- PostgreSQL --------------------------------------------------------------------------------------


def _open_postgres(address: Address) -> Any:
    try:
        import psycopg  # noqa: PLC0415 - only who connects to such a server has it
    except ImportError:
        raise _no_driver("psycopg", "postgres") from None
    given: dict[str, Any] = {
        "host": address.host or dict(address.options).get("unix_socket", ""),
        "port": address.port,
        "user": address.user,
        "password": address.password,
        "dbname": address.database,
        "connect_timeout": dict(address.options).get("connect_timeout", "10"),
        "application_name": "stratolab",
        **postgres_tls(address),
    }
    try:
        connection = psycopg.connect(**{name: value for name, value in given.items() if value})
        connection.execute("SET TIME ZONE 'UTC'")
        connection.commit()
    except psycopg.Error as error:
        raise _unreachable(address, error, "pg_isready") from error
    return connection


def postgres_tls(address: Address) -> dict[str, str]:
    """What libpq is told about TLS: nothing for this machine, else how far and by which authorities to check."""
    if not address.tls:
        return {}
    root = dict(address.options).get("sslrootcert") or next(filter(os.path.isfile, _AUTHORITIES), "system")
    return {"sslmode": address.tls, **({"sslrootcert": root} if address.tls.startswith("verify") else {})}


# -- MySQL and MariaDB -------------------------------------------------------------------------------


def _open_mysql(address: Address) -> Any:
    try:
        import pymysql  # noqa: PLC0415 - only who connects to such a server has it
    except ImportError:
        raise _no_driver("PyMySQL", "mysql") from None
    options = dict(address.options)
    try:
        connection = pymysql.connect(
            host=address.host or "localhost",
            port=address.port or 3306,
            unix_socket=options.get("unix_socket") or None,
            user=address.user or None,
            password=address.password,
            database=address.database,
            connect_timeout=int(options.get("connect_timeout", "10")),
            charset="utf8mb4",
            ssl=_mysql_tls(address),
        )
    except (pymysql.Error, OSError) as error:
        raise _unreachable(address, error, "mysqladmin ping") from error
    try:
        with connection.cursor() as cursor:
            if _demands_tls(address):
                _check_tls(address, cursor)
            cursor.execute(_MYSQL_SESSION)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_tls(address: Address, cursor: Any) -> None:
    """PyMySQL before 1.2 goes on in the clear if the server does not offer TLS."""
    cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    if not (cursor.fetchone() or ("", ""))[1]:
        raise RefusedError(
            f"{address.host} talks without TLS", doing=_DOING, hint="switch TLS on at the server"
        )


def _demands_tls(address: Address) -> bool:
    return address.tls not in {"", "disable", "prefer"}


def _mysql_tls(address: Address) -> ssl.SSLContext | None:
    if not _demands_tls(address):
        return None
    context = ssl.create_default_context(cafile=dict(address.options).get("sslrootcert"))
    context.check_hostname = address.tls == "verify-full"
    if address.tls == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


_OPEN = {"sqlite": _open_sqlite, "postgresql": _open_postgres, "mysql": _open_mysql}


def _no_driver(name: str, extra: str) -> InputError:
    return InputError(f"{name} is not installed", doing=_DOING, hint=f"pip install 'stratolab[{extra}]'")


def _unreachable(address: Address, error: BaseException, asks: str) -> RemoteError:
    """The driver's last words. They name the user and the host, never the password."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return RemoteError(lines[-1], doing=f"connecting to {address}", hint=f"is the server up? {asks} tells")
