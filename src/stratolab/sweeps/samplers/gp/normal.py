"""The logarithm of expected improvement, exact to rounding however small it gets, on NumPy alone.

Everything rests on Mills' ratio R(t) = (1 - Phi(t)) / phi(t) = sqrt(pi/2) erfcx(t / sqrt 2) for t >= 0, with the
rational Chebyshev approximations of W. J. Cody, "Rational Chebyshev approximations for the error function",
Mathematics of Computation 23 (1969), 631-637. Why the logarithm: far from the best point expected improvement
underflows to zero and leaves an optimiser without a slope (Ament et al., "Unexpected improvements to expected
improvement for Bayesian optimization", NeurIPS 2023).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

LOG_ROOT_TAU = 0.5 * math.log(2 * math.pi)
_FAR = 50.0  # beyond it 1 - t R(t) is taken from its series: the difference would lose digits

# Cody's coefficients, highest power first, for |x| <= 0.46875, up to 4, and beyond.
_SMALL = (
    (
        1.85777706184603153e-1,
        3.16112374387056560e0,
        1.13864154151050156e2,
        3.77485237685302021e2,
        3.20937758913846947e3,
    ),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_MIDDLE = (
    (
        2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
        2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
        1.23033935479799725e3,
    ),
    (
        1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
        3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
    ),
)  # fmt: skip
_LARGE = (
    (
        1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
        1.60837851487422766e-2, 6.58749161529837803e-4,
    ),
    (
        1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
        2.33520497626869185e-3,
    ),
)  # fmt: skip


def mills(t: Array) -> Array:
    """Mills' ratio (1 - Phi(t)) / phi(t) for t >= 0, relative error below 1e-14."""
    x = t / math.sqrt(2)
    scaled = np.empty_like(x)
    small, large = x <= 0.46875, x > 4
    middle = ~(small | large)
    if small.any():
        near = x[small]
        square = near * near
        scaled[small] = np.exp(square) * (1 - near * _ratio(_SMALL, square))
    if middle.any():
        scaled[middle] = _ratio(_MIDDLE, x[middle])
    if large.any():
        far = x[large]
        inverse = 1 / (far * far)
        scaled[large] = (1 / math.sqrt(math.pi) - inverse * _ratio(_LARGE, inverse)) / far
    return math.sqrt(math.pi / 2) * scaled


def log_improvement(u: Array) -> tuple[Array, Array, Array]:
    """Log of h(u) for h(u) = phi(u) + u Phi(u), with Phi(u) / h(u) and phi(u) / h(u).

    Expected improvement over `best` of a normal loss with mean m and deviation s is s h(u) at u = (best - m) / s. The
    two ratios are what its gradient needs: d log EI = -(Phi/h)(u) dm / s + (phi/h)(u) ds / s.
    """
    t = np.abs(u)
    ratio = mills(t)
    below = u < 0
    # Below zero both ratios are free of the density, so nothing underflows.
    tail = 1 - t * ratio
    far = t > _FAR
    if far.any():
        tail = np.where(far, _series(np.maximum(t, _FAR)), tail)
    tail = np.maximum(tail, 1e-300)
    log_density = -0.5 * u * u - LOG_ROOT_TAU
    density = np.exp(log_density)
    mass = 1 - density * ratio
    above_h = np.where(below, 1.0, density + u * mass)
    log_h = np.where(below, log_density + np.log(tail), np.log(above_h))
    mass_share = np.where(below, ratio / tail, mass / above_h)
    density_share = np.where(below, 1 / tail, density / above_h)
    return log_h, mass_share, density_share


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    above, below = coefficients
    numerator, denominator = np.full_like(x, above[0]), np.full_like(x, below[0])
    for coefficient in above[1:]:
        numerator = numerator * x + coefficient
    for coefficient in below[1:]:
        denominator = denominator * x + coefficient
    result: Array = numerator / denominator
    return result


def _series(t: Array) -> Array:
    """1 - t R(t) for large t: the asymptotic series 1/t^2 - 3/t^4 + 15/t^6 - 105/t^8."""
    inverse = 1 / (t * t)
    return inverse * (1 - inverse * (3 - inverse * (15 - inverse * 105)))
