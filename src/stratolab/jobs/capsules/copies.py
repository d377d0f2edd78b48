"""Copying files into the store, within the stated limits, and naming what is left out.

A file whose size, time and inode are known, and whose content is stored, is not read again.
"""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Final

from stratolab.core.units import format_size
from stratolab.jobs.capsules import git, sources
from stratolab.jobs.capsules.models import Copied, LeftOut

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.jobs.capsules.fingerprints import Cache
    from stratolab.jobs.capsules.objects import Objects

SECRET: Final = "it may hold a secret"  # noqa: S105 - a reason, in words
_GIT_ID: Final = "\0git"  # what a file's git id is remembered under, beside its sha256


class Copies:
    """The copied files of one capsule, relative to `top`, and those left out."""

    def __init__(self, top: Path, objects: Objects, cache: Cache) -> None:
        self.copied: dict[str, Copied] = {}
        self._left_out: dict[str, LeftOut] = {}
        self._top = top
        self._objects = objects
        self._cache = cache
        self._total = 0
        self._counts = {True: 0, False: 0}  # copied files by whether they are code

    def left_out(self) -> dict[str, LeftOut]:
        """What was left out, the first few hundred by name."""
        if len(self._left_out) <= sources.NAMED_LIMIT:
            return dict(self._left_out)
        named = dict(sorted(self._left_out.items())[: sources.NAMED_LIMIT])
        return named | {"...": LeftOut(f"and {len(self._left_out) - len(named):,} more files")}

    def leave_out(self, path: str, reason: str, *, size: int = 0, sample: str = "") -> None:
        """Name `path` as left out."""
        self._left_out[path] = LeftOut(reason, size, sample)

    def room(self, path: str, status: os.stat_result) -> bool:
        """Whether a regular file may be copied or go into the diff; if not, it is left out."""
        size = status.st_size
        reason = sources.too_large(size)
        if not reason and self._total + size > sources.TOTAL_LIMIT:
            reason = f"over {format_size(sources.TOTAL_LIMIT)} in all"
        if reason:
            self.leave_out(path, reason, size=size, sample=sources.sample(self._top / path))
            return False
        self._total += size
        return True

    def add(self, path: str) -> str:
        """Copy `path`, or leave it out. Gives its "mode id" as git would without filters.

        What is left out for its size has its sample for an id; anything else an empty string.
        """
        if sources.is_secret(path):
            self.leave_out(path, SECRET)
            return ""
        place = self._top / path
        try:
            return self._add(path, place, place.lstat())
        except FileNotFoundError:
            return ""  # gone since it was listed
        except OSError as error:
            self.leave_out(path, f"it cannot be read ({error.strerror})")
            return ""

    def _add(self, path: str, place: Path, status: os.stat_result) -> str:
        if stat.S_ISLNK(status.st_mode):
            return self._link(path, place)
        if stat.S_ISREG(status.st_mode) and self._counted(path, status):
            return self._file(path, place, status) if self.room(path, status) else self._sampled(path)
        if stat.S_ISDIR(status.st_mode):  # as git lists it
            self.leave_out(path, "a repository of its own")
        return ""  # a socket or a pipe is nothing that could be restored

    def _counted(self, path: str, status: os.stat_result) -> bool:
        """Whether one more file of its kind may be copied; if not, it is left out."""
        is_code = sources.is_code(path)
        limit = sources.COUNT_LIMIT if is_code else sources.OTHER_LIMIT
        if self._counts[is_code] >= limit:
            self.leave_out(path, f"over {limit:,} files", size=status.st_size)
            return False
        self._counts[is_code] += 1
        return True

    def _sampled(self, path: str) -> str:
        return f"sample {self._left_out[path].sample}"

    def _link(self, path: str, place: Path) -> str:
        if sources.leads_out(self._top, path):
            self.leave_out(path, "a link that leads out of the folder, or nowhere")
            return ""
        text = os.fsencode(place.readlink())
        self.copied[path] = Copied(self._objects.put(text), git.LINK)
        return f"{git.LINK} {git.blob_id(text)}"

    def _file(self, path: str, place: Path, status: os.stat_result) -> str:
        mode = mode_of(status)
        name = os.fspath(place)
        digest = self._cache.known(name, status)
        blob = self._cache.known(name + _GIT_ID, status)
        if not (digest and blob and self._objects.has(digest)):
            at = time.time_ns()
            content = place.read_bytes()
            digest = self._objects.put(content)
            blob = git.blob_id(content)
            self._cache.remember(name, status, digest, at=at)
            self._cache.remember(name + _GIT_ID, status, blob, at=at)
        self.copied[path] = Copied(digest, mode)
        return f"{mode} {blob}"


def mode_of(status: os.stat_result) -> str:
    """The mode that git gives a regular file."""
    return "100755" if status.st_mode & stat.S_IXUSR else "100644"
