"""What differs between two configurations: which keys, from what to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.config.problems import dotted, printable, toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.config.problems import Path

_SHOWN = 100  # characters of a value in a description


@dataclass(frozen=True, slots=True)
class Change:
    """One key that differs. None stands for a value that is not given."""

    key: str
    old: Any
    new: Any


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every key whose value differs, in the order of `old`, then what only `new` has.

    Tables, and lists of tables, are compared within; other lists as a whole. A list equals a tuple and 1 equals 1.0,
    but true is not 1. A key with None equals one that is not given.
    """
    return [Change(dotted(path), before, after) for path, before, after in _compared((), old, new)]


def describe(changes: Sequence[Change]) -> str:
    """The changes for a reader, one a line: `space.depth.int: [2, 12] -> [2, 14]`."""
    return "\n".join(_line(change) for change in changes)


def _compared(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _compared((*path, str(key)), old.get(key), new.get(key))
    elif _is_list(old) and _is_list(new) and any(isinstance(part, Mapping) for part in (*old, *new)):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            yield from _compared((*path, index), before, new[index] if index < len(new) else None)
    elif not _same(old, new):
        yield path, old, new


def _same(old: Any, new: Any) -> bool:
    if _is_list(old) and _is_list(new):
        return len(old) == len(new) and all(map(_same, old, new))
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _line(change: Change) -> str:
    if change.old is None:
        return f"{change.key}: {_shown(change.new)} is new"
    if change.new is None:
        return f"{change.key}: was {_shown(change.old)}, is gone"
    old, new = _around(_text(change.old), _text(change.new))
    return f"{change.key}: {old} -> {new}"


def _around(old: str, new: str) -> tuple[str, str]:
    """Both texts, cut to what surrounds their first difference where they are long."""
    if max(len(old), len(new)) <= _SHOWN:
        return old, new
    pairs = enumerate(zip(old, new, strict=False))
    differs = next((index for index, (one, other) in pairs if one != other), min(len(old), len(new)))
    start = max(0, differs - _SHOWN // 3)
    return _cut(old, start), _cut(new, start)


def _cut(text: str, start: int) -> str:
    end = start + _SHOWN
    return f"{'...' if start else ''}{text[start:end]}{'...' if end < len(text) else ''}"


def _shown(value: Any) -> str:
    return _cut(_text(value), 0)


def _text(value: Any) -> str:
    """The value as TOML on one line, what cannot be printed as an escape."""
    return printable(toml(value))
