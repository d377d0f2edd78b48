"""What a rotation says on its way, and what became of it. No value is in any of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A step that has been taken, or something to know."""

    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Rotated:
    """How a rotation ended well: which version is current now, who it is, how long it took (seconds).

    After a rehearsal the version is the one that was tried and is gone.
    """

    name: str
    version: str
    who: str
    seconds: float
    rehearsed: bool = False
