"""The files of a model as one value: walked without leaving the folder, copied and hashed in one reading.

A link to a file inside the folder is read as that file. A link out of it, a link to a folder and whatever is
neither file nor folder is refused. Files are opened so that a name that becomes a link or a pipe meanwhile is
seen, and a file that changes while it is read is refused: its hash would be that of no file.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stratolab.core.errors import InputError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FILES_LIMIT: Final = 100_000
_CHUNK: Final = 1 << 20
_DOING = "reading the model's files"
_FOLDER, _FILE = 0o700, 0o600
MLMODEL = "MLmodel"
LEFT_BY_MLFLOW = "registered_model_meta"
"""MLflow writes this file into the folder of a model when somebody loads it by name: it is not part of the model."""


@dataclass(frozen=True, slots=True)
class File:
    """One file: its name below the folder with `/` between parts, bytes, sha256, time of its last change."""

    name: str
    size: int
    sha256: str
    changed: float  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a model, by name."""

    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """All bytes."""
        return sum(file.size for file in self.files)

    @property
    def sha256(self) -> str:
        """One hash over names, sizes and contents; times do not count."""
        lines = (f"{file.sha256} {file.size} {file.name}\0" for file in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def changed(self) -> float:
        """When the newest file was last changed, in seconds since the epoch."""
        return max(file.changed for file in self.files)


def read(path: Path) -> Tree:
    """The files of the folder, or the one file, at `path`.

    Raises `InputError` if there are none, or too many; `RefusedError` for what must not be followed.
    """
    return _tree(path, None)


def copy(path: Path, folder: Path) -> Tree:
    """Copy the files at `path` into `folder`, which must not exist, durably, for the owner alone.

    The tree is that of the copy. Raises as `read` does; `folder` is then incomplete.
    """
    folder.mkdir(mode=_FOLDER)
    tree = _tree(path, folder)
    for made in sorted({os.path.dirname(folder / file.name) for file in tree.files} | {str(folder)}):  # noqa: PTH120
        sync_folder(made)
    return tree


def names(path: Path) -> list[str]:
    """The names of the files at `path`, sorted, nothing read."""
    if path.is_dir():
        return sorted(name for name, _ in _walk(path))
    return [path.name]


def size_of(path: Path) -> int:
    """The bytes at `path`, nothing read."""
    return sum(os.stat(place).st_size for _, place in _places(path))  # noqa: PTH116 - strings, in a loop


def _tree(path: Path, into: Path | None) -> Tree:
    found = sorted(_places(path))
    if not found:
        raise InputError(f"{path} holds no file", doing=_DOING, hint="name what the job wrote")
    return Tree(tuple(_one(name, place, into) for name, place in found))


def _places(path: Path) -> Iterable[tuple[str, str]]:
    if path.is_dir():
        return _walk(path)
    if not path.exists():
        raise InputError(f"there is no {path}", doing=_DOING, hint="name what the job wrote")
    _check_name(path.name)
    return [(path.name, str(path.resolve()))]


def _walk(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and place of each file below `folder`."""
    top = os.path.realpath(folder)
    waiting = [("", top)]
    count = 0
    while waiting:
        prefix, place = waiting.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                name = f"{prefix}{entry.name}"
                _check_name(name)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((f"{name}/", entry.path))
                    continue
                if name == LEFT_BY_MLFLOW and os.path.exists(f"{top}/{MLMODEL}"):  # noqa: PTH110
                    continue
                count += 1
                if count > FILES_LIMIT:
                    raise InputError(
                        f"{folder} holds more than {FILES_LIMIT:,} files",
                        doing=_DOING,
                        hint="name the folder that holds the model alone",
                    )
                yield name, _inside(entry, name, top)


def _check_name(name: str) -> None:
    if not name.isprintable() or "\\" in name:
        raise RefusedError(
            f"{name!r} is a name that some machines would read as another one",
            doing=_DOING,
            hint="rename it to plain letters",
        )


def _inside(entry: os.DirEntry[str], name: str, top: str) -> str:
    """Where the file really is; a link is followed if it ends at a file below `top`."""
    if not entry.is_symlink():
        return entry.path
    target = os.path.realpath(entry.path)
    if os.path.isfile(target) and target.startswith(f"{top}/"):  # noqa: PTH113
        return target
    raise RefusedError(
        f"{name} is a link to {os.readlink(entry.path)}, not to a file in the same folder",  # noqa: PTH115
        doing=_DOING,
        hint="put a copy of the file there instead of the link",
    )


def _one(name: str, place: str, into: Path | None) -> File:
    digest = hashlib.sha256()
    handle = _open(name, place)
    with os.fdopen(handle, "rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        if into is None:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        else:
            target = into / name
            target.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
            made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _FILE)
            with os.fdopen(made, "wb", buffering=0) as copied:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    _write(copied.fileno(), chunk)
                os.fsync(copied.fileno())
        after = os.fstat(file.fileno())
        read = file.tell()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or read != after.st_size:
        raise RefusedError(
            f"{name} changed while it was read",
            doing=_DOING,
            hint="wait until whatever writes it has ended: stratolab jobs ls",
        )
    return File(name, read, digest.hexdigest(), after.st_mtime)


def _open(name: str, place: str) -> int:
    try:
        handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror}", doing=_DOING) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise RefusedError(
            f"{name} is neither a file nor a folder", doing=_DOING, hint="take it out of the folder"
        )
    return handle


def _write(handle: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(handle, view) :]


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
