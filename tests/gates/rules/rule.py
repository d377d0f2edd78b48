"""What a rule is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its number, what it holds, and the function that finds what breaks it."""

    number: str
    about: str
    check: Callable[[dict[str, Any]], Iterator[str]]
