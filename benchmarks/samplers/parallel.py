"""What is lost by asking for a point before the answers of others are in, counted in trials."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WAY = (0.7, 0.9, 0.97, 0.99)  # shares of the way from the start to the best that both reach
_START = 10  # trials after which the way begins: before that nobody knows anything


def loss(alone: Sequence[float], parallel: Sequence[float]) -> float | None:
    """How many trials more the parallel search needs, as a share: 0.1 is ten percent more.

    Both are curves of the best loss after each trial. The mean over four stations of the way from where the worse of
    the two stands after ten trials to the best that both reach; None if there is no such way.
    """
    start, end = max(alone[_START - 1], parallel[_START - 1]), max(alone[-1], parallel[-1])
    if not math.isfinite(start) or start <= end:
        return None
    stations = [start - share * (start - end) for share in WAY]
    more = [_reached(parallel, station) / _reached(alone, station) - 1 for station in stations]
    return statistics.mean(more)


def _reached(curve: Sequence[float], loss: float) -> int:
    return next(number for number, value in enumerate(curve, 1) if value <= loss)
