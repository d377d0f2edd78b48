"""The way to a database, tried step by step: its name, its port, TLS, the login, a query.

Each step is timed, and the first that fails says why and what to look at; those after it are not tried. A database that
is a file has two steps only.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import StratolabError
from stratolab.runtime.databases.reasons import is_of_driver, reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.runtime.databases.splitting import Dialect

PORTS = {"postgresql": 5432, "mysql": 3306}
WITHIN = 5.0  # seconds that a step may wait for the network
QUERY = "SELECT NOW()"
_POSTGRES_TLS = struct.pack("!II", 8, 80_877_103)
"""PostgreSQL's SSLRequest: its length and the code. The answer is S or N.
https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL"""
_MYSQL_OFFERS_TLS = 1 << 11
_MYSQL_PROTOCOL_41 = 1 << 9
"""MySQL's capabilities: https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is. `tls` is what is asked of it in libpq's words, empty for nothing (this machine)."""

    dialect: Dialect
    host: str = ""
    port: int = 0
    file: str = ""
    socket: str = ""
    tls: str = ""
    authorities: str = ""
    """A file of certificates to believe, instead of the system's."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: how it went, how long it took (seconds), what was found or why it failed, and what to try."""

    name: str
    ok: bool
    seconds: float
    found: str
    hint: str = ""


class _FailedError(Exception):
    def __init__(self, found: str, hint: str) -> None:
        super().__init__(found)
        self.found, self.hint = found, hint


def examine(place: Place, connect: Callable[[], Any]) -> list[Step]:
    """Try the way to a database. `connect` logs in and gives a connection (DB-API), or raises."""
    opened: list[Any] = []

    def login() -> str:
        opened.append(_login(connect))
        return "logged in"

    steps: list[tuple[str, Callable[[], str]]] = [
        *_way(place),
        ("login", login),
        ("query", lambda: _query(opened[0])),
    ]
    made: list[Step] = []
    try:
        for name, do in steps:
            made.append(_timed(name, do))
            if not made[-1].ok:
                break
    finally:
        for one in opened:
            one.close()
    return made


def _way(place: Place) -> list[tuple[str, Callable[[], str]]]:
    """The steps before anybody is asked who he is."""
    if place.file:
        return [("file", lambda: _file(place.file))]
    if not place.host or place.host.startswith("/"):
        return []  # by a socket of this machine, which the login tries
    tls = [("tls", lambda: _tls(place))] if place.tls not in {"", "disable", "prefer"} else []
    return [("name", lambda: _name(place)), ("port", lambda: _port(place)), *tls]


def _timed(name: str, do: Callable[[], str]) -> Step:
    began = time.perf_counter()
    try:
        found = do()
    except _FailedError as failed:
        return Step(name, ok=False, seconds=time.perf_counter() - began, found=failed.found, hint=failed.hint)
    return Step(name, ok=True, seconds=time.perf_counter() - began, found=found)


def _file(path: str) -> str:
    try:
        size = Path(path).stat().st_size
    except OSError as error:
        raise _FailedError(f"{path}: {error.strerror}", f"is {Path(path).parent} there?") from error
    return f"{path}, {size:,} bytes"


def _name(place: Place) -> str:
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise _FailedError(
            f"nobody knows the name {place.host}",
            "is it spelt as `stratolab outputs` has it? A database that was deleted has no name any more",
        ) from error
    return ", ".join(dict.fromkeys(str(one[4][0]) for one in found))


def _port(place: Place) -> str:
    _connected(place).close()
    return f"{place.host}:{place.port} answers"


def _connected(place: Place) -> socket.socket:
    try:
        return socket.create_connection((place.host, place.port), timeout=WITHIN)
    except ConnectionRefusedError as error:
        raise _FailedError(
            f"nothing listens at port {place.port}", "is the server up, and the port right?"
        ) from error
    except TimeoutError as error:
        raise _FailedError(
            f"no answer from port {place.port} within {WITHIN:g} seconds",
            "a security group, a network ACL or a missing route drops it: a lab's databases answer to its own network "
            "only",
        ) from error
    except OSError as error:
        raise _FailedError(
            error.strerror or str(error), "is there a way to that network from here?"
        ) from error


def _tls(place: Place) -> str:
    """Ask for TLS as the protocol has it, and look at the certificate as the login will."""
    try:
        with _connected(place) as plain:
            _ask_for_tls(place, plain)
            with _context(place).wrap_socket(plain, server_hostname=place.host) as secure:
                days = _days_left(secure)
                return f"{secure.version()}, {(secure.cipher() or ('',))[0]}{days}"
    except ssl.SSLCertVerificationError as error:
        raise _FailedError(
            f"its certificate is not believed: {error.verify_message.rstrip('.')}",
            "name the authority that signed it: ?sslrootcert=FILE in the URL",
        ) from error
    except (ssl.SSLError, struct.error, OSError) as error:
        raise _FailedError(f"TLS came to nothing: {error}", "is that a database's port?") from error


def _ask_for_tls(place: Place, plain: socket.socket) -> None:
    refused = _FailedError("the server talks without TLS", "switch TLS on at the server")
    if place.dialect == "postgresql":
        plain.sendall(_POSTGRES_TLS)
        if plain.recv(1) != b"S":
            raise refused
        return
    capabilities, number = _greeting(plain)
    if not capabilities & _MYSQL_OFFERS_TLS:
        raise refused
    asked = struct.pack("<IIB23x", _MYSQL_PROTOCOL_41 | _MYSQL_OFFERS_TLS, 1 << 24, 45)
    plain.sendall(struct.pack("<I", len(asked))[:3] + bytes([number + 1]) + asked)


def _greeting(plain: socket.socket) -> tuple[int, int]:
    """The capabilities that a MySQL server greets with, and the number of its packet."""
    head = _received(plain, 4)
    body = _received(plain, int.from_bytes(head[:3], "little"))
    if body[:1] == b"\xff":
        raise _FailedError(
            body[3:].decode("utf-8", "replace").lstrip("#").strip(), "the server lets nobody in from here"
        )
    at = body.index(b"\0", 1) + 1 + 4 + 8 + 1  # protocol and version; thread; salt; a zero
    return int.from_bytes(body[at : at + 2], "little"), head[3]


def _received(plain: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        part = plain.recv(count - len(got))
        if not part:
            raise OSError("the server hung up")
        got += part
    return got


def _context(place: Place) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=place.authorities or None)
    context.check_hostname = place.tls == "verify-full"
    if place.tls == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


def _days_left(secure: ssl.SSLSocket) -> str:
    ends = (secure.getpeercert() or {}).get("notAfter")
    if not isinstance(ends, str):
        return ", certificate not looked at"
    return f", certificate for another {int((ssl.cert_time_to_seconds(ends) - time.time()) // 86_400)} days"


_CAUSES = (
    (
        r"password authentication failed|role .* does not exist|Access denied|no password supplied|28P01",
        "the user or the password is wrong: stratolab secrets get, or the secret in AWS, has the present one",
    ),
    (r"Unknown database|database .* does not exist", "make it, or name another one in the URL"),
    (r"no pg_hba.conf entry|is not allowed to connect", "the server lets this user in from elsewhere only"),
    (r"too many|remaining connection slots", "close connections, or raise max_connections"),
    (r"certificate|SSL|TLS", "see the step tls: stratolab db test tries it by itself for hosts elsewhere"),
)


def _login(connect: Callable[[], Any]) -> Any:
    try:
        return connect()
    except StratolabError as error:
        known = (hint for pattern, hint in _CAUSES if re.search(pattern, error.what, re.IGNORECASE))
        raise _FailedError(error.what, next(known, error.hint)) from error


def _query(connection: Any) -> str:
    cursor = connection.cursor()
    try:
        cursor.execute(QUERY)
        return f"{QUERY}: {cursor.fetchone()[0]}"
    except Exception as error:
        if not is_of_driver(error):
            raise
        raise _FailedError(reason(error), "") from error
    finally:
        cursor.close()
