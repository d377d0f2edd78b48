"""Markdown tables, and numbers as a reader wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOTHING = ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table. A `|` within a cell is escaped; a row must be as wide as the head."""
    lines = [_line(head), _line(["---"] * len(head))]
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"a row of {len(row)} cells below a head of {len(head)}: {row}")
        lines.append(_line(row))
    return "\n".join(lines)


def ratio(value: float | None) -> str:
    """`1.07`, `3.5`, `12`: two digits after the point only where they tell something."""
    if value is None:
        return NOTHING
    if value < 3:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def number(value: float | None, digits: int = 1) -> str:
    """With so many digits after the point; empty for None."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
