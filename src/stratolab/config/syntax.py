"""From the bytes of a file to TOML tables, or to the one problem that keeps it from being TOML.

A parser's message says where it stopped; what to do about it is added here. Limits are kept before the parser is
asked: it takes minutes for a key of a hundred thousand parts.
"""

from __future__ import annotations

import codecs
import re
import tomllib
from dataclasses import dataclass
from typing import Any

from stratolab.config.problems import odd_character

FILE_LIMIT = 2**20  # bytes
KEY_PARTS_LIMIT = 64

_MARKS = {
    codecs.BOM_UTF8: "UTF-8",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_PART = r"(?:[A-Za-z0-9_-]++|\"[^\"\n]*+\"|'[^'\n]*+')"
_LONG_KEY = re.compile(rf"(?<![^\s\[{{,]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{KEY_PARTS_LIMIT}}}")
_PLACE = re.compile(r"\s*\((?:at line (\d+), column \d+|at end of document)\)$")
_DECLARED = re.compile(r"^Cannot declare \(.*\) twice$")
_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.\-\" ]{1,80}?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]{1,60})\s*(?:[=:]|$)")

_KEYS = (
    "Invalid statement",
    "Invalid initial character for a key",
    "Expected '=' after a key",
    "Expected ']",
)

# What the parser's messages begin with, what it means, what to do.
_MEANINGS = (
    ("Cannot overwrite a value", "this key is written twice", "keep one of them"),
    ("Duplicate inline table key", "this key is written twice", "keep one of them"),
    ("Cannot declare", "this table is written twice", "put all its keys under one header"),
    ("Cannot redefine", "this table is written twice", "put all its keys under one header"),
    (
        "Cannot mutate immutable",
        "this adds to a table or list that is already complete",
        "write it in one place",
    ),
    ("Expected '=' after a key", "there is no = after the key", 'write key = "value"'),
    ("Invalid initial character for a key", "a key begins with a character that cannot", "quote the key"),
    ("Invalid statement", "this is no key = value and no [table]", "a comment begins with #"),
    ("Invalid value", "this is no value", 'a text is in quotes: "..."; a truth is true or false'),
    ("Expected newline or end", "something follows the value", "one key = value a line; a text is in quotes"),
    ("Unterminated string", "a text is not closed", "close its quotes"),
    ('Expected "\'"', "a text is not closed", "close its quotes"),
    ("Unclosed array", "a list is not closed", "add a ] and put a comma between its values"),
    ("Unclosed inline table", "a { is not closed", "add a }, and put a comma between its keys"),
    ("Expected ']", "a [table] is not closed", "add a ] at the end of the line"),
    ("Unescaped '\\'", "a \\ in a text needs another one before it", "write \\\\, or use 'single quotes'"),
    (
        "Invalid hex",
        "a \\u in a text needs four hexadecimal digits",
        "write \\\\u for the characters themselves",
    ),
    ("Escaped character is not", "a \\u in a text names no character", ""),
    ("Invalid date", "there is no such date or time", 'in quotes, if a text is meant: "..."'),
)


@dataclass(frozen=True, slots=True)
class Syntax:
    """Why a file is no TOML. `line` is 0 where none can be told, `key` empty."""

    message: str
    hint: str = ""
    line: int = 0
    key: str = ""


def decode(data: bytes) -> str | Syntax:
    """The text of a file."""
    if len(data) > FILE_LIMIT:
        return Syntax(
            f"is larger than {FILE_LIMIT // 1024:,} KiB, which no configuration is",
            "keep data in files of its own",
        )
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return Syntax(
                f"begins with a byte order mark of {encoding}", "save it as UTF-8 without one", line=1
            )
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Syntax(f"is not UTF-8: byte 0x{data[error.start]:02x}", "save it as UTF-8", line=line)


def parse(text: str) -> dict[str, Any] | Syntax:
    """The tables of a text."""
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start()) + 1
        return Syntax(f"a key has more than {KEY_PARTS_LIMIT} parts", "", line=line)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _explained(str(error), text)
    except RecursionError:
        return Syntax("lists or tables lie too deep within one another", "", line=_deepest(text))
    except ValueError as error:  # numbers and dates that Python refuses where the parser did not look
        digits = "limit" in str(error)
        return Syntax(
            "a number has too many digits" if digits else "there is no such date or time", line=_longest(text)
        )


def _explained(message: str, text: str) -> Syntax:
    place = _PLACE.search(message)
    what = message[: place.start()] if place else message
    lines = text.split("\n")
    line = int(place[1]) if place and place[1] else _opened(what, text)
    meaning, hint = _meaning(what, lines[line - 1] if line <= len(lines) else "")
    key = _key_at(lines, line)
    if "twice" in meaning:
        hint = _first(key, lines, line) or hint
    return Syntax(meaning, hint, line, key)


def _opened(what: str, text: str) -> int:
    """The line where that began which the end of the file left open: a text of many lines, else the last line."""
    quotes = (
        max(text.rfind('"""'), text.rfind("'''")) if what.startswith(("Unterminated", "Expected")) else -1
    )
    return text.count("\n", 0, quotes if quotes >= 0 else len(text.rstrip("\n"))) + 1


def _meaning(what: str, line: str) -> tuple[str, str]:
    """What a parser's message about a line means, and what to do."""
    key, _, value = line.partition("=")
    if what.startswith(_KEYS) and (odd := odd_character(key.partition("#")[0].strip())):
        return f"a key holds {odd}, which it may only in quotes", "write it with plain letters"
    if what.startswith("Invalid value") and (odd := odd_character(value.partition("#")[0].strip())):
        return f"this is no value; it holds {odd}", 'a text is in plain quotes: "..."'
    if what.startswith("Illegal character '\\n'"):
        return "a text is not closed at the end of the line", "close its quotes"
    if what.startswith(("Illegal character", "Found invalid character")):
        return f"holds a control character, {what.rsplit(' ', 1)[1]}", "take it out"
    if what.startswith("Expected newline") and line.lstrip().startswith("["):
        return "something follows the [table]", "begin a new line after it"
    known = ((meaning, hint) for beginning, meaning, hint in _MEANINGS if what.startswith(beginning))
    return next(known, (f"is no TOML: {what}", ""))


def _key_at(lines: list[str], line: int) -> str:
    """The key that stands in a line, with the header above it; empty if there is none to be seen."""
    above = lines[:line]
    if not above or (above[-1].lstrip().startswith("[") and not _HEADER.match(above[-1])):
        return ""
    prefix = next((header[1] for text in reversed(above) if (header := _HEADER.match(text))), "")
    key = _KEY.match(above[-1])
    return ".".join(filter(None, (prefix, key[1] if key else "")))


def _first(key: str, lines: list[str], line: int) -> str:
    """Where a key that is written twice is written first."""
    from stratolab.config.lines import Lines  # noqa: PLC0415 - only a broken file needs it here
    from stratolab.config.problems import dotted  # noqa: PLC0415

    known = {dotted(path): at for path, at in Lines("\n".join(lines[: line - 1])).found.items()}
    return f"keep one of them; the other is in line {known[key]}" if key in known else ""


def _deepest(text: str) -> int:
    """The line in which most brackets open."""
    lines = text.split("\n")
    return max(range(len(lines)), key=lambda index: lines[index].count("[") + lines[index].count("{")) + 1


def _longest(text: str) -> int:
    """The line with the most digits."""
    lines = text.split("\n")
    return max(range(len(lines)), key=lambda index: sum(map(str.isdigit, lines[index]))) + 1
