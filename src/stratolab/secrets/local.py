"""Secrets in a file of the lab's folder: readable by its owner only, written whole or not at all.

    .stratolab/secrets.json   {"format": 1, "secrets": {NAME: [{"id", "created", "stages", "value"}, ...]}}
                              and "rotated", the moment at which a rotation made the version current
    .stratolab/secrets.lock   held by who writes

A writer takes the lock, reads, and puts a new file in the old one's place; so readers need no lock and two
writers lose nothing of each other. The values are not encrypted: who may read the owner's files may read them, as
with ~/.pgpass or ~/.aws/credentials.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.core.names import nearest, new_id
from stratolab.secrets.models import (
    CURRENT,
    PENDING,
    PREVIOUS,
    Secret,
    Version,
    checked_name,
    checked_value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILE = "secrets.json"
LOCK = "secrets.lock"
FORMAT = 1
_DAY = 86_400.0

_Kept = dict[str, list["_Entry"]]


@dataclass(frozen=True, slots=True, repr=False)  # no repr: it would show the value
class _Entry:
    id: str
    created: float
    stages: tuple[str, ...]
    value: str
    rotated: float | None = None

    def version(self) -> Version:
        return Version(self.id, self.created, self.stages, len(self.value.encode()))


class LocalSecrets:
    """The secrets of the lab in `folder`, which must be there when one is put.

    `days` says after how many of them a secret is due to be exchanged, None for one that is not.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.time,
        days: Callable[[str], float | None] = lambda _name: None,
    ) -> None:
        self._folder, self._clock, self._days = folder, clock, days

    def put(self, name: str, value: str, *, stage: str = CURRENT) -> Version:
        """Keep a new version of a secret."""
        checked_name(name)
        checked_value(value)
        with self._writing() as kept:
            there = _in_stage(kept.get(name, []), stage)
            if there is not None and there.value == value:
                return there.version()
            entry = _Entry(new_id(), self._clock(), (stage,), value)
            moved = [_without_stage(old, stage) for old in kept.get(name, [])]
            kept[name] = [entry, *(old for old in moved if old.stages)]
        return entry.version()

    def get(self, name: str, *, stage: str = CURRENT) -> str:
        """The value of the version in that stage."""
        entries = self._entries(name)
        found = _in_stage(entries, stage)
        if found is None:
            stages = ", ".join(sorted({known for entry in entries for known in entry.stages}))
            raise InputError(f"{name} has no version {stage}", doing="secret", hint=f"it has {stages}")
        return found.value

    def find(self, name: str) -> Secret:
        """What is known of a secret."""
        return self._secret(name, self._entries(name))

    def all(self) -> list[Secret]:
        """All secrets by name."""
        return [self._secret(name, entries) for name, entries in sorted(self._read().items())]

    def remove(self, name: str) -> None:
        """Forget a secret."""
        with self._writing() as kept:
            _known(name, kept)
            del kept[name]

    # -- for rotations (`runtime.rotation.steps.Vault`) ----------------------------------------------

    def stages(self, name: str) -> dict[str, frozenset[str]]:
        """The stages of each version by its id."""
        return {entry.id: frozenset(entry.stages) for entry in self._entries(name)}

    def value(self, name: str, version: str) -> str:
        """The value of a version; empty if there is none of that id."""
        return next((entry.value for entry in self._entries(name) if entry.id == version), "")

    def put_pending(self, name: str, version: str, value: str) -> None:
        """Keep a value as the version of this id, pending. Repeated, it does nothing."""
        checked_value(value)
        with self._writing() as kept:
            others = _known(name, kept)
            if any(entry.id == version for entry in others):
                return
            moved = [_without_stage(old, PENDING) for old in others]
            entry = _Entry(version, self._clock(), (PENDING,), value)
            kept[name] = [entry, *(old for old in moved if old.stages)]

    def promote(self, name: str, version: str) -> None:
        """Make a version the current one, and the one that is it the previous. Repeated, it does nothing."""
        with self._writing() as kept:
            mine = next(entry for entry in _known(name, kept) if entry.id == version)
            if CURRENT in mine.stages:
                return
            others = [_without_stage(old, CURRENT) for old in kept[name] if old.id != version]
            made = _Entry(version, mine.created, (CURRENT,), mine.value, self._clock())
            kept[name] = [made, *(old for old in others if old.stages)]

    def discard(self, name: str, version: str) -> None:
        """Forget a pending version. Repeated, it does nothing."""
        with self._writing() as kept:
            kept[name] = [
                entry for entry in _known(name, kept) if entry.id != version or PENDING not in entry.stages
            ]

    def _secret(self, name: str, entries: list[_Entry]) -> Secret:
        """What may be known of it. One that was never exchanged is due so many days after it was set."""
        rotated = max((entry.rotated for entry in entries if entry.rotated is not None), default=None)
        current, days = _in_stage(entries, CURRENT), self._days(name)
        due = None
        if days is not None and current is not None:
            due = max(current.created, rotated or 0.0) + days * _DAY
        versions = tuple(entry.version() for entry in entries)
        return Secret(name, versions, rotated, due, rotates=days is not None)

    def _entries(self, name: str) -> list[_Entry]:
        return _known(name, self._read())

    def _read(self) -> _Kept:
        path = self._folder / FILE
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise RemoteError(f"cannot read {path}: {error.strerror}", doing="secrets") from None
        try:
            return _parsed(json.loads(text))
        except (KeyError, TypeError, ValueError):  # what was parsed is not told: it holds secrets
            raise RefusedError(
                f"{path} is damaged, or of a newer version of stratolab",
                doing="secrets",
                hint=f"put it aside and set the secrets again: mv {path} {path}.damaged",
            ) from None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[_Kept]:
        """What is kept, alone; what it is at the end is written."""
        try:
            lock = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                kept = self._read()
                yield kept
                _replace(self._folder / FILE, _document(kept))
            finally:
                os.close(lock)
        except OSError as error:
            raise RemoteError(
                f"cannot write {self._folder / FILE}: {error.strerror}", doing="secrets", hint="df -h ."
            ) from None


def _in_stage(entries: list[_Entry], stage: str) -> _Entry | None:
    return next((entry for entry in entries if stage in entry.stages), None)


def _without_stage(entry: _Entry, stage: str) -> _Entry:
    """An older version when another one takes its stage; the one that was current is the previous one now."""
    stages = set(entry.stages)
    if stage == CURRENT:
        stages.discard(PREVIOUS)
        stages |= {PREVIOUS} if CURRENT in entry.stages else set()
    stages.discard(stage)
    return _Entry(entry.id, entry.created, tuple(sorted(stages)), entry.value, entry.rotated)


def _known(name: str, kept: _Kept) -> list[_Entry]:
    if name in kept:
        return kept[name]
    checked_name(name)
    near = nearest(name, kept)
    hint = f"did you mean {near!r}?" if near else f"stratolab secrets set {name}"
    raise InputError(f"there is no secret {name!r} in this lab", doing="secret", hint=hint)


def _parsed(document: Any) -> _Kept:
    if document["format"] != FORMAT:
        raise ValueError("another format")
    return {
        name: [
            _Entry(
                str(one["id"]),
                float(one["created"]),
                tuple(map(str, one["stages"])),
                str(one["value"]),
                float(one["rotated"]) if one.get("rotated") is not None else None,
            )
            for one in entries
        ]
        for name, entries in document["secrets"].items()
    }


def _document(kept: _Kept) -> bytes:
    secrets = {
        name: [
            {
                "id": one.id,
                "created": one.created,
                "stages": one.stages,
                "value": one.value,
                **({} if one.rotated is None else {"rotated": one.rotated}),
            }
            for one in entries
        ]
        for name, entries in kept.items()
    }
    return json.dumps({"format": FORMAT, "secrets": secrets}, indent=1).encode()


def _replace(path: Path, data: bytes) -> None:
    """Write the file whole or not at all, for its owner only, whatever the umask."""
    draft = path.with_name(
        f".{path.name}.{os.getpid()}.new"
    )  # one writer at a time: what is there is a dead one's
    try:
        draft.unlink(missing_ok=True)
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
