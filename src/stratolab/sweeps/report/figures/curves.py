"""Learning curves: what trials reported at their steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stratolab.sweeps.models import TrialState
from stratolab.sweeps.report.axes import Numbers, value_axis
from stratolab.sweeps.report.facts import SHADES, spread
from stratolab.sweeps.report.markup import Markup, el, join
from stratolab.sweeps.report.plot import Figure, Plot, legend, line

if TYPE_CHECKING:
    from stratolab.sweeps.models import Trial
    from stratolab.sweeps.report.facts import Facts

_CURVES, _POINTS = 120, 80
_BEST = 40


def draw(facts: Facts) -> Figure | None:
    """The curves; None where no trial reported more than one step."""
    having = [trial for trial in facts.ranked if len(trial.steps) > 1]
    if not having:
        return None
    chosen = having[:_BEST] + spread(having[_BEST:], _CURVES - _BEST)
    curves = {trial.number: _points(trial) for trial in chosen}
    every = [point for curve in curves.values() for point in curve]
    if not every:
        return None
    values = [value for _, value in every]
    plot = Plot(
        x=Numbers(min(step for step, _ in every), max(step for step, _ in every), whole=True),
        y=value_axis(values, less_is_better=facts.loss(1.0) > 0),
    )
    return Figure(
        name="curves",
        title=f"{facts.metric} by step",
        description=f"{len(having)} trials reported steps, {_pruned(having)} of them were pruned.",
        width=plot.width,
        height=plot.height + 18,
        body=join(
            [
                plot.frame("step", facts.metric),
                *(_curve(facts, plot, trial, curves[trial.number]) for trial in reversed(chosen)),
                legend(
                    plot.left,
                    plot.height + 14,
                    [("dot s0", "good"), ("dot s5", "bad"), ("dot pruned", "pruned")],
                ),
            ]
        ),
        caption=_caption(len(having), len(chosen)),
    )


def _points(trial: Trial) -> list[tuple[int, float]]:
    """The steps in their order, thinned out."""
    return spread(sorted(step for step in trial.steps if math.isfinite(step[1])), _POINTS)


def _curve(facts: Facts, plot: Plot, trial: Trial, curve: list[tuple[int, float]]) -> Markup:
    points = [
        (x, y)
        for step, value in curve
        if (x := plot.px(step)) is not None and (y := plot.py(value)) is not None
    ]
    if not points:
        return Markup()
    if trial is facts.best:
        class_ = "best line"
    elif trial.state is TrialState.SUCCEEDED and trial.value is not None:
        class_ = f"thread s{min(facts.shade(trial.value), SHADES - 1)}"
    else:
        class_ = f"thread {trial.state}"
    return el("path", class_=class_, d=line(points))


def _pruned(trials: list[Trial]) -> int:
    return sum(trial.state is TrialState.PRUNED for trial in trials)


def _caption(having: int, shown: int) -> str:
    told = "A line is a trial; dashed ones were pruned, the thick one is the best."
    if shown < having:
        told += f" Shown are {shown} of {having:,} trials: the best {_BEST}, the others evenly thinned out."
    return f"{told} A curve has at most {_POINTS} of its steps."
