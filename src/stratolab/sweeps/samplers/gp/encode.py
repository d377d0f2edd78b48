"""Points as rows of numbers: from the unit cube that samplers search to the features that the kernel compares.

A parameter that always applies is one feature, its place in the unit interval. A choice is one-hot, scaled so that two
different values are at distance 1. A parameter with a condition is a point on an arc of radius 1 whose angle is its
place in the unit interval, and the arc's centre where it does not apply: two points that both lack it are at
distance 0, one that has it is at distance 1 from one that has not, whatever its value (after Swersky et al.,
"Raiders of the lost architecture", 2014). So a value that nobody used makes no difference.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stratolab.core.errors import InputError
from stratolab.sweeps.dimensions import Choice, Float, Int, identity

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from stratolab.sweeps.dimensions import Dimension, Value
    from stratolab.sweeps.space import Params, Space

    Array = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]
    Ranks = npt.NDArray[np.int64]

BELOW_ONE = 1 - 1e-12  # units are in [0, 1)
_ONE_HOT = math.sqrt(0.5)
_FEW = 32  # levels of which all are tried


class Encoding:
    """Translates between points, unit rows (m, d; one number a parameter) and features (m, f).

    `groups` (f,) is the parameter of each feature; `numeric` (d,) is False for choices; `smooth` (d,) is True where
    a small change of the unit gives another point; `levels` (d,) is the number of values, 0 for
    a continuous one; `choices` are the columns of choices that always apply.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self._dimensions = list(space.dimensions.values())
        self._columns = {name: column for column, name in enumerate(space.dimensions)}
        self.width = len(self._dimensions)
        self.numeric = np.array(
            [not isinstance(dimension, Choice) for dimension in self._dimensions], dtype=bool
        )
        self.smooth = np.array(
            [
                isinstance(dimension, Float) and dimension.low < dimension.high
                for dimension in self._dimensions
            ],
            dtype=bool,
        )
        self.levels = np.array([_level_count(dimension) for dimension in self._dimensions])
        widths = [_feature_count(dimension) for dimension in self._dimensions]
        self.groups = np.repeat(np.arange(self.width), widths)
        self._member = (self.groups[:, None] == np.arange(self.width)).astype(float)
        self._starts = np.concatenate([[0], np.cumsum(widths)]).astype(int)
        self.choices = [
            column
            for column, dimension in enumerate(self._dimensions)
            if isinstance(dimension, Choice) and not dimension.when and len(dimension.values) > 1
        ]
        self._conditional = any(dimension.when for dimension in self._dimensions)

    def units(self, points: Iterable[Params]) -> Array:
        """Rows (m, d) of points."""
        rows = [self.space.to_unit(point) for point in points]
        table: Array = np.array(rows, dtype=float).reshape(len(rows), self.width)
        return np.minimum(table, BELOW_ONE)

    def knows(self, point: Params) -> bool:
        """Whether it is a point of this space: a forked sweep may bring others."""
        try:
            self.space.check(point)
        except InputError:
            return False
        return True

    def snap(self, units: Array) -> Array:
        """The rows of the points that `units` stand for: the same point, the same row."""
        snapped = np.clip(units, 0.0, BELOW_ONE)
        for column in np.flatnonzero(self.levels):
            snapped[:, column] = _centres(
                self._dimensions[column], _ranks(self._dimensions[column], snapped[:, column])
            )
        return np.where(self.active(snapped), snapped, 0.5) if self._conditional else snapped

    def active(self, units: Array) -> Mask:
        """Which parameters apply (m, d)."""
        mask = np.ones(units.shape, dtype=bool)
        for column, dimension in enumerate(self._dimensions):
            for parent, wanted in dimension.when.items():
                place = self._columns[parent]
                mask[:, column] &= mask[:, place] & self._holds(place, wanted, units[:, place])
        return mask

    def features(self, units: Array) -> Array:
        """What the kernel compares (m, f). Smooth in the units of parameters that are not choices."""
        rows = np.zeros((len(units), len(self.groups)))
        mask = self.active(units) if self._conditional else None
        for column, dimension in enumerate(self._dimensions):
            first, value = self._starts[column], units[:, column]
            if isinstance(dimension, Choice):
                rows[np.arange(len(units)), first + _ranks(dimension, value)] = _ONE_HOT
            elif dimension.when:
                rows[:, first], rows[:, first + 1] = np.sin(value), np.cos(value)
            else:
                rows[:, first] = value
        return rows if mask is None else rows * mask[:, self.groups]

    def pull_back(self, units: Array, gradient: Array) -> Array:
        """Gradients by units (m, d) from gradients by features (m, f); zero for choices."""
        slopes = np.zeros_like(gradient)
        mask = self.active(units) if self._conditional else None
        for column, dimension in enumerate(self._dimensions):
            first, value = self._starts[column], units[:, column]
            if isinstance(dimension, Choice):
                continue
            if dimension.when:
                slopes[:, first], slopes[:, first + 1] = np.cos(value), -np.sin(value)
            else:
                slopes[:, first] = 1.0
        result: Array = (gradient * slopes) @ self._member
        return result if mask is None else result * mask

    def moves(self, row: Array, column: int) -> Array:
        """Copies of a snapped row with other values of a parameter that has levels: all of a few, near ones of many."""
        count = int(self.levels[column])
        if count <= _FEW or not self.numeric[column]:
            ranks = np.arange(count)
        else:
            steps = 2 ** np.arange(int(math.log2(count)))
            here = _ranks(self._dimensions[column], row[column : column + 1])
            ranks = np.concatenate([here - steps, here + steps])
            ranks = ranks[(ranks >= 0) & (ranks < count)]
        rows = np.repeat(row[None, :], len(ranks), axis=0)
        rows[:, column] = _centres(self._dimensions[column], ranks)
        return rows

    def least_tried(self, units: Array) -> tuple[int, float, int]:
        """The value of a choice that fewest of the rows `units` (m, d) have.

        Gives its column, its place there, and how many have it. One of many values is expected in fewer.
        """
        counts = []
        for column in self.choices:
            count = int(self.levels[column])
            many = np.bincount(_ranks(self._dimensions[column], units[:, column]), minlength=count)
            counts += [(int(many[rank]) * count, int(many[rank]), column, rank) for rank in range(count)]
        _, tried, column, rank = min(counts)
        return column, float(_centres(self._dimensions[column], np.array([rank]))[0]), tried

    def _holds(self, column: int, wanted: tuple[Value, ...], units: Array) -> Mask:
        """Whether the value at `units` (m,) of one parameter is among those wanted."""
        dimension = self._dimensions[column]
        if isinstance(dimension, Choice):
            known = {identity(value) for value in wanted}
            places = [rank for rank, value in enumerate(dimension.values) if identity(value) in known]
        else:
            places = [int(value) - int(dimension.low) for value in wanted]
        return np.isin(_ranks(dimension, units), places)


def _level_count(dimension: Dimension) -> int:
    if isinstance(dimension, Choice):
        return len(dimension.values)
    if isinstance(dimension, Int):
        return dimension.high - dimension.low + 1
    return 1 if dimension.low == dimension.high else 0


def _feature_count(dimension: Dimension) -> int:
    if isinstance(dimension, Choice):
        return len(dimension.values)
    return 2 if dimension.when else 1


def _ranks(dimension: Dimension, units: Array) -> Ranks:
    """Which of its levels, counted from 0, each unit stands for, as `Space.from_unit` decides."""
    if isinstance(dimension, Int) and dimension.log:
        start, end = _edges(dimension)
        values = np.floor(np.exp(start + units * (end - start)) + 0.5).astype(np.int64)
        return np.clip(values, dimension.low, dimension.high) - dimension.low
    count = _level_count(dimension)
    return np.minimum((units * count).astype(np.int64), count - 1)


def _centres(dimension: Dimension, ranks: Ranks) -> Array:
    """Where `Space.to_unit` puts each level."""
    if isinstance(dimension, Int) and dimension.log and dimension.low < dimension.high:
        start, end = _edges(dimension)
        values = ranks + float(dimension.low)
        logs: Array = (np.log(values - 0.5) + np.log(values + 0.5)) / 2
        return (logs - start) / (end - start)
    centres: Array = (ranks + 0.5) / _level_count(dimension)
    return centres


def _edges(dimension: Int) -> tuple[float, float]:
    """Logarithms between which lie the cells of a whole number's values."""
    return math.log(dimension.low - 0.5), math.log(dimension.high + 0.5)
