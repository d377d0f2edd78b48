"""A bucket that is a folder in the lab: files under their keys, for their owner only.

.stratolab/buckets/data/prices/2020.csv
.stratolab/buckets/.drafts/               what is being written
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, RemoteError
from stratolab.files import whole
from stratolab.files.models import Entry, checked_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKETS = "buckets"
_DRAFTS = ".drafts"


class LocalBucket:
    """The bucket `name` of the lab in `folder`."""

    parallel = 2  # more wait for one another: measured on a disk and in memory

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._root = folder / BUCKETS / name
        self._drafts = folder / BUCKETS / _DRAFTS
        self._folders: set[Path] = set()  # those that are known to be there
        whole.sweep(self._drafts)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Every file whose key begins with `prefix`, by key."""
        folder = prefix.rpartition("/")[0]
        below = f"{folder}/" if folder else ""
        return (entry for entry in _walk(self._root / folder, below) if entry.key.startswith(prefix))

    def entry(self, key: str) -> Entry | None:
        """The file with this key, or None."""
        path = self._path(key)
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Entry(key, found.st_size, found.st_mtime_ns) if path.is_file() else None

    def digest(self, key: str) -> str:
        """The SHA-256 of a file, in hexadecimal."""
        try:
            return whole.digest(self._path(key))
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise self._missing(key) from None

    def put(self, source: Path, key: str) -> None:
        """Keep a copy of `source`."""
        path = self._path(key)
        try:
            self._make(self._drafts)
            self._make(path.parent)
            whole.copy(source, path, drafts=self._drafts, mode=0o600)
        except OSError as error:
            if error.filename == str(source):
                raise _unreadable(error) from error
            raise self._unwritable(error, key) from error

    def get(self, key: str, target: Path) -> None:
        """Write a copy to `target`."""
        path = self._path(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            whole.copy(path, target, drafts=target.parent, mode=0o666)
        except OSError as error:
            if error.filename == str(path):
                raise self._missing(key) from None
            told = error.strerror or str(error)
            raise InputError(f"cannot write {target}: {told}", doing=f"getting {self.name}/{key}") from error

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _make(self, folder: Path) -> None:
        if folder in self._folders:
            return
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
        self._folders.add(folder)

    def _missing(self, key: str) -> InputError:
        return InputError(
            f"there is no {self.name}/{key}", doing="files", hint=f"stratolab files ls {self.name}"
        )

    def _unwritable(self, error: OSError, key: str) -> InputError | RemoteError:
        doing = f"putting {self.name}/{key}"
        if error.errno in {errno.ENOTDIR, errno.EISDIR, errno.EEXIST}:
            what = "the name is taken: a file lies where it needs a folder, or a folder where it needs a file"
            return InputError(what, doing=doing, hint=f"stratolab files ls {self.name}")
        return RemoteError(str(error.strerror or error), doing=doing, hint="is the disk full? df -h .")


def _unreadable(error: OSError) -> InputError:
    return InputError(f"cannot read {error.filename}: {error.strerror}", doing="copying files")


def _walk(folder: Path, below: str) -> Iterator[Entry]:
    try:
        found = sorted(os.scandir(folder), key=lambda entry: entry.name + "/" * entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in found:
        if entry.is_dir():
            yield from _walk(folder / entry.name, f"{below}{entry.name}/")
        else:
            known = entry.stat()
            yield Entry(below + entry.name, known.st_size, known.st_mtime_ns)
