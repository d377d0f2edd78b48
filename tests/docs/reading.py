"""The documentation as data: what of it a program can judge, each piece with the place where it stands."""

from __future__ import annotations

import functools
import importlib.util
import re
import shlex
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_SHELLS = ("sh", "console")
_SEPARATORS = frozenset({"|", "||", "&&", ";", ";;", "&", "(", ")", "|&"})
_REDIRECTIONS = frozenset({">", ">>", "<", "2>", "&>"})
_ASSIGNMENT = re.compile(r"[A-Z_][A-Z0-9_]*=")


@dataclass(frozen=True)
class Piece:
    """A block, a span or a line of a page."""

    page: str
    line: int
    text: str
    language: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text.strip().splitlines()[0] if self.text.strip() else ''}"


@functools.cache
def link_checker() -> ModuleType:
    """`tools/check_docs.py`, which knows the pages and follows their links."""
    path = ROOT / "tools" / "check_docs.py"
    spec = importlib.util.spec_from_file_location("check_docs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@functools.cache
def pages() -> dict[str, str]:
    """Every page that readers meet, by its path in the project."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in link_checker().pages()
        if ".stratolab" not in path.parts
    }


def blocks(text: str, *languages: str, page: str = "") -> Iterator[Piece]:
    """The fenced blocks in one of these languages."""
    for match in _FENCE.finditer(text):
        if match[1] in languages:
            yield Piece(page, text.count("\n", 0, match.start()) + 2, match[2], match[1])


def spans(text: str, page: str = "") -> Iterator[Piece]:
    """The pieces of code within sentences and tables."""
    plain = _FENCE.sub(lambda block: "\n" * block[0].count("\n"), text)
    for match in _INLINE.finditer(plain):
        yield Piece(page, plain.count("\n", 0, match.start()) + 1, match[1].replace("\\|", "|"))


def command_lines(text: str, page: str = "") -> Iterator[Piece]:
    """Every `stratolab ...` that a page has its reader type, without comments and what surrounds it."""
    for block in blocks(text, *_SHELLS, page=page):
        for number, line in _typed(block):
            yield from (Piece(page, block.line + number, found) for found in _calls(line))
    for span in spans(text, page):
        if span.text.startswith("stratolab ") and "..." not in span.text and "<TAB>" not in span.text:
            yield from (Piece(page, span.line, found) for found in _calls(span.text))


def _typed(block: Piece) -> list[tuple[int, str]]:
    """The lines of a block that are typed: where it shows output too, those after a `$ `."""
    lines = list(enumerate(block.text.splitlines()))
    if block.language != "console":
        return lines
    return [(number, line[2:]) for number, line in lines if line.startswith("$ ")]


def _calls(line: str) -> Iterator[str]:
    """The calls of stratolab in one line of shell, those in `$(...)` and after `&&` too."""
    for inner in re.findall(r"\$\(([^()]*)\)", line):
        yield from _calls(inner)
    line = re.sub(r'"?\$\([^()]*\)"?', "X", line)
    line = re.split(r"\s{2,}(?=\S)", line.strip())[0]  # the reference explains beside its examples
    reader = shlex.shlex(line, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    words: list[str] = []
    skip = False
    for word in [*reader, ";"]:
        if word in _SEPARATORS:
            if words and words[0].rsplit("/", 1)[-1] == "stratolab":
                yield shlex.join(["stratolab", *words[1:]])
            words, skip = [], False
        elif word in _REDIRECTIONS:
            skip = True
        elif skip:
            skip = False
        elif words or not _ASSIGNMENT.match(word):
            words.append(word)


def assignments(text: str, page: str = "") -> Iterator[Piece]:
    """The spans that say `key = value` in TOML."""
    for span in spans(text, page):
        if re.fullmatch(r"[a-z_]+ = .+", span.text) and "..." not in span.text:
            yield span


def key_and_value(said: str) -> tuple[str, Any]:
    """What an assignment says."""
    ((key, value),) = tomllib.loads(said).items()
    return key, value


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no heading {heading!r}"
    return found[1]


def names(text: str) -> list[str]:
    """The pieces of code in a text, in their order."""
    return _INLINE.findall(text)


def first_column(text: str) -> list[str]:
    """The code in the first cell of each row of the tables in a text, headings left out, without quotes."""
    rows = re.sub(r"^\|.*\n(?=\| ---)", "", text, flags=re.MULTILINE).splitlines()
    return [line.split("|")[1].strip(' `"') for line in rows if line.startswith("| `")]
