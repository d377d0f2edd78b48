"""What is known of a sweep: the fold of all changes that its ledger tells, in the ledger's order.

Own trials and those of other drivers, of this sitting and of earlier ones, come the same way. That is why
resuming needs no code of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stratolab.sweeps.models import Goal, TrialState
from stratolab.sweeps.observed import Observed
from stratolab.sweeps.sampler import Observation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stratolab.sweeps.models import Trial


@dataclass(slots=True)
class View:
    """The state of a sweep in memory. `revision` is that of the last change it has taken.

    `curves` are kept only if they are wanted: for ten thousand trials they are most of what a view holds.
    """

    goal: Goal
    wants_curves: bool = True
    revision: int = 0
    observed: Observed = field(default_factory=Observed)
    running: dict[int, Trial] = field(default_factory=dict)
    counts: dict[TrialState, int] = field(default_factory=lambda: dict.fromkeys(TrialState, 0))
    best: Trial | None = None
    best_at: int = 0  # how many trials had ended when the best one did
    losses: list[float | None] = field(default_factory=list)  # of ended trials, in the order of their ends
    curves: dict[int, tuple[tuple[int, float], ...]] = field(default_factory=dict)  # steps of ended trials
    next_number: int = 0
    seconds: float = 0.0  # during which at least one trial that has ended ran
    _until: float = 0.0

    def take(self, changes: Iterable[Trial]) -> list[Trial]:
        """Apply changes; gives the trials that ended by them."""
        ended = []
        for trial in changes:
            self.revision = max(self.revision, trial.revision)
            self.next_number = max(self.next_number, trial.number + 1)
            if trial.state is TrialState.RUNNING:
                self.running[trial.number] = trial
                continue
            self.running.pop(trial.number, None)
            self._end(trial)
            ended.append(trial)
        return ended

    @property
    def ended(self) -> int:
        """How many trials have ended."""
        return len(self.losses)

    @property
    def begun(self) -> int:
        """How many trials have been claimed."""
        return self.ended + len(self.running)

    def loss(self, value: float | None) -> float | None:
        """A value with the sign that makes less better."""
        if value is None:
            return None
        return value if self.goal is Goal.MINIMIZE else -value

    def _end(self, trial: Trial) -> None:
        self.counts[trial.state] += 1
        loss = self.loss(trial.value)
        succeeded = trial.state is TrialState.SUCCEEDED
        self.losses.append(loss if succeeded else None)
        self.observed.append(
            Observation(
                number=trial.number,
                params=trial.params,
                loss=loss if succeeded else None,
                pruned_loss=loss if trial.state is TrialState.PRUNED else None,
                seconds=_seconds(trial),
            )
        )
        if trial.steps and self.wants_curves:
            self.curves[trial.number] = trial.steps
        if succeeded and loss is not None:
            best = self.loss(self.best.value) if self.best else None
            if best is None or loss < best:
                self.best, self.best_at = trial, self.ended
        if trial.started is not None and trial.ended is not None:
            self.seconds += max(0.0, trial.ended - max(trial.started, self._until))
            self._until = max(self._until, trial.ended)


def _seconds(trial: Trial) -> float | None:
    if trial.started is None or trial.ended is None:
        return None
    return max(0.0, trial.ended - trial.started)
