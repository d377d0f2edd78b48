"""The undo file: what an account's settings were before they were hardened.

It is written whole, and is on the disk, before the first setting is changed; so whatever happens on the way, it holds
what there was. It lies beside `lab.toml`, is for its owner's eyes, and holds no secret.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError, RefusedError
from stratolab.lab.account.hardening import Plan, compared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from stratolab.aws.settings import Setting, Value
    from stratolab.lab.account.hardening import Change

_FORMAT = "stratolab account undo 1"
_DOING = "reading the undo file"


@dataclass(frozen=True, slots=True)
class Undo:
    """What a file holds: by setting, what was there and what was put there instead."""

    path: Path
    account: str
    region: str
    before: Mapping[str, Value]
    after: Mapping[str, Value]


def write(folder: Path, account: str, region: str, changes: Sequence[Change], now: datetime) -> Path:
    """Write down what is there before these changes; the path of a new file of mode 0600.

    Raises `InputError` if it cannot be written, and then nothing may be changed.
    """
    values = {
        "format": _FORMAT,
        "account": account,
        "region": region,
        "written": now.isoformat(timespec="seconds"),
        "settings": [{"name": one.name, "before": one.before, "after": one.after} for one in changes],
    }
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    stamp = now.strftime("%Y%m%dT%H%M%S")
    for number in range(1, 1000):
        path = folder / f"account-{account}-{region}-{stamp}{f'-{number}' if number > 1 else ''}.undo.json"
        try:
            place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(place, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            continue
        except OSError as error:
            raise InputError(
                f"cannot write {path}: {error.strerror}",
                doing="keeping what is there, so that it can be put back",
                hint="make room or rights there; nothing was changed",
            ) from error
        return path
    raise InputError(f"{folder} is full of undo files of this second", doing="account harden")


def read(path: Path) -> Undo:
    """Read a file. Raises `InputError` with the key for whatever is not as `write` makes it."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", doing=_DOING) from error
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}", doing=_DOING) from error
    if not isinstance(values, dict) or values.get("format") != _FORMAT:
        raise InputError(f'{path}: "format" is not "{_FORMAT}"', doing=_DOING)
    listed = _given(path, values, "settings", list)
    entries = {_given(path, one, "name", str): one for one in listed}
    for name, entry in entries.items():
        if not {"before", "after"} <= entry.keys():
            raise InputError(f'{path}: "before" or "after" is missing at "{name}"', doing=_DOING)
    return Undo(
        path,
        _given(path, values, "account", str),
        _given(path, values, "region", str),
        {name: entry["before"] for name, entry in entries.items()},
        {name: entry["after"] for name, entry in entries.items()},
    )


def check(undo: Undo, account: str, region: str) -> None:
    """Raise `RefusedError` if a file is of another account or region."""
    if (undo.account, undo.region) != (account, region):
        raise RefusedError(
            f"{undo.path} is of account {undo.account} in {undo.region}, and this is {account} in {region}",
            doing="account harden --undo",
            hint="choose the credentials and the lab.toml that it belongs to",
        )


def plan(undo: Undo, settings: Mapping[str, Setting]) -> tuple[Plan, list[str], list[str]]:
    """What it takes to put back what was there, the settings that somebody has changed since, and those that are gone.

    Raises `InputError` for a setting that nobody knows.
    """
    gone = [name for name in undo.before if name not in settings and ":" in name]
    for name in undo.before:
        if name not in settings and name not in gone:
            raise InputError(f'{undo.path}: there is no setting "{name}"', doing=_DOING)
    found = {name: settings[name] for name in undo.before if name in settings}
    made = compared(found, lambda name, _: undo.before[name])
    since = [
        change.name
        for change in made.needed
        if not any(_same(change.before, known) for known in (undo.after[change.name], change.after))
    ]
    return made, since, gone


def _same(one: Value, other: Value) -> bool:
    """AWS adds what is off to what it was given (HardExpiry to a password policy): that is no change."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: value for key, value in one.items() if value} == {
            key: value for key, value in other.items() if value
        }
    return one == other


def _given(path: Path, values: Any, key: str, kind: type[Any]) -> Any:
    if not isinstance(values, dict) or not isinstance(values.get(key), kind):
        raise InputError(f'{path}: "{key}" is missing or wrong', doing=_DOING)
    return values[key]
