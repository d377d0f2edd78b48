"""One cell of the table: a player's races on a task, over the seeds."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from benchmarks.samplers.players import player
from benchmarks.samplers.race import race
from benchmarks.samplers.tasks import TASKS


@dataclass(frozen=True)
class Order:
    """What is to be raced. `python` is the interpreter of the player's environment, empty for ours."""

    task: str
    player: str
    python: str
    pending: int
    seeds: int
    budget: int
    first_seed: int = 1000

    @property
    def key(self) -> str:
        """The name of its record."""
        return f"{self.task}/{self.player}/{self.pending}"


@dataclass(frozen=True)
class Cell:
    """The median over the seeds of the best loss after each trial; the 80th percentile at the end; CPU milliseconds."""

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
            budget=order.budget,
            pending=order.pending,
        )
        for number in range(order.seeds)
    ]
    ends = sorted(run.best[-1] for run in runs)
    return Cell(
        curve=[
            float(f"{statistics.median(values):.7g}")
            for values in zip(*(run.best for run in runs), strict=True)
        ],
        worst=ends[int(0.8 * (len(ends) - 1) + 0.5)],
        milliseconds=statistics.mean(run.milliseconds for run in runs),
        seeds=order.seeds,
    )
