"""Losses made fit for a Gaussian process: one power tames skew and outliers, and the order stays.

A loss that explodes in a corner (Rosenbrock's valley, a diverging network) would leave the model blind for the
differences among good points. The Yeo-Johnson power (Biometrika 87, 2000, 954-959) of highest normal likelihood
tames it; a logarithm then flattens the worse half, whose differences say nothing about where the best lies. Both are
monotone: the best stays the best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

_POWERS = tuple(np.linspace(-3.0, 1.5, 19).tolist())
_ZOOM = 1e-2  # of the first losses' spread: the finest difference that the model looks at
_HUGE = 1e100  # in units of the better half's spread; squares of it still fit a float


@dataclass(frozen=True, slots=True)
class Warped:
    """Losses with mean 0 and deviation 1, all 0 if they do not differ.

    `slope` is how many units of the loss one unit here is worth near the best.
    """

    values: Array
    slope: float


def warp(losses: Array, first: Array) -> Warped:
    """Warp finite losses (n,), n perhaps 0, of any magnitude that a float holds.

    `first` are the losses of the first trials, which were spread over the whole space.
    """
    if not losses.size:
        return Warped(losses, 0.0)
    halves = losses / 2  # the difference of two huge losses must not overflow
    low, middle = float(halves.min()), median(halves)
    # In units of the better half's spread: an outlier's size must not decide what counts as a difference. But when most
    # trials lie at one minimum, their differences mean nothing beside what other places may hold.
    wide = median(first) / 2 - low
    scale = max(middle - low, _ZOOM * wide) or float(halves.max()) - low
    if scale <= 1e-14 * max(abs(low), abs(middle)):
        return Warped(np.zeros_like(losses), 0.0)
    tame = np.minimum((halves - middle) / scale, _HUGE)
    values, power = _most_normal(tame)
    centre, deviation = float(values.mean()), float(values.std())
    if deviation == 0:
        return Warped(np.zeros_like(losses), 0.0)
    normal = (values - centre) / deviation
    flat = np.where(normal > 0, np.log1p(np.maximum(normal, 0.0)), normal)
    final = float(flat.std())
    best = float(tame.min())
    steepness = (1 - best) ** (1 - power)  # of the power at the best, which is never above the middle
    return Warped((flat - flat.mean()) / final, 2 * scale * deviation * final / steepness)


def median(values: Array) -> float:
    """The median of values (n,), n at least 1. NumPy's own loads `numpy.ma`, 20 ms of CPU beside the first trials."""
    ordered, half = np.sort(values), values.size // 2
    return float(ordered[half] if values.size % 2 else (ordered[half - 1] + ordered[half]) / 2)


def _most_normal(values: Array) -> tuple[Array, float]:
    """The values under the power that makes them most like a normal sample, and that power."""
    volume = float((np.sign(values) * np.log1p(np.abs(values))).sum())
    best, chosen, chosen_power = -np.inf, values, 1.0
    for power in _POWERS:
        warped = _yeo_johnson(values, power)
        variance = float(warped.var())
        if variance <= 0:
            continue
        likelihood = -0.5 * len(values) * np.log(variance) + (power - 1) * volume
        if likelihood > best:
            best, chosen, chosen_power = likelihood, warped, power
    return chosen, chosen_power


def _yeo_johnson(values: Array, power: float) -> Array:
    above, below = np.log1p(np.maximum(values, 0.0)), np.log1p(np.maximum(-values, 0.0))
    result: Array = _power_of_exponential(above, power) - _power_of_exponential(below, 2 - power)
    return result


def _power_of_exponential(logs: Array, power: float) -> Array:
    """(exp(power logs) - 1) / power, and its limit at power 0."""
    return logs if abs(power) < 1e-9 else np.expm1(power * logs) / power
