"""Files that appear whole or not at all.

A draft lies beside its place (or in a folder of drafts on the same disk) under a name that tells which process
writes it, and is renamed when it is complete. What a killed process left is swept up by the next one. Nothing is
synced: a draft outlives every process, not a power cut, after which sizes tell what to copy again.
"""
# ruff: noqa: PTH105, PTH108 - ten thousand small files: pathlib would take as long as the copying

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
import stat
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.core.processes import alive, identity

if TYPE_CHECKING:
    from pathlib import Path

DRAFT = re.compile(r"\.stratolab-(?P<machine>.+)-(?P<pid>\d+)-(?P<start>\w+)-[0-9a-f]+\.part")
_CHUNK = 1 << 20
_numbers = itertools.count()  # `next` is one step for all threads


def copy(source: Path, target: Path, *, drafts: Path, mode: int) -> None:
    """Copy a file with its time, by way of a draft in the folder `drafts`. The mode is subject to the umask.

    Raises `InputError` if the source changes while it is read, `OSError` as the system tells it.
    """
    draft = f"{drafts}/.stratolab-{_ours()}-{next(_numbers):x}.part"
    read = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not hold us
    try:
        write = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            _pour(source, read, write)
        finally:
            os.close(write)
        os.replace(draft, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise
    finally:
        os.close(read)


def _pour(source: Path, read: int, write: int) -> None:
    before = os.fstat(read)
    if not stat.S_ISREG(before.st_mode):
        raise InputError(f"{source} is no regular file", doing="copying files")
    while chunk := os.read(read, _CHUNK):
        left = memoryview(chunk)
        while left:
            left = left[os.write(write, left) :]
    after = os.fstat(read)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise InputError(
            f"{source} changed while it was read", doing="copying files", hint="wait until it is complete"
        )
    os.utime(write, ns=(before.st_atime_ns, before.st_mtime_ns))


def _ours() -> str:
    """This process in the name of a draft; asked each time, for a fork is another process."""
    return identity().replace("/", "-")


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep(folder: Path) -> None:
    """Remove the drafts in a folder whose processes are dead."""
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(".stratolab-")]
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        draft = DRAFT.fullmatch(name)
        if draft and alive(f"{draft['machine']}/{draft['pid']}/{draft['start']}") is False:
            with contextlib.suppress(OSError):
                (folder / name).unlink()
