"""The sha256 of files and folders, remembered in `<store>/fingerprints.json` by size, time and inode.

What is remembered is used only if the file was at rest for two seconds when it was read: some file systems
count time in seconds, and a change right after the reading would not be seen. A cache that cannot be read is
begun anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from typing import TYPE_CHECKING, Final

from stratolab.jobs.capsules.models import Fingerprint
from stratolab.jobs.capsules.objects import write_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_REST: Final = 2 * 10**9  # nanoseconds
_ENTRIES: Final = 50_000  # above this, only what was used last is kept
_PARALLEL: Final = 16 * 2**20  # bytes to hash from which threads pay
_LINK = "link"

_Entry = list[int | str]  # size, mtime_ns, inode, read at (ns), sha256


class Cache:
    """What is known about files, by absolute path. `save` writes it if it changed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._entries = _load(file)
        self._used: set[str] = set()
        self._changed = False

    def sha256(self, path: str) -> str:
        """The sha256 of the file's content. Raises `OSError` if it cannot be read."""
        known = self.known(path, os.stat(path))  # noqa: PTH116 - strings, in a loop over many files
        return known or self.read(path)

    def known(self, path: str, status: os.stat_result) -> str:
        """The sha256 if it is known for a file in this state, else an empty string."""
        self._used.add(path)
        entry = self._entries.get(path)
        if entry is None or entry[:3] != [status.st_size, status.st_mtime_ns, status.st_ino]:
            return ""
        return str(entry[4]) if status.st_mtime_ns + _REST < int(entry[3]) else ""

    def read(self, path: str) -> str:
        """The sha256 by reading the file, which is remembered if the file stood still meanwhile."""
        at = time.time_ns()
        with open(path, "rb") as file:  # noqa: PTH123
            before = os.fstat(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            self.remember(path, after, digest, at=at)
        return digest

    def remember(self, path: str, status: os.stat_result, digest: str, *, at: int) -> None:
        """Keep the sha256 of a file whose content was read after `at` (nanoseconds) in this state."""
        self._entries[path] = [status.st_size, status.st_mtime_ns, status.st_ino, at, digest]
        self._used.add(path)
        self._changed = True

    def save(self) -> None:
        """Write what is new; nothing if nothing is."""
        if not self._changed:
            return
        if len(self._entries) > _ENTRIES:
            self._entries = {path: item for path, item in self._entries.items() if path in self._used}
        write_private(self._file, json.dumps(self._entries, separators=(",", ":")).encode())
        self._changed = False


def fingerprints(folder: Path, data: Sequence[str], cache: Cache) -> dict[str, Fingerprint]:
    """The fingerprint of each path of `data`, relative to `folder` or absolute, in that order.

    A path may be a link; inside a folder, links to files count with their content and links to folders
    with their text. The first reading costs what sha256 costs (a second or two a gigabyte and core).
    """
    found = {path: _files(os.path.join(folder, path)) for path in data}  # noqa: PTH118
    _read_ahead([path for files in found.values() for path in files.values()], cache)
    return {path: _fingerprint(files, cache) for path, files in found.items()}


def _files(path: str) -> dict[str, str]:
    """Relative name -> real path; the name of a single file is empty."""
    if not os.path.isdir(path):  # noqa: PTH112
        return {"": path} if os.path.exists(path) else {}  # noqa: PTH110
    return {os.path.relpath(name, path): name for name in _walk(path)}


def _walk(folder: str) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
        else:
            yield entry.path


def _fingerprint(files: Mapping[str, str], cache: Cache) -> Fingerprint:
    if not files:
        return Fingerprint(size=0, sha256="", files=0)
    sizes: dict[str, int] = {}
    digests: dict[str, str] = {}
    for name, path in files.items():
        sizes[name], digests[name] = _one(path, cache)
    if "" in files:
        return Fingerprint(size=sizes[""], sha256=digests[""], files=1)
    lines = (f"{sizes[name]} {digests[name]} {name}\0" for name in sorted(files))
    digest = hashlib.sha256(os.fsencode("".join(lines))).hexdigest()
    return Fingerprint(size=sum(sizes.values()), sha256=digest, files=len(files))


def _one(path: str, cache: Cache) -> tuple[int, str]:
    """Size and sha256; what cannot be read as a file has a word for what it is instead."""
    try:
        status = os.stat(path)  # noqa: PTH116
        if stat.S_ISREG(status.st_mode):
            return status.st_size, cache.known(path, status) or cache.read(path)
        return 0, f"{_LINK} {os.readlink(path)}" if os.path.islink(path) else "special"  # noqa: PTH114, PTH115
    except OSError:
        return 0, "unreadable"


def _read_ahead(paths: Sequence[str], cache: Cache) -> None:
    """Hash in parallel what is not known yet, if it is much."""
    todo = []
    size = 0
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and not cache.known(path, status):
            todo.append(path)
            size += status.st_size
    if len(todo) > 1 and size >= _PARALLEL:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - 10 ms, for large data only

        with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
            list(pool.map(lambda path: _one(path, cache), todo))


def _load(file: Path) -> dict[str, _Entry]:
    try:
        raw = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(raw, dict):
        return {}
    return {path: item for path, item in raw.items() if isinstance(item, list) and len(item) == 5}
