"""Asking the sampler ahead of need, so that a free slot never waits for a suggestion.

A sampler with a model is asked in a thread. At most one question is under way. How many points are kept ready follows
from two measured times: what a question costs and how often a slot becomes free. For trials of minutes that is one
point, made with all that was known when the last trial ended; for quicker ones it is a batch.

Trials may be quicker than the model. Then a *filler* makes the points that the model has no time for, at once and in
the caller's own thread: a slot never waits. What the model may take is an account: every trial that ends pays in an
allowance (`pace.py`), a question takes out the CPU time that it used, and waits until there is enough for a point. A
sampler that costs nothing is its own filler and needs no thread.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.sweeps.pace import FAST
from stratolab.sweeps.sampler import Foresees

if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.sweeps.observed import Observed
    from stratolab.sweeps.pace import Pace
    from stratolab.sweeps.sampler import Sampler
    from stratolab.sweeps.space import Params

BATCH_LIMIT = 16
FIRST_CREDIT = 0.03  # CPU seconds that a model may use before any trial has paid for it
CREDIT_LIMIT = 0.5  # seconds: what a sweep of slow trials saved up is not spent at once


@dataclass(frozen=True, slots=True)
class Known:
    """What a sweep knows when points are wanted: the next trial's number, and the trials that ended and that run."""

    number: int
    observed: Observed
    running: list[Params]


@dataclass(frozen=True, slots=True)
class Suggested:
    """The answer to a question: points in the order of the numbers asked for, or what went wrong.

    `seconds` is the time that it took, `cpu` the CPU time. `gain` is what the sampler expected from one more trial.
    """

    points: list[Params]
    asked: int
    seconds: float
    cpu: float = 0.0
    gain: float | None = None
    error: BaseException | None = None


class Suggester:
    """Keeps points ready.

    `deliver` is called from the thread with each `Suggested`; the owner gives that back to `take` in its own. Without
    `ahead` one point at a time is kept: the owner asks when its only trial has ended, so that the search is
    exactly sequential and the same seed tries the same points again. `filler` makes the points that `sampler` has no
    time for; it may be the sampler itself. With `foresees`, the sampler is also asked what it expects from one more
    trial; `expected_gain` is what it last said.
    """

    def __init__(
        self,
        sampler: Sampler,
        deliver: Callable[[Suggested], None],
        *,
        pace: Pace,
        filler: Sampler | None = None,
        ahead: bool = True,
        foresees: bool = False,
    ) -> None:
        self.ready: deque[Params] = deque()
        self.exhausted = False
        self.expected_gain: float | None = None
        self._foreseer = sampler if foresees and isinstance(sampler, Foresees) else None
        self._sampler, self._filler = sampler, filler
        self._deliver = deliver
        self._pace = pace
        self._ahead = ahead
        self._questions: queue.SimpleQueue[tuple[list[int], Known] | None] = queue.SimpleQueue()
        self._asking = False
        self._seconds = 0.0  # that one point took
        self._cost = 0.0  # CPU seconds that one point took
        self._credit = FIRST_CREDIT
        self._thread = threading.Thread(target=self._work, name="suggester", daemon=True)
        if filler is not sampler:
            self._thread.start()

    def freed(self) -> None:
        """A slot has become free: the trial pays for the next suggestions."""
        self._credit = min(self._credit + self._pace.allowance, CREDIT_LIMIT)

    def want(self, room: int | None, known: Callable[[], Known]) -> None:
        """Ask for more if fewer are ready than will be needed soon.

        `room` is how many more trials the sweep may begin (None: no limit).
        """
        if self._asking or self.exhausted or self._filler is self._sampler or not self._solvent:
            return
        need = self.depth() - len(self.ready)
        if room is not None:
            need = min(need, room - len(self.ready))
        if need <= 0:
            return
        now = known()
        first = now.number + len(self.ready)
        self._asking = True
        question = Known(first, now.observed.copy(), [*now.running, *self.ready])
        self._questions.put((list(range(first, first + need)), question))

    def take(self, answer: Suggested) -> None:
        """Keep what came. Raises what the sampler raised."""
        self._asking = False
        if answer.error is not None:
            raise answer.error
        seconds = answer.seconds / max(1, answer.asked)
        self._seconds = seconds if not self._seconds else 0.5 * (self._seconds + seconds)
        self._credit -= answer.cpu
        self._cost = answer.cpu / max(1, answer.asked)
        self.expected_gain = answer.gain
        self.exhausted = len(answer.points) < answer.asked
        self.ready.extend(answer.points)

    def draw(self, count: int, known: Callable[[], Known]) -> list[Params]:
        """Up to `count` points to begin with now: what is ready, and what the filler makes if the model is too slow."""
        points = [self.ready.popleft() for _ in range(min(count, len(self.ready)))]
        if len(points) < count and self.fills and self._filler is not None and not self.exhausted:
            now = known()
            first = now.number + len(points)
            numbers = range(first, now.number + count)
            made = self._filler.ask(numbers, now.observed, [*now.running, *points])
            self.exhausted = len(made) < len(numbers)
            points += made
        return points

    @property
    def fills(self) -> bool:
        """Whether a slot is filled at once when nothing is ready."""
        if self._filler is None:
            return False
        return self._filler is self._sampler or self._pace.short or self._seconds > FAST * self._pace.interval

    def depth(self) -> int:
        """How many points of the model to keep ready."""
        if not self._ahead:
            return 1
        if not self._seconds:
            return 2
        depth = math.ceil((2 * self._seconds + self._pace.gather) / self._pace.interval)
        affordable = int(self._credit / self._seconds) if self._pace.short and self._filler else BATCH_LIMIT
        return max(1, min(BATCH_LIMIT, affordable, depth))

    def again(self) -> None:
        """A point was not new after all: the space may hold others."""
        self.exhausted = False

    def close(self) -> None:
        """End the thread after its present question."""
        self._questions.put(None)

    @property
    def _solvent(self) -> bool:
        return (
            self._filler is None or not self._pace.short or self._credit > min(self._cost, CREDIT_LIMIT / 2)
        )

    def _foresee(self, known: Known) -> float | None:
        if self._foreseer is None:
            return None
        return self._foreseer.expected_gain(known.observed, known.running)

    def _work(self) -> None:
        while (question := self._questions.get()) is not None:
            numbers, known = question
            began, used = time.perf_counter(), time.thread_time()
            try:
                points = self._sampler.ask(numbers, known.observed, known.running)
                gain = self._foresee(known)
            except BaseException as error:  # noqa: BLE001 - it is raised again in the owner's thread
                self._deliver(Suggested([], len(numbers), 0.0, error=error))
                return
            seconds, cpu = time.perf_counter() - began, time.thread_time() - used
            self._deliver(Suggested(points, len(numbers), seconds, cpu, gain))
