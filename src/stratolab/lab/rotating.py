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

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.runtime.rotation.credentials import Login
    from stratolab.runtime.rotation.steps import Rotation
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
    return AwsRotations(
        found.secrets,
        SecretVault(of("secretsmanager")),
        Functions(of("lambda", waits=WAITS)),
        LogSearch(of("logs")),
    )


def local_rotation(lab: LocalLab, secret: str) -> Rotation:
    """How a secret of this machine's lab is exchanged."""
    from stratolab.runtime.rotation import canaries, credentials
    from stratolab.runtime.rotation.databases import Databases
    from stratolab.runtime.rotation.steps import Rotation

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
