"""A simulated asynchronous sweep: trials take random times and end out of order; only the asking is real work."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.samplers.players import Player
    from benchmarks.samplers.tasks import Task


@dataclass(frozen=True)
class Run:
    """One sweep: the best true loss after each trial ended, and CPU milliseconds per suggestion and telling."""

    best: list[float]
    milliseconds: float


def race(task: Task, player: Player, *, seed: int, budget: int, pending: int) -> Run:
    """Run `budget` trials with `pending` under way at all times. Durations are log-normal, as real ones are."""
    dice = random.Random(1_000_003 * seed + 17)  # noqa: S311 - durations, not secrets
    clock, asked = 0.0, 0
    running: list[tuple[float, int, float | None]] = []
    best: list[float] = []
    while len(best) < budget:
        while len(running) < pending and asked < budget:
            loss = task.loss(player.ask(asked))
            heapq.heappush(running, (clock + dice.lognormvariate(0, 0.5), asked, loss))
            asked += 1
        clock, number, loss = heapq.heappop(running)
        best.append(min(best[-1] if best else math.inf, math.inf if loss is None else loss))
        player.tell(number, None if loss is None else loss + task.noise * dice.gauss(0, 1))
    return Run(best, 1000 * player.spent / budget)
