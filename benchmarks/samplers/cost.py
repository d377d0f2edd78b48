"""What a suggestion costs when so many trials are over already: CPU milliseconds for asking once and telling once."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass

from benchmarks.samplers.players import Player, player
from benchmarks.samplers.tasks import TASKS

TASK = "hartmann6"
_PENDING = 4
_QUESTIONS = 10  # as many as hold a refit where a sampler does one now and then


@dataclass(frozen=True)
class Order:
    """What is to be timed. `python` is the interpreter of the player's environment, empty for ours."""

    player: str
    python: str
    known: int
    repeats: int

    @property
    def key(self) -> str:
        """The name of its record."""
        return f"cost/{self.player}/{self.known}"


def cost(order: Order) -> float:
    """The median over the repeats of the mean of ten questions, after the pending ones were asked. Raises `Failed`."""
    return statistics.median(_once(order, seed) for seed in range(order.repeats))


def _once(order: Order, seed: int) -> float:
    task = TASKS[TASK]
    dice = random.Random(seed)  # noqa: S311 - points, not secrets
    points = [
        task.space.from_unit([dice.random() for _ in task.space.dimensions]) for _ in range(order.known)
    ]
    searcher: Player = player(order.player, order.python, task.space, seed)
    searcher.know([(point, task.loss(point) or 0.0) for point in points])
    asked = {number: searcher.ask(number) for number in range(_PENDING)}
    before = searcher.spent
    for number in range(_PENDING, _PENDING + _QUESTIONS):
        oldest = number - _PENDING
        searcher.tell(oldest, task.loss(asked[oldest]))
        asked[number] = searcher.ask(number)
    return 1000 * (searcher.spent - before) / _QUESTIONS
