"""A database's user, its secret in the form that RDS and Secrets Manager know; names and passwords by chance."""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGINES = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "aurora-postgresql": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "aurora-mysql": "mysql",
}
"""What a secret may call its engine, and which of our two that is."""
TWIN, REHEARSAL = "_clone", "_rehearsal"
"""What the name of a user's twin ends in, as in AWS's own functions; and that of one that lives for a rehearsal."""
USERNAME_LENGTH, PASSWORD_LENGTH = 12, 32
_LONGEST = {"postgres": 63, "mysql": 32}  # characters of a user's name
_LETTERS = string.ascii_letters + string.digits
_DOING = "reading the secret of a database"


@dataclass(frozen=True, slots=True)
class Login:
    """A database and a user of it. `owner` names the secret of who may make users there, empty for this one."""

    engine: str
    host: str
    port: int
    database: str
    name: str
    password: str = field(repr=False)
    owner: str = ""
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Whatever else the secret holds: it is kept as it is."""

    @property
    def family(self) -> str:
        """`postgres` or `mysql`."""
        return ENGINES[self.engine]

    @property
    def place(self) -> tuple[str, str, int, str]:
        """Which database it is."""
        return self.family, self.host, self.port, self.database

    @property
    def base(self) -> str:
        """The name of the first of the two users."""
        return self.name.removesuffix(REHEARSAL).removesuffix(TWIN)

    @property
    def rehearsed(self) -> bool:
        """Whether it lives for a rehearsal only."""
        return self.name.endswith(REHEARSAL)

    def twin(self, password: str) -> Login:
        """The other one of the two users. Raises `InputError` if its name would be too long."""
        other = self.base if self.name != self.base else f"{self.base}{TWIN}"
        return replace(self, name=_fitting(self.family, other), password=password)

    def rehearsal(self, password: str) -> Login:
        """A third user, for as long as a rehearsal."""
        return replace(self, name=_fitting(self.family, f"{self.base}{REHEARSAL}"), password=password)


def read(text: str) -> Login:
    """The user that a secret holds. Raises `InputError`, which repeats nothing of it, if it holds none."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InputError(
            "the secret is no JSON object, so it does not say where its user is one",
            doing=_DOING,
            hint='{"engine": "postgres", "host": ..., "port": ..., "dbname": ..., "username": ..., "password": ...}',
        )
    missing = [key for key in ("engine", "host", "dbname", "username", "password") if not document.get(key)]
    if missing:
        raise InputError(f"the secret has no {', '.join(missing)}", doing=_DOING)
    return login(document)


def login(document: Mapping[str, Any]) -> Login:
    """The user that the keys of a secret name. Raises `InputError` for an engine or a port that is none."""
    engine, port = str(document["engine"]), document.get("port") or 0
    if engine not in ENGINES:
        raise InputError(
            "the secret's 'engine' is none whose users can be exchanged",
            doing=_DOING,
            hint=f"one of {', '.join(ENGINES)}",
        )
    if not str(port).isdigit():
        raise InputError("the secret's 'port' is no number", doing=_DOING)
    known = ("engine", "host", "port", "dbname", "username", "password", "masterarn")
    return Login(
        engine=engine,
        host=str(document["host"]),
        port=int(port) or {"postgres": 5432, "mysql": 3306}[ENGINES[engine]],
        database=str(document["dbname"]),
        name=str(document["username"]),
        password=str(document["password"]),
        owner=str(document.get("masterarn") or ""),
        more={key: value for key, value in document.items() if key not in known},
    )


def written(of: Login) -> str:
    """The secret that holds a user: the JSON object that `read` takes."""
    document = {
        "engine": of.engine,
        "host": of.host,
        "port": of.port,
        "dbname": of.database,
        "username": of.name,
        "password": of.password,
        **({"masterarn": of.owner} if of.owner else {}),
        **of.more,
    }
    return json.dumps(document)


def username(length: int = USERNAME_LENGTH) -> str:
    """A user's name by chance: small letters and digits, a letter first."""
    rest = (secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length - 1))
    return secrets.choice(string.ascii_lowercase) + "".join(rest)


def password(length: int = PASSWORD_LENGTH) -> str:
    """A password by chance: small and capital letters and digits, each kind at least once.

    No other signs: it also stands in addresses, where they would have to be quoted.
    """
    while True:
        made = "".join(secrets.choice(_LETTERS) for _ in range(length))
        if any(map(str.islower, made)) and any(map(str.isupper, made)) and any(map(str.isdigit, made)):
            return made


def _fitting(family: str, name: str) -> str:
    if len(name) > _LONGEST[family]:
        raise InputError(
            f"the name of the other user, {name}, would have more than {_LONGEST[family]} characters",
            doing="exchanging a database's user",
            hint=f"name the first one shorter: at most {_LONGEST[family] - len(REHEARSAL)} characters",
        )
    return name
