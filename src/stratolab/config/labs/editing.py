"""Changes to a `lab.toml` that a command makes for its owner: a few lines, the rest stays as it was written.

The text is changed as text, so that comments and order stay. Then it is read again: if it does not say what was meant,
and nothing else, it is not written, and the owner is told what to write.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEADER = re.compile(r"[ \t]*\[[^\[]")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def with_table(text: str, path: Sequence[str], values: Mapping[str, Any]) -> str:
    """The text with a table at its end. Raises `RefusedError` if it cannot be put there."""
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in values.items()]
    new = f"{text.rstrip()}\n\n[{_dotted(path)}]\n{''.join(lines)}"
    return _checked(text, new, path, dict(values))


def without_table(text: str, path: Sequence[str]) -> str:
    """The text without a table. Raises `RefusedError` if it has it in another form than under a header."""
    lines = text.splitlines(keepends=True)
    start, end = _bounds(lines, path)
    start -= bool(start and not lines[start - 1].strip())
    return _checked(text, "".join([*lines[:start], *lines[end:]]), path, None)


def with_value(text: str, path: Sequence[str], value: Any) -> str:
    """The text with a key of a table that is there. Raises `RefusedError` as `without_table` does."""
    lines = text.splitlines(keepends=True)
    start, end = _bounds(lines, path[:-1])
    line = f"{_dotted(path[-1:])} = {json.dumps(value)}\n"
    first, last = _assignment(lines, start + 1, end, path[-1]) or (start + 1, start + 1)
    if not lines[first - 1].endswith("\n"):
        lines[first - 1] += "\n"
    return _checked(text, "".join([*lines[:first], line, *lines[last:]]), path, value)


def _bounds(lines: Sequence[str], path: Sequence[str]) -> tuple[int, int]:
    """The lines of a table: its header, and where the next one begins, less the comments above that."""
    headers = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    start = next((number for number in headers if _path_of(lines[number]) == list(path)), None)
    if start is None:
        raise RefusedError(
            f"there is no line [{_dotted(path)}]", doing="changing lab.toml", hint="change it by hand"
        )
    end = next((number for number in headers if number > start), len(lines))
    while (
        end < len(lines)
        and end > start + 1
        and (not lines[end - 1].strip() or lines[end - 1].startswith("#"))
    ):
        end -= 1
    return start, end


def _assignment(lines: Sequence[str], start: int, end: int, key: str) -> tuple[int, int] | None:
    """The lines of a key's value."""
    for first in range(start, end):
        for last in range(first + 1, end + 1):
            try:
                found = tomllib.loads("".join(lines[first:last]))
            except tomllib.TOMLDecodeError:
                continue
            if key in found:
                return first, last
            break
    return None


def _path_of(line: str) -> list[str]:
    try:
        found = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return []
    path = []
    while isinstance(found, dict) and found:
        ((name, found),) = found.items()
        path.append(name)
    return path


def _dotted(path: Sequence[str]) -> str:
    return ".".join(part if _BARE.fullmatch(part) else json.dumps(part) for part in path)


def _checked(old: str, new: str, path: Sequence[str], value: Any) -> str:
    """The new text, if it says what the old one does but for this. None stands for a table that is gone."""
    wanted = tomllib.loads(old)
    place = wanted
    for part in path[:-1]:
        place = place.setdefault(part, {})
    if value is None:
        place.pop(path[-1], None)
    else:
        place[path[-1]] = value
    try:
        said: dict[str, Any] | None = tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        said = None
    if said is None or _without_empty(said) != _without_empty(wanted):
        told = f"[{_dotted(path)}] goes" if value is None else f"{_dotted(path)} = {json.dumps(value)}"
        raise RefusedError(
            "its form is not one that a command can change",
            doing="changing lab.toml",
            hint=f"by hand: {told}",
        )
    return new


def _without_empty(tables: dict[str, Any]) -> dict[str, Any]:
    """The tables without those that are empty at the top: no projects are no `[projects]`."""
    return {key: value for key, value in tables.items() if value != {}}
