"""Gain per cost: a point that takes ten times as long must promise ten times as much.

How long a trial runs is learnt as its loss is, by a second Gaussian process over the logarithms of seconds; a price
per hour that all trials share cancels out, so that this is the gain per dollar too. Dividing by the cost from first
to last would shun dear regions that hold the best values. So the exponent of the cost falls from 1 to 0 with the budget
("EI-cool": Lee, Perrone, Archambeau, Seeger, Cost-aware Bayesian Optimization, arXiv:2003.10870, section 3.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stratolab.sweeps.samplers.gp.history import EXACT_LIMIT, FIT_LIMIT
from stratolab.sweeps.samplers.gp.model import Posterior, fit

if TYPE_CHECKING:
    import numpy.typing as npt

    from stratolab.sweeps.samplers.gp.encode import Encoding
    from stratolab.sweeps.samplers.gp.history import History
    from stratolab.sweeps.samplers.gp.model import Hyper

    Array = npt.NDArray[np.float64]

_ENOUGH = 3  # timed trials below which there is nothing to model
_SHORTEST = 1e-3  # seconds: below, a time is chance
_ALIKE = 0.05  # deviation of the log seconds below which all trials cost the same


class Costs:
    """What is believed about the logarithm of a trial's seconds."""

    def __init__(self, posterior: Posterior, deviation: float) -> None:
        self._posterior, self._deviation = posterior, deviation

    def means(self, features: Array) -> Array:
        """Expected log seconds (m,) at `features` (m, f), up to a constant."""
        means: Array = self._deviation * self._posterior.predict(features)[0]
        return means

    def slopes(self, features: Array) -> tuple[Array, Array]:
        """`means`, with their gradient by features (m, f)."""
        means, gradient = self._posterior.mean_slopes(features)
        return self._deviation * means, self._deviation * gradient


class PerCost:
    """The log expected improvement of a posterior less `exponent` times the log cost: what `search` climbs."""

    def __init__(self, posterior: Posterior, costs: Costs, exponent: float) -> None:
        self._posterior, self._costs, self._exponent = posterior, costs, exponent

    def gains(self, features: Array) -> Array:
        """See `Posterior.gains`."""
        result: Array = self._posterior.gains(features) - self._exponent * self._costs.means(features)
        return result

    def gain_slopes(self, features: Array) -> tuple[Array, Array]:
        """See `Posterior.gain_slopes`."""
        gains, gradient = self._posterior.gain_slopes(features)
        costs, steepness = self._costs.slopes(features)
        return gains - self._exponent * costs, gradient - self._exponent * steepness


class CostModel:
    """Learns `Costs` from a history."""

    def __init__(self, history: History, encoding: Encoding) -> None:
        self._history, self._encoding = history, encoding
        self._fitted: tuple[tuple[int, int], Hyper | None] | None = None

    def learn(self, count: int, fit_count: int) -> Costs | None:
        """What the first `count` trials say of costs, hyper-parameters fitted to the first `fit_count` of them.

        None if that is too little, or that all cost the same.
        """
        key = (self._history.sitting, fit_count)
        if self._fitted is None or self._fitted[0] != key:
            seen = self._seen(fit_count, FIT_LIMIT)
            self._fitted = key, fit(seen[0], seen[1], self._encoding.groups) if seen else None
        hyper, seen = self._fitted[1], self._seen(count, EXACT_LIMIT)
        if hyper is None or seen is None:
            return None
        features, values, deviation = seen
        return Costs(Posterior(features, values, self._encoding.groups, hyper), deviation)

    def _seen(self, count: int, limit: int) -> tuple[Array, Array, float] | None:
        """Features (n, f), log seconds (n,) with mean 0 and deviation 1, and the deviation that they had."""
        known = self._history.known(count).telling(limit)
        timed = np.isfinite(known.seconds)
        if timed.sum() < _ENOUGH:
            return None
        logs = np.log(np.maximum(known.seconds[timed], _SHORTEST))
        deviation = float(logs.std())
        if deviation < _ALIKE:
            return None
        return self._encoding.features(known.units[timed]), (logs - logs.mean()) / deviation, deviation
