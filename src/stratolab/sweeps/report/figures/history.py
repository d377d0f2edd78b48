"""Every trial's value in the order of their ends, and the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.sweeps.models import TrialState
from stratolab.sweeps.report.axes import Numbers, shown
from stratolab.sweeps.report.facts import spread
from stratolab.sweeps.report.markup import Markup, el, join
from stratolab.sweeps.report.plot import Figure, Plot, crosses, legend, steps

if TYPE_CHECKING:
    from stratolab.sweeps.models import Trial
    from stratolab.sweeps.report.facts import Facts

_POINTS = 900


def draw(facts: Facts) -> Figure | str:
    """The history, or a sentence while no trial has a value."""
    axis = facts.value_axis
    if axis is None:
        return "No trial has a value yet."
    ended = facts.ended
    plot = Plot(x=Numbers(1, max(len(ended), 1), whole=True), y=axis)
    valued = [(order, trial) for order, trial in enumerate(ended, 1) if trial.value is not None]
    better = _improvements(facts, valued)
    points = valued
    if len(valued) > _POINTS:
        kept = {order for order, _ in (*better, *spread(valued, _POINTS))}
        points = [pair for pair in valued if pair[0] in kept]
    lost = [order for order, trial in enumerate(ended, 1) if trial.state is TrialState.FAILED]
    return Figure(
        name="history",
        title=f"{facts.metric} of every trial, in the order of their ends",
        description=_told(facts, better, len(lost)),
        width=plot.width,
        height=plot.height + 18,
        body=join(
            [
                plot.frame("trials ended", facts.metric),
                *(_mark(facts, plot, order, trial) for order, trial in points),
                _step_line(plot, better, len(ended)),
                el("path", class_="cross", d=crosses(_strip(plot, lost))),
                legend(
                    plot.left,
                    plot.height + 14,
                    [
                        *(
                            (f"dot {state}", state)
                            for state, count in facts.counts.items()
                            if count and state != "running"
                        ),
                        *([("dot best", "best")] if facts.best else []),
                    ],
                ),
            ]
        ),
        caption=_caption(facts, len(valued), len(points)),
    )


def _improvements(facts: Facts, valued: list[tuple[int, Trial]]) -> list[tuple[int, Trial]]:
    """The succeeded trials that were better than all before them."""
    found: list[tuple[int, Trial]] = []
    least = None
    for order, trial in valued:
        if trial.state is not TrialState.SUCCEEDED or trial.value is None:
            continue
        loss = facts.loss(trial.value)
        if least is None or loss < least:
            least = loss
            found.append((order, trial))
    return found


def _mark(facts: Facts, plot: Plot, order: int, trial: Trial) -> Markup:
    x, y = plot.px(order), plot.py(trial.value)
    state = "pruned" if trial.state is TrialState.PRUNED else "succeeded"
    if trial is facts.best:
        state = "best"
    return el(
        "circle",
        el("title", f"trial {trial.number}: {shown(trial.value)}{'' if state != 'pruned' else ', pruned'}"),
        class_=f"mark {state}",
        cx=x,
        cy=y,
        r=4.5 if state == "best" else 2.5,
    )


def _step_line(plot: Plot, better: list[tuple[int, Trial]], last: int) -> Markup:
    points = [
        (x, y)
        for order, trial in better
        if (x := plot.px(order)) is not None and (y := plot.py(trial.value)) is not None
    ]
    if not points:
        return Markup()
    return el("path", class_="best line", d=steps(points, plot.px(last) or points[-1][0]))


def _strip(plot: Plot, orders: list[int]) -> list[tuple[float, float]]:
    """Places on the lower edge, one a pixel."""
    places = {round(x): x for order in orders if (x := plot.px(order)) is not None}
    return [(x, plot.y_end) for x in places.values()]


def _told(facts: Facts, better: list[tuple[int, Trial]], lost: int) -> str:
    if not better:
        return f"No trial succeeded; {lost} failed."
    first, last = better[0][1].value, better[-1][1].value
    return (
        f"The best value went from {shown(first)} to {shown(last)} in {len(better) - 1} improvements over "
        f"{len(facts.ended)} trials, of which {lost} failed."
    )


def _caption(facts: Facts, valued: int, points: int) -> str:
    told = "The line is the best value so far."
    if facts.counts[TrialState.FAILED]:
        told += " Crosses on the lower edge are failed trials, at most one a pixel."
    beyond = sum(trial.value is not None and facts.beyond(trial.value) for trial in facts.ended)
    if beyond:
        told += f" {beyond:,} far worse {'value lies' if beyond == 1 else 'values lie'} beyond the edge."
    if points < valued:
        told += (
            f" Shown are {points:,} of {valued:,} values: every improvement, the others evenly thinned out."
        )
    return told
