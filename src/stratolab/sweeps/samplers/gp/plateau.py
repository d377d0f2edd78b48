"""Losses that come in steps, as an error rate over some hundred samples does, have plateaus.

Everywhere on one is as good as its best trial and for ever a little unknown, so that a search for the least gain stays
there. Where losses repeat and the best has not moved for a while, a gain therefore has to be worth its name: the search
leaves for where much is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

_DISTINCT = 0.8  # share of losses that differ, below which they come in steps
_PATIENCE = 3  # trials without a better one that say nothing yet
_RAMP = 8  # trials more after which the whole margin is asked for
_MARGIN = 0.3  # deviations of the model's losses


def margin(losses: Array) -> float:
    """By how much a loss must be less than the best to count as better, in deviations of the losses.

    `losses` (n,) are those of trials that ran to their end, in that order.
    """
    if not losses.size or len(set(losses.tolist())) > _DISTINCT * len(losses):
        return 0.0
    still = len(losses) - 1 - int(np.argmin(losses))
    return _MARGIN * min(1.0, max(0, still - _PATIENCE) / _RAMP)
