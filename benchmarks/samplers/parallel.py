"""What is lost by asking for a point before the answers of others are in, counted in trials."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.samplers.cells import as_good

if TYPE_CHECKING:
    from collections.abc import Sequence

WAY = (0.7, 0.9, 0.97, 0.99)  # shares of the way from the start to the best that both reach
_START = 10  # trials after which the way begins: before that nobody knows anything


def later(alone: Sequence[float], parallel: Sequence[float], at: int) -> int | None:
    """How many trials after number `at` the parallel search stands where one at a time stood then, to three digits.

    Both are curves of the best loss after each trial. 0 if it did by then; None if it does not before its curve ends.
    """
    there = (number for number, best in enumerate(parallel, 1) if as_good(best, alone[at - 1]))
    first = next(there, None)
    return None if first is None else max(0, first - at)


class Way(NamedTuple):
    """What a parallel search loses on its way, mean over the stations.

    `share` is how many trials more it needs, 0.1 being ten percent, and `trials` the same counted in trials. `unseen`
    is the share that the answers it cannot have yet would be by themselves, were all others used as well as alone.
    """

    share: float
    unseen: float
    trials: float


def way(alone: Sequence[float], parallel: Sequence[float], pending: int) -> Way | None:
    """What the search with `pending` trials under way loses to the one alone; None if there is no way to compare.

    The way leads from where the worse of the two stands after ten trials to the best that both reach.
    """
    start, end = max(alone[_START - 1], parallel[_START - 1]), max(alone[-1], parallel[-1])
    if not math.isfinite(start) or start <= end:
        return None
    stations = [start - share * (start - end) for share in WAY]
    pairs = [(_reached(alone, station), _reached(parallel, station)) for station in stations]
    return Way(
        share=statistics.mean(other / one - 1 for one, other in pairs),
        unseen=statistics.mean((pending - 1) / one for one, _ in pairs),
        trials=statistics.mean(other - one for one, other in pairs),
    )


def _reached(curve: Sequence[float], loss: float) -> int:
    return next(number for number, value in enumerate(curve, 1) if value <= loss)
