"""Contents by their sha256: written once, whole or not at all, readable by their owner alone.

    <store>/objects/3f/9a...   zlib of the content
    <store>/records/<id>.json  one capsule

Nothing is ever changed in place, so any number of processes may write at once.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from stratolab.core.errors import StratolabError

if TYPE_CHECKING:
    from pathlib import Path

_FAST = 1  # zlib level: text shrinks to a third at 100 MB/s


class Objects:
    """The objects of one store. The folders are made when the first object is."""

    def __init__(self, store: Path) -> None:
        self._folder = store / "objects"
        self._name = os.fspath(self._folder)

    def put(self, content: bytes) -> str:
        """Keep `content` and give its sha256 (hexadecimal). The same content is stored once."""
        digest = hashlib.sha256(content).hexdigest()
        if not self.has(digest):
            write_private(self._path(digest), zlib.compress(content, _FAST))
        return digest

    def has(self, digest: str) -> bool:
        """Whether the content is stored. One that a power cut left empty does not count."""
        try:
            return os.stat(f"{self._name}/{digest[:2]}/{digest[2:]}").st_size > 0  # noqa: PTH116 - in a loop
        except OSError:
            return False

    def get(self, digest: str) -> bytes:
        """The content with this sha256. Raises `StratolabError` if it is not stored, or damaged."""
        try:
            content = zlib.decompress(self._path(digest).read_bytes())
        except FileNotFoundError:
            raise _lost(digest, "is not stored") from None
        except (OSError, zlib.error) as error:
            raise _lost(digest, f"cannot be read ({error})") from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise _lost(digest, "is damaged: its content does not match its name")
        return content

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]


def write_private(path: Path, content: bytes) -> None:
    """Write `path` whole or not at all, mode 0600 in folders of mode 0700, whatever the umask.

    Other writers of the same path are fine: the last one wins. Raises `StratolabError`.
    """
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        private_folder(path.parent)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise StratolabError(
            f"{path.name}: {error.strerror or error}",
            doing="recording the state of the code",
            hint="is the disk full, or the lab's folder not yours?",
        ) from error


def private_folder(folder: Path) -> None:
    """Make `folder` and those above it that are missing, each with mode 0700."""
    if folder.is_dir():
        return
    private_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)


def _lost(digest: str, what: str) -> StratolabError:
    return StratolabError(
        f"recorded content {digest[:12]} {what}",
        doing="reading a capsule",
        hint="copy the lab's folder capsules/ again from where the job ran",
    )
