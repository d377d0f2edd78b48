"""Conditions of dimensions on one another: when they hold, which order they ask for, how many points they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.sweeps.dimensions import Dimension, Identity, Value, identity, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

# every parent named must have one of the values beside it
Conditions = tuple[tuple[str, frozenset[Identity]], ...]


def parents_first(dimensions: Mapping[str, Dimension]) -> list[str]:
    """The names, each after those of its conditions; without those that lie on or behind a circle."""
    placed: dict[str, None] = {}
    left = list(dimensions)
    while left:
        free = next(
            (name for name in left if all(parent in placed for parent in dimensions[name].when)), None
        )
        if free is None:
            break
        placed[free] = None
        left.remove(free)
    return list(placed)


def holds(conditions: Conditions, point: Mapping[str, Value]) -> bool:
    """Whether a dimension with these conditions exists at `point`, which holds active parameters only."""
    for parent, wanted in conditions:
        value = point.get(parent)
        if value is None or identity(value) not in wanted:
            return False
    return True


def conditions_of(dimension: Dimension) -> Conditions:
    """The `when` of a dimension, in the form that is quick to test."""
    return tuple((parent, frozenset(map(identity, values))) for parent, values in dimension.when.items())


def count_points(dimensions: Mapping[str, Dimension]) -> int | None:
    """The number of points, by counting over what the conditions still to come can tell apart.

    A state holds the parents that have a value which some condition wants; any other value, and being
    inactive, are the same to those conditions.
    """
    order = _children_soon(dimensions)
    asked: dict[str, set[Identity]] = {}
    last: dict[str, int] = {}
    for index, name in enumerate(order):
        for parent, wanted in conditions_of(dimensions[name]):
            asked.setdefault(parent, set()).update(wanted)
            last[parent] = index
    states: dict[frozenset[tuple[str, Identity]], int] = {frozenset(): 1}
    for index, name in enumerate(order):
        reached: dict[frozenset[tuple[str, Identity]], int] = {}
        values = values_of(dimensions[name])
        for state, count in states.items():
            kept = frozenset(pair for pair in state if last[pair[0]] > index)
            told = {parent: key[1] for parent, key in state}
            if not holds(conditions_of(dimensions[name]), told):
                reached[kept] = reached.get(kept, 0) + count
                continue
            if values is None:
                return None
            wanted_here = asked.get(name, set())
            for key in wanted_here:
                with_key = kept | {(name, key)}
                reached[with_key] = reached.get(with_key, 0) + count
            rest = len(values) - len(wanted_here)
            if rest:
                reached[kept] = reached.get(kept, 0) + count * rest
        states = reached
    return sum(states.values())


def _children_soon(dimensions: Mapping[str, Dimension]) -> list[str]:
    """The names, each after its parents and as soon after them as can be, to keep the states few."""
    order: dict[str, None] = {}

    def place(name: str) -> None:
        if name in order or not all(parent in order for parent in dimensions[name].when):
            return
        order[name] = None
        for child, dimension in dimensions.items():
            if name in dimension.when:
                place(child)

    for name in dimensions:
        place(name)
    return list(order)
