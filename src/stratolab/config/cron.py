"""The five fields of a cron line: `minute hour day-of-month month day-of-week`.

As in crontab: `*`, numbers, ranges `1-5`, lists `1,3`, steps `*/15`, names of months and days, and 7 for Sunday.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MONTH_DAYS = {
    "jan": 31, "feb": 29, "mar": 31, "apr": 30, "may": 31, "jun": 30,
    "jul": 31, "aug": 31, "sep": 30, "oct": 31, "nov": 30, "dec": 31,
}  # fmt: skip
_MONTHS = {name: index for index, name in enumerate(_MONTH_DAYS, start=1)}
_DAYS = {name: index for index, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_LONGEST = dict(enumerate(_MONTH_DAYS.values(), start=1))
_ITEM = re.compile(r"(?P<first>\*|[a-z0-9]{1,9})(?:-(?P<last>[a-z0-9]{1,9}))?(?:/(?P<step>[0-9]{1,9}))?")
_LIMIT = 200  # characters of a line


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    words: Mapping[str, int] = field(default_factory=dict)


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 7, _DAYS),
)


def complaints(line: str) -> Iterator[str]:
    """What is wrong with a cron line, for a reader; nothing if it is sound."""
    parts = line.split()
    if len(parts) != len(_FIELDS) or len(line) > _LIMIT:
        yield f"wants five fields (minute, hour, day of month, month, day of week), not {len(parts)}"
        return
    wrong = [told for kind, text in zip(_FIELDS, parts, strict=True) if (told := _complaint(kind, text))]
    yield from wrong
    if not wrong and _never(parts):
        yield f"never comes: no month in it has a day {parts[2]}"


def _complaint(kind: _Field, text: str) -> str:
    for item in text.lower().split(","):
        match = _ITEM.fullmatch(item)
        if not match or (match["first"] == "*" and match["last"]):
            return f"{kind.name}: {item!r} is no number, range, list or step"
        ends = [_number(kind, word) for word in (match["first"], match["last"]) if word and word != "*"]
        if None in ends:
            return f"{kind.name}: {item!r} is not known; use {_choice(kind)}"
        numbers = [end for end in ends if end is not None]
        outside = next((number for number in numbers if not kind.low <= number <= kind.high), None)
        if outside is not None:
            return f"{kind.name}: {outside} is outside {kind.low} to {kind.high}"
        if len(numbers) == 2 and numbers[0] > numbers[1]:
            return f"{kind.name}: {item!r} runs backwards"
        if match["step"] is not None and not 1 <= int(match["step"]) <= kind.high:
            return f"{kind.name}: a step is 1 to {kind.high}, not {match['step']}"
    return ""


def _number(kind: _Field, word: str) -> int | None:
    return int(word) if word.isdigit() else kind.words.get(word)


def _choice(kind: _Field) -> str:
    numbers = f"{kind.low} to {kind.high}"
    return f"{numbers}, or {', '.join(word.upper() for word in kind.words)}" if kind.words else numbers


def _never(parts: list[str]) -> bool:
    """Whether the day of month lies beyond every month named. A day of week, where given, comes anyway."""
    if parts[4] != "*" or not parts[2].isdigit():
        return False
    months = _months(parts[3].lower())
    return all(int(parts[2]) > _LONGEST[month] for month in months)


def _months(text: str) -> set[int]:
    found: set[int] = set()
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        if match is None or match["first"] == "*":
            return set(_LONGEST)
        first = _number(_FIELDS[3], match["first"]) or 1
        last = _number(_FIELDS[3], match["last"]) if match["last"] else first
        found.update(range(first, (last or first) + 1) if match["step"] is None else _LONGEST)
    return found
