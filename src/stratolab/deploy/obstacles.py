"""What stands in the way of a plan: found before anything is made, each with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.core.errors import RefusedError
from stratolab.core.findings import Level

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing. An error is sure to make `up` fail; a warning may."""

    level: Level
    what: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.what} ({self.fix})" if self.fix else self.what


def error(what: str, fix: str = "") -> Obstacle:
    """One that `up` cannot get past."""
    return Obstacle(Level.ERROR, what, fix)


def warning(what: str, fix: str = "") -> Obstacle:
    """One that it may get past."""
    return Obstacle(Level.WARNING, what, fix)


def refuse(obstacles: Sequence[Obstacle]) -> None:
    """Raise `RefusedError` with every obstacle that is sure."""
    sure = [one for one in obstacles if one.level is Level.ERROR]
    if sure:
        raise RefusedError(
            "it would fail on its way:\n" + "\n".join(f"    {one.what}" for one in sure),
            doing="up",
            hint="; ".join(dict.fromkeys(one.fix for one in sure if one.fix)),
        )
