"""Reading files that nobody vouches for: forwards, in small pieces, and never more than was agreed.

A few kilobytes of an archive can unpack to terabytes, and a file can say that a string of it is eight exabytes
long. So what looks into a model reads through a `Stream`, and streams of unpacked bytes share a `Budget`.
"""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_READ: Final = 64 << 20
_PIECE: Final = 1 << 12
_LARGE_PIECE: Final = 1 << 20


class TooMuchError(Exception):
    """There is more to look at than was agreed."""


class Readable(Protocol):
    """What a stream reads from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class Budget:
    """Bytes and members of archives that may still be looked at."""

    def __init__(self, size: int, members: int = 0) -> None:
        self.size = size
        self.members = members

    def spend(self, size: int) -> None:
        """Take `size` bytes off. Raises `TooMuchError` if there are not so many."""
        self.size -= size
        if self.size < 0:
            raise TooMuchError

    def member(self) -> None:
        """Take one member off. Raises `TooMuchError` if there is none left."""
        self.members -= 1
        if self.members < 0:
            raise TooMuchError


class Stream:
    """A file read once, from its beginning.

    `jump`, if given, moves the file on without reading it and says whether there was so much.
    """

    def __init__(self, file: Readable, budget: Budget, *, jump: Callable[[int], bool] | None = None) -> None:
        self._file = file
        self._budget = budget
        self._jump = jump
        self._piece = b""
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end. Raises `TooMuchError`."""
        end = self._at + size
        if end <= len(self._piece):
            found = self._piece[self._at : end]
            self._at = end
            return found
        parts = [self._piece[self._at :]]
        missing = size - len(parts[0])
        self._piece, self._at = b"", 0
        while missing > 0 and self._fill(missing):
            parts.append(self._piece[:missing])
            self._at = len(parts[-1])
            missing -= self._at
        return b"".join(parts)

    def peek(self, size: int) -> bytes:
        """What `read` would give, for a few bytes."""
        found = self.read(size)
        self._piece, self._at = found + self._piece[self._at :], 0
        return found

    def line(self, keep: int) -> bytes | None:
        """The rest of the line with its end, cut to `keep` bytes; None if the file ends before the line does."""
        kept = b""
        while True:
            end = self._piece.find(b"\n", self._at)
            stop = len(self._piece) if end < 0 else end + 1
            kept += self._piece[self._at : stop][: keep - len(kept)]
            self._at = stop
            if end >= 0:
                return kept
            if not self._fill(_PIECE):
                return None

    def skip(self, size: int) -> bool:
        """Pass over `size` bytes; False if there were not so many."""
        held = len(self._piece) - self._at
        if size <= held:
            self._at += size
            return True
        size -= held
        self._piece, self._at = b"", 0
        if self._jump is not None:
            return self._jump(size)
        while size > 0:
            if not self._fill(size):
                return False
            self._at = min(size, len(self._piece))
            size -= self._at
        return True

    def _fill(self, wanted: int) -> bool:
        self._piece = self._file.read(min(max(wanted, _PIECE), _LARGE_PIECE))
        self._at = 0
        self._budget.spend(len(self._piece))
        return bool(self._piece)


class Guarded(io.RawIOBase):
    """A file that gives at most 64 MiB at once: whoever believes an archive's own numbers asks for more."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        """As a file's. Raises `TooMuchError` where so much is asked for and there."""
        asked = LONGEST_READ if size is None or size < 0 else min(size, LONGEST_READ)
        found = self._file.read(asked)
        if len(found) == LONGEST_READ:
            raise TooMuchError
        return found

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """As a file's."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As a file's."""
        return self._file.tell()

    def seekable(self) -> bool:
        """It is."""
        return True

    def readable(self) -> bool:
        """It is."""
        return True


class Inflated:
    """A zlib stream unpacked piece by piece. Raises `zlib.error` where it is none."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._unpack = zlib.decompressobj()

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        while not self._unpack.eof:
            packed = self._unpack.unconsumed_tail or self._file.read(_PIECE)
            found = self._unpack.decompress(packed, size)
            if found or not packed:
                return found
        return b""
