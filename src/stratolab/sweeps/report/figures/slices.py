"""One small scatter per parameter: its values across, the metric up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.sweeps.report.axes import Categories, shown
from stratolab.sweeps.report.facts import SHADES, spread
from stratolab.sweeps.report.markup import el, join
from stratolab.sweeps.report.plot import Figure, Plot, dots

if TYPE_CHECKING:
    from stratolab.sweeps.models import Trial
    from stratolab.sweeps.report.axes import Axis, Numbers
    from stratolab.sweeps.report.facts import Facts

_POINTS = 600  # in one scatter
_JITTER = 0.6  # of a category's cell
_GOLDEN = 0.6180339887498949
MOST = 40  # scatters


def draw(facts: Facts) -> list[Figure] | str:
    """A figure for each parameter (of the first forty), or a sentence where no trial has succeeded."""
    if not facts.succeeded or facts.value_axis is None:
        return "No trial has succeeded yet."
    if not facts.names:
        return "The trials have no parameters."
    axis = facts.value_axis
    some = list(facts.parameter_axes.items())[:MOST]
    return [_slice(facts, index, name, own, axis) for index, (name, own) in enumerate(some)]


def _slice(facts: Facts, index: int, name: str, axis: Axis, values: Numbers) -> Figure:
    having = [trial for trial in facts.succeeded if axis.at(trial.params.get(name)) is not None]
    shown_here = spread(having, _POINTS)
    plot = Plot(x=axis, y=values, width=300, height=200, left=54)
    paths: list[list[tuple[float, float]]] = [[] for _ in range(SHADES)]
    for trial in shown_here:
        paths[facts.shade(trial.value or 0.0)].append(_place(plot, trial, name))
    best = [trial for trial in having[:1] if trial is facts.best]
    own = f"{shown(best[0].params[name])} in" if best else "absent from"
    log = not isinstance(axis, Categories) and axis.log
    return Figure(
        name=f"slice-{index}",
        title=f"{facts.metric} by {name}",
        description=f"{len(having)} succeeded trials; {name} is {own} the best one.",
        width=plot.width,
        height=plot.height,
        body=join(
            [
                plot.frame(name + (" (log)" if log else ""), facts.metric, x_ticks=4, y_ticks=4),
                *(
                    el("path", class_=f"dot s{shade}", d=dots(paths[shade]))
                    for shade in reversed(range(SHADES))
                    if paths[shade]
                ),
                *(el("path", class_="dot best", d=dots([_place(plot, trial, name)])) for trial in best),
            ]
        ),
        caption=_caption(len(facts.succeeded), len(having), len(shown_here)),
    )


def _place(plot: Plot, trial: Trial, name: str) -> tuple[float, float]:
    place = plot.x.at(trial.params[name]) or 0.0
    if isinstance(plot.x, Categories):
        place += _JITTER / len(plot.x.values) * ((trial.number * _GOLDEN) % 1 - 0.5)
    return plot.across(place), plot.py(trial.value) or 0.0


def _caption(succeeded: int, having: int, points: int) -> str:
    told = []
    if having < succeeded:
        told.append(f"{succeeded - having:,} of {succeeded:,} trials do not have it.")
    if points < having:
        told.append(f"Shown are {points:,} of {having:,}.")
    return " ".join(told)
