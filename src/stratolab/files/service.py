"""Files and folders up to a bucket and down from it.

What is there already is passed over: the same size and time, or the same size and content. So the same call, made
again after it was broken off, goes on where it stopped. Files are copied as many at a time as serves the bucket,
each whole or not at all; the first that cannot be copied ends the transfer with its name.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.files import whole
from stratolab.files.models import Address, Entry, Progress, Transfer, checked_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stratolab.files.protocol import Bucket

    Tell = Callable[[Progress], None]

BATCH = 32  # small files that a thread takes at a time: handing over one costs as much as copying it
BATCH_BYTES = 4 << 20
OF_A_LAB = ".stratolab"  # never uploaded: it holds the buckets themselves, and the secrets


@dataclass(frozen=True, slots=True)
class _Step:
    """One file of a transfer: its size, whether it is there unchanged, how to copy it."""

    size: int
    unchanged: Callable[[], bool]
    copy: Callable[[], None]


def upload(bucket: Bucket, source: Path, key: str, tell: Tell | None = None) -> Transfer:
    """Copy a file or a folder into a bucket.

    The files of a folder go below `key`. A single file goes to `key`, or below it under its own name if `key` is
    empty or ends with a slash. Symbolic links are followed; empty folders are not kept. `tell` hears of the
    progress, on the caller's thread.

    Raises `InputError` if `source` is not there or cannot be read, `RemoteError` if the bucket takes it not.
    """
    if source.is_dir():
        below = f"{key.rstrip('/')}/" if key else ""
        known = {entry.key: entry for entry in bucket.entries(below)}
        steps = [_up(bucket, path, below + name, known.get(below + name)) for name, path in _files(source)]
    elif source.is_file():
        key = f"{key}{source.name}" if not key or key.endswith("/") else key
        steps = [_up(bucket, source, key, bucket.entry(checked_key(key)))]
    else:
        what = "is no regular file" if os.path.lexists(source) else "is not there"
        raise InputError(f"{source} {what}", doing=f"upload to {Address(bucket.name, key)}")
    return _run(bucket, steps, tell)


def download(
    bucket: Bucket, key: str, target: Path, tell: Tell | None = None, *, into: bool = False
) -> Transfer:
    """Copy a file or all files below `key` out of a bucket.

    What lies below `key` goes below the folder `target`. A single file goes to `target`, or under its own name
    into it if it is a folder or `into` says so. Raises `InputError` if there is nothing, or `target` cannot be
    written.
    """
    single = bucket.entry(key) if key and not key.endswith("/") else None
    if single:
        steps = [_down(bucket, single, target / Path(key).name if into or target.is_dir() else target)]
    else:
        below = f"{key.rstrip('/')}/" if key else ""
        found = list(bucket.entries(below))
        if not found:
            raise InputError(
                f"there is no {Address(bucket.name, key)}",
                doing="download",
                hint=f"stratolab files ls {bucket.name}",
            )
        for folder in {(target / entry.key[len(below) :]).parent for entry in found}:
            whole.sweep(folder)
        steps = [_down(bucket, entry, target / checked_key(entry.key[len(below) :])) for entry in found]
    return _run(bucket, steps, tell)


def _up(bucket: Bucket, path: Path, key: str, there: Entry | None) -> _Step:
    checked_key(key)
    try:
        found = path.stat()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", doing="upload") from error

    def unchanged() -> bool:
        if there is None or there.size != found.st_size:
            return False
        return there.mtime_ns == found.st_mtime_ns or bucket.digest(key) == _digest(path)

    return _Step(found.st_size, unchanged, lambda: bucket.put(path, key))


def _down(bucket: Bucket, entry: Entry, target: Path) -> _Step:
    def unchanged() -> bool:
        try:
            found = target.stat()
        except OSError:
            return False
        if not target.is_file() or found.st_size != entry.size:
            return False
        if found.st_mtime_ns == entry.mtime_ns:
            return True
        return bucket.digest(entry.key) == _digest(target)

    return _Step(entry.size, unchanged, lambda: bucket.get(entry.key, target))


def _digest(path: Path) -> str:
    try:
        return whole.digest(path)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", doing="comparing files") from error


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below a folder with their keys, links followed, without the lab's own folder and others' drafts."""
    yield from _below(folder, "", (folder.resolve(),))


def _below(folder: Path, prefix: str, above: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    try:
        found = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}", doing="upload") from error
    for entry in found:
        path = folder / entry.name
        if entry.name == OF_A_LAB or whole.DRAFT.fullmatch(entry.name):
            continue
        if entry.is_dir():
            here = path.resolve() if entry.is_symlink() else above[-1] / entry.name
            if here in above:
                raise InputError(f"{path} is a link to a folder that it lies in", doing="upload")
            yield from _below(path, f"{prefix}{entry.name}/", (*above, here))
        elif entry.is_file():
            yield prefix + entry.name, path
        else:
            what = "is a link that leads nowhere" if entry.is_symlink() else "is no regular file"
            raise InputError(
                f"{path} {what}", doing="upload", hint="take it out, or upload the others by name"
            )


# -- doing it ----------------------------------------------------------------------------------------


class _Tally:
    """What has been done so far; shared by the threads, told by the caller's."""

    def __init__(self, steps: Sequence[_Step]) -> None:
        self._lock = threading.Lock()
        self._files, self._bytes = len(steps), sum(step.size for step in steps)
        self._copied = self._unchanged = self._done = self._moved = 0
        self.stop = False

    def count(self, step: _Step, *, copied: bool) -> None:
        with self._lock:
            self._copied += copied
            self._unchanged += not copied
            self._done += step.size
            self._moved += step.size if copied else 0

    def progress(self) -> Progress:
        with self._lock:
            return Progress(self._copied + self._unchanged, self._files, self._done, self._bytes)

    def result(self) -> Transfer:
        return Transfer(self._copied, self._unchanged, self._moved)


def _run(bucket: Bucket, steps: Sequence[_Step], tell: Tell | None) -> Transfer:
    tally = _Tally(steps)
    batches = list(_batches(steps))
    with ThreadPoolExecutor(min(bucket.parallel, len(batches) or 1), "stratolab-files") as threads:
        waiting = {threads.submit(_batch, batch, tally) for batch in batches}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
                _raise_first(done)
                if tell:
                    tell(tally.progress())
        except BaseException:
            tally.stop = True
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return tally.result()


def _batches(steps: Sequence[_Step]) -> Iterator[list[_Step]]:
    batch: list[_Step] = []
    size = 0
    for step in steps:
        if batch and (len(batch) == BATCH or size + step.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(step)
        size += step.size
    if batch:
        yield batch


def _batch(steps: Sequence[_Step], tally: _Tally) -> None:
    for step in steps:
        if tally.stop:
            return
        copied = not step.unchanged()
        if copied:
            step.copy()
        tally.count(step, copied=copied)


def _raise_first(done: set[Future[None]]) -> None:
    for future in done:
        future.result()
