"""A database's own client program, for statements typed by hand: which program, with what arguments and variables.

The password goes by the program's environment, which other users of the machine cannot see; never by its arguments,
which everybody sees. TLS is asked for as `opening` asks for it.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.tables.opening import postgres_tls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.tables.address import Address

_PROGRAMS = {
    "postgresql": (("psql",), "apt-get install postgresql-client"),
    "mysql": (("mysql", "mariadb"), "apt-get install mariadb-client"),
    "sqlite": (("sqlite3",), "apt-get install sqlite3"),
}
_MYSQL_TLS = {"require": "REQUIRED", "verify-ca": "VERIFY_CA", "verify-full": "VERIFY_IDENTITY"}
_VERSION_WITHIN = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Client:
    """A program: its arguments, the first of which is where it is, and what is added to its environment."""

    arguments: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


def client(address: Address, *, by_way_of: int = 0) -> Client:
    """The client program for a database. Raises `InputError` if it is not installed.

    `by_way_of` is a port of this machine that leads to the host. psql then checks the certificate against the host's
    own name; `mysql`, which knows one name only, checks who signed it.
    """
    if by_way_of and address.dialect == "mysql":
        options = {**dict(address.options), "sslmode": "verify-ca"}
        address = replace(address, host="127.0.0.1", port=by_way_of, options=tuple(options.items()))
    names, hint = _PROGRAMS[address.dialect]
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        raise InputError(f"{names[0]} is not installed", doing="db connect", hint=hint)
    if address.dialect == "sqlite":
        return Client((program, address.database))
    if address.dialect == "postgresql":
        way = {"PGHOSTADDR": "127.0.0.1", "PGPORT": str(by_way_of)} if by_way_of else {}
        return Client((program,), {**_postgres(address), **way})
    return Client(
        (program, *_mysql(address, of_mariadb=_of_mariadb(program))), _given(MYSQL_PWD=address.password)
    )


def _postgres(address: Address) -> dict[str, str]:
    options, tls = dict(address.options), postgres_tls(address)
    return _given(
        PGHOST=address.host or options.get("unix_socket", ""),
        PGPORT=str(address.port or ""),
        PGUSER=address.user,
        PGPASSWORD=address.password,
        PGDATABASE=address.database,
        PGSSLMODE=tls.get("sslmode", ""),
        PGSSLROOTCERT=tls.get("sslrootcert", ""),
        PGAPPNAME="stratolab",
    )


def _mysql(address: Address, *, of_mariadb: bool) -> list[str]:
    """Arguments of `mysql`, whose two makers have different words for TLS."""
    options = dict(address.options)
    given = {
        "host": address.host,
        "port": str(address.port or ""),
        "user": address.user,
        "socket": options.get("unix_socket", ""),
        "ssl-ca": options.get("sslrootcert", "") if address.tls else "",
    }
    tls = []
    if address.tls in _MYSQL_TLS:
        checked = ["--ssl-verify-server-cert"] if address.tls == "verify-full" else []
        tls = ["--ssl", *checked] if of_mariadb else [f"--ssl-mode={_MYSQL_TLS[address.tls]}"]
    named = [f"--{name}={value}" for name, value in given.items() if value]
    return [*named, *tls, f"--database={address.database}"]


def _of_mariadb(program: str) -> bool:
    told = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False, timeout=_VERSION_WITHIN
    )
    return "MariaDB" in told.stdout


def _given(**variables: str) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value}
