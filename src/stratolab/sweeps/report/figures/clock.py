"""The time of a sweep without the breaks between its sittings."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stratolab.sweeps.report.facts import Facts

_BREAK = 60.0  # seconds in which nothing runs, and more than that
_TRIALS = 10.0  # times the median trial

_UNITS = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


@dataclass(frozen=True, slots=True)
class Stay:
    """A trial on its slot: seconds since the epoch."""

    number: int
    state: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds since the epoch to seconds of work: stretches `begins` to `ends`, the breaks between them cut out.

    `before` is the working time before each stretch.
    """

    begins: tuple[float, ...]
    ends: tuple[float, ...]
    before: tuple[float, ...]

    def at(self, moment: float) -> float:
        """How much working time had passed at `moment`."""
        index = bisect_right(self.begins, moment) - 1
        if index < 0:
            return 0.0
        return self.before[index] + min(moment, self.ends[index]) - self.begins[index]

    @property
    def span(self) -> float:
        """All of the working time."""
        return self.at(self.ends[-1])

    @property
    def breaks(self) -> list[float]:
        """When, in working time, a break was."""
        return list(self.before[1:])

    @property
    def unit(self) -> tuple[float, str]:
        """The unit in which the span reads well: its seconds and its name."""
        return next(((size, name) for size, name in _UNITS if self.span >= 2 * size), _UNITS[-1])


def stays(facts: Facts) -> list[Stay]:
    """The trials that ran, by their start; one that runs is shown up to the last known moment."""
    moments = [
        moment for trial in facts.trials for moment in (trial.started, trial.ended) if moment is not None
    ]
    now = max(moments, default=0.0)
    found = [
        Stay(
            trial.number,
            str(trial.state),
            trial.started,
            max(trial.started, now if trial.ended is None else trial.ended),
        )
        for trial in facts.trials
        if trial.started is not None
    ]
    return sorted(found, key=lambda stay: (stay.start, stay.number))


def clock_of(found: list[Stay]) -> Clock:
    """The clock of the stays, at least one, by their start."""
    longest = max(_BREAK, _TRIALS * median(stay.end - stay.start for stay in found))
    begins, ends = [found[0].start], [found[0].end]
    for stay in found[1:]:
        if stay.start - ends[-1] > longest:
            begins.append(stay.start)
            ends.append(stay.end)
        else:
            ends[-1] = max(ends[-1], stay.end)
    worked = accumulate((end - begin for begin, end in zip(begins, ends, strict=True)), initial=0.0)
    return Clock(tuple(begins), tuple(ends), tuple(worked)[:-1])
