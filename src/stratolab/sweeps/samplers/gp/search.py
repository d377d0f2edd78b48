"""Where expected improvement is highest: a broad look, gradients from the best starts, then the discrete neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from stratolab.sweeps.samplers.gp.descent import descend
from stratolab.sweeps.samplers.gp.encode import BELOW_ONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from stratolab.sweeps.samplers.gp.encode import Encoding

    Array = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

_BROAD = 400
_NEAR = 100  # at each of the scales
_SCALES = (0.2, 0.05, 0.01)
_STARTS = 10
_APART = 0.02  # between two starts, in some parameter
_ROUNDS = 4  # of discrete changes
_TOLERANCE = 1e-4


class Landscape(Protocol):
    """What is searched: a `Posterior`, or one whose gains were weighed (`costs.py`)."""

    def gains(self, features: Array) -> Array:
        """Heights (m,) at `features` (m, f)."""

    def gain_slopes(self, features: Array) -> tuple[Array, Array]:
        """The same with their gradient (m, f)."""


def rank(landscape: Landscape, encoding: Encoding, units: Array) -> tuple[Array, Array]:
    """The rows (m, d) in order of falling log expected improvement, and that (m,)."""
    values = landscape.gains(encoding.features(units))
    order = np.argsort(-values, kind="stable")
    return units[order], values[order]


def search(
    landscape: Landscape,
    encoding: Encoding,
    anchors: Array,
    rng: np.random.Generator,
    held: tuple[int, float] | None = None,
) -> tuple[Array, Array]:
    """Snapped rows (m, d) in order of falling log expected improvement, and that (m,). The first is the best found.

    `anchors` are rows of good points, near which it looks closely. `held`, a column and a place in it, is the same in
    all.
    """
    units = np.vstack([rng.random((_BROAD, encoding.width)), *_near(encoding, anchors, rng)])
    if held:
        units[:, held[0]] = held[1]
    units = encoding.snap(units)
    values = landscape.gains(encoding.features(units))
    climbed = _climb(landscape, encoding, units[_starts(units, values)], encoding.numeric, 0.1)
    climbed, gains = _change(landscape, encoding, climbed, held)
    units, values = np.vstack([climbed, units]), np.concatenate([gains, values])
    order = np.argsort(-values, kind="stable")
    return units[order], values[order]


def _near(encoding: Encoding, anchors: Array, rng: np.random.Generator) -> Iterator[Array]:
    """Disturbed copies of the anchors, at several scales: some parameters of each."""
    share = max(0.35, 2 / encoding.width)
    for scale in _SCALES:
        rows = anchors[rng.integers(len(anchors), size=_NEAR)]
        chosen = rng.random(rows.shape) < share
        chosen[np.arange(_NEAR), rng.integers(encoding.width, size=_NEAR)] = True
        moved = np.clip(rows + scale * rng.standard_normal(rows.shape), 0.0, BELOW_ONE)
        redrawn = np.where(rng.random(rows.shape) < 0.5, rng.random(rows.shape), rows)
        yield np.where(chosen, np.where(encoding.numeric, moved, redrawn), rows)


def _starts(units: Array, values: Array) -> list[int]:
    """The best rows, none very near a better one, a third of them from the broad look."""
    order = np.argsort(-values, kind="stable")
    broad = order[order < _BROAD][: _STARTS // 3]
    picked: list[int] = []
    for row in [order[0], *broad, *order[: 6 * _STARTS]]:
        if all(np.abs(units[row] - units[other]).max() > _APART for other in picked):
            picked.append(int(row))
        if len(picked) == _STARTS:
            break
    return picked


def _climb(landscape: Landscape, encoding: Encoding, starts: Array, movable: Mask, reach: float) -> Array:
    """Ascend from all starts at once in the movable parameters, whole numbers relaxed, then snap."""
    if not movable.any():
        return starts

    def objective(units: Array) -> tuple[Array, Array]:
        values, gradient = landscape.gain_slopes(encoding.features(units))
        return -values, -encoding.pull_back(units, gradient)

    low, high = np.where(movable, 0.0, starts), np.where(movable, BELOW_ONE, starts)
    points, _ = descend(objective, starts, low, high, iterations=30, reach=reach, tolerance=_TOLERANCE)
    return encoding.snap(points)


def _change(
    landscape: Landscape, encoding: Encoding, units: Array, held: tuple[int, float] | None
) -> tuple[Array, Array]:
    """Improve the best row by the best single change of a discrete parameter, again and again; all rows and values."""
    values = landscape.gains(encoding.features(units))
    discrete = [
        column for column in np.flatnonzero(encoding.levels > 1).tolist() if not held or column != held[0]
    ]
    for _ in range(_ROUNDS if discrete else 0):
        top = int(np.argmax(values))
        moves = encoding.snap(np.vstack([encoding.moves(units[top], column) for column in discrete]))
        gains = landscape.gains(encoding.features(moves))
        best = int(np.argmax(gains))
        if gains[best] <= values[top] + 1e-9:
            break
        new = np.vstack([moves[best], *_climb(landscape, encoding, moves[best][None], encoding.smooth, 0.05)])
        units = np.vstack([units, new])
        values = np.concatenate([values, landscape.gains(encoding.features(new))])
    return units, values
