"""How quickly trials come and go, and what follows from it for a driver.

A trial of minutes is best begun with all that is known, and its result written at once. Of a trial of milliseconds
the waiting would be a large part: the write (a synchronised commit), the way to the engine and back. So while trials
are `SHORT`, the driver

- sends some *ahead*: the engine holds them back until a slot of the driver's lane is free, and starts the next one
  itself. So many that the slots stay busy for `HORIZON`;
- lets ends *gather* for a moment and writes them in one transaction. Nothing is lost by that: the engine left each
  outcome on disk before it told of it;
- lends the sampler no more CPU time than a share of what the trials take, or a CPU that they leave free
  (`allowance`): else it would take more than they do.

Without a finished trial, with one trial at a time, or with an engine that keeps no lanes, none of it is done.
"""

from __future__ import annotations

import math

SHORT = 0.25  # seconds; longer trials hide what a driver does
HORIZON = 0.3  # seconds of work that wait at the engine
GATHER = 0.1  # seconds; 12 trials in a commit instead of 4 took 0.35 ms of CPU less for each
AHEAD_LIMIT = 8  # trials, or one for ten that have ended: those are begun with a little less known
SHARE = 0.1  # of the CPU time that trials take, for the sampler
FAST = 0.9  # of one CPU, for the sampler, where the trials leave one free
_SMOOTHING = 0.2  # weight of the newest trial in the running mean


class Pace:
    """Measures trials of a driver that runs `parallel` at a time and leaves `spare` CPUs of its machine free.

    `interval` is from one free slot to the next, infinite while nothing is known. `short` says whether waiting for the
    driver would be a large part of a trial, `quick` whether its own start is. When `short`, `ahead` is how many trials
    the engine should hold beyond those that run, `gather` for how long ends may wait for others before they are
    written, and `allowance` how much CPU time the sampler may use for each trial (else it is infinite). All in seconds.
    A sampler that `learns` nothing loses nothing by what a driver does not know yet.
    """

    def __init__(self, parallel: int, *, lanes: bool = True, spare: float = 0.0, learns: bool = True) -> None:
        self.seconds = self.interval = self.allowance = math.inf  # `seconds`: that a trial takes
        self.quick = self.short = False
        self.ahead, self.gather = 0, 0.0
        self._parallel = parallel
        self._lanes, self._learns = lanes, learns
        self._spare = max(0.0, spare)
        self._ended = 0  # trials that succeeded
        self._cpu = 0.0  # seconds of CPU that a trial takes

    def took(self, seconds: float, cpu: float) -> None:
        """A trial that succeeded took so long, and so much CPU time."""
        self._ended += 1
        weight = _SMOOTHING if math.isfinite(self.seconds) else 1.0
        self.seconds = weight * seconds + ((1 - weight) * self.seconds if weight < 1 else 0.0)
        self._cpu = weight * cpu + (1 - weight) * self._cpu
        self.interval = max(self.seconds, 1e-4) / self._parallel
        self.quick = self.seconds < SHORT
        self.short = self._parallel > 1 and self.quick
        if not self.short:
            self.ahead, self.gather, self.allowance = 0, 0.0, math.inf
            return
        if self._lanes:
            wanted = math.ceil(HORIZON / self.interval)
            limit = max(AHEAD_LIMIT, self._parallel, self._ended // 10) if self._learns else wanted
            self.ahead = min(wanted, limit)
            self.gather = min(GATHER, self.ahead * self.interval / 3)
        self.allowance = max(SHARE * self._cpu, self.interval * min(FAST, self._spare))
