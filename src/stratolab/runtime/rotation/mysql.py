"""Users of MySQL and MariaDB. Nothing belongs to a user there, so the twin of one is a user with the same grants.

Each is compared with the other grant by grant, on every rotation, so that what was granted to the current one in the
meantime its twin gets too, and what was revoked it loses. Who may connect from where, over TLS or not, and how often is
taken over with it.

Everything here may be repeated. MySQL knows no transaction around such statements; each by itself is done or not.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.core.crash import crash_point
from stratolab.core.errors import RemoteError
from stratolab.runtime.rotation.sql import execute, one, rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.runtime.rotation.credentials import Login

ANYWHERE = "%"
_QUOTED = r"`(?:[^`]|``)*`"
_PART = rf"(?:{_QUOTED}|\*)"
_ON = re.compile(
    rf"GRANT (?P<what>(?:[^`]|{_QUOTED})+?) ON (?P<where>(?:[A-Z ]+ )?{_PART}\.{_PART}) TO (?P<rest>.*)",
    re.DOTALL,
)
_ROLE = re.compile(rf"GRANT (?P<role>(?:{_QUOTED}(?:@{_QUOTED})?,? ?)+) TO (?P<rest>.*)", re.DOTALL)
_USUAL_ROLE = re.compile(rf"SET DEFAULT ROLE (?P<role>{_QUOTED}) FOR ")
_RIGHT = re.compile(rf"(?:[^,(`]|{_QUOTED}|\((?:[^)`]|{_QUOTED})*\))+")
_DEMANDS = re.compile(r" (?P<all>REQUIRE .*?)(?= PASSWORD (?:EXPIRE|HISTORY|REUSE|REQUIRE)| ACCOUNT |$)")
_TEXTS = re.compile(r"'(?:[^'\\]|''|\\.)*'")
_ROUNDS = 3  # of giving and taking, until both have the same


@dataclass(frozen=True, slots=True)
class _Rights:
    """What a user may do: rights by what they are on, with whether they may be passed on; and roles."""

    on: Mapping[str, tuple[frozenset[str], bool]]
    roles: frozenset[str]
    usual: str = ""


def have_twin(connection: Any, current: Login, wanted: Login) -> None:
    """Have the user `wanted` there with its password, with the grants of `current`, from wherever that may connect."""
    hosts = _hosts(connection, current.name)
    if not hosts:
        raise RemoteError(
            f"there is no user {current.name} of which {wanted.name} could be the twin",
            doing="exchanging a database's user",
        )
    for host in hosts:
        demands = _demands(connection, current.name, host)
        _have(connection, wanted, host, demands)
        crash_point("rotation.user")
        _have_same_rights(connection, current.name, wanted.name, host)
    for host in set(_hosts(connection, wanted.name)) - set(hosts):
        execute(connection, "DROP USER IF EXISTS %s@%s", wanted.name, host)
    crash_point("rotation.twin")


def have_application(connection: Any, wanted: Login, shared: str = "") -> None:  # noqa: ARG001 - MySQL shows none of it
    """Have a database and a user there that may do all in it and nothing else. Nothing is dropped."""
    execute(connection, f"CREATE DATABASE IF NOT EXISTS {_name(wanted.database)} CHARACTER SET utf8mb4")
    crash_point("rotation.database")
    demands = "REQUIRE SSL" if one(connection, "SELECT @@require_secure_transport") else "REQUIRE NONE"
    _have(connection, wanted, ANYWHERE, demands)
    crash_point("rotation.user")
    home = _name(re.sub(r"([_%\\])", r"\\\1", wanted.database))  # which a grant takes as any character
    execute(connection, f"GRANT ALL PRIVILEGES ON {home}.* TO %s@%s", wanted.name, ANYWHERE)


def lock(connection: Any, user: str) -> None:
    """Let nobody in as this user."""
    for host in _hosts(connection, user):
        execute(connection, "ALTER USER %s@%s ACCOUNT LOCK", user, host)


def restore(connection: Any, user: Login) -> None:
    """Give a user the password back that it had."""
    for host in _hosts(connection, user.name):
        by, kept = _identified(connection, user)
        execute(connection, f"ALTER USER %s@%s IDENTIFIED BY {by} ACCOUNT UNLOCK", user.name, host, kept)


def drop(connection: Any, user: str) -> None:
    """Have no such user."""
    for host in _hosts(connection, user):
        execute(connection, "DROP USER IF EXISTS %s@%s", user, host)


def acts_as(connection: Any) -> str:
    """As whom a session's statements are run."""
    return str(one(connection, "SELECT CURRENT_USER()")).rpartition("@")[0]


def _have(connection: Any, user: Login, host: str, demands: str) -> None:
    """Have a user with this password."""
    by, kept = _identified(connection, user)
    named = (user.name, host, kept)
    execute(connection, f"CREATE USER IF NOT EXISTS %s@%s IDENTIFIED BY {by} {demands}", *named)
    execute(connection, f"ALTER USER %s@%s IDENTIFIED BY {by} {demands} ACCOUNT UNLOCK", *named)


def _identified(connection: Any, user: Login) -> tuple[str, str]:
    """How a statement gives a password. MySQL takes it out of its logs itself; MariaDB does not, and gets its hash."""
    if "MariaDB" not in _plain(one(connection, "SELECT VERSION()")):
        return "%s", user.password
    once = hashlib.sha1(user.password.encode()).digest()  # noqa: S324 - as MariaDB keeps it
    return "PASSWORD %s", f"*{hashlib.sha1(once).hexdigest().upper()}"  # noqa: S324


def _hosts(connection: Any, user: str) -> list[str]:
    found = rows(connection, "SELECT Host FROM mysql.user WHERE User = %s", user)
    return sorted({_plain(host) for (host,) in found} - {""})  # MariaDB's roles have none


def _demands(connection: Any, user: str, host: str) -> str:
    """What is asked of who connects: TLS, certificates, how often."""
    (told, *_), *_ = rows(connection, "SHOW CREATE USER %s@%s", user, host)
    found = _DEMANDS.search(_plain(told))
    return found["all"].replace("%", "%%") if found else "REQUIRE NONE"


# -- grants ------------------------------------------------------------------------------------------


def _have_same_rights(connection: Any, current: str, wanted: str, host: str) -> None:
    given = _rights(connection, current, host)
    for _ in range(_ROUNDS):
        has = _rights(connection, wanted, host)
        if has == given:
            return
        for statement in _missing(given, has) or _missing(has, given, take=True):
            execute(connection, statement, wanted, host)
    if _rights(connection, wanted, host) != given:
        raise RemoteError(
            f"{wanted} could not be given the grants of {current}",
            doing="exchanging a database's user",
            hint="the owner's user has to have what it is to grant: SHOW GRANTS tells",
        )


def _missing(wanted: _Rights, has: _Rights, *, take: bool = False) -> list[str]:
    """The statements that give what is in `wanted` and not in `has`; with `take`, that take it away."""
    made = []
    for where, (rights, passes) in wanted.on.items():
        known, may_pass = has.on.get(where, (frozenset(), False))
        lacking, passing = sorted(rights - known), passes and not may_pass
        if take and (lacking or passing):
            named = ", ".join([*lacking, *(["GRANT OPTION"] if passing else [])])
            made.append(f"REVOKE {_doubled(named)} ON {_doubled(where)} FROM %s@%s")
        elif lacking or passing:
            end = " WITH GRANT OPTION" if passing else ""
            made.append(f"GRANT {_doubled(', '.join(lacking) or 'USAGE')} ON {_doubled(where)} TO %s@%s{end}")
    give = "REVOKE {} FROM %s@%s" if take else "GRANT {} TO %s@%s"
    made += [give.format(_doubled(role)) for role in sorted(wanted.roles - has.roles)]
    if wanted.usual != has.usual and not take:
        made.append(f"SET DEFAULT ROLE {_doubled(wanted.usual) or 'NONE'} FOR %s@%s")
    return made


def _rights(connection: Any, user: str, host: str) -> _Rights:
    on: dict[str, tuple[frozenset[str], bool]] = {}
    roles, usual = set(), ""
    for (line,) in rows(connection, "SHOW GRANTS FOR %s@%s", user, host):
        told = _plain(line)
        if found := _ON.match(told):
            rights = {right.strip() for right in _RIGHT.findall(found["what"])} - {"USAGE"}
            passes = "GRANT OPTION" in _TEXTS.sub("", found["rest"])
            before, passed = on.get(found["where"], (frozenset(), False))
            if rights or passes:
                on[found["where"]] = (before | rights, passed or passes)
        elif found := _ROLE.match(told):
            roles |= {role.strip() for role in found["role"].split(",")}
        elif found := _USUAL_ROLE.match(told):
            usual = found["role"]
        else:
            raise RemoteError(
                f"{user} has a grant of a kind that cannot be given to its twin",
                doing="exchanging a database's user",
                hint="SHOW GRANTS tells which: partial revokes and proxies are such",
            )
    return _Rights(on, frozenset(roles), usual)


def _name(text: str) -> str:
    return "`" + text.replace("`", "``") + "`"


def _doubled(text: str) -> str:
    """Per cent signs as the driver wants them where values follow."""
    return text.replace("%", "%%")


def _plain(text: Any) -> str:
    return text.decode() if isinstance(text, (bytes, bytearray)) else str(text)
