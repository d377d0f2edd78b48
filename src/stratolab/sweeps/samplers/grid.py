"""The grid: every point of a finite space once, in an order that is spread out from the start.

Whoever stops a grid halfway should be left with a picture of the whole space, so the points do not come
row by row. A point with index i_j along axis j gets the key frac(shift + sum of i_j * a_j), where a_j are the
steps of the R-sequence (M. Roberts, "The Unreasonable Effectiveness of Quasirandom Sequences", 2018: powers of
1/phi_d, with phi_d the root of x^(d+1) = x + 1), and the points come in the order of their keys. The points with keys
below t lie evenly over the grid for every t: the same construction as his dither masks.
The seed moves the shift, so that another seed begins elsewhere.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.sweeps.dimensions import grid_values, identity
from stratolab.sweeps.samplers.listed import InOrder
from stratolab.sweeps.samplers.taken import rng_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.sweeps.sampler import Observation
    from stratolab.sweeps.space import Params, Space, Value

GRID_LIMIT = 100_000  # points; the whole order is held in memory


class GridSampler:
    """Every point of the grid once. Conditions are respected: inactive parameters do not multiply points.

    Raises `InputError` for a `Float` without `steps` and for a grid of more than `GRID_LIMIT` points.
    """

    name = "grid"

    def __init__(self, space: Space, seed: int) -> None:
        points = spread(space, axes_of(space), seed)
        self._walk = InOrder(space, points)
        self.points = len(points)

    def ask(
        self, numbers: Sequence[int], finished: Sequence[Observation], pending: Sequence[Params]
    ) -> list[Params]:
        """See `Sampler`."""
        return self._walk.ask(numbers, finished, pending)


def axes_of(space: Space) -> list[Sequence[Value]]:
    """The values that the grid takes of each dimension. Raises `InputError` for a `Float` without `steps`."""
    axes = {name: grid_values(dimension) for name, dimension in space.dimensions.items()}
    endless = [name for name, values in axes.items() if values is None]
    if endless:
        raise InputError(
            f"{' and '.join(endless)} {'has' if len(endless) == 1 else 'have'} no end of values",
            doing="making a grid",
            hint=f"say how many to take: {endless[0]} = {{ float = [...], steps = 5 }}",
        )
    return [values for values in axes.values() if values is not None]


def spread(space: Space, axes: Sequence[Sequence[Value]], seed: int) -> list[Params]:
    """The points of the grid in a spread-out order. Raises `InputError` if there are more than `GRID_LIMIT`."""
    points = list(islice(space.points(axes), GRID_LIMIT + 1))
    if len(points) > GRID_LIMIT:
        raise InputError(
            f"it would have more than {GRID_LIMIT:,} points",
            doing="making a grid",
            hint="give its parameters `steps`, or take sampler = 'quasi'",
        )
    shift = rng_for(seed, 0, "grid").random()
    ratio = 1.0 / _generalised_golden_ratio(len(axes))
    shares = {
        name: {identity(value): index * ratio ** (axis + 1) for index, value in enumerate(values)}
        for axis, (name, values) in enumerate(zip(space.dimensions, axes, strict=True))
    }

    def key(params: Params) -> float:
        return (shift + sum(shares[name][identity(value)] for name, value in params.items())) % 1.0

    return sorted(points, key=key)


def _generalised_golden_ratio(dimensions: int) -> float:
    """The root of x^(d+1) = x + 1 above 1; for one dimension the golden ratio."""
    ratio = 2.0
    for _ in range(64):
        ratio = (1.0 + ratio) ** (1.0 / (dimensions + 1))
    return ratio
