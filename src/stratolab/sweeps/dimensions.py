"""One dimension of a space: its values, its place in [0, 1), and what can be wrong with it.

Bounds are inclusive, as Optuna's `suggest_int` and `suggest_float` have them; the upper bound of a
`Float` is a legal value and the last one of its grid, but a draw hits it only by rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from stratolab.core.numbers import is_number

Value = int | float | str | bool
When = Mapping[str, tuple[Value, ...]]

INT_LIMIT = 2**50  # beyond it the centres of neighbouring cells are one and the same float
LOG_INT_LIMIT = 2**40  # the same, after a logarithm
_BELOW_ONE = math.nextafter(1.0, 0.0)


@dataclass(frozen=True)
class Int:
    """Whole numbers from `low` to `high`, both included; `log` spreads draws over magnitudes.

    `steps` is how many values a grid takes of it; without it, all. `when` as in `Space`.
    """

    low: int
    high: int
    log: bool = False
    when: When = field(default_factory=dict)
    steps: int | None = None


@dataclass(frozen=True)
class Float:
    """Real numbers from `low` to `high`, both included; `log` spreads draws over magnitudes.

    `steps` is how many values a grid takes of it, both ends among them; a grid needs it. `when` as in
    `Space`.
    """

    low: float
    high: float
    log: bool = False
    when: When = field(default_factory=dict)
    steps: int | None = None


@dataclass(frozen=True)
class Choice:
    """One of `values`, which have no order. True is not 1; 1 and 1.0 are the same value."""

    values: tuple[Value, ...]
    when: When = field(default_factory=dict)


Dimension = Int | Float | Choice
Identity = tuple[bool, Value]


def identity(value: Value) -> Identity:
    """What makes two values the same: True is not 1, but 1 is 1.0."""
    return isinstance(value, bool), value


def tidy(dimension: Dimension) -> Dimension:
    """The same dimension with every collection a tuple or a dict and a `Float`'s bounds floats."""
    when = {parent: tuple(values) for parent, values in dimension.when.items()}
    if isinstance(dimension, Choice):
        return Choice(tuple(dimension.values), when)
    if isinstance(dimension, Float):  # adding 0.0 makes -0.0 an ordinary zero
        return replace(dimension, low=float(dimension.low) + 0.0, high=float(dimension.high) + 0.0, when=when)
    return replace(dimension, when=when)


def values_of(dimension: Dimension) -> Sequence[Value] | None:
    """All values, in order; None if there are infinitely many."""
    if isinstance(dimension, Choice):
        return dimension.values
    if isinstance(dimension, Int):
        return range(dimension.low, dimension.high + 1)
    return (dimension.low,) if dimension.low == dimension.high else None


def grid_values(dimension: Dimension) -> Sequence[Value] | None:
    """The values that a grid takes: all, or `steps` of them, evenly spread (by magnitude if `log`).

    Both bounds are among them if there are at least two. None for a `Float` without `steps`.
    """
    every = values_of(dimension)
    if isinstance(dimension, Choice) or dimension.steps is None or (every is not None and len(every) == 1):
        return every
    if every is not None and len(every) <= dimension.steps:
        return every
    spread = [_between(dimension, step, dimension.steps) for step in range(dimension.steps)]
    if isinstance(dimension, Float):
        return spread
    whole = (min(max(math.floor(value + 0.5), dimension.low), dimension.high) for value in spread)
    return list(dict.fromkeys(whole))


def place_of(dimension: Dimension, value: Value) -> float:
    """Where `value` lies in [0, 1): the centre of its cell, or for a `Float` its share of the range.

    Raises `ValueError` for a value that is none of a choice's.
    """
    if isinstance(dimension, Choice):
        wanted = identity(value)
        index = [identity(own) for own in dimension.values].index(wanted)
        return (index + 0.5) / len(dimension.values)
    low, high, number = dimension.low, dimension.high, float(value)
    if low == high:
        return 0.5
    if isinstance(dimension, Int) and not dimension.log:
        return (number - low + 0.5) / (high - low + 1)
    if isinstance(dimension, Int):
        start, end = math.log(low - 0.5), math.log(high + 0.5)
        centre = (math.log(number - 0.5) + math.log(number + 0.5)) / 2
        return (centre - start) / (end - start)
    if dimension.log:
        share = (math.log(number) - math.log(low)) / (math.log(high) - math.log(low))
    else:
        share = (number - low) / (high - low)
    return min(max(share, 0.0), _BELOW_ONE)


def complaint(dimension: Dimension, value: object) -> str:
    """Why `value` is none of this dimension's values, to follow its name; empty if it is one."""
    if isinstance(dimension, Choice):
        if isinstance(value, (str, int, float)) and identity(value) in map(identity, dimension.values):
            return ""
        return f"= {value!r} is none of {', '.join(map(repr, dimension.values))}"
    if isinstance(dimension, Int) and not is_whole(value):
        return f"= {value!r} is not a whole number"
    if not is_number(value):
        return f"= {value!r} is not a finite number"
    inside = dimension.low <= value <= dimension.high  # type: ignore[operator]
    return "" if inside else f"= {value!r} is outside {dimension.low} to {dimension.high}"


def problems(dimension: Dimension) -> Iterator[str]:
    """What makes this dimension senseless, apart from its conditions; for a reader who knows its name."""
    if isinstance(dimension, Choice):
        yield from _choice_problems(dimension.values)
        return
    low, high, steps = dimension.low, dimension.high, dimension.steps
    if not isinstance(dimension.log, bool):
        yield f"log is true or false, not {dimension.log!r}"
    if steps is not None and not (is_whole(steps) and steps >= 1):
        yield f"steps is a whole number of at least 1, not {steps!r}"
    if isinstance(dimension, Int) and not (is_whole(low) and is_whole(high)):
        yield f"the bounds of an int are whole numbers, not {low!r} and {high!r}"
    elif not (is_number(low) and is_number(high)):
        yield f"the bounds are finite numbers, not {low!r} and {high!r}"
    else:
        yield from _range_problems(dimension)


def is_whole(value: object) -> bool:
    """Whether `value` is an int and no boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def _between(dimension: Int | Float, step: int, steps: int) -> float:
    """Value `step` of `steps` from `low` to `high`; the middle if there is only one."""
    low, high = dimension.low, dimension.high
    if steps > 1 and step in (0, steps - 1):
        return low if step == 0 else high
    share = step / (steps - 1) if steps > 1 else 0.5
    if dimension.log:
        value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
    else:
        value = low + share * (high - low)
    return min(max(value, low), high)


def _range_problems(dimension: Int | Float) -> Iterator[str]:
    low, high = dimension.low, dimension.high
    if low > high:
        yield f"the lower bound {low} is above the upper bound {high}"
    if dimension.log and low <= 0:
        yield f"log needs bounds above 0, not {low}"
    limit = LOG_INT_LIMIT if dimension.log else INT_LIMIT
    if isinstance(dimension, Int) and max(abs(low), abs(high)) > limit:
        yield f"an int beyond {limit} cannot be searched; search a smaller range, or its logarithm as a float"
    if isinstance(dimension, Float) and not math.isfinite(float(high) - float(low)):
        yield "the range is wider than a float can hold"


def _choice_problems(values: object) -> Iterator[str]:
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        yield "choice wants a list of at least one value"
        return
    for value in values:
        if not (isinstance(value, (str, bool)) or is_number(value)):
            yield f"{value!r} cannot be a choice: choices are strings, finite numbers and booleans"
            return
    if len(set(map(identity, values))) < len(values):
        yield "choice names a value twice"
