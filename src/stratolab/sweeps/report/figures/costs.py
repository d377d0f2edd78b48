"""What the sweep would have cost on AWS, as it added up."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from stratolab.core.units import format_money
from stratolab.cost.service import assumption
from stratolab.sweeps.report.axes import Numbers
from stratolab.sweeps.report.facts import spread
from stratolab.sweeps.report.figures.clock import clock_of, stays
from stratolab.sweeps.report.markup import el, join
from stratolab.sweeps.report.plot import Figure, Plot, steps

if TYPE_CHECKING:
    from stratolab.sweeps.report.facts import Facts

_POINTS = 400


def draw(facts: Facts) -> Figure | str:
    """The dollars over time, or a sentence while no job has a price."""
    found = stays(facts)
    if not facts.prices or not found:
        return "No job has a price yet."
    clock = clock_of(found)
    size, unit = clock.unit
    total = list(accumulate(price for _, price in facts.prices.values()))
    moments = [clock.at(ended) / size for ended, _ in facts.prices.values()]
    plot = Plot(
        x=Numbers(0.0, (clock.span or 1.0) / size), y=Numbers(0.0, total[-1] or 1.0), height=220, left=66
    )
    places = [
        (x, y)
        for moment, dollars in spread(list(zip(moments, total, strict=True)), _POINTS)
        if (x := plot.px(moment)) is not None and (y := plot.py(dollars)) is not None
    ]
    line = steps([(plot.across(0), plot.down(0)), *places], plot.across(1))
    return Figure(
        name="costs",
        title="US dollars, added up",
        description=f"{format_money(total[-1])} for {len(facts.prices)} jobs.",
        width=plot.width,
        height=plot.height,
        body=join([plot.frame(unit, "US dollars"), el("path", class_="cost line", d=line)]),
        caption=_caption(facts, total[-1]),
    )


def _caption(facts: Facts, total: float) -> str:
    told = (
        f"{format_money(total)} in all {assumption()}, each job as the cheapest task that would have held it."
    )
    if facts.succeeded:
        told += f" {format_money(total / len(facts.succeeded))} for each succeeded trial."
    failed = sum(
        facts.prices[trial.job][1]
        for trial in facts.trials
        if str(trial.state) == "failed" and trial.job in facts.prices
    )
    told += f" Failed trials: {format_money(failed)}." if failed else ""
    return told + (
        f" Shown are {_POINTS} of {len(facts.prices):,} steps." if len(facts.prices) > _POINTS else ""
    )
