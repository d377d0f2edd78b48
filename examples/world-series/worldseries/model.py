"""A conditional logit: a season has one winner, and a team's chance is its share of exp(utility).

The utility is linear in the features, so the log-likelihood is concave and Newton's method finds its one
maximum in a few steps. A quadratic penalty pulls the weights towards a prior, which carries the first
seasons, when there is next to nothing to learn from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

STEPS = 60
HALVINGS = 30
ENOUGH = 1e-12  # a gain in log-likelihood this small ends the search: the last step lands far closer yet


@dataclass(frozen=True)
class Sample:
    """Seasons to learn from: `values` (S, F, P), `played` (S, F), and `credit` (S, F), what a team won there.

    A champion's credit is 1, and a season without any teaches nothing. `weights` (S,) says how much a season
    counts.
    """

    values: Array
    played: Mask
    credit: Array
    weights: Array


def chances(values: Array, played: Mask, weights: Array) -> Array:
    """Each team's chance (S, F): 0 where it did not play, and 1 in sum for a season with teams."""
    utility = np.where(played, values @ weights, -np.inf)
    odds = np.exp(utility - utility.max(axis=1, keepdims=True))
    chance: Array = odds / odds.sum(axis=1, keepdims=True)
    return chance


def fit(sample: Sample, *, l2: float, prior: Array, start: Array | None = None) -> Array:
    """The weights (P,) that make the sample likeliest, less `l2` / 2 times the squared distance to `prior`.

    `l2` must be above 0: it makes the maximum unique. Where to `start` does not change it. Raises
    ArithmeticError if Newton's method does not end, which takes features that are not finite.
    """
    weights = prior if start is None else start
    for _ in range(STEPS):
        gradient, curvature = _slope(sample, weights, l2=l2, prior=prior)
        step: Array = np.linalg.solve(curvature, gradient).astype(np.float64, copy=False)
        gain = float(gradient @ step)
        if gain < ENOUGH:
            return weights + step
        weights = _stepped(sample, weights, step, gain, l2=l2, prior=prior)
    raise ArithmeticError(f"the fit did not settle in {STEPS} steps")


def _stepped(sample: Sample, weights: Array, step: Array, gain: float, *, l2: float, prior: Array) -> Array:
    """Newton's step, halved until it gains something: a full one may overshoot where little is known."""
    here = _likelihood(sample, weights, l2=l2, prior=prior)
    for halving in range(HALVINGS):
        share = 0.5**halving
        there = weights + share * step
        if _likelihood(sample, there, l2=l2, prior=prior) >= here + 1e-4 * share * gain - ENOUGH:
            return there
    return weights


def _likelihood(sample: Sample, weights: Array, *, l2: float, prior: Array) -> float:
    """The penalised log-likelihood, which `fit` makes as large as it can be."""
    utility = np.where(sample.played, sample.values @ weights, -np.inf)
    top = utility.max(axis=1, keepdims=True)
    log_chance = np.where(sample.played, sample.values @ weights - top, 0.0)
    log_chance = log_chance - np.log(np.exp(utility - top).sum(axis=1, keepdims=True))
    fit_to_data = (sample.weights[:, None] * sample.credit * log_chance).sum()
    return float(fit_to_data - l2 / 2 * ((weights - prior) ** 2).sum())


def _slope(sample: Sample, weights: Array, *, l2: float, prior: Array) -> tuple[Array, Array]:
    """Gradient (P,) and negative Hessian (P, P) of the penalised log-likelihood."""
    chance = chances(sample.values, sample.played, weights)
    counted = sample.weights * sample.credit.sum(axis=1)
    surprise = sample.weights[:, None] * sample.credit - counted[:, None] * chance
    size = len(weights)
    flat = sample.values.reshape(-1, size)
    gradient = surprise.reshape(-1) @ flat - l2 * (weights - prior)
    expected = np.einsum("sf,sfp->sp", chance, sample.values)
    spread = (flat * (counted[:, None] * chance).reshape(-1, 1)).T @ flat
    return gradient, spread - (expected * counted[:, None]).T @ expected + l2 * np.eye(size)


def mixed(chance: Array, played: Mask, share: float) -> Array:
    """The chances with a share of the uniform distribution over the season's teams."""
    blend: Array = (1 - share) * chance + share * played / played.sum(axis=1, keepdims=True)
    return blend
