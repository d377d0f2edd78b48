"""Quasi-random search: the trial's number picks a point of a scrambled Halton sequence.

The sequence is Halton's, a radical inverse in another prime base per dimension, with every digit position scrambled
by a random permutation of its own (A. B. Owen, "A randomized Halton algorithm in R", arXiv:1706.02808, 2017).
The first n points are spread evenly for every n, each point by itself is uniform, and the seed gives another
sequence. Nothing depends on how many trials there will be or in which order they end.
"""

from __future__ import annotations

import math
import random
from itertools import chain, count, islice
from typing import TYPE_CHECKING

from stratolab.sweeps.samplers.taken import Spoken, Taken, first_free, rest, rng_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stratolab.sweeps.sampler import Observation
    from stratolab.sweeps.space import Params, Space

_BELOW_ONE = math.nextafter(1.0, 0.0)
_STRIDE = 2**20  # from a point that is taken to a later one of the sequence, beyond all numbers of trials
_LATER = 8


class QuasiSampler:
    """Points of a scrambled Halton sequence by trial number; without repeats."""

    name = "quasi"

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._seed = seed
        self._taken = Taken(space)
        self._axes = [_Axis(base, seed) for base in islice(_primes(), len(space.dimensions))]

    def ask(
        self, numbers: Sequence[int], finished: Sequence[Observation], pending: Sequence[Params]
    ) -> list[Params]:
        """See `Sampler`."""
        taken = self._taken.now(finished, pending)
        points: list[Params] = []
        for number in numbers:
            params = self.propose(number, taken)
            if params is None:
                break
            points.append(params)
        return points

    def propose(self, number: int, taken: Spoken) -> Params | None:
        """The point for one trial, now in `taken`; None if the space has no other left."""
        rng = rng_for(self._seed, number, "quasi")
        return first_free(self._space, taken, chain(self.spread(number), rest(self._space, taken, rng)))

    def spread(self, number: int) -> Iterator[Params]:
        """The point of this number, and a few to take its place if it is taken."""
        return (self._at(number + step * _STRIDE) for step in range(_LATER))

    def _at(self, index: int) -> Params:
        return self._space.from_unit([axis.at(index) for axis in self._axes])


class _Axis:
    """One coordinate: the scrambled radical inverse in a prime base."""

    def __init__(self, base: int, seed: int) -> None:
        rng = random.Random(f"halton/{seed}/{base}")  # noqa: S311 - a search, not a secret
        self._base = base
        self._permutations: list[list[float]] = []
        scale = 1.0 / base
        for _ in range(math.ceil(53 / math.log2(base))):  # as many digits as a float has room for
            digits = list(range(base))
            rng.shuffle(digits)
            self._permutations.append([digit * scale for digit in digits])
            scale /= base
        # what the zeros before an index's first digit add
        self._zeros = [0.0]
        for permutation in reversed(self._permutations):
            self._zeros.append(self._zeros[-1] + permutation[0])
        self._zeros.reverse()

    def at(self, index: int) -> float:
        """The coordinate of the point of this index, in [0, 1)."""
        value = 0.0
        position = 0
        while index and position < len(self._permutations):
            index, digit = divmod(index, self._base)
            value += self._permutations[position][digit]
            position += 1
        return min(value + self._zeros[position], _BELOW_ONE)


def _primes() -> Iterator[int]:
    found: list[int] = []
    for number in count(2):
        if all(number % prime for prime in found if prime * prime <= number):
            found.append(number)
            yield number
