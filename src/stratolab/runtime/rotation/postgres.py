"""Users of PostgreSQL. The first of two is the one that things belong to; its twin is a member of it and acts as it.

The twin's sessions begin with SET ROLE to the first: what either makes belongs to the first, and what the first may do,
both may. So their rights are equal by construction, tables made later included. Passwords go to the server as SCRAM
verifiers, so that no log of statements could give one away.

Everything here may be repeated, and what is not CREATE DATABASE is one transaction: it holds as a whole or not at all.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from typing import TYPE_CHECKING, Any

from stratolab.core.crash import crash_point
from stratolab.core.errors import RemoteError
from stratolab.runtime.rotation.sql import execute, one, rows

if TYPE_CHECKING:
    from stratolab.runtime.rotation.credentials import Login

ROUNDS = 4096
"""Of PBKDF2, PostgreSQL's own number. https://www.postgresql.org/docs/current/runtime-config-connection.html"""
_SETTINGS = (
    "SELECT COALESCE(d.datname, ''), c.setting FROM pg_db_role_setting s "
    "JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase "
    "CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting) WHERE r.rolname = %s"
)
_LISTS = frozenset(
    {"search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"}
)
"""Settings whose value is a list of names, each quoted for itself."""


def have_twin(connection: Any, current: Login, wanted: Login) -> None:
    """Have the user `wanted` there with its password, able to do what `current` can: the same things, as the same."""
    base = current.base
    limits = rows(
        connection, "SELECT rolconnlimit, rolvaliduntil::text FROM pg_roles WHERE rolname = %s", base
    )
    if not limits:
        raise RemoteError(
            f"there is no user {base} of which {wanted.name} could be the twin",
            doing="exchanging a database's user",
            hint="a secret's user keeps its name: ..., and ..._clone for every second rotation",
        )
    verb = "ALTER" if one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", wanted.name) else "CREATE"
    execute(connection, f"{verb} ROLE {_name(wanted.name)} LOGIN PASSWORD {_verifier(wanted)}")
    if wanted.name != base:
        _act_as(connection, wanted.name, base, *limits[0])
    crash_point("rotation.twin")
    connection.commit()


def _act_as(connection: Any, twin: str, base: str, limit: int, until: str | None) -> None:
    """Make a member of `base` act as it, under the same limits and with the same settings."""
    execute(connection, f"GRANT {_name(base)} TO {_name(twin)}")
    ends = _text(until or "infinity")
    execute(connection, f"ALTER ROLE {_name(twin)} CONNECTION LIMIT {limit:d} VALID UNTIL {ends}")
    mine, theirs = (set(map(tuple, rows(connection, _SETTINGS, who))) for who in (twin, base))
    theirs = {*theirs, ("", f"role={base}")}
    for database, setting in sorted(mine - theirs):
        execute(connection, f"{_settings_of(twin, database)} RESET {_name(setting.partition('=')[0])}")
    for database, setting in sorted(theirs - mine):
        name, _, value = setting.partition("=")
        put = value if name in _LISTS else _text(value)
        execute(connection, f"{_settings_of(twin, database)} SET {_name(name)} TO {put or _text('')}")


def _settings_of(user: str, database: str) -> str:
    return f"ALTER ROLE {_name(user)}{f' IN DATABASE {_name(database)}' if database else ''}"


def have_application(connection: Any, wanted: Login, shared: str = "") -> None:
    """Have a database and a user there that owns it and nothing else. Nothing is dropped, whatever is there.

    `shared` is the server's first database, which then lets in only whom it names.
    """
    connection.rollback()
    connection.autocommit = True  # CREATE DATABASE wants no transaction around it
    name, home = _name(wanted.name), _name(wanted.database)
    verb = "ALTER" if one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", wanted.name) else "CREATE"
    execute(connection, f"{verb} ROLE {name} LOGIN PASSWORD {_verifier(wanted)}")
    crash_point("rotation.user")
    base = _name(wanted.base)
    execute(connection, f"GRANT {base} TO CURRENT_USER")  # who makes a database for another must be that one
    if not one(connection, "SELECT 1 FROM pg_database WHERE datname = %s", wanted.database):
        execute(connection, f"CREATE DATABASE {home} OWNER {base}")
        crash_point("rotation.database")
    execute(connection, f"ALTER DATABASE {home} OWNER TO {base}")
    for closed in filter(None, (wanted.database, shared)):
        execute(connection, f"REVOKE ALL ON DATABASE {_name(closed)} FROM PUBLIC")
    connection.autocommit = False


def lock(connection: Any, user: str) -> None:
    """Let nobody in as this user."""
    if one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", user):
        execute(connection, f"ALTER ROLE {_name(user)} NOLOGIN PASSWORD NULL")
    connection.commit()


def restore(connection: Any, user: Login) -> None:
    """Give a user the password back that it had."""
    execute(connection, f"ALTER ROLE {_name(user.name)} LOGIN PASSWORD {_verifier(user)}")
    connection.commit()


def drop(connection: Any, user: str) -> None:
    """Have no such user. It owns nothing: what it made belongs to the one that it acted as."""
    execute(connection, f"DROP ROLE IF EXISTS {_name(user)}")
    connection.commit()


def acts_as(connection: Any) -> str:
    """As whom a session's statements are run."""
    return str(one(connection, "SELECT current_user"))


def _name(text: str) -> str:
    """A name in a statement."""
    return '"' + text.replace('"', '""') + '"'


def _text(text: str) -> str:
    """A text in a statement; a backslash is no sign of its own there."""
    return "'" + text.replace("'", "''") + "'"


def _verifier(user: Login) -> str:
    """What the server keeps of a password (RFC 5803), in quotes. It is no secret that opens anything."""
    salt = secrets.token_bytes(16)
    normal = unicodedata.normalize("NFKC", user.password).encode()
    salted = hashlib.pbkdf2_hmac("sha256", normal, salt, ROUNDS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    parts = [salt, hashlib.sha256(client).digest(), hmac.digest(salted, b"Server Key", "sha256")]
    salt64, stored, server = (base64.b64encode(part).decode() for part in parts)
    return f"'SCRAM-SHA-256${ROUNDS}:{salt64}${stored}:{server}'"
