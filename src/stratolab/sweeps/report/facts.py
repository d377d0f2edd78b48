"""What a report tells: everything known of a sweep, as one value, and what follows from it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from stratolab.core.errors import InputError
from stratolab.sweeps import ledger
from stratolab.sweeps.models import Goal, TrialState
from stratolab.sweeps.report.axes import Axis, Numbers, axis_of, value_axis
from stratolab.sweeps.space import Space, space_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.jobs.database import Transaction
    from stratolab.sweeps.models import Sweep, Trial

T = TypeVar("T")
SHADES = 7  # how many colours the values have; 0 is that of the best


def read(tx: Transaction, sweep: str) -> Facts:
    """All that a report needs, from one transaction.

    Raises `InputError` if there is no such sweep.
    """
    rows = tx.rows(
        "SELECT id, ended, price FROM job WHERE sweep = :sweep AND price IS NOT NULL AND ended IS NOT NULL "
        "ORDER BY ended, id",
        sweep=sweep,
    )
    return Facts(
        sweep=ledger.get(tx, sweep),
        trials=tuple(ledger.trials(tx, sweep)),
        prices={row["id"]: (row["ended"], row["price"]) for row in rows},
    )


@dataclass(frozen=True)
class Facts:
    """A sweep and its trials by number; `prices` gives for each job when it ended and its US dollars, by that time."""

    sweep: Sweep
    trials: Sequence[Trial]
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def metric(self) -> str:
        """What is searched for."""
        return str(self.sweep.config["metric"])

    @property
    def goal(self) -> Goal:
        """Which way is better."""
        return Goal(str(self.sweep.config["goal"]))

    @property
    def parallel(self) -> int:
        """How many trials were to run at a time."""
        return int(self.sweep.config.get("parallel") or 1)

    def loss(self, value: float) -> float:
        """A value with the sign that makes less better."""
        return value if self.goal is Goal.MINIMIZE else -value

    @cached_property
    def space(self) -> Space | None:
        """The space that was searched; None where the configuration has none that makes sense."""
        try:
            return space_of(self.sweep.config.get("space") or {})
        except (InputError, TypeError, AttributeError):
            return None

    @cached_property
    def names(self) -> list[str]:
        """The parameters: those of the space in its order, then what trials have besides."""
        first = self.space.dimensions if self.space else {}
        return list(dict.fromkeys([*first, *(name for trial in self.trials for name in trial.params)]))

    @cached_property
    def parameter_axes(self) -> Mapping[str, Axis]:
        """The axis of each parameter."""
        known = self.space.dimensions if self.space else {}
        return {
            name: axis_of(
                known.get(name),
                [
                    own
                    for trial in self.trials
                    if isinstance(own := trial.params.get(name), (str, int, float))
                ],
            )
            for name in self.names
        }

    @cached_property
    def succeeded(self) -> list[Trial]:
        """The trials with a result, best first; of equals the earlier one."""
        found = [trial for trial in self.trials if trial.state is TrialState.SUCCEEDED]
        valued = [(trial, trial.value) for trial in found if trial.value is not None]
        valued.sort(key=lambda pair: (self.loss(pair[1]), pair[0].number))
        return [trial for trial, _ in valued]

    @cached_property
    def ranked(self) -> list[Trial]:
        """All trials, best first: the succeeded ones, then those that run, were pruned, failed."""
        order = (TrialState.SUCCEEDED, TrialState.RUNNING, TrialState.PRUNED, TrialState.FAILED)
        return sorted(
            self.trials,
            key=lambda trial: (order.index(trial.state), self.loss(trial.value or 0.0), trial.number),
        )

    @property
    def best(self) -> Trial | None:
        """The best succeeded trial."""
        return self.succeeded[0] if self.succeeded else None

    @cached_property
    def ended(self) -> list[Trial]:
        """The trials that have ended, in the order of their ends."""
        return sorted(
            (trial for trial in self.trials if trial.state is not TrialState.RUNNING),
            key=lambda trial: (trial.ended or trial.created, trial.number),
        )

    @cached_property
    def counts(self) -> Mapping[TrialState, int]:
        """How many trials are in each state."""
        found = Counter(trial.state for trial in self.trials)
        return {state: found[state] for state in TrialState}

    @cached_property
    def value_axis(self) -> Numbers | None:
        """The axis of the metric, wide enough for all good values; None while there is no value."""
        values = [trial.value for trial in self.trials if trial.value is not None]
        return value_axis(values, less_is_better=self.goal is Goal.MINIMIZE) if values else None

    def beyond(self, value: float) -> bool:
        """Whether a value is so bad that it lies beyond the metric's axis."""
        axis = self.value_axis
        return axis is not None and not axis.low <= value <= axis.high

    @cached_property
    def _losses(self) -> list[float]:
        return [self.loss(trial.value) for trial in self.succeeded if trial.value is not None]

    def shade(self, value: float) -> int:
        """The colour of a value, from 0 for the best seventh of the succeeded trials to `SHADES` - 1."""
        better = bisect_right(self._losses, self.loss(value)) - 1
        return min(max(better, 0) * SHADES // max(len(self._losses), 1), SHADES - 1)

    @cached_property
    def dollars(self) -> float:
        """What all jobs have cost."""
        return sum(price for _, price in self.prices.values())


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most `most` (two or more) of the items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]
