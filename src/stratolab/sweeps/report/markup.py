"""HTML and SVG made of elements, so that text is escaped by construction.

A `str` is text. Only what `el` has made is `Markup`, and only that is put into the page as it stands.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Control characters, those that turn the direction of writing, and halves of surrogate pairs, which UTF-8 has not.
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_VOID = frozenset({"meta"})


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def text(value: str) -> Markup:
    """`value` as text that is safe between tags and in quotes; what could do harm becomes U+FFFD."""
    return value if isinstance(value, Markup) else Markup(html.escape(_ODD.sub("\ufffd", value)))


def el(tag: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """An element. `class_` is `class`, `aria_label` is `aria-label`; None leaves an attribute out."""
    opening = f"<{tag}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    if tag in _VOID:
        return Markup(opening)
    return Markup(f"{opening}{join(children)}</{tag}>")


def join(parts: Iterable[str]) -> Markup:
    """The parts one after another."""
    return Markup("".join(map(text, parts)))


def coordinate(number: float) -> str:
    """A length in a figure: a tenth of a pixel is enough."""
    told = f"{number:.1f}"
    return told.removesuffix(".0")


def short(value: str, most: int) -> str:
    """`value` in at most `most` characters."""
    return value if len(value) <= most else value[: max(most - 1, 1)] + "…"


def _attribute(key: str, value: str | float | None) -> str:
    if value is None:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    return f' {name}="{text(value) if isinstance(value, str) else coordinate(value)}"'
