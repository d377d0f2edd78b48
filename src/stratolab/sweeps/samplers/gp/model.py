"""A Gaussian process with a Matern-5/2 kernel, one length scale per parameter, and estimated noise.

Features come from `encode.py`: several may belong to one parameter and share its length scale. Hyper-parameters
are those of highest posterior density (marginal likelihood times `Prior`), found by BFGS with the analytic gradient
(Rasmussen and Williams, Gaussian Processes for Machine Learning, sections 4.2 and 5.4). Predictions keep the
inverse of the Cholesky factor, because NumPy has no triangular solve and products are what a processor does best;
pending trials are appended to it in O(n^2).
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stratolab.sweeps.samplers.gp.descent import descend
from stratolab.sweeps.samplers.gp.normal import log_improvement

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]
    Groups = npt.NDArray[np.intp]

ROOT5 = math.sqrt(5.0)
NOISE_FLOOR = 1e-6  # of the losses' variance: keeps every covariance matrix invertible
_FLOOR = 1e-12  # of the prior variance: the least variance that rounding lets us believe
_FIRST_NOISE = -7.0  # log of the noise at which a fit begins
_BLOCK = 128  # rows looked at together: at once, 700 of them took 9 MB more, and longer
_SMALL = 48  # rows of a triangle that LAPACK inverts as fast
_LENGTHS, _AMPLITUDES, _NOISES = (-4.0, 4.0), (-4.0, 4.0), (-16.0, 1.0)  # limits of the logarithms


@dataclass(frozen=True, slots=True)
class Prior:
    """Normal priors on logarithms: (mean, deviation). A length's mean grows by half the log of the dimension.

    `mean` is the variance of the constant mean, in units of the losses' variance.
    """

    length: tuple[float, float] = (-0.9, 0.8)
    amplitude: tuple[float, float] = (0.5, 1.0)
    noise: tuple[float, float] = (-9.0, 3.0)
    mean: float = 0.25

    def moments(self, parameters: int) -> tuple[Array, Array]:
        """Means and deviations of the log lengths, the log amplitude and the log noise."""
        length = self.length[0] + 0.5 * math.log(max(parameters, 1))
        means = np.array([length] * parameters + [self.amplitude[0], self.noise[0]])
        deviations = np.array([self.length[1]] * parameters + [self.amplitude[1], self.noise[1]])
        return means, deviations


@dataclass(frozen=True, slots=True)
class Hyper:
    """Length scales per parameter, and the variances of the process, of the noise and of the constant mean."""

    lengths: Array
    amplitude: float
    noise: float
    mean: float


PRIOR = Prior()


def fit(features: Array, losses: Array, groups: Groups, *, iterations: int = 40) -> Hyper:
    """The most probable hyper-parameters for `losses` (n,) observed at `features` (n, f).

    `groups` (f,) says which parameter each feature belongs to. Starts from the prior alone, never from an
    earlier fit: the same observations give the same answer, whoever asks.
    """
    evidence = Evidence(features, losses, groups)
    count = evidence.parameters
    start = evidence.means.copy()
    start[-1] = _FIRST_NOISE
    low, high = np.array([_LENGTHS] * count + [_AMPLITUDES, _NOISES]).T
    points, _ = descend(evidence, start[None], low, high, iterations=iterations, reach=0.5, tolerance=1e-4)
    best = points[0]
    return Hyper(np.exp(best[:count]), math.exp(best[-2]), math.exp(best[-1]) + NOISE_FLOOR, PRIOR.mean)


class Evidence:
    """Minus the log posterior of hyper-parameters, up to a constant, with its gradient.

    Called with rows (m, parameters + 2) of log lengths, log amplitude, log noise.
    """

    def __init__(self, features: Array, losses: Array, groups: Groups) -> None:
        count = len(losses)
        self.parameters = int(groups.max(initial=-1)) + 1
        self.means, self._deviations = PRIOR.moments(self.parameters)
        squares = (features[:, None, :] - features[None, :, :]) ** 2
        member = (groups[:, None] == np.arange(self.parameters)).astype(float)
        self._squares = np.ascontiguousarray((squares.reshape(count * count, len(groups)) @ member).T)
        self._losses = losses

    def __call__(self, thetas: Array) -> tuple[Array, Array]:
        """Values (m,) and gradients of the rows."""
        count, parameters = len(self._losses), self.parameters
        inverse = np.exp(-2 * thetas[:, :parameters])
        amplitude, noise = np.exp(thetas[:, -2]), np.exp(thetas[:, -1])
        shape, slope = matern(ROOT5 * np.sqrt((inverse @ self._squares).reshape(len(thetas), count, count)))
        covariance = amplitude[:, None, None] * shape + PRIOR.mean
        diagonal = np.arange(count)
        covariance[:, diagonal, diagonal] += (noise + NOISE_FLOOR)[:, None]
        root = inverse_root(covariance)
        white = root @ self._losses
        weights = (white[:, None, :] @ root)[:, 0, :]
        offset = (thetas - self.means) / self._deviations
        value = 0.5 * (white * white).sum(1) - np.log(root[:, diagonal, diagonal]).sum(1)
        pull = weights[:, :, None] * weights[:, None, :] - root.transpose(0, 2, 1) @ root
        gradient = offset / self._deviations
        lengths = (pull * slope).reshape(len(thetas), count * count) @ self._squares.T
        gradient[:, :parameters] -= 0.5 * amplitude[:, None] * lengths * inverse
        gradient[:, -2] -= 0.5 * amplitude * (pull * shape).sum((1, 2))
        gradient[:, -1] -= 0.5 * noise * pull[:, diagonal, diagonal].sum(1)
        return value + 0.5 * (offset * offset).sum(1), gradient


class Posterior:
    """What is believed about the loss after `losses` (n,) were seen at `features` (n, f).

    `best` is what is to be improved on: the least loss that is believed in, less a `margin`.
    """

    def __init__(
        self, features: Array, losses: Array, groups: Groups, hyper: Hyper, margin: float = 0.0
    ) -> None:
        self._hyper = hyper
        self._margin = margin
        self._scale = 1 / hyper.lengths[groups]
        self._prior_variance = hyper.amplitude + hyper.mean
        self._points = features * self._scale
        self._losses = losses
        self._root = inverse_root(self._noisy(self._covariance(self._points)))
        self._solve()

    def predict(self, features: Array) -> tuple[Array, Array]:
        """Means and variances (m,) of the loss without its noise at `features` (m, f)."""
        across = self._covariance(features * self._scale)
        means: Array = across.T @ self._weights
        return means, self._variance(self._root @ across)

    def imagine(self, features: Array, pessimism: float = 0.0) -> None:
        """Count points (m, f) as seen with the loss expected there plus `pessimism` deviations.

        With 0 they only take away what is unknown about them (the "kriging believer").
        """
        points = features * self._scale
        across = self._covariance(points)
        spread = self._root @ across
        expected = across.T @ self._weights + pessimism * np.sqrt(self._variance(spread))
        inner = inverse_root(self._noisy(self._kernel(points, points) - spread.T @ spread))
        size = len(self._points)
        root = np.zeros((size + len(points), size + len(points)))
        root[:size, :size], root[size:, size:] = self._root, inner
        root[size:, :size] = -(inner @ spread.T) @ self._root
        self._root, self._points = root, np.vstack([self._points, points])
        self._losses = np.concatenate([self._losses, expected])
        self._solve()

    def beside(self, rows: Mask) -> Posterior:
        """The same beliefs, but to be improved on is the best of these (n,) of the losses that it was made with."""
        other = copy(self)
        believed = (self._losses - self._hyper.noise * self._weights)[: len(rows)]
        other.best = float(believed[rows].min())
        return other

    def gains(self, features: Array) -> Array:
        """Log expected improvement (m,) on `best`, at `features` (m, f)."""
        blocks = [features[first : first + _BLOCK] for first in range(0, len(features), _BLOCK)]
        return np.concatenate([self._gains(block) for block in blocks]) if blocks else np.empty(0)

    def _gains(self, features: Array) -> Array:
        means, variance = self.predict(features)
        deviation = np.sqrt(variance)
        log_h, _, _ = log_improvement((self.best - means) / deviation)
        result: Array = log_h + np.log(deviation)
        return result

    def gain_slopes(self, features: Array) -> tuple[Array, Array]:
        """`gains`, with its gradient by features (m, f)."""
        points = features * self._scale
        shape, slope = matern(self._distances(self._points, points))
        across = self._hyper.amplitude * shape + self._hyper.mean
        spread = self._root @ across
        variance = self._variance(spread)
        deviation = np.sqrt(variance)
        log_h, mass, density = log_improvement((self.best - across.T @ self._weights) / deviation)
        # d mean = weights . dk and d variance = -2 (K^-1 k) . dk, each along the kernel's columns k.
        by_mean, by_variance = -mass / deviation, density / (2 * variance)
        column = self._weights[:, None] * by_mean - 2 * by_variance * (self._root.T @ spread)
        return log_h + np.log(deviation), self._along(points, slope * column)

    def mean_slopes(self, features: Array) -> tuple[Array, Array]:
        """The means (m,) of `predict`, with their gradient by features (m, f)."""
        points = features * self._scale
        shape, slope = matern(self._distances(self._points, points))
        across = self._hyper.amplitude * shape + self._hyper.mean
        means: Array = across.T @ self._weights
        return means, self._along(points, slope * self._weights[:, None])

    def _along(self, points: Array, column: Array) -> Array:
        """The gradient by features (m, f) at scaled points, from that by the kernel's columns (n, m) and its slope."""
        pull = self._hyper.amplitude * column
        gradient: Array = (pull.T @ self._points - pull.sum(0)[:, None] * points) * self._scale
        return gradient

    def _solve(self) -> None:
        self._weights: Array = self._root.T @ (self._root @ self._losses)
        # What is believed where something was seen is what was seen less its noise: y - noise * weights.
        self.best = float((self._losses - self._hyper.noise * self._weights).min()) - self._margin

    def _covariance(self, points: Array) -> Array:
        return self._kernel(self._points, points)

    def _kernel(self, left: Array, right: Array) -> Array:
        result = np.empty((len(left), len(right)))
        for first in range(0, len(left), _BLOCK):
            rows = slice(first, first + _BLOCK)
            shape = matern(self._distances(left[rows], right))[0]
            np.multiply(shape, self._hyper.amplitude, out=result[rows])
        result += self._hyper.mean
        return result

    def _noisy(self, covariance: Array) -> Array:
        covariance[np.diag_indices_from(covariance)] += self._hyper.noise
        return covariance

    def _variance(self, spread: Array) -> Array:
        left = self._prior_variance - (spread * spread).sum(0)
        result: Array = np.maximum(left, _FLOOR * self._prior_variance)
        return result

    def _distances(self, left: Array, right: Array) -> Array:
        squares: Array = (left * left).sum(1)[:, None] + (right * right).sum(1)
        squares -= 2 * left @ right.T
        np.maximum(squares, 0.0, out=squares)
        np.sqrt(squares, out=squares)
        squares *= ROOT5
        return squares


def matern(distance: Array) -> tuple[Array, Array]:
    """The Matern-5/2 correlation at sqrt(5) r, and -2 times its derivative by r^2."""
    # In place, here and below: a few matrices of 300 rows more at a time are MBs in a process that lives on 45.
    decay = np.negative(distance)
    np.exp(decay, out=decay)
    slope = 1 + distance
    slope *= decay
    shape = distance * distance
    shape *= decay
    shape /= 3
    shape += slope
    slope *= 5 / 3
    return shape, slope


def inverse_root(covariance: Array) -> Array:
    """The inverse of the Cholesky factor of positive definite matrices (..., n, n)."""
    factor: Array = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    del covariance  # it may be nobody else's
    return _inverse_triangle(factor)


def _inverse_triangle(factor: Array) -> Array:
    """The inverse of lower triangular matrices (..., n, n), by halves: nearly all of it is products."""
    size = factor.shape[-1]
    if size <= _SMALL:
        return np.asarray(np.linalg.inv(factor), dtype=np.float64)
    half = size // 2
    result = np.zeros_like(factor)
    upper, lower = _inverse_triangle(factor[..., :half, :half]), _inverse_triangle(factor[..., half:, half:])
    result[..., :half, :half], result[..., half:, half:] = upper, lower
    result[..., half:, :half] = -(lower @ factor[..., half:, :half]) @ upper
    return result
