"""What is found for the same money: a player's races on a task whose trials are paid by the second, over the seeds."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.samplers.players import player
from benchmarks.samplers.race import race
from benchmarks.samplers.tasks import PAID

if TYPE_CHECKING:
    from benchmarks.samplers.race import Run

_MOST = 500  # trials, should somebody keep to the cheapest point


@dataclass(frozen=True)
class Order:
    """What is to be raced. `python` is the interpreter of the player's environment, empty for ours."""

    task: str
    player: str
    python: str
    pending: int
    seeds: int
    first_seed: int = 1000

    @property
    def key(self) -> str:
        """The name of its record."""
        return f"paid/{self.task}/{self.player}"


@dataclass(frozen=True)
class Bill:
    """Medians over the seeds: the best loss for half the money and for all of it, and how many trials that paid."""

    half: float
    whole: float
    trials: float


def bill(order: Order) -> Bill:
    """Race, seed by seed. Raises `Failed` if the peer's process ends."""
    task = PAID[order.task]
    runs = [
        race(
            task,
            player(order.player, order.python, task.space, seed),
            seed=seed,
            budget=_MOST,
            pending=order.pending,
        )
        for seed in range(order.first_seed, order.first_seed + order.seeds)
    ]
    return Bill(
        half=statistics.median(bought(run, task.money / 2) for run in runs),
        whole=statistics.median(bought(run, task.money) for run in runs),
        trials=statistics.median(len(run.best) for run in runs),
    )


def bought(run: Run, money: float) -> float:
    """The best loss of the trials that so many seconds pay for."""
    return min(
        (loss for loss, paid in zip(run.best, run.paid, strict=True) if paid <= money), default=math.inf
    )
