"""How much of the metric's variation goes with a parameter.

One measure for all kinds of parameters, so that they can be compared: the values of the succeeded trials are
ranked, the trials put into groups by the parameter (a category each, or up to five groups of equal size along a
number), and the share of the ranks' variance that lies between the groups is

    eta2 = (H - k + 1) / (n - k),     H = (n - 1) * (between-group sum of squares) / (total sum of squares)

with n trials in k groups. H is the statistic of Kruskal and Wallis, "Use of ranks in one-criterion variance
analysis", Journal of the American Statistical Association 47 (1952), ties by mid-ranks; eta2 is the correlation ratio
without the share that chance gives it (k - 1 in H), as in Tomczak and Tomczak, "The need to report effect size
estimates revisited", Trends in Sport Sciences 21 (2014). Ranks make it blind to units and to a few absurd values;
groups let it see an optimum in the middle, which a rank correlation takes for nothing.

What it cannot see: an effect that shows only together with another parameter, and which of two parameters that a
sampler moved together was the cause.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from stratolab.core.numbers import is_number
from stratolab.sweeps.dimensions import identity
from stratolab.sweeps.report.axes import Numbers

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from stratolab.sweeps.dimensions import Value
    from stratolab.sweeps.report.axes import Axis

LEAST = 10  # trials, below which the measure is mostly noise
GROUPS = 5
_MEMBERS = 5  # of a group, at least


@dataclass(frozen=True, slots=True)
class Association:
    """How a parameter and the metric go together, over the `trials` that had both.

    `share` is eta2, cut to [0, 1]; None if there were too few trials, or one group. `trend` is Spearman's rank
    correlation ("The proof and measurement of association between two things", American Journal of
    Psychology 15, 1904) of a number with the metric: above 0 where larger goes with larger. None for categories.
    """

    name: str
    share: float | None
    trend: float | None
    trials: int


def measure(
    name: str, axis: Axis, points: Sequence[Mapping[str, Value]], values: Sequence[float]
) -> Association:
    """The association of parameter `name` with `values`, over the points that have it."""
    have = [
        (point[name], value)
        for point, value in zip(points, values, strict=True)
        if axis.at(point.get(name)) is not None
    ]
    if len(have) < LEAST:
        return Association(name, None, None, len(have))
    own, others = [own for own, _ in have], ranks([value for _, value in have])
    if not isinstance(axis, Numbers):
        return Association(name, explained(list(map(identity, own)), others), None, len(have))
    numbers = [float(value) for value in own if is_number(value)]
    return Association(name, explained(bins(numbers), others), correlation(ranks(numbers), others), len(have))


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, from 1; equal ones share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    before = 0
    for _, group in groupby(order, key=values.__getitem__):
        members = list(group)
        for index in members:
            found[index] = before + (len(members) + 1) / 2
        before += len(members)
    return found


def bins(numbers: Sequence[float]) -> list[int]:
    """A group for each number: up to five of about equal size, none below five; equal numbers stay together."""
    count = min(GROUPS, max(2, len(numbers) // _MEMBERS))
    return [min(int((rank - 0.5) * count / len(numbers)), count - 1) for rank in ranks(numbers)]


def explained(groups: Sequence[Hashable], values: Sequence[float]) -> float | None:
    """eta2 of `values` (ranks) by `groups`; None for a single group, equal values, or groups of one."""
    by_group: dict[Hashable, list[float]] = {}
    for group, value in zip(groups, values, strict=True):
        by_group.setdefault(group, []).append(value)
    n, k = len(values), len(by_group)
    mean = sum(values) / n
    total = sum((value - mean) ** 2 for value in values)
    if not 1 < k < n or total == 0:
        return None
    between = sum(len(members) * (sum(members) / len(members) - mean) ** 2 for members in by_group.values())
    h = (n - 1) * between / total
    return min(max((h - k + 1) / (n - k), 0.0), 1.0)


def correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Pearson's correlation; of ranks it is Spearman's. None where one of the two does not vary."""
    mean_one, mean_other = sum(one) / len(one), sum(other) / len(other)
    spread_one = sum((a - mean_one) ** 2 for a in one)
    spread_other = sum((b - mean_other) ** 2 for b in other)
    if spread_one == 0 or spread_other == 0:
        return None
    together = sum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    return min(max(together / math.sqrt(spread_one * spread_other), -1.0), 1.0)
