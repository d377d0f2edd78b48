"""Parallel coordinates, turned so that a phone can show them: an axis a row, a line a trial, from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.sweeps.report.axes import Categories, shown
from stratolab.sweeps.report.facts import SHADES, spread
from stratolab.sweeps.report.markup import Markup, el, join
from stratolab.sweeps.report.plot import Figure, extent, fit, label, line, segments

if TYPE_CHECKING:
    from stratolab.sweeps.models import Trial
    from stratolab.sweeps.report.axes import Axis
    from stratolab.sweeps.report.facts import Facts

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 420.0, 14.0, 372.0, 30.0, 50.0
_OUTSIDE = 398.0  # where lines go that have no value on an axis
_BEST, _OTHERS = 60, 260  # lines
_POINTS = 14_000  # of the others in all
_FIBRES = 0.5  # of a category's cell is filled by the lines through it
_GOLDEN = 0.6180339887498949  # its multiples, modulo 1, fill an interval evenly


def draw(facts: Facts) -> Figure | str:
    """The coordinates of the succeeded trials, or a sentence where there are none."""
    if not facts.succeeded or facts.value_axis is None:
        return "No trial has succeeded yet."
    if not facts.names:
        return "The trials have no parameters."
    rows: list[tuple[str, Axis]] = [*facts.parameter_axes.items(), (facts.metric, facts.value_axis)]
    lines = facts.succeeded[:_BEST] + spread(
        facts.succeeded[_BEST:], max(20, min(_OTHERS, _POINTS // len(rows)))
    )
    height = _TOP + _ROW * (len(rows) - 1) + 44
    partial = any(name not in trial.params for trial in lines for name in facts.names)
    return Figure(
        name="parallel",
        title=f"Parameters and {facts.metric} of the succeeded trials",
        description=_told(facts),
        width=_WIDTH,
        height=height,
        body=join(
            [
                *_threads(facts, rows, lines),
                *(_axis(name, axis, _TOP + _ROW * index) for index, (name, axis) in enumerate(rows)),
                *([label(_OUTSIDE, 12, "absent", "middle")] if partial else []),
                _scale(height - 6),
            ]
        ),
        caption=_caption(facts, len(lines), partial=partial),
    )


def _axis(name: str, axis: Axis, y: float) -> Markup:
    ticks = axis.ticks(6)
    room = (_RIGHT - _LEFT) / max(len(ticks), 1)
    log = " (log)" if not isinstance(axis, Categories) and axis.log else ""
    marks = [(_x(place), y - 3, _x(place), y + 3) for place, _ in ticks]
    return join(
        [
            el("path", class_="axis", d=segments([(_LEFT, y, _RIGHT, y), *marks])),
            label(_LEFT, y - 8, fit(name, _RIGHT - _LEFT - extent(log)) + log, class_="name"),
            *(_tick(_x(place), y + 15, fit(told, room)) for place, told in ticks),
        ]
    )


def _tick(x: float, y: float, told: str) -> Markup:
    return label(max(x, extent(told) / 2), y, told, "middle")


def _threads(facts: Facts, rows: list[tuple[str, Axis]], trials: list[Trial]) -> list[Markup]:
    """The lines, a path for each shade, the worst first and the best one on top of all."""
    paths: list[list[str]] = [[] for _ in range(SHADES)]
    for trial in reversed(trials[1:]):
        paths[facts.shade(trial.value or 0.0)].append(line(_thread(trial, rows)))
    drawn = [
        el("path", class_=f"thread s{shade}", d="".join(paths[shade]))
        for shade in reversed(range(SHADES))
        if paths[shade]
    ]
    best = el("path", class_="best thread", d=line(_thread(trials[0], rows)))
    return [*drawn, best]


def _thread(trial: Trial, rows: list[tuple[str, Axis]]) -> list[tuple[float, float]]:
    points = []
    for index, (name, axis) in enumerate(rows):
        last = index == len(rows) - 1
        place = axis.at(trial.value if last else trial.params.get(name))
        if place is not None and isinstance(axis, Categories):
            cell = _FIBRES / len(axis.values)
            place += cell * ((trial.number * _GOLDEN) % 1 - 0.5)
        points.append((_OUTSIDE if place is None else _x(place), _TOP + _ROW * index))
    return points


def _x(place: float) -> float:
    return _LEFT + place * (_RIGHT - _LEFT)


def _scale(y: float) -> Markup:
    """The colours, from the worst to the best."""
    width = 16
    start = _LEFT + 40
    boxes = [
        el(
            "rect",
            class_=f"fill s{SHADES - 1 - index}",
            x=start + index * width,
            y=y - 9,
            width=width,
            height=9,
        )
        for index in range(SHADES)
    ]
    end = start + width * SHADES
    return join([label(_LEFT, y, "worst"), *boxes, label(end + 6, y, "best")])


def _told(facts: Facts) -> str:
    best = facts.succeeded[0]
    point = ", ".join(f"{name} {shown(value)}" for name, value in best.params.items())
    return f"The best trial, number {best.number}, has {facts.metric} {shown(best.value)} with {point}."


def _caption(facts: Facts, lines: int, *, partial: bool) -> str:
    told = "A line is a trial; a colour is a seventh of the trials by value, and the best one is thick."
    if partial:
        told += " A line runs at the right edge where its trial does not have the parameter."
    if facts.beyond(facts.succeeded[-1].value or 0.0):
        told += " Values far worse than the others end at the edge."
    if lines < len(facts.succeeded):
        of = f"{lines:,} of {len(facts.succeeded):,} trials"
        told += f" Shown are {of}: the best {_BEST}, the others evenly thinned out."
    return told
