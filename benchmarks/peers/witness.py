"""What the trials themselves noted: that all ran, when the first began, how long a slot stood empty in between."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measuring.usage import Failed

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Noted:
    """When the trials' first and last lines ran, each in order; seconds since the epoch."""

    starts: list[float]
    ends: list[float]


def read(path: Path, *, count: int) -> Noted:
    """Read the notes of `count` trials.

    Raises `Failed` unless each trial ran exactly once, in a process of its own.
    """
    lines = [line.split() for line in path.read_text(encoding="ascii").splitlines()] if path.exists() else []
    processes = {line[0] for line in lines}
    if len(lines) != count or len(processes) != count:
        raise Failed(f"{len(lines)} of {count} trials ran, in {len(processes)} processes")
    return Noted(sorted(float(line[1]) for line in lines), sorted(float(line[2]) for line in lines))


def gap(starts: list[float], ends: list[float], workers: int) -> float:
    """The median seconds for which a slot stood empty: the n-th end to the n-th start after all slots were taken."""
    gaps = [start - end for start, end in zip(starts[workers:], ends, strict=False)]
    return statistics.median(gaps) if gaps else 0.0
