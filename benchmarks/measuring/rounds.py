"""Interleaved rounds: each contestant once a round, so that a noisy moment hits all; ratios within a round."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


def order(names: Sequence[T], number: int) -> list[T]:
    """The order in round `number`: the first, with which others are compared, stays first; the rest moves round."""
    if len(names) < 2:
        return list(names)
    first, rest = names[0], list(names[1:])
    turn = number % len(rest)
    return [first, *rest[turn:], *rest[:turn]]


def ratio(rounds: Sequence[Mapping[str, float]], name: str, to: str) -> float | None:
    """The median over the rounds of `name` divided by `to` of the same round; None if they never met."""
    pairs = [values[name] / values[to] for values in rounds if name in values and values.get(to)]
    return statistics.median(pairs) if pairs else None


def median(rounds: Sequence[Mapping[str, float]], name: str) -> float | None:
    """The median over the rounds; None if there is no value."""
    found = [values[name] for values in rounds if name in values]
    return statistics.median(found) if found else None
