"""Every number that a job's script reported, step by step: what tracking keeps, where a driver keeps a picture.

A driver follows curves while trials run and thins them soon (`reports.STEPS_LIMIT`). Here all points count, those
that are not finite too, in sixteen bytes each; only beyond `POINTS_LIMIT` of one metric is every second one dropped.
"""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

from stratolab.jobs.reports import Reports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POINTS_LIMIT = 200_000  # of a metric: 3 MB
_STEP_LIMIT = 2**62


class Curve:
    """The reports of one metric: `values[i]` at `steps[i]`, in the order in which they came.

    A repeated or smaller step begins the curve again from there, as it does for a driver.
    """

    __slots__ = ("_stride", "count", "last", "steps", "values")

    def __init__(self) -> None:
        self.steps = array("q")
        self.values = array("d")
        self.last: object = None
        self.count = 0
        self._stride = 1

    def add(self, value: object, step: int | None) -> None:
        """Take one more report; what is no number at all is passed over."""
        self.last = value
        number = _number(value)
        if number is None:
            return
        self.count += 1
        at = self.count if step is None else max(-_STEP_LIMIT, min(_STEP_LIMIT, step))
        while self.steps and self.steps[-1] >= at:
            self.steps.pop()
            self.values.pop()
        if self.count % self._stride == 0:
            self.steps.append(at)
            self.values.append(number)
        if len(self.steps) > POINTS_LIMIT:
            del self.steps[::2], self.values[::2]
            self._stride *= 2


def read(home: Path | str) -> Iterator[tuple[str, Curve]]:
    """The curves in a job's folder, by name; those without a number are left out."""
    reports = Reports(home, series=Curve)  # type: ignore[arg-type]
    reports.finish()
    for name in reports.names():
        curve = reports.metric(name)
        if isinstance(curve, Curve) and len(curve.steps):
            yield name, curve


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:  # an int beyond every float
        return math.inf if value > 0 else -math.inf
