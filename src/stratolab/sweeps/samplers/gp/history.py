"""What the model learns from: finished trials as arrays, and which of them when they are many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stratolab.sweeps.samplers.gp.warp import median

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from stratolab.sweeps.sampler import Observation
    from stratolab.sweeps.samplers.gp.encode import Encoding

    Array = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

EXACT_LIMIT = 300  # trials that a model sees
FIT_LIMIT = 200  # trials that its hyper-parameters see
FIRST = 12  # trials that show how widely losses differ
FAILED_LIMIT = 100  # the latest failures that are kept in mind


@dataclass(frozen=True, slots=True)
class Known:
    """What some finished trials taught: rows `units` (n, d) with their finite `losses` (n,), and rows that `failed`.

    `seconds` (n,) is how long each took, NaN where that is not known or it was stopped before its end.
    """

    units: Array
    losses: Array
    failed: Array
    first: Array
    seconds: Array

    def best(self, count: int, among: Mask | None = None) -> Array:
        """The rows of the `count` least losses, best first; `among` (n,) tells which rows are asked for."""
        units, losses = (
            (self.units, self.losses) if among is None else (self.units[among], self.losses[among])
        )
        return units[np.argsort(losses, kind="stable")[:count]]

    def telling(self, limit: int) -> Known:
        """At most `limit` of the trials: the better half, the latest quarter, and some of every other quality."""
        count = len(self.losses)
        if count <= limit:
            return self
        order = np.argsort(self.losses, kind="stable")
        chosen = np.zeros(count, dtype=bool)
        chosen[order[: limit // 2]] = True
        chosen[count - limit // 4 :] = True
        left = order[~chosen[order]]
        more = limit - int(chosen.sum())
        chosen[left[np.linspace(0, len(left) - 1, more).astype(int)]] = True
        return Known(self.units[chosen], self.losses[chosen], self.failed, self.first, self.seconds[chosen])


class History:
    """Finished trials as arrays, encoded once each as long as they only grow at their end."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._last: Observation | None = None
        self._units = np.empty((0, encoding.width))
        self._losses = np.empty(0)
        self._pruned = np.empty(0)
        self._seconds = np.empty(0)
        self._ours = np.empty(0, dtype=bool)  # points of this space: a forked sweep may bring others
        self.sitting = 0  # how often another history than before was met

    def update(self, finished: Sequence[Observation]) -> None:
        """Take in what is new in `finished`."""
        seen = len(self._losses)
        if len(finished) < seen or (seen and finished[seen - 1] != self._last):
            seen = 0
            self.sitting += 1
        new = finished[seen:]
        ours = np.array([self._encoding.knows(one.params) for one in new], dtype=bool)
        units = np.zeros((len(new), self._encoding.width))
        units[ours] = self._encoding.units(one.params for one, known in zip(new, ours, strict=True) if known)
        self._ours = np.concatenate([self._ours[:seen], ours])
        self._units = np.vstack([self._units[:seen], units])
        self._losses = np.concatenate([self._losses[:seen], [_finite(one.loss) for one in new]])
        self._pruned = np.concatenate([self._pruned[:seen], [_finite(one.pruned_loss) for one in new]])
        seconds = [_finite(one.seconds) if one.loss is not None else math.nan for one in new]
        self._seconds = np.concatenate([self._seconds[:seen], seconds])
        self._last = finished[-1] if finished else None

    def whole(self, count: int) -> Array:
        """The finite losses of those of the first `count` trials that ran to their end."""
        losses = self._losses[:count][self._ours[:count]]
        return losses[np.isfinite(losses)]

    def known(self, count: int) -> Known:
        """What the first `count` finished trials taught.

        A pruned trial counts as no better than the median of those that ran to their end and no worse than the
        worst; until one has, it counts as failed.
        """
        ours = self._ours[:count]
        units, losses, pruned = (
            self._units[:count][ours],
            self._losses[:count][ours],
            self._pruned[:count][ours],
        )
        whole = np.isfinite(losses)
        if whole.any():
            stopped = ~whole & np.isfinite(pruned)
            losses[stopped] = np.clip(pruned[stopped], median(losses[whole]), losses[whole].max())
        usable = np.isfinite(losses)
        learnt = losses[usable]
        seconds = self._seconds[:count][ours][usable]
        return Known(units[usable], learnt, units[~usable][-FAILED_LIMIT:], learnt[:FIRST], seconds)


def _finite(number: float | None) -> float:
    """The number, or NaN where there is none to learn from."""
    return float(number) if number is not None and math.isfinite(number) else math.nan
