"""What is wrong with the space of a sweep: ranges, choices, conditions, and what a sampler asks of it.

The rules are those of `stratolab.sweeps.space`, which refuses the same when it is made; here they are found with
all the rest and get a line. Values of a wrong type are passed over: that has been said.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from stratolab.config.problems import Problem, clipped, number, odd_character, shown, table, tables, toml
from stratolab.core.names import NAME_LIMIT, did_you_mean, nearest
from stratolab.core.numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stratolab.config.problems import Path

PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")  # it becomes a flag
INT_LIMIT = 2**50  # beyond it neighbouring whole numbers are one place of the sampler's unit interval
LOG_INT_LIMIT = 2**40
KINDS = ("int", "float", "choice")


def space_problems(path: Path, space: object, sampler: object) -> Iterator[Problem]:
    """What is wrong with the table `space` at `path`, for a sweep with this sampler."""
    dimensions = dict(tables(space))
    for name, dimension in dimensions.items():
        here = (*path, name)
        yield from parameter_problems(here, name)
        yield from _kind_problems(here, dimension, sampler)
        yield from _range_problems(here, dimension)
        yield from _choice_problems((*here, "choice"), dimension.get("choice"))
        yield from _when_problems((*here, "when"), name, dimensions)
    yield from _circles(path, dimensions)


def parameter_problems(path: Path, name: str) -> Iterator[Problem]:
    """What keeps `name` from being a parameter's."""
    if odd := odd_character(name):
        yield Problem(path, f"the name of a parameter holds {odd}; it may hold letters, digits, _ . and -")
    elif len(name) > NAME_LIMIT:
        yield Problem(path, f"the name of a parameter has at most {NAME_LIMIT} characters, not {len(name):,}")
    elif not PARAMETER.fullmatch(name):
        yield Problem(
            path, f'"{clipped(name)}" is no name for a parameter: letters, digits, _ . and -, a letter first'
        )


def _kind_problems(path: Path, dimension: Mapping[str, Any], sampler: object) -> Iterator[Problem]:
    given = [kind for kind in KINDS if kind in dimension]
    if len(given) != 1:
        told = f"has {' and '.join(given)}" if given else "has no range and no choice"
        yield Problem(
            path, f"{told}; it needs one of int, float and choice", "for example: { int = [2, 12] }"
        )
        return
    for key in ("log", "steps"):
        if given == ["choice"] and dimension.get(key):
            yield Problem((*path, key), "means nothing beside choice, which has no order", f"take {key} out")
    if given == ["float"] and sampler == "grid" and "steps" not in dimension:
        yield Problem(path, "a grid needs to know how many values of a float to try", "add steps = 5")


def _range_problems(path: Path, dimension: Mapping[str, Any]) -> Iterator[Problem]:
    for kind in ("int", "float"):
        bounds: Any = dimension.get(kind)
        here = (*path, kind)
        if not _is_range(bounds, kind):
            continue
        low, high = bounds
        limit = LOG_INT_LIMIT if dimension.get("log") is True else INT_LIMIT
        if low == high:
            hint = f"a parameter of one value goes in [sweeps.NAME.fixed]: {clipped(str(path[-1]))} = {number(low)}"
            yield Problem(here, f"both ends are {number(low)}", hint)
        elif low > high:
            yield Problem(
                here, f"the lower end {number(low)} is above the upper end {number(high)}", "swap them"
            )
        elif dimension.get("log") is True and low <= 0:
            yield Problem(
                here, f"a logarithmic range begins above 0, not at {number(low)}", "raise it, or drop log"
            )
        elif kind == "int" and max(abs(low), abs(high)) > limit:
            hint = "search a smaller range, or its logarithm as a float"
            yield Problem(here, f"whole numbers beyond {limit} cannot be searched", hint)
        elif not math.isfinite(float(high) - float(low)):
            yield Problem(here, "the range is wider than a number can be")


def _is_range(bounds: object, kind: str) -> bool:
    if not isinstance(bounds, list) or len(bounds) != 2:
        return False
    if kind == "int":
        return all(isinstance(end, int) and not isinstance(end, bool) for end in bounds)
    return all(map(is_number, bounds))


def is_value(value: object) -> bool:
    """Whether `value` can be a parameter's."""
    return isinstance(value, (str, bool)) or is_number(value)


def _choice_problems(path: Path, values: object) -> Iterator[Problem]:
    if not isinstance(values, list):
        return
    if not values:
        yield Problem(path, "is empty", 'for example: choice = ["gbm", "forest"]')
    seen: set[tuple[bool, object]] = set()
    for index, value in enumerate(values):
        if not is_value(value):
            if isinstance(value, int):  # of a size that no float holds: pydantic has nothing against it
                yield Problem((*path, index), f"cannot be {shown(value)}")
        elif (key := _identity(value)) in seen:
            yield Problem((*path, index), f"{clipped(toml(value))} is there twice", "take one out")
        else:
            seen.add(key)


def _identity(value: Any) -> tuple[bool, object]:
    """What makes two values the same: true is not 1, but 1 is 1.0."""
    return isinstance(value, bool), value


def _when_problems(path: Path, name: str, dimensions: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    for parent, wanted in table(dimensions[name].get("when")).items():
        here = (*path, parent)
        known = dimensions.get(parent)
        values = wanted if isinstance(wanted, list) else [wanted]
        if known is None:
            others = [other for other in dimensions if other != name]
            yield Problem(
                here,
                f'there is no parameter "{clipped(parent)}" in this space',
                did_you_mean(parent[:80], others),
            )
        elif "float" in known:
            yield Problem(here, "a condition is on a choice or an int, not on a float")
        elif not values:
            yield Problem(here, "names no value", "name the values at which the parameter exists")
        else:
            yield from _never(here, known, [value for value in values if is_value(value)])


def _never(path: Path, dimension: Mapping[str, Any], values: Sequence[Any]) -> Iterator[Problem]:
    """The values among these that a dimension never takes."""
    for value in values:
        if meant := _miss(dimension, value):
            yield Problem(path, f"{clipped(str(path[-1]))} is never {clipped(toml(value))}", meant)


def _miss(dimension: Mapping[str, Any], value: Any) -> str:
    """What a dimension takes instead of `value`; empty if it takes it, or cannot be understood."""
    if isinstance(choice := dimension.get("choice"), list):
        known = [one for one in choice if is_value(one)]
        if _identity(value) in map(_identity, known):
            return ""
        texts = [one[:80] for one in known if isinstance(one, str)]
        near = nearest(value[:80], texts) if isinstance(value, str) else ""
        return f"did you mean {clipped(near)!r}?" if near else f"it is one of {clipped(toml(known))}"
    for kind, words in (("int", "a whole number"), ("float", "a number")):
        bounds: Any = dimension.get(kind)
        if _is_range(bounds, kind):
            low, high = bounds
            fits = is_number(value) and (kind == "float" or isinstance(value, int)) and low <= value <= high
            return "" if fits else f"it is {words} from {number(low)} to {number(high)}"
    return ""


def _circles(path: Path, dimensions: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Parameters that exist only where they exist."""
    left = {
        name: {one for one in table(of.get("when")) if one in dimensions} for name, of in dimensions.items()
    }
    while free := [name for name, parents in left.items() if not parents]:
        for name in free:
            del left[name]
        for parents in left.values():
            parents.difference_update(free)
    circle = _round(left)
    if circle:
        told = " -> ".join(clipped(name) for name in circle)
        yield Problem(
            (*path, circle[0], "when"), f"conditions go in a circle: {told}", "take one of them out"
        )


def _round(left: Mapping[str, set[str]]) -> list[str]:
    """One circle among parameters each of which has a parent among them, begun and ended with the same name."""
    if not left:
        return []
    name, walked = next(iter(left)), list[str]()
    while name not in walked:
        walked.append(name)
        name = next(parent for parent in sorted(left[name]))
    return [*walked[walked.index(name) :], name]


# -- lists of points, fixed parameters ------------------------------------------------------------


def point_problems(path: Path, sweep: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with where a sweep's parameters come from: its space, its points, its fixed ones."""
    points, space, sampler = sweep.get("points"), sweep.get("space"), sweep.get("sampler", "auto")
    listed = isinstance(points, list) and bool(points)
    if sampler == "list" and not listed and not ("points" in sweep and not isinstance(points, list)):
        yield Problem(
            (*path, "points"), 'sampler = "list" needs points to try', "for example: points = [{ depth = 3 }]"
        )
    if listed and isinstance(sampler, str) and sampler not in {"list", "auto"}:
        yield Problem(
            (*path, "points"), f'sampler = "{clipped(sampler)}" passes points over', 'sampler = "list"'
        )
    if sampler != "list" and not listed and space in (None, {}):
        yield Problem(
            (*path, "space"), "has no parameter to search", "for example: depth = { int = [2, 12] }"
        )
    if isinstance(points, list):
        yield from _listed_problems((*path, "points"), points, dict(tables(space)))
    for name in table(sweep.get("fixed")):
        here = (*path, "fixed", name)
        yield from parameter_problems(here, name)
        if name in table(space):
            yield Problem(
                here, "is searched too", f"take it out of [{path[0]}.{path[1]}.space], or out of fixed"
            )


def _listed_problems(path: Path, points: Sequence[Any], space: Mapping[str, Any]) -> Iterator[Problem]:
    seen: dict[frozenset[tuple[str, tuple[bool, object]]], int] = {}
    for index, point in enumerate(points):
        here = (*path, index)
        if not isinstance(point, dict):
            continue
        for name, value in point.items():
            if name in space:
                yield from _never((*here, name), space[name], [value] if is_value(value) else [])
            elif space:
                yield Problem((*here, name), "is no parameter of the space", did_you_mean(name[:80], space))
            else:
                yield from parameter_problems((*here, name), name)
        if not point:
            yield Problem(here, "is empty", "give it a parameter, or take it out")
        key = frozenset((name, _identity(value)) for name, value in point.items() if is_value(value))
        if key and len(key) == len(point) and (first := seen.setdefault(key, index)) != index:
            yield Problem(here, f"is the same as points[{first}]", "take one out")
