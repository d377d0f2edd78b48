"""A problem: a finding that knows its place as a path of keys, and does not yet know its line.

With it, how keys and values are shown to a reader: clipped, and with nothing unprintable in them.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.config.secrecy import holds_secret, masked
from stratolab.core.findings import Level
from stratolab.core.names import NAME_LIMIT, is_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]
SHOWN = 60  # characters of a key or a value that a message repeats
MASKED = 10_000  # characters; no secret is that long

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NO_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong at one place. The empty path is the file as a whole."""

    path: Path
    message: str
    hint: str = ""
    level: Level = Level.ERROR


def warning(path: Path, message: str, hint: str = "") -> Problem:
    """A problem that is shown and passed."""
    return Problem(path, message, hint, Level.WARNING)


def dotted(path: Path) -> str:
    """A path as a reader writes it: `sweeps.tune.points[3].depth`."""
    told = ""
    for part in path:
        if isinstance(part, int):
            told += f"[{part}]"
        else:
            told += ("." if told else "") + (clipped(part) if _BARE.fullmatch(part) else f'"{clipped(part)}"')
    return told


def clipped(text: str) -> str:
    """The text in one line of at most 60 characters or so: without secrets, what cannot be printed as an escape."""
    text = masked(text) if len(text) <= MASKED else text
    return printable(text if len(text) <= SHOWN else f"{text[: SHOWN - 20]}... ({len(text):,} characters)")


def printable(text: str) -> str:
    """The text with what cannot be printed, or would steer a terminal, as an escape."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def shown(value: object) -> str:
    """What a value is, in words: `the text "two"`, `the number 3`, `a list`."""
    if isinstance(value, str):
        return f'the text "{clipped(value)}"' if value else "an empty text"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {number(value)}"
    plain = isinstance(value, list) and value and not any(isinstance(part, (dict, list)) for part in value)
    return clipped(toml(value)) if plain else kind(value)


def kind(value: object) -> str:
    """What sort of thing a value is, without saying the value: fit for secrets."""
    if isinstance(value, bool):
        return "true or false"
    kinds: tuple[tuple[Any, str], ...] = (
        (str, "text"),
        ((int, float), "a number"),
        (list, "a list"),
        (dict, "a table"),
        ((dt.date, dt.time), "a date or time"),
    )
    return next(
        (name for sort, name in kinds if isinstance(value, sort)), f"a value of type {type(value).__name__}"
    )


def number(value: float) -> str:
    """A number in full, unless it is of a length that nobody reads."""
    if isinstance(value, int) and value.bit_length() > 128:
        return f"of {len(str(abs(value)))} digits"
    return f"{value:,}".replace(",", "") if isinstance(value, int) else repr(value)


def toml(value: object) -> str:
    """A value as it is written in TOML on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        pairs = ", ".join(f"{toml_key(key)} = {toml(part)}" for key, part in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False, default=str)


def toml_key(key: str) -> str:
    """A key as it is written in TOML."""
    return key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def table(value: object) -> Mapping[str, Any]:
    """The value if it is a table, else an empty one: its type has been objected to elsewhere."""
    return value if isinstance(value, dict) else {}


def tables(value: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The named tables in a table of tables."""
    return ((name, part) for name, part in table(value).items() if isinstance(part, dict))


def odd_character(text: str) -> str:
    """Names the first character of `text` that is not plain ASCII; empty if there is none."""
    for one in text:
        if not (one.isascii() and one.isprintable()):
            name = unicodedata.name(one, "")
            return f"U+{ord(one):04X} {name or '(a control character)'}"
    return ""


def name_problem(path: Path, name: str, what: str) -> Iterator[Problem]:
    """What keeps `name` from naming a `what` ("job", "sweep" ...)."""
    if is_name(name):
        return
    hint = "" if holds_secret(name) else f"for example: {valid_name(name)}"
    if odd := odd_character(name):
        told = f"the name of a {what} holds {odd}; it may hold a-z, 0-9 and single dashes"
        yield Problem(path, told, hint if _is_latin(name) else "")
    elif len(name) > NAME_LIMIT:
        yield Problem(
            path, f"the name of a {what} has at most {NAME_LIMIT} characters, not {len(name):,}", hint
        )
    else:
        yield Problem(
            path,
            f'"{clipped(name)}" is no name for a {what}: a-z, 0-9 and single dashes, a letter first',
            hint,
        )


def _is_latin(text: str) -> bool:
    """Whether nothing but accents stands between `text` and ASCII."""
    return all(
        one.isascii() or unicodedata.combining(one) for one in unicodedata.normalize("NFKD", text[:200])
    )


def valid_name(text: str) -> str:
    """The nearest name that `core.names` accepts: "My Project 2!" gives "my-project-2"."""
    plain = unicodedata.normalize("NFKD", text[:200]).encode("ascii", "ignore").decode().lower()
    name = _NO_NAME.sub("-", plain).strip("-")
    if name and not name[0].isalpha():
        name = f"p-{name}"
    return name[:NAME_LIMIT].rstrip("-") or "project"
