"""What ran when: the trials on the slots that they must have had."""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from stratolab.core.units import format_duration
from stratolab.sweeps.report.axes import Categories, Numbers
from stratolab.sweeps.report.figures.clock import Clock, Stay, clock_of, stays
from stratolab.sweeps.report.markup import Markup, coordinate, el, join
from stratolab.sweeps.report.plot import Figure, Plot, legend, segments

if TYPE_CHECKING:
    from stratolab.sweeps.report.facts import Facts

_BARS = 1500  # with a word each
_TOUCHING = 0.1  # pixels
_STATES = ("succeeded", "pruned", "failed", "running")


@dataclass(frozen=True, slots=True)
class _Bar:
    lane: int
    state: str
    start: float  # pixels
    end: float
    stay: Stay


def draw(facts: Facts) -> Figure | str:
    """The timeline, or a sentence before the first trial has run."""
    found = stays(facts)
    if not found:
        return "No trial has run yet."
    clock = clock_of(found)
    lanes = pack(found)
    count = max(lanes) + 1
    size, unit = clock.unit
    row = max(3.0, min(22.0, 300.0 / count))
    plot = Plot(
        x=Numbers(0.0, (clock.span or 1.0) / size),
        y=Categories(tuple(range(count, 0, -1))),
        height=22 + 38 + 12 + row * count,
        left=34,
    )
    bars = _bars(plot, clock, size, list(zip(found, lanes, strict=True)))
    breaks = [(x, plot.top, x, plot.y_end) for at in clock.breaks if (x := plot.px(at / size)) is not None]
    return Figure(
        name="timeline",
        title="Trials on their slots",
        description=f"{len(found)} trials on {count} slots in {format_duration(clock.span)}.",
        width=plot.width,
        height=plot.height + 18,
        body=join(
            [
                plot.frame(unit, "slot", y_ticks=8),
                *_drawn(plot, bars, row),
                el("path", class_="break", d=segments(breaks)),
                legend(plot.left, plot.height + 14, [(f"dot {state}", state) for state in _present(found)]),
            ]
        ),
        caption=_caption(facts, clock, found),
    )


def pack(found: list[Stay]) -> list[int]:
    """The lane of each stay, by their start: the lowest that is free."""
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    lanes = []
    for stay in found:
        while busy and busy[0][0] <= stay.start:
            heappush(free, heappop(busy)[1])
        lane = heappop(free) if free else len(busy)
        heappush(busy, (stay.end, lane))
        lanes.append(lane)
    return lanes


def idle(clock: Clock, found: list[Stay], slots: int) -> float:
    """The share of `slots` over the clock's time in which no trial ran."""
    worked = sum(stay.end - stay.start for stay in found)
    return max(0.0, 1.0 - worked / (clock.span * slots)) if clock.span > 0 else 0.0


def _bars(plot: Plot, clock: Clock, size: float, placed: list[tuple[Stay, int]]) -> list[_Bar]:
    """The bars. Where there are many, those of one state that touch on their slot are one."""
    many = len(placed) > _BARS
    done: list[_Bar] = []
    last: dict[int, int] = {}
    for stay, lane in placed:
        start, end = plot.px(clock.at(stay.start) / size), plot.px(clock.at(stay.end) / size)
        if start is None or end is None:
            continue
        before = done[last[lane]] if many and lane in last else None
        if before and before.state == stay.state and start - before.end < _TOUCHING:
            done[last[lane]] = replace(before, end=max(before.end, end))
            continue
        last[lane] = len(done)
        done.append(_Bar(lane, stay.state, start, end, stay))
    return done


def _drawn(plot: Plot, bars: list[_Bar], row: float) -> list[Markup]:
    """A box for each bar, with a word about it; many bars without words, a path for each state."""
    tall = row - 2 * min(1.0, row / 5)
    if len(bars) <= _BARS:
        return [_box(plot, bar, tall) for bar in bars]
    return [
        el(
            "path",
            class_=f"bars {state}",
            stroke_width=tall,
            d="".join(
                f"M{bar.start:.2f} {coordinate(plot.py(bar.lane + 1) or 0.0)}h{bar.end - bar.start:.2f}"
                for bar in bars
                if bar.state == state
            ),
        )
        for state in _present([bar.stay for bar in bars])
    ]


def _box(plot: Plot, bar: _Bar, tall: float) -> Markup:
    told = f"trial {bar.stay.number}: {bar.state}, {format_duration(bar.stay.end - bar.stay.start)}"
    return el(
        "rect",
        el("title", told),
        class_=f"bar {bar.state}",
        x=bar.start,
        y=(plot.py(bar.lane + 1) or 0.0) - tall / 2,
        width=max(bar.end - bar.start, 0.6),
        height=tall,
    )


def _present(found: list[Stay]) -> list[str]:
    there = {stay.state for stay in found}
    return [state for state in _STATES if state in there]


def _caption(facts: Facts, clock: Clock, found: list[Stay]) -> str:
    share = idle(clock, found, facts.parallel)
    slots = "1 slot" if facts.parallel == 1 else f"{facts.parallel} slots"
    told = f"{slots} for {format_duration(clock.span)}, idle for {share:.0%} of it."
    if clock.breaks:
        many = (
            "1 break, a dotted line, is"
            if len(clock.breaks) == 1
            else f"{len(clock.breaks)} breaks, dotted lines, are"
        )
        told += f" {many} left out."
    if len(found) > _BARS:
        told += " Neighbours of one state are drawn as one bar."
    return told
