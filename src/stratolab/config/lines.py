"""Where keys stand: a scan of TOML text that is known to be sound, from paths of keys to lines.

It reads only as much as that needs: headers, keys, the bounds of values. On text that is not sound it stops
where it loses the thread, and what it had found until there stays true.
"""

from __future__ import annotations

import contextlib
import re
import tomllib
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.config.problems import Path

# No possessive groups: Python before 3.11.5 may match them wrongly; Debian 12 has 3.11.2.
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*+")
_BARE = re.compile(r"[A-Za-z0-9_-]++")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'  # a string of many lines may end in two quotes more
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*+'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]++")


class _LostError(Exception):
    """The text is not what sound TOML would have here."""


class Lines:
    """The lines of a text, and of each key in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._at = 0
        self._arrays: dict[Path, int] = {}
        self._found: dict[Path, int] = {}
        with contextlib.suppress(_LostError, tomllib.TOMLDecodeError, RecursionError):
            self._document()

    def of(self, path: Path) -> int:
        """The line, from 1, where this key is first written, else that of the table around it; 0 for none."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._found:
                return self._found[path[:length]]
        return 0

    @property
    def found(self) -> Mapping[Path, int]:
        """Every key that the text writes, and the tables that its headers imply."""
        return self._found

    def _document(self) -> None:
        prefix: Path = ()
        while True:
            self._skip(_BLANK)
            if self._at >= len(self._text):
                return
            if self._next("[["):
                prefix = self._array_header()
            elif self._next("["):
                prefix = self._resolved(self._key())
                self._want("]")
            else:
                self._pair(prefix)

    def _array_header(self) -> Path:
        keys = self._key()
        self._want("]]")
        array = (*self._resolved(keys[:-1]), keys[-1])
        self._note(array, self._at - 1)
        self._arrays[array] = self._arrays.get(array, -1) + 1
        prefix = (*array, self._arrays[array])
        self._note(prefix, self._at - 1)
        return prefix

    def _resolved(self, keys: Path) -> Path:
        """The path of a header's table: through an array of tables, that of its last element."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            self._note(path, self._at - 1)
            if path in self._arrays:
                path = (*path, self._arrays[path])
        return path

    def _pair(self, prefix: Path) -> None:
        start = self._at
        keys = self._key()
        for length in range(1, len(keys) + 1):
            self._note(prefix + keys[:length], start)
        self._want("=")
        self._skip(_SPACE)
        self._value(prefix + keys)

    def _key(self) -> Path:
        """A key of one or more parts. Moves past it."""
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            if quoted := _STRING.match(self._text, self._at):
                parts.append(tomllib.loads(f"x = {quoted[0]}")["x"])
                self._at = quoted.end()
            elif bare := _BARE.match(self._text, self._at):
                parts.append(bare[0])
                self._at = bare.end()
            else:
                raise _LostError
            self._skip(_SPACE)
            if not self._next("."):
                return tuple(parts)

    def _value(self, path: Path) -> None:
        if string := _STRING.match(self._text, self._at):
            self._at = string.end()
        elif self._next("["):
            self._array(path)
        elif self._next("{"):
            self._inline(path)
        elif scalar := _SCALAR.match(self._text, self._at):
            self._at = scalar.end()
        else:
            raise _LostError

    def _array(self, path: Path) -> None:
        count = 0
        self._skip(_BLANK)
        while not self._next("]"):
            self._note((*path, count), self._at)
            self._value((*path, count))
            count += 1
            self._skip(_BLANK)
            if not self._next(","):
                self._want("]")
                return
            self._skip(_BLANK)

    def _inline(self, path: Path) -> None:
        self._skip(_BLANK)
        while not self._next("}"):
            self._pair(path)
            self._skip(_BLANK)
            if not self._next(","):
                self._want("}")
                return
            self._skip(_BLANK)

    def _note(self, path: Path, at: int) -> None:
        self._found.setdefault(path, bisect_right(self._starts, at))

    def _skip(self, what: re.Pattern[str]) -> None:
        match = what.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _next(self, mark: str) -> bool:
        """Whether `mark` comes next; if so, moves past it."""
        if not self._text.startswith(mark, self._at):
            return False
        self._at += len(mark)
        return True

    def _want(self, mark: str) -> None:
        if not self._next(mark):
            raise _LostError
