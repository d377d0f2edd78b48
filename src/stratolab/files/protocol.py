"""The protocol of a bucket: a folder of this machine, a bucket of S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stratolab.files.models import Entry


class Bucket(Protocol):
    """Keeps files by key. Safe to use from several threads and processes.

    A file is seen whole or not at all, in the bucket and out of it, also when a process is killed meanwhile.
    """

    name: str
    parallel: int
    """How many copies at a time serve it best: few on a disk, many over a network."""

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Every file whose key begins with `prefix`, by key."""

    def entry(self, key: str) -> Entry | None:
        """The file with this key, or None."""

    def digest(self, key: str) -> str:
        """The SHA-256 of a file, in hexadecimal. Raises `InputError` if there is none."""

    def put(self, source: Path, key: str) -> None:
        """Keep a copy of `source`, in place of what is there.

        Raises `InputError` if `source` cannot be read or changes meanwhile, `RemoteError` if it cannot be kept.
        """

    def get(self, key: str, target: Path) -> None:
        """Write a copy to `target`, with the time of the file that was put, in place of what is there.

        Makes the folders above it. Raises `InputError` if there is no such key or `target` cannot be written.
        """
