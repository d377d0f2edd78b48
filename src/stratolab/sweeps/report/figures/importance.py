"""Which parameters matter: bars of `association.measure`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.sweeps.report.association import GROUPS, LEAST, Association, measure
from stratolab.sweeps.report.markup import Markup, el, join
from stratolab.sweeps.report.plot import Figure, fit, label

if TYPE_CHECKING:
    from stratolab.sweeps.report.facts import Facts

_WIDTH, _LEFT, _RIGHT, _ROW = 420.0, 112.0, 300.0, 26.0


def draw(facts: Facts) -> Figure | str:
    """The bars, or a sentence below ten succeeded trials."""
    if len(facts.succeeded) < LEAST:
        return f"It takes {LEAST} succeeded trials to tell which parameters matter; there are {len(facts.succeeded)}."
    found = measured(facts)
    known = sorted((one for one in found if one.share is not None), key=lambda one: -(one.share or 0.0))
    if not known:
        return "No parameter varies enough among the succeeded trials to tell which matter."
    return Figure(
        name="importance",
        title=f"How much of {facts.metric} goes with each parameter",
        description="; ".join(f"{one.name} {one.share or 0.0:.0%}" for one in known) + ".",
        width=_WIDTH,
        height=_ROW * len(known) + 24,
        body=join(
            [
                label(_WIDTH - 4, 12, "trend", "end"),
                *(_bar(one, 20 + _ROW * row) for row, one in enumerate(known)),
            ]
        ),
        caption=_caption(found),
    )


def measured(facts: Facts) -> list[Association]:
    """The association of every parameter with the metric, over the succeeded trials."""
    points = [trial.params for trial in facts.succeeded]
    values = [trial.value for trial in facts.succeeded if trial.value is not None]
    return [measure(name, axis, points, values) for name, axis in facts.parameter_axes.items()]


def _bar(one: Association, y: float) -> Markup:
    share = one.share or 0.0
    end = _LEFT + share * (_RIGHT - _LEFT)
    return join(
        [
            label(_LEFT - 8, y + 14, fit(one.name, _LEFT - 10), "end"),
            el("rect", class_="track", x=_LEFT, y=y + 3, width=_RIGHT - _LEFT, height=14),
            el("rect", class_="fill s1", x=_LEFT, y=y + 3, width=max(end - _LEFT, 1), height=14),
            label(_RIGHT + 8, y + 14, f"{share:.0%}"),
            *([] if one.trend is None else [label(_WIDTH - 4, y + 14, f"{one.trend:+.2f}", "end")]),
        ]
    )


def _caption(found: list[Association]) -> str:
    told = (
        "The share of the variation of the values' ranks between groups of trials, a group a category or a fifth of "
        "a number's trials: (H - k + 1) / (n - k), with H of Kruskal and Wallis, n trials in k groups "
        f"(at most {GROUPS} for a number). The trend is Spearman's rank correlation: + where larger "
        "numbers go with larger values. "
        "Neither sees what two parameters do only together, nor which of two that moved together was the cause; a "
        "sampler that keeps to good regions makes what it has settled look unimportant."
    )
    few = [one.name for one in found if one.share is None]
    return told + (f" Left out, as too few trials vary in them: {', '.join(few)}." if few else "")
