"""The space that a sweep searches, and the one map between its points and the unit cube.

A point is a mapping of parameter names to values that holds only the *active* parameters: a dimension
with a `when` exists only where every parameter it names is itself active and has one of the values given.
Samplers think in the unit cube, one number in [0, 1) per dimension, active or not; `from_unit` makes a
point of that. What it hands out equals itself after a round trip through JSON.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from stratolab.core.errors import InputError
from stratolab.core.findings import Finding, Level
from stratolab.core.names import did_you_mean
from stratolab.core.numbers import is_number
from stratolab.sweeps.conditions import Conditions, conditions_of, count_points, holds, parents_first
from stratolab.sweeps.dimensions import (
    Choice,
    Dimension,
    Float,
    Identity,
    Int,
    Value,
    When,
    complaint,
    grid_values,
    identity,
    place_of,
    problems,
    tidy,
    values_of,
)

__all__ = [
    "Choice",
    "Dimension",
    "Float",
    "Int",
    "Params",
    "Space",
    "Value",
    "When",
    "grid_values",
    "space_of",
]

Params = Mapping[str, Value]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")  # it becomes a flag and a variable's name
_FLOAT, _LOG_FLOAT, _LOG_INT, _INT, _CHOICE = range(5)
# kind, name, conditions, start, width and bounds: what `from_unit` needs, without a method call
_Step = tuple[int, str, Conditions, float, float, Any]
_encode = json.JSONEncoder(separators=(",", ":")).encode


_AT_THE_END = 1.0 - 1e-9  # a sampler that means the upper bound comes no closer than rounding lets it


@dataclass(frozen=True)
class Space:
    """Named dimensions, parents before children, otherwise in the order given. With none it is one point, `{}`.

    Raises `InputError`, with a finding for each thing wrong, when the dimensions make no sense.
    """

    dimensions: Mapping[str, Dimension]
    _steps: tuple[_Step, ...] = field(init=False, repr=False, compare=False)
    _choices: Mapping[str, Mapping[Identity, Value]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _refuse(_findings(self.dimensions))
        ordered = {name: tidy(self.dimensions[name]) for name in parents_first(self.dimensions)}
        choices = {
            name: {identity(value): value for value in dimension.values}
            for name, dimension in ordered.items()
            if isinstance(dimension, Choice)
        }
        object.__setattr__(self, "dimensions", ordered)
        object.__setattr__(self, "_steps", tuple(_step(name, of) for name, of in ordered.items()))
        object.__setattr__(self, "_choices", choices)

    def size(self) -> int | None:
        """The number of distinct points; None if a `Float` makes it infinite."""
        return count_points(self.dimensions)

    def from_unit(self, unit: Sequence[float]) -> Params:
        """The point at `unit`: one number in [0, 1) per dimension, in order; those of inactive ones are ignored.

        Every point has a cell of the cube: equal ones for choices and ints, by magnitude for log ints. A
        number outside [0, 1) gives the nearest bound. Raises `ValueError` for a wrong length or a NaN.
        """
        point: dict[str, Value] = {}
        for (kind, name, conditions, start, width, bounds), number in zip(self._steps, unit, strict=True):
            if conditions and not holds(conditions, point):
                continue
            if kind >= _INT:
                values, last = bounds
                point[name] = values[min(max(int(number * width), 0), last)]
                continue
            if number >= _AT_THE_END:
                value = bounds[1]
            elif kind == _FLOAT:
                value = start + number * width
            elif kind == _LOG_FLOAT:
                value = math.exp(start + number * width)
            else:
                value = math.floor(math.exp(start + number * width) + 0.5)
            low, high = bounds
            if not low <= value <= high:
                value = low if value < low else _upper(value, high)
            point[name] = value
        return point

    def to_unit(self, params: Params) -> list[float]:
        """Where `params` lies in the unit cube: cell centres for ints and choices, 0.5 for inactive ones.

        `from_unit` gives the same point back; floats up to rounding.
        """
        return [
            place_of(dimension, params[name]) if name in params else 0.5
            for name, dimension in self.dimensions.items()
        ]

    def active(self, params: Params) -> list[str]:
        """The names of the dimensions that exist at `params`, in order."""
        names: list[str] = []
        known: dict[str, Value] = {}
        for _, name, conditions, *_ in self._steps:
            if not conditions or holds(conditions, known):
                names.append(name)
                if name in params:
                    known[name] = params[name]
        return names

    def digest(self, params: Params) -> str:
        """16 hexadecimal digits; equal points and only they have equal ones, whatever their order.

        Floats count by `repr`, so that neighbours differ. Names that the space does not know count too.
        """
        told = [(name, self._own(name, value)) for name, value in params.items()]
        told.sort(key=itemgetter(0))
        return hashlib.sha256(_encode(told).encode()).hexdigest()[:16]

    def canonical(self, params: Params) -> Params:
        """The same point in the space's order and types: 1 becomes 1.0 for a `Float`.

        Raises `InputError` as `check` does.
        """
        self.check(params)
        return {name: self._own(name, params[name]) for name in self.dimensions if name in params}

    def check(self, params: Params) -> None:
        """Raise `InputError`, naming everything wrong, if `params` is not a point of the space."""
        active = self.active(params)
        wrong = [self._why_not(name, active) for name in params if name not in active]
        for name in active:
            if name not in params:
                wrong.append(f"{name} is missing")
            elif told := complaint(self.dimensions[name], params[name]):
                wrong.append(f"{name} {told}")
        if wrong:
            raise InputError("; ".join(wrong), doing="checking a point of the space")

    def points(self, axes: Sequence[Sequence[Value]] | None = None) -> Iterator[Params]:
        """All points, lazily, the last dimension changing fastest: of a finite space, or of `axes`.

        `axes` gives the values that each dimension may take, in order; without it a dimension takes all.
        Raises `ValueError` for a continuous dimension without axes.
        """
        if axes is None:
            every = [values_of(dimension) for dimension in self.dimensions.values()]
            if None in every:
                raise ValueError("a continuous dimension cannot be enumerated")
            axes = [values for values in every if values is not None]
        return self._walk(axes, 0, {})

    def _walk(self, axes: Sequence[Sequence[Value]], index: int, point: dict[str, Value]) -> Iterator[Params]:
        if index == len(self._steps):
            yield dict(point)
            return
        _, name, conditions, *_ = self._steps[index]
        if conditions and not holds(conditions, point):
            yield from self._walk(axes, index + 1, point)
            return
        for value in axes[index]:
            point[name] = value
            yield from self._walk(axes, index + 1, point)
        point.pop(name, None)

    def _own(self, name: str, value: Value) -> Value:
        """`value` in the type that this space would give it."""
        dimension = self.dimensions.get(name)
        if isinstance(dimension, Float) and (type(value) is float or is_number(value)):
            return float(value) + 0.0  # -0.0 is 0.0
        if isinstance(dimension, Choice):
            return self._choices[name].get(identity(value), value)
        return value

    def _why_not(self, name: str, active: Sequence[str]) -> str:
        if name not in self.dimensions:
            return f"{name} is no parameter of the space ({did_you_mean(name, active)})"
        when = self.dimensions[name].when.items()
        needs = " and ".join(f"{parent} = {' or '.join(map(repr, values))}" for parent, values in when)
        return f"{name} does not exist at this point: it needs {needs}"


def space_of(config: Mapping[str, Mapping[str, object]]) -> Space:
    """The space that a `[sweeps.NAME.space]` table describes.

    Each parameter is `{int = [low, high]}`, `{float = [low, high]}` or `{choice = [...]}`, with
    `log`, `steps` and `when = {parent = value or [values]}` beside it. Raises `InputError` with a
    finding for each thing wrong.
    """
    dimensions: dict[str, Dimension] = {}
    findings: list[Finding] = []
    for name, table in config.items():
        try:
            dimensions[name] = _dimension(table)
        except ValueError as error:
            findings.append(_finding(name, str(error)))
    _refuse(findings)
    return Space(dimensions)


# -- from a table ---------------------------------------------------------------------------------


def _dimension(table: Mapping[str, object]) -> Dimension:
    kinds = [kind for kind in ("int", "float", "choice") if kind in table]
    if len(kinds) != 1:
        raise ValueError("give one of int = [low, high], float = [low, high], choice = [...]")
    kind = kinds[0]
    allowed = {kind, "when"} | ({"log", "steps"} if kind != "choice" else set())
    for key in table:
        if key not in allowed:
            raise ValueError(f"{key!r} goes not with {kind}: {did_you_mean(str(key), allowed)}")
    given = table[kind]
    if not isinstance(given, list | tuple):
        raise ValueError(f"{kind} wants a list, not {given!r}")  # noqa: TRY004 - all that is wrong is a ValueError
    when = _when(table.get("when", {}))
    if kind == "choice":
        return Choice(tuple(given), when)
    if len(given) != 2:
        raise ValueError(f"{kind} wants two bounds, [low, high]")
    rest: dict[str, Any] = {"log": table.get("log", False), "when": when, "steps": table.get("steps")}
    return Int(*given, **rest) if kind == "int" else Float(*given, **rest)


def _when(table: object) -> dict[str, tuple[Value, ...]]:
    if not isinstance(table, Mapping):
        raise ValueError("when wants a table like { model = 'gbm' }")  # noqa: TRY004 - as above
    return {
        parent: tuple(values) if isinstance(values, list | tuple) else (values,)
        for parent, values in table.items()
    }


# -- what can be wrong ----------------------------------------------------------------------------


def _refuse(findings: Sequence[Finding]) -> None:
    if findings:
        raise InputError(
            "; ".join(f"{finding.key}: {finding.message}" for finding in findings),
            doing="reading the space",
            hint=findings[0].hint,
            findings=findings,
        )


def _findings(dimensions: Mapping[str, Dimension]) -> list[Finding]:
    findings: list[Finding] = []
    for name, dimension in dimensions.items():
        if not _NAME.fullmatch(name):
            findings.append(_finding(name, "a name begins with a letter and has letters, digits, _ . and -"))
        findings += [_finding(name, problem) for problem in problems(dimension)]
        findings += [_finding(name, told, hint) for told, hint in _lost(name, dimensions)]
    circle = sorted(set(dimensions) - set(parents_first(dimensions)))
    if circle and not findings:
        findings.append(_finding(circle[0], f"conditions go in a circle among {', '.join(circle)}"))
    return findings


def _finding(name: str, message: str, hint: str = "") -> Finding:
    return Finding(Level.ERROR, "", 0, f"space.{name}", message, hint)


def _lost(name: str, dimensions: Mapping[str, Dimension]) -> Iterator[tuple[str, str]]:
    """Conditions that can never hold: what is wrong, and a hint."""
    for parent, values in dimensions[name].when.items():
        known = dimensions.get(parent)
        if known is None:
            near = did_you_mean(parent, [other for other in dimensions if other != name])
            yield f"when names {parent!r}, which the space does not have", near
        elif isinstance(known, Float):
            yield f"when names {parent!r}, a float; a condition needs a choice or an int", ""
        elif not values:
            yield f"when gives no value of {parent!r}", ""
        else:
            for told in filter(None, (complaint(known, value) for value in values)):
                yield f"its condition can never hold: {parent} {told}", ""


# -- the map ---------------------------------------------------------------------------------------


def _step(name: str, dimension: Dimension) -> _Step:
    conditions = conditions_of(dimension)
    if isinstance(dimension, Float) and dimension.log:
        start, end = math.log(dimension.low), math.log(dimension.high)
        return _LOG_FLOAT, name, conditions, start, end - start, (dimension.low, dimension.high)
    if isinstance(dimension, Float):
        width = dimension.high - dimension.low
        return _FLOAT, name, conditions, dimension.low, width, (dimension.low, dimension.high)
    if isinstance(dimension, Int) and dimension.log:
        start, end = math.log(dimension.low - 0.5), math.log(dimension.high + 0.5)
        return _LOG_INT, name, conditions, start, end - start, (dimension.low, dimension.high)
    values = values_of(dimension) or ()
    kind = _INT if isinstance(dimension, Int) else _CHOICE
    return kind, name, conditions, 0.0, float(len(values)), (values, len(values) - 1)


def _upper(value: float, high: float) -> float:
    if value != value:  # noqa: PLR0124 - the one number that is not itself
        raise ValueError("a place in the unit cube is NaN")
    return high
