"""Points bred from the best so far: what fills the slots when trials are quicker than a model can think.

Differential evolution (R. Storn and K. Price, "Differential evolution, a simple and efficient heuristic for global
optimization over continuous spaces", 1997), asynchronous and without a memory of its own: the population is the
`ELITE` best of what has finished. A child is one of them moved along the difference of two others, so that its steps
shrink as the search closes in and follow the shape of the valley. Every third point is one of the quasi-random
sequence, which keeps looking everywhere. A point costs some 50 microseconds, however many trials there were.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.sweeps.dimensions import Choice
from stratolab.sweeps.samplers.quasi import QuasiSampler
from stratolab.sweeps.samplers.taken import Taken, first_free, rng_for

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from stratolab.sweeps.sampler import Observation
    from stratolab.sweeps.space import Params, Space

ELITE = 12
_FEWEST = 4  # finished trials before there is anything to breed
_EVEN = 3  # every so many points one is spread evenly
_ATTEMPTS = 8
_CROSSOVER = 0.8  # how likely each parameter is to move
_CHANGE = 0.05  # how likely a choice is drawn anew
_NOISE = (-5.0, -1.0)  # decades from which the size of an additional step is drawn


class EvolveSampler:
    """Differential evolution among the best that has finished."""

    name = "evolve"

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._seed = seed
        self._choices = [isinstance(dimension, Choice) for dimension in space.dimensions.values()]
        self._taken = Taken(space)
        self._even = QuasiSampler(space, seed)
        self._elite: list[
            tuple[float, int, list[float]]
        ] = []  # loss, place in the history, place in the unit cube
        self._seen = 0
        self._last: Observation | None = None

    def ask(
        self, numbers: Sequence[int], finished: Sequence[Observation], pending: Sequence[Params]
    ) -> list[Params]:
        """See `Sampler`."""
        taken = self._taken.now(finished, pending)
        self._learn(finished)
        points: list[Params] = []
        for number in numbers:
            params = None
            if number % _EVEN and len(self._elite) >= _FEWEST:
                params = first_free(self._space, taken, self._children(number))
            if params is None:
                params = self._even.propose(number, taken)
            if params is None:
                break
            points.append(params)
        return points

    def _learn(self, finished: Sequence[Observation]) -> None:
        """Take what is new; all of it if it is not the history that was known."""
        if len(finished) < self._seen or (self._seen and finished[self._seen - 1] != self._last):
            self._elite, self._seen = [], 0
        for place, one in enumerate(finished[self._seen :], self._seen):
            if one.loss is not None and (len(self._elite) < ELITE or one.loss < self._elite[-1][0]):
                self._admit(one, place)
        self._seen = len(finished)
        self._last = finished[-1] if finished else None

    def _admit(self, one: Observation, place: int) -> None:
        try:
            self._space.check(one.params)
        except InputError:  # a point of another space: the sweep was forked
            return
        bisect.insort(self._elite, (one.loss or 0.0, place, self._space.to_unit(one.params)))
        del self._elite[ELITE:]

    def _children(self, number: int) -> Iterator[Params]:
        for attempt in range(_ATTEMPTS):
            yield self._space.from_unit(self._child(rng_for(self._seed, number, f"evolve/{attempt}")))

    def _child(self, rng: random.Random) -> list[float]:
        """A place in the unit cube."""
        first = min(rng.randrange(len(self._elite)), rng.randrange(len(self._elite)))  # rather a better one
        others = rng.sample([index for index in range(len(self._elite)) if index != first], 2)
        base, one, other = (self._elite[index][2] for index in (first, *others))
        scale, noise = rng.uniform(0.3, 1.0), 10 ** rng.uniform(*_NOISE)
        certain = rng.randrange(len(base)) if base else 0
        child = []
        for axis, here in enumerate(base):
            if axis != certain and rng.random() > _CROSSOVER:
                child.append(here)
            elif self._choices[axis]:
                child.append(rng.random() if rng.random() < _CHANGE else one[axis])
            else:
                child.append(
                    _inside(here + scale * (one[axis] - other[axis]) + rng.gauss(0.0, noise), here, rng)
                )
        return child


def _inside(place: float, here: float, rng: random.Random) -> float:
    """A place beyond the bounds comes back between the bound and where it set out from."""
    if place < 0.0:
        return here * rng.random()
    return here + (1.0 - here) * rng.random() if place >= 1.0 else place
