"""One cell of the table: a player's races on a task, over the seeds."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from benchmarks.samplers.players import player
from benchmarks.samplers.race import race
from benchmarks.samplers.tasks import TASKS


@dataclass(frozen=True)
class Order:
    """What is to be raced. `python` is the interpreter of the player's environment, empty for ours.

    `beyond` trials follow those of the budget, to see when this one stands where another stood at its end.
    """

    task: str
    player: str
    python: str
    pending: int
    seeds: int
    budget: int
    beyond: int = 0
    first_seed: int = 1000

    @property
    def key(self) -> str:
        """The name of its record."""
        return f"{self.task}/{self.player}/{self.pending}"


@dataclass(frozen=True)
class Cell:
    """The median over the seeds of the best loss after each trial; CPU milliseconds.

    `worst` is the 80th percentile when the budget is used up, which may be before the curve's end.
    """

    curve: list[float]
    worst: float
    milliseconds: float
    seeds: int


def cell(order: Order) -> Cell:
    """Race, seed by seed. Raises `Failed` if the peer's process ends."""
    task = TASKS[order.task]
    runs = [
        race(
            task,
            player(order.player, order.python, task.space, order.first_seed + number),
            seed=order.first_seed + number,
            budget=order.budget + order.beyond,
            pending=order.pending,
        )
        for number in range(order.seeds)
    ]
    ends = sorted(run.best[order.budget - 1] for run in runs)
    return Cell(
        curve=[
            float(f"{statistics.median(values):.7g}")
            for values in zip(*(run.best for run in runs), strict=True)
        ],
        worst=ends[int(0.8 * (len(ends) - 1) + 0.5)],
        milliseconds=statistics.mean(run.milliseconds for run in runs),
        seeds=order.seeds,
    )


def as_good(loss: float, best: float) -> bool:
    """Whether a loss is no worse than the best, to three digits."""
    return loss <= best or math.isclose(loss, best, rel_tol=1e-3)
