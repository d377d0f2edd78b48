"""Minimising many smooth functions at once inside a box: projected BFGS, vectorised over the starts.

Python's cost of an iteration is paid once for all starts, which makes ten of them nearly as cheap as one. Dense
inverse Hessians are right here: there are at most some dozens of variables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Objective = Callable[[Array], tuple[Array, Array]]  # (m, p) -> values (m,), gradients (m, p)

_SUFFICIENT = 1e-4  # Armijo's constant
_SHORTEST = 1e-4  # a start whose step has been cut to this share of a whole one rests


def descend(
    objective: Objective,
    starts: Array,
    low: Array,
    high: Array,
    *,
    iterations: int,
    reach: float,
    tolerance: float = 1e-5,
) -> tuple[Array, Array]:
    """Local minima from each start: points (m, p) and values (m,), never worse than where they began.

    `low` and `high` broadcast to the starts. `reach` is the longest first step in any variable. A start rests
    when a step promises less than `tolerance` of the value's own scale (1 + |value|).
    """
    points = np.clip(starts, low, high)
    low, high = np.broadcast_to(low, points.shape), np.broadcast_to(high, points.shape)
    values, gradients = objective(points)
    curvature = _identities(gradients, reach)
    fresh = np.ones(len(points), dtype=bool)
    steps = np.ones(len(points))
    moving = np.flatnonzero(np.isfinite(values))
    for _ in range(iterations):
        direction, slope = _directions(
            points[moving], gradients[moving], curvature[moving], low[moving], high[moving]
        )
        alive = -slope > 0.1 * tolerance * (1 + np.abs(values[moving]))
        moving, direction = moving[alive], direction[alive]
        if not moving.size:
            break
        x = points[moving]
        trial = np.clip(x + steps[moving][:, None] * direction, low[moving], high[moving])
        value, gradient = objective(trial)
        moved = trial - x
        promised = (gradients[moving] * moved).sum(1)
        good = value <= values[moving] + _SUFFICIENT * promised  # False for NaN
        taken, failed = moving[good], moving[~good]
        change = gradient[good] - gradients[taken]
        curvature[taken] = _updated(curvature[taken], fresh[taken], moved[good], change)
        points[taken], values[taken], gradients[taken] = trial[good], value[good], gradient[good]
        fresh[taken], steps[taken] = False, 1.0
        steps[failed] *= _shrink(value[~good] - values[failed], promised[~good])
        moving = moving[steps[moving] > _SHORTEST]
    return points, values


def _directions(x: Array, gradient: Array, matrix: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Quasi-Newton directions among the variables that are free to move, with their slopes (<= 0)."""
    free = ~(((x <= low) & (gradient > 0)) | ((x >= high) & (gradient < 0)))
    pull = np.where(free, gradient, 0.0)
    direction = np.where(free, -np.einsum("mij,mj->mi", matrix, pull), 0.0)
    slope: Array = (direction * pull).sum(1)
    return direction, slope


def _identities(gradients: Array, reach: float) -> Array:
    """First inverse Hessians: multiples of the identity whose step is `reach` in the largest variable."""
    largest = np.maximum(np.abs(gradients).max(axis=1, initial=0.0), 1e-12)
    scale: Array = np.minimum(reach / largest, 1e6)
    return scale[:, None, None] * np.eye(gradients.shape[1])


def _updated(matrix: Array, fresh: npt.NDArray[np.bool_], moved: Array, change: Array) -> Array:
    """The BFGS update of inverse Hessians, left out where the curvature met is not positive.

    A fresh one is first scaled to that curvature (Nocedal and Wright, Numerical Optimization, eq. 6.20).
    """
    product, norm = (moved * change).sum(1), (change * change).sum(1)
    sound = product > 1e-10 * np.sqrt((moved * moved).sum(1) * norm)
    product, norm = np.where(sound, product, 1.0), np.where(sound, norm, 1.0)
    scaled = (product / norm)[:, None, None] * np.eye(moved.shape[1])
    matrix = np.where((fresh & sound)[:, None, None], scaled, matrix)
    inverse = np.where(sound, 1 / product, 0.0)
    image = np.einsum("mij,mj->mi", matrix, change)
    weight = inverse * (1 + inverse * (change * image).sum(1))
    cross = inverse[:, None, None] * moved[:, :, None] * image[:, None, :]
    square = weight[:, None, None] * moved[:, :, None] * moved[:, None, :]
    result: Array = matrix + square - cross - cross.transpose(0, 2, 1)
    return result


def _shrink(rise: Array, promised: Array) -> Array:
    """The factor by which to shorten a step: the minimum of the parabola through what is known."""
    with np.errstate(all="ignore"):
        factor = -promised / (2 * (rise - promised))
    return np.clip(np.where(np.isfinite(factor), factor, 0.1), 0.1, 0.5)
