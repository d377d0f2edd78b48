"""Where a database is and who we are there: from a URL, from a secret, or from both.

    postgresql://ana@db.example.com/lab?sslrootcert=ca.pem     mysql://...  mariadb://...  sqlite:///data/lab.db

A secret holds a whole URL, a password for the URL, or a JSON object as AWS Secrets Manager keeps it for a database:
engine, host, port, dbname, username, password. Every host but this one is spoken to over TLS, its certificate
checked, unless the URL says `sslmode=require` (TLS, but whoever answers is believed).
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean

SCHEMES = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "aurora-postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "aurora-mysql": "mysql",
}
OPTIONS = ("sslmode", "sslrootcert", "connect_timeout", "unix_socket")
MODES = ("require", "verify-ca", "verify-full")  # from the least safe on; libpq's words
_DOING = "connect"


@dataclass(frozen=True, slots=True)
class Address:
    """A database. `database` is its name, of SQLite its file. The password is in no repr."""

    dialect: str
    database: str
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    options: tuple[tuple[str, str], ...] = ()

    @property
    def local(self) -> bool:
        """Whether it is on this machine, so that nothing of it goes over a network."""
        if self.dialect == "sqlite" or not self.host or self.host == "localhost" or self.host.startswith("/"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def tls(self) -> str:
        """What is asked of TLS, in libpq's words; empty if nothing: the host is this one."""
        return dict(self.options).get("sslmode", "" if self.local else "verify-full")

    def __str__(self) -> str:
        where = f"{self.host}{f':{self.port}' if self.port else ''}/" if self.host else ""
        return f"{self.dialect} {where}{self.database}"


def from_url(url: str) -> Address:
    """The database that a URL names.

    Raises `InputError`, which does not repeat the URL, if it names none or asks for less than TLS elsewhere.
    """
    try:
        parts = urlsplit(url)
        port, pairs = parts.port, tuple(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        raise InputError(
            "that is no database URL", doing=_DOING, hint="postgresql://ana@db.example.com/lab"
        ) from None
    scheme = parts.scheme.partition("+")[0]
    if scheme not in SCHEMES:
        raise InputError("a database URL begins with sqlite, postgresql, mysql or mariadb", doing=_DOING)
    for name, _ in pairs:
        if name not in OPTIONS:
            raise InputError(
                f"no option {name!r} of a database URL", doing=_DOING, hint=did_you_mean(name, OPTIONS)
            )
    found = Address(
        dialect=SCHEMES[scheme],
        database=unquote(parts.path[1:]),
        host=unquote(parts.hostname or ""),
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        options=pairs,
    )
    return _checked(found)


def with_secret(address: Address | None, value: str) -> Address:
    """The database that a secret names, or `address` with the user and the password that it holds.

    Raises `InputError`, which does not repeat the secret, if it names none.
    """
    if "://" in value:
        return from_url(value.strip())
    try:
        document = json.loads(value)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return _from_document(address, document)
    if address is None:
        raise InputError(
            "the secret is neither a URL nor a JSON object, so it does not tell where the database is",
            doing=_DOING,
            hint='give the place in stratolab.toml: url = "postgresql://ana@db.example.com/lab"',
        )
    return replace(address, password=value)


def _from_document(address: Address | None, document: dict[str, Any]) -> Address:
    engine = str(document.get("engine", ""))
    if address is None and engine not in SCHEMES:
        raise InputError(
            "the secret does not tell the kind of database under 'engine'",
            doing=_DOING,
            hint="postgres, mysql or mariadb; or give url in stratolab.toml",
        )
    base = address or Address(SCHEMES[engine], "")
    port = document.get("port", base.port)
    if port is not None and not str(port).isdigit():
        raise InputError("the secret's 'port' is no number", doing=_DOING)
    return _checked(
        replace(
            base,
            dialect=SCHEMES.get(engine, base.dialect),
            host=str(document.get("host", base.host)),
            port=None if port is None else int(port),
            database=str(document.get("dbname", base.database)),
            user=str(document.get("username", base.user)),
            password=str(document.get("password", base.password)),
        )
    )


def _checked(address: Address) -> Address:
    mode = dict(address.options).get("sslmode", "")
    if mode and mode not in (*MODES, *(("disable", "prefer") if address.local else ())):
        raise InputError(
            f"sslmode={mode} does without TLS, and {address.host} is another machine",
            doing=_DOING,
            hint=f"one of {', '.join(MODES)}; without any, verify-full",
        )
    if not address.database:
        raise InputError(
            "the URL names no database", doing=_DOING, hint="postgresql://ana@db.example.com/lab"
        )
    return address
