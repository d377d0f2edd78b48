"""Archives and compressed files, looked into member by member and never unpacked onto the disk.

What cannot be looked into is said to be so, and then counts like code: encrypted members, methods that nobody
uses for models, damaged members (another reader may be more forgiving than Python's), more than the budget.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Final, cast

from stratolab.models.streams import Inflated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stratolab.models.streams import Budget, Guarded, Readable

_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED: Final = 0x1
_PACKED: Final = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
    (b"\x5d\x00\x00", partial(lzma.LZMAFile, format=lzma.FORMAT_ALONE)),
    (b"\x78\x01", Inflated),
    (b"\x78\x5e", Inflated),
    (b"\x78\x9c", Inflated),
    (b"\x78\xda", Inflated),
)
_CLOSED: Final = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
}
BROKEN: Final = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, OSError, EOFError, NotImplementedError,
    ValueError, RuntimeError,
)  # fmt: skip
"""What Python's readers raise for an archive or a member that they cannot read."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive. `closed` says why it cannot be read; then `open` must not be called."""

    name: str
    open: Callable[[], Readable]
    closed: str = ""


class EscapeError(Exception):
    """The archive holds a name that would be unpacked elsewhere."""


def is_zip(file: Guarded) -> bool:
    """Whether it ends as a zip does, whatever it begins with."""
    file.seek(0)
    return zipfile.is_zipfile(cast("IO[bytes]", file))


def zip_members(file: Guarded, budget: Budget) -> Iterator[Member]:
    """The files of a zip. Raises `EscapeError`, `TooMuchError` or one of `BROKEN`."""
    archive = zipfile.ZipFile(cast("IO[bytes]", file))
    for info in archive.infolist():
        budget.member()
        _stay_inside(info.orig_filename)
        if not info.is_dir():
            yield Member(info.filename, partial(archive.open, info), _closed(info))


def is_tar(head: bytes) -> bool:
    """Whether it begins as a tar does."""
    return head[257:262] == b"ustar"


def tar_members(file: Guarded, budget: Budget) -> Iterator[Member]:
    """The files of a tar. Raises as `zip_members` does; links and devices count as names that lead elsewhere."""
    file.seek(0)
    archive = tarfile.TarFile(fileobj=cast("IO[bytes]", file))
    for info in archive:
        budget.member()
        _stay_inside(info.name)
        if info.isreg():
            yield Member(info.name, partial(_extracted, archive, info))
        elif not info.isdir():
            raise EscapeError(f"{info.name} (a link or a device)")


def unpacker(head: bytes) -> Callable[[Readable], Readable] | None:
    """How to unpack a compressed file that begins so; None if it does not look like one.

    Reading what it gives raises one of `BROKEN` if the file only looked like one.
    """
    found = next((opener for magic, opener in _PACKED if head.startswith(magic)), None)
    return cast("Callable[[Readable], Readable] | None", found)


def closed(head: bytes) -> str:
    """The name of a way to compress that we cannot look into, if the file begins so."""
    return next((name for magic, name in _CLOSED.items() if head.startswith(magic)), "")


def _closed(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    return "" if info.compress_type in _METHODS else f"compressed by method {info.compress_type}"


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Readable:
    found = archive.extractfile(info)
    if found is None:
        raise tarfile.ReadError(info.name)
    return found


def _stay_inside(name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name or ":" in name[:2]:
        raise EscapeError(name)
