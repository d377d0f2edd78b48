"""The lab's signature under a model: who may say that its bytes are the ones that were looked at and accepted.

HMAC-SHA256 with a key of the lab's own, 32 random bytes in a file of mode 0600. In a local lab the one who signs is
the one who opens, on the same machine, so a public key would add a dependency and protect nothing more. (A lab on
AWS signs with a key in KMS, behind the same protocol.) What is signed: the model's name, its run, the hash over names,
sizes and contents of its files, its format, and why opening it runs code. A key that others can read is not used.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from stratolab.core.errors import RefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.models.models import Content

_METHOD: Final = "hmac-sha256"
_LENGTH: Final = 32
_NAME_OF_KEY: Final = b"stratolab: the name of this key"
_DOING: Final = "checking the model's signature"


def statement(name: str, run: str, content: Content) -> bytes:
    """What a signature is under: canonical JSON."""
    told = {
        "statement": 1,
        "name": name,
        "run": run,
        "sha256": content.sha256,
        "format": content.format,
        "opening": content.opening.value,
        "reasons": list(content.reasons),
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


class LabKey:
    """The signing key of a local lab, in the file at `path`; made when something is first signed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def sign(self, message: bytes) -> str:
        """A signature under `message`."""
        key = self._key() or self._make()
        return f"{_METHOD}:{_name_of(key)}:{hmac.digest(key, message, hashlib.sha256).hex()}"

    def check(self, message: bytes, signature: str) -> None:
        """Return if `signature` is this lab's, under this `message`.

        Raises `RefusedError` saying what is wrong: there is none, it is another lab's, or it does not fit.
        """
        if not signature:
            raise RefusedError("it carries no signature", doing=_DOING)
        key = self._key()
        method, _, rest = signature.partition(":")
        name, _, digest = rest.partition(":")
        if method != _METHOD or key is None or not _same(name, _name_of(key)):
            raise RefusedError("it was signed by another lab, or with a key that is gone", doing=_DOING)
        if not _same(digest, hmac.digest(key, message, hashlib.sha256).hex()):
            raise RefusedError(
                "the signature does not fit: what the registry says of it was changed since", doing=_DOING
            )

    def _key(self) -> bytes | None:
        """The key; None if there is none yet."""
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RefusedError(f"the signing key cannot be read: {error.strerror}", doing=_DOING) from error
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
                raise RefusedError(
                    "others than you can read or change the lab's signing key, so what it signed proves nothing",
                    doing=_DOING,
                    hint=f"if nobody else used it: chmod 600 {self._path}  (else delete it and register again)",
                )
            key = file.read(_LENGTH + 1)
        if len(key) != _LENGTH:
            raise RefusedError(
                "the lab's signing key is damaged", doing=_DOING, hint=f"restore {self._path} from a backup"
            )
        return key

    def _make(self) -> bytes:
        """Make the key, whole or not at all; the one that was there first wins."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{self._path.name}.{os.urandom(6).hex()}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(os.urandom(_LENGTH))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(temporary, self._path)
        finally:
            temporary.unlink()
        key = self._key()
        if key is None:
            raise RefusedError("the signing key went away", doing=_DOING)
        return key


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _name_of(key: bytes) -> str:
    return hmac.digest(key, _NAME_OF_KEY, hashlib.sha256).hex()[:16]
