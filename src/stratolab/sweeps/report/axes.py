"""Axes: where a value lies between 0 and 1, and what is written beside it.

Every axis answers for any value at all: None where the value has no place, which the figure leaves out.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.core.numbers import is_number
from stratolab.sweeps.dimensions import Choice, Dimension, Int, identity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from stratolab.sweeps.dimensions import Value

Tick = tuple[float, str]  # where, and what is written there
_LARGEST = sys.float_info.max
_DECADES = 3  # values that span more are shown by magnitude, if all are above zero
_WHISKERS = 3.0  # interquartile ranges (Tukey's outer fence) beyond which a value would squeeze the others


@dataclass(frozen=True, slots=True)
class Numbers:
    """An axis of numbers from `low` to `high`; by magnitude if `log`, both above zero then; ticks are `whole`."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def at(self, value: object) -> float | None:
        """Where `value` lies; the nearest end for one outside."""
        if not is_number(value):
            return None
        place = self._place(float(value))  # type: ignore[arg-type]
        return min(max(place, 0.0), 1.0)

    def ticks(self, count: int = 5) -> list[Tick]:
        """At most about `count` round numbers."""
        numbers = [number for number in self._round(count) if self.low <= number <= self.high]
        if len(numbers) < 2:
            numbers = [self.low, self.high] if self.low < self.high else [self.low]
        return list(zip([self._place(number) for number in numbers], labels(numbers), strict=True))

    def _place(self, value: float) -> float:
        low, high = self.low, self.high
        if self.log:
            if value <= 0:
                return 0.0
            low, high, value = math.log(low), math.log(high), math.log(value)
        # Halves first, so that a difference of the largest floats is still one.
        span = high / 2 - low / 2
        return (value / 2 - low / 2) / span if span > 0 else 0.5

    def _round(self, count: int) -> list[float]:
        if self.log:
            return self._magnitudes(count)
        span = (self.high / 2 - self.low / 2) / count * 2
        if not 1e-300 < span < 1e300:
            return []
        step = 10.0 ** math.floor(math.log10(span))
        step *= next(factor for factor in (1, 2, 5, 10) if factor * step >= span * 0.999)
        step = max(step, 1.0) if self.whole else step
        if abs(self.low) / step > 1e12 or abs(self.high) / step > 1e12:
            return []
        return [
            number * step for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)
        ]

    def _magnitudes(self, count: int) -> list[float]:
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        stride = max(1, math.ceil((last - first + 1) / max(count, 2)))
        factors = (1, 2, 5) if last - first < 2 else (1,)
        decades = range(first - 1 if len(factors) > 1 else first, min(last, 307) + 1, stride)
        return [factor * 10.0**decade for decade in decades for factor in factors]


@dataclass(frozen=True, slots=True)
class Categories:
    """An axis of values without order, each with a cell of its own."""

    values: tuple[Value, ...]

    def at(self, value: object) -> float | None:
        """The middle of the cell of `value`."""
        if not isinstance(value, (str, int, float)):
            return None
        wanted = identity(value)
        for index, own in enumerate(self.values):
            if identity(own) == wanted:
                return (index + 0.5) / len(self.values)
        return None

    def ticks(self, count: int = 12) -> list[Tick]:
        """Every value, or evenly spread ones where there are more than `count`."""
        stride = max(1, math.ceil(len(self.values) / max(count, 1)))
        return [
            ((index + 0.5) / len(self.values), shown(value))
            for index, value in enumerate(self.values)
            if index % stride == 0
        ]


Axis = Numbers | Categories


def axis_of(dimension: Dimension | None, values: Iterable[Value]) -> Axis:
    """The axis of a parameter: as its space has it, or as its `values` are where there is no space."""
    if isinstance(dimension, Choice):
        return Categories(dimension.values)
    if dimension is not None:
        return Numbers(dimension.low, dimension.high, dimension.log, whole=isinstance(dimension, Int))
    own = list(values)
    if own and all(map(is_number, own)):
        numbers = [float(value) for value in own]
        return Numbers(min(numbers), max(numbers))
    return Categories(tuple({identity(value): value for value in own}.values()))


def value_axis(values: Collection[float], *, less_is_better: bool) -> Numbers:
    """An axis for the metric's `values`, at least one. All that is good is on it; what is far worse may lie beyond.

    By magnitude where all values are above zero and span more than three decades.
    """
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    log = low > 0 and math.log10(high) - math.log10(low) > _DECADES
    scaled = [math.log(value) for value in ordered] if log else ordered
    first, third = scaled[len(scaled) // 4], scaled[(3 * len(scaled)) // 4]
    reach = _WHISKERS * (third - first)
    if math.isfinite(reach) and reach > 0:
        inside = [
            value
            for value, place in zip(ordered, scaled, strict=True)
            if (place <= third + reach if less_is_better else place >= first - reach)
        ]
        low, high = inside[0], inside[-1]
    if low == high:
        margin = abs(low) * 0.1 or 1.0
        return Numbers(max(low - margin, -_LARGEST), min(high + margin, _LARGEST))
    return Numbers(low, high, log)


def labels(numbers: Sequence[float]) -> list[str]:
    """The numbers in as few digits as tell them apart."""
    for digits in (3, 4, 5, 6, 8, 10, 12, 15, 17):
        told = [_tidy(f"{number:.{digits}g}") for number in numbers]
        if len(set(told)) == len(set(numbers)):
            return told
    return [repr(number) for number in numbers]


def shown(value: object, digits: int = 5) -> str:
    """A value for a reader: floats in `digits` significant digits; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _tidy(f"{value:.{digits}g}")
    return str(value)


def _tidy(number: str) -> str:
    """1e-05 as 1e-5, and -0 as 0."""
    mantissa, e, exponent = number.partition("e")
    if e and (exponent.startswith("+") and int(exponent) <= 6):
        return f"{float(number):.0f}"
    return f"{mantissa}e{int(exponent)}" if e else ("0" if mantissa == "-0" else mantissa)
