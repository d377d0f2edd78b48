"""RESULTS.md: the bars on top, then a section a benchmark. A run replaces its own section and rows; the others stay.

The page is its own store: rows of the bars are told apart by the link in their first cell, sections by the comments
around them. Both are written by this module only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measuring.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TITLE = "# Benchmarks: stratolab beside its peers"
INTRODUCTION = """\
Written by `make bench` ([how to run it](../docs/benchmarks.md)); each section says when and where it was measured.
Contestants run interleaved; a ratio is the median of the ratios within a round. Compare ratios, not seconds."""
ORDER = (
    "peers",
    "overhead",
    "scale",
    "warm",
    "startup",
    "kills",
    "samplers",
    "tracking",
    "plan",
)  # of the sections; others follow
HEAD = ("benchmark", "what is asked", "bar", "measured", "")


@dataclass(frozen=True)
class Bar:
    """Something that we ask of ourselves: the bar, what was measured, and whether it holds (None: nothing to hold)."""

    asked: str
    bar: str
    measured: str
    holds: bool | None


@dataclass(frozen=True)
class Section:
    """What a benchmark found: Markdown below its heading, with its bars."""

    name: str
    title: str
    body: str
    bars: Sequence[Bar] = ()


def with_section(page: str, section: Section, where: str) -> str:
    """The page with this section new: in its place if it was there, else at the end."""
    rows = [row for row in _rows(page) if not row.startswith(f"| [{section.name}](")]
    link = f"[{section.name}](#{_anchor(section.title)})"
    new = table(HEAD, [(link, bar.asked, bar.bar, bar.measured, _word(bar.holds)) for bar in section.bars])
    rows += new.splitlines()[2:]
    sections = _sections(page)
    sections[section.name] = f"## {section.title}\n\n{where}\n\n{section.body.strip()}\n"
    sections = dict(sorted(sections.items(), key=lambda item: place(item[0])))
    rows.sort(key=lambda row: place(row[3 : row.index("](")]))
    parts = [TITLE, INTRODUCTION, "\n".join([*table(HEAD, []).splitlines(), *rows])]
    parts += [f"<!-- {name} -->\n{text.strip()}\n<!-- end of {name} -->" for name, text in sections.items()]
    return "\n\n".join(parts) + "\n"


def write(path: Path, section: Section, where: str) -> None:
    """Put a section into the page at `path`."""
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(with_section(page, section, where), encoding="utf-8")


def place(name: str) -> tuple[int, str]:
    """Where a benchmark's section stands, as a key to sort by."""
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def _rows(page: str) -> list[str]:
    top = page.split("<!-- ", 1)[0]
    return [line for line in top.splitlines() if line.startswith("| [")]


def _sections(page: str) -> dict[str, str]:
    found = re.finditer(r"^<!-- (\w+) -->\n(.*?)^<!-- end of \1 -->$", page, re.MULTILINE | re.DOTALL)
    return {match[1]: match[2] for match in found}


def _anchor(title: str) -> str:
    """The anchor that a heading gets: lower case, spaces as hyphens, other signs left out."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _word(holds: bool | None) -> str:  # noqa: FBT001 - the value is the question
    return "" if holds is None else ("holds" if holds else "**missed**")
