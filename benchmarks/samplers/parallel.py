"""What is lost by asking for a point before the answers of others are in, counted in trials."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from benchmarks.samplers.cells import as_good

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WAY = (0.7, 0.9, 0.97, 0.99)  # shares of the way from the start to the best that both reach
_START = 10  # trials after which the way begins: before that nobody knows anything


def later(alone: Sequence[float], parallel: Sequence[float], at: int) -> int | None:
    """How many trials after number `at` the parallel search stands where one at a time stood then, to three digits.

    Both are curves of the best loss after each trial. 0 if it did by then; None if it does not before its curve ends.
    """
    there = (number for number, best in enumerate(parallel, 1) if as_good(best, alone[at - 1]))
    first = next(there, None)
    return None if first is None else max(0, first - at)


def loss(alone: Sequence[float], parallel: Sequence[float]) -> float | None:
    """How many trials more the parallel search needs on its way, as a share: 0.1 is ten percent more.

    The mean over four stations of the way from where the worse of the two stands after ten trials to the best that both
    reach; None if there is no such way.
    """
    return _mean(alone, parallel, lambda one, other: other / one - 1)


def lost(alone: Sequence[float], parallel: Sequence[float]) -> float | None:
    """The same counted in trials: how many later the parallel search is there."""
    return _mean(alone, parallel, lambda one, other: other - one)


def _mean(
    alone: Sequence[float], parallel: Sequence[float], compare: Callable[[int, int], float]
) -> float | None:
    start, end = max(alone[_START - 1], parallel[_START - 1]), max(alone[-1], parallel[-1])
    if not math.isfinite(start) or start <= end:
        return None
    stations = [start - share * (start - end) for share in WAY]
    return statistics.mean(
        compare(_reached(alone, station), _reached(parallel, station)) for station in stations
    )


def _reached(curve: Sequence[float], loss: float) -> int:
    return next(number for number, value in enumerate(curve, 1) if value <= loss)
