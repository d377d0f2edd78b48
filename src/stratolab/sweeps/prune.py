"""Stopping hopeless trials early, from the steps that they and others have reported.

A pruner is a pure function: of one trial's (step, value) pairs, of everybody else's, and of which way is
better. Whoever asks again with the same gets the same. The defaults are cautious: a trial is let alone
until it has reported four times and five others have come at least as far, so that a sweep of a few trials prunes
nothing.

Reports are taken as they come: values that are no finite number are left out; of a step reported twice the
last value counts; a step at or before the first one means that the script began again, and what was before is
forgotten. A trial is compared by its best value up to a step with the best values of those that have reached it, so
that trials may report at different steps.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from statistics import median
from typing import Protocol

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean
from stratolab.sweeps.models import Goal

Steps = Sequence[tuple[int, float]]


class Pruner(Protocol):
    """Decides whether a running trial is worth going on with."""

    @property
    def name(self) -> str:
        """The word for it in the configuration."""

    def should_stop(self, trial_steps: Steps, others: Sequence[Steps], goal: Goal) -> str | None:
        """Why the trial should stop, in words for the reader; None to let it go on.

        `others` are the steps of all other trials: ended, pruned and running ones.
        """


@dataclass(frozen=True, slots=True)
class Curve:
    """Reported steps, cleaned: ascending, with the best loss (less is better) up to each."""

    steps: tuple[int, ...]
    best: tuple[float, ...]

    @property
    def last(self) -> float:
        """The step it has reached; minus infinity if none."""
        return self.steps[-1] if self.steps else -math.inf

    def at(self, step: float) -> float | None:
        """The best loss up to `step`; None if it had reported nothing by then."""
        index = bisect_right(self.steps, step)
        return self.best[index - 1] if index else None


def curve_of(steps: Steps, goal: Goal) -> Curve:
    """What the reports say, in order, without those of an earlier beginning."""
    sign = 1.0 if goal is Goal.MINIMIZE else -1.0
    kept: dict[int, float] = {}
    first, furthest = math.inf, -math.inf
    for step, value in steps:
        if step <= first and step < furthest:
            kept.clear()
            first = furthest = step
        first, furthest = min(first, step), max(furthest, step)
        if math.isfinite(value):
            kept[step] = sign * value
    ordered = sorted(kept)
    return Curve(tuple(ordered), tuple(accumulate((kept[step] for step in ordered), min)))


@dataclass(slots=True)
class _Curves:
    """Curves of trials that have ended, whose steps are tuples and will not change, cleaned once."""

    known: dict[tuple[int, Goal], tuple[Steps, Curve]] = field(default_factory=dict)

    def of(self, others: Sequence[Steps], goal: Goal) -> list[Curve]:
        if len(self.known) > 4 * len(others) + 64:
            self.known.clear()  # mostly of trials that were running then
        return [self._one(steps, goal) for steps in others]

    def _one(self, steps: Steps, goal: Goal) -> Curve:
        if not isinstance(steps, tuple):
            return curve_of(steps, goal)
        key = id(steps), goal  # the steps are held beside it, so that the id stays theirs
        if key not in self.known:
            self.known[key] = steps, curve_of(steps, goal)
        return self.known[key][1]


@dataclass(frozen=True, slots=True)
class Median:
    """Stops a trial whose best value so far is worse than the median of the others' at the same step.

    As Optuna's `MedianPruner` and Vizier's median rule (Golovin et al. 2017, section 3.4.2), which compare
    with values at that step and with running averages up to it: here both sides are the best so far, which neither
    noise nor another spacing of steps puts at a disadvantage. Needs `trials` others that have come as far
    (Optuna: 5) and `reports` of its own.
    """

    trials: int = 5
    reports: int = 4
    name: str = "median"
    _curves: _Curves = field(default_factory=_Curves, repr=False, compare=False)

    def should_stop(self, trial_steps: Steps, others: Sequence[Steps], goal: Goal) -> str | None:
        """See `Pruner`."""
        own = curve_of(trial_steps, goal)
        if len(own.steps) < self.reports:
            return None
        step = own.last
        reached = [curve for curve in self._curves.of(others, goal) if curve.last >= step]
        losses = [loss for curve in reached if (loss := curve.at(step)) is not None]
        if len(losses) < self.trials:
            return None
        middle = median(losses)
        if own.best[-1] <= middle:
            return None
        return (
            f"at step {step} its best value, {_shown(own.best[-1], goal)}, is worse than "
            f"{_shown(middle, goal)}, the median of {len(losses)} trials there"
        )


@dataclass(frozen=True, slots=True)
class Halving:
    """Asynchronous successive halving (Li et al. 2018, arXiv:1810.05934) in its stopping form.

    Rungs lie at a third, a ninth, ... of the way (`factor` 3) that at least `trials` others have come. A trial that
    has passed a rung goes on if its best value up to there is in the best third of all that have passed it.
    Nobody waits: who comes later is compared with more. Once it is twice as far as a rung, that rung
    no longer counts, so that work nearly done is not thrown away.
    """

    factor: int = 3
    trials: int = 5
    reports: int = 4
    name: str = "halving"
    _curves: _Curves = field(default_factory=_Curves, repr=False, compare=False)

    def should_stop(self, trial_steps: Steps, others: Sequence[Steps], goal: Goal) -> str | None:
        """See `Pruner`."""
        own = curve_of(trial_steps, goal)
        curves = [curve for curve in self._curves.of(others, goal) if curve.steps]
        if len(own.steps) < self.reports or len(curves) < self.trials:
            return None
        rung = self._rung(own, curves)
        if rung is None:
            return None
        at_rung = [loss for curve in curves if curve.last >= rung and (loss := curve.at(rung)) is not None]
        mine = own.at(rung)
        if mine is None or len(at_rung) < self.trials:
            return None
        kept = math.ceil((len(at_rung) + 1) / self.factor)
        ahead = sorted(at_rung)[:kept]
        if mine <= ahead[-1]:
            return None
        return (
            f"by step {math.floor(rung)} its best value, {_shown(mine, goal)}, is not among the best {kept} of "
            f"{len(at_rung) + 1} trials, which reach {_shown(ahead[-1], goal)}"
        )

    def _rung(self, own: Curve, curves: Sequence[Curve]) -> float | None:
        """The step of the rung that the trial has passed last; None before the first and long after each.

        A rung before its fourth report would say too little.
        """
        start = min(curve.steps[0] for curve in [own, *curves])
        way = sorted((curve.last - start + 1 for curve in curves), reverse=True)[self.trials - 1]
        come = own.last - start + 1
        length = way / self.factor
        while length > come:
            length /= self.factor
        rung = start + length - 1
        early = bisect_right(own.steps, rung) < self.reports
        return None if early or come >= 2 * length else rung


PRUNERS = ("median", "halving")


def make(name: str) -> Pruner:
    """The pruner of this name, with cautious defaults. Raises `InputError` for any other name."""
    if name == "median":
        return Median()
    if name == "halving":
        return Halving()
    raise InputError(f"{name!r} is no pruner", doing="reading prune", hint=did_you_mean(name, PRUNERS))


def _shown(loss: float, goal: Goal) -> str:
    """A loss as the value that the script reported."""
    return f"{loss if goal is Goal.MINIMIZE else -loss:.6g}"
