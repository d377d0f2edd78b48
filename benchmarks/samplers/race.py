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
    """One sweep: the best true loss and the seconds paid after each trial ended, CPU milliseconds per suggestion."""

    best: list[float]
    paid: list[float]
    milliseconds: float


def race(task: Task, player: Player, *, seed: int, budget: int, pending: int) -> Run:
    """Run `budget` trials, or as many as the task's money is for, `pending` under way at all times.

    How long one takes differs by a log-normal factor, as real ones do.
    """
    dice = random.Random(1_000_003 * seed + 17)  # noqa: S311 - durations, not secrets
    clock, asked = 0.0, 0
    running: list[tuple[float, int, float | None, float]] = []
    best: list[float] = []
    paid: list[float] = []
    while len(best) < budget and (not paid or paid[-1] < task.money):
        while len(running) < pending and asked < budget:
            point = player.ask(asked)
            seconds = task.seconds(point) * dice.lognormvariate(0, 0.5)
            heapq.heappush(running, (clock + seconds, asked, task.loss(point), seconds))
            asked += 1
        clock, number, loss, seconds = heapq.heappop(running)
        best.append(min(best[-1] if best else math.inf, math.inf if loss is None else loss))
        paid.append((paid[-1] if paid else 0.0) + seconds)
        seen = None if loss is None else loss + task.noise * dice.gauss(0, 1)
        player.tell(number, seen, seconds)
    return Run(best, paid, 1000 * player.spent / max(asked, 1))
