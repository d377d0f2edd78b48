"""Which lab's rotations a command means, and of this machine's lab: with whom a secret is exchanged.

A secret of a database says itself where that is. What else is to be known stands with the database that names it: its
URL's options (TLS), canaries, how long passwords are.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.lab.choosing import chosen
from stratolab.lab.local import LocalLab
from stratolab.runtime.rotation import keys
from stratolab.runtime.rotation.steps import CURRENT, Rotation

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.aws.clients import Clients
    from stratolab.aws.secretsmanager import SecretVault
    from stratolab.lab.deployed import DeployedLab
    from stratolab.runtime.rotation.credentials import Login
    from stratolab.secrets.rotations.protocol import Rotator


def open_rotations(named: str = "", start: Path | None = None) -> Rotator:
    """The rotations of the lab `named`, or of the one that the folder belongs to, as `choosing` finds it."""
    found = chosen(named, start)
    if isinstance(found, LocalLab):
        from stratolab.secrets.rotations.local import LocalRotations

        lab = found
        return LocalRotations(lab.secrets, lab.folder, lambda name: local_rotation(lab, name))
    from stratolab.aws.functions import WAITS, Functions
    from stratolab.aws.logsearch import LogSearch
    from stratolab.aws.secretsmanager import SecretVault
    from stratolab.secrets.rotations.aws import AwsRotations

    of = found.clients.of
    vault = SecretVault(of("secretsmanager"))
    return AwsRotations(
        found.secrets,
        vault,
        Functions(of("lambda", waits=WAITS)),
        LogSearch(of("logs")),
        lambda full: _by_hand(found, vault, full),
    )


def _by_hand(lab: DeployedLab, vault: SecretVault, full: str) -> Rotation | None:
    """How a secret of a lab in AWS is exchanged that no function exchanges: an access key, by whoever may make one."""
    from stratolab.runtime.functions.kept import Kept

    current = vault.value(full, stage=CURRENT) or ""
    if not keys.is_one(current):
        return None
    kept = Kept(lab.clients.of("secretsmanager"))
    return Rotation(kept, _access_keys(current, lab.clients))


def _access_keys(current: str, clients: Clients | None = None) -> keys.AccessKeys:
    from stratolab.aws.accesskeys import UserKeys
    from stratolab.aws.clients import Clients

    used = clients or Clients("")
    return keys.AccessKeys(UserKeys(used.of("iam"), keys.user_of(current), used.region))


def local_rotation(lab: LocalLab, secret: str) -> Rotation:
    """How a secret of this machine's lab is exchanged: as an access key of AWS, or as a database's user."""
    current = lab.secrets.get(secret)
    if keys.is_one(current):
        return Rotation(lab.secrets, _access_keys(current))
    from stratolab.runtime.rotation import canaries, credentials
    from stratolab.runtime.rotation.databases import Databases

    table = _table(lab, secret)
    exchange = Databases(
        lambda login: _connect(table.get("url"), login),
        lambda login: _owner(lab, login),
        password_length=table.get("password_length", credentials.PASSWORD_LENGTH),
    )
    asked = [exchange.canary(table["canary"])] if table.get("canary") else []
    if table.get("canary_command"):
        asked.append(canaries.program(shlex.split(table["canary_command"]), folder=str(lab.project)))
    return Rotation(lab.secrets, exchange, tuple(asked))


def _table(lab: LocalLab, secret: str) -> dict[str, Any]:
    """What the project's file says of the database that this secret opens; empty if none names it."""
    if not lab.configured:
        return {}
    known = lab.config.databases.values()
    return next((one.model_dump(exclude_none=True) for one in known if one.secret == secret), {})


def _connect(url: str | None, login: Login) -> Any:
    from stratolab.runtime.rotation import credentials
    from stratolab.tables.address import from_url, with_secret
    from stratolab.tables.opening import open_connection

    return open_connection(with_secret(from_url(url) if url else None, credentials.written(login))).raw


def _owner(lab: LocalLab, login: Login) -> Login:
    """Who may make users there: the one of the secret that `masterarn` names, or else the user itself."""
    if not login.owner:
        return login
    try:
        document = json.loads(lab.secrets.get(login.owner))
        return replace(login, name=str(document["username"]), password=str(document["password"]))
    except (ValueError, TypeError, KeyError):
        raise InputError(
            f"the secret {login.owner} is no JSON object with username and password",
            doing="finding who may make users",
        ) from None
