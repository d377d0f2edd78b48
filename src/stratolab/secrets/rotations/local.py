"""Rotations of this machine's lab: in this process, under a lock that ends with it.

    .stratolab/rotations/<hash>.lock   held by the process that exchanges this secret

A rotation that was killed leaves its version pending; the next one of the same secret goes on with it, as Secrets
Manager does.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stratolab.core.errors import RefusedError
from stratolab.secrets.models import PENDING
from stratolab.secrets.rotations.models import Progress, Rotated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stratolab.runtime.rotation.steps import Notice, Rotation
    from stratolab.secrets.local import LocalSecrets

FOLDER = "rotations"
_DONE = {
    "create": "a new credential is made, pending",
    "set": "it is let in",
    "test": "it works, and every canary with it",
    "finish": "it is the current one",
}


@dataclass(frozen=True, slots=True)
class LocalRotations:
    """Rotations of `secrets`. `rotation` says for a secret with whom it is exchanged and what has to work."""

    secrets: LocalSecrets
    folder: Path
    rotation: Callable[[str], Rotation]
    clock: Callable[[], float] = time.monotonic

    def rotate(self, name: str, tell: Callable[[Progress], None]) -> Rotated:
        """Exchange a secret."""
        began = self.clock()
        with self._alone(name):
            rotation = self._heard(name, tell)
            self._forget_rehearsal(rotation, name)
            token = self._pending(name) or str(uuid.uuid4())
            for step in rotation.whole(name, token):
                tell(Progress(step, _DONE[step]))
            who = rotation.exchange.people(self.secrets.value(name, token))
        return Rotated(name, token, who, self.clock() - began)

    def rehearse(self, name: str, tell: Callable[[Progress], None]) -> Rotated:
        """Try it, and take it back."""
        began, token = self.clock(), str(uuid.uuid4())
        with self._alone(name):
            rotation = self._heard(name, tell)
            self._forget_rehearsal(rotation, name)
            if self._pending(name):
                raise RefusedError(
                    f"a rotation of {name} was broken off, and is to be ended first",
                    doing="rehearsing a rotation",
                    hint=f"stratolab secrets rotate {name}",
                )
            who = rotation.rehearse(name, token)
        return Rotated(name, token, who, self.clock() - began, rehearsed=True)

    def _heard(self, name: str, tell: Callable[[Progress], None]) -> Rotation:
        def heard(notice: Notice) -> None:
            tell(Progress(notice.what, notice.text))

        return replace(self.rotation(name), tell=heard)

    def _pending(self, name: str) -> str:
        version = self.secrets.find(name).version(PENDING)
        return version.id if version else ""

    def _forget_rehearsal(self, rotation: Rotation, name: str) -> None:
        """What a rehearsal that was killed has left behind."""
        left = self._pending(name)
        if left and rotation.exchange.discarded(self.secrets.value(name, left)):
            rotation.give_up(name, left)

    @contextlib.contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Inside of it no other process exchanges this secret."""
        self.secrets.find(name)
        folder = self.folder / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RefusedError(
                    f"another process is exchanging {name} just now",
                    doing="rotating a secret",
                    hint="wait for it: stratolab secrets ls",
                ) from None
            yield
        finally:
            os.close(lock)
