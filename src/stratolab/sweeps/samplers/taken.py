"""Which points are spoken for, and where a free one can be found."""

from __future__ import annotations

import random
from array import array
from bisect import bisect_left, insort
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stratolab.sweeps.sampler import Observation
    from stratolab.sweeps.space import Params, Space

DRAWS = 64  # when this many draws in a row are taken, hardly a point is free
WINDOW = 1000  # points among which the last free ones are drawn
_FEW = 50  # digests that are put in one by one


Known = dict[int, tuple["Params", str]]  # points with their digests, by the points' own identity


class Digests:
    """A set of digests as sorted numbers: eight bytes each, where a set of ten thousand texts takes 1.5 MB."""

    __slots__ = ("_sorted",)

    def __init__(self) -> None:
        self._sorted = array("Q")

    def __contains__(self, digest: str) -> bool:
        number = int(digest, 16)
        place = bisect_left(self._sorted, number)
        return place < len(self._sorted) and self._sorted[place] == number

    def update(self, digests: Sequence[str]) -> None:
        """Add these."""
        if len(digests) > _FEW:
            self._sorted = array("Q", sorted([*self._sorted, *(int(digest, 16) for digest in digests)]))
            return
        for digest in digests:
            insort(self._sorted, int(digest, 16))


class Spoken:
    """The digests that are spoken for: those of finished trials, which all questions share, and what is added here."""

    __slots__ = ("_finished", "_more", "made")

    def __init__(self, finished: Digests | None = None, more: Iterable[str] = ()) -> None:
        self._finished = finished or Digests()
        self._more = set(more)
        self.made: Known = {}  # points that the answer holds

    def __contains__(self, digest: str) -> bool:
        return digest in self._more or digest in self._finished

    def add(self, digest: str) -> None:
        """Speak for one more."""
        self._more.add(digest)


class Taken:
    """Digests of the points that are finished or pending, remembering those of trials seen before."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._digests = Digests()
        self._seen = 0
        self._last: Observation | None = None
        self._pending: Known = {}  # as of the last question
        self._spoken = Spoken()  # for the last question

    def now(self, finished: Sequence[Observation], pending: Iterable[Params]) -> Spoken:
        """The digests, for one question, to which the caller may add."""
        if len(finished) < self._seen or (self._seen and finished[self._seen - 1] != self._last):
            self._digests, self._seen = Digests(), 0  # another history than last time
        self._digests.update([self._of(one.params)[1] for one in finished[self._seen :]])
        self._seen = len(finished)
        self._last = finished[-1] if finished else None
        self._pending = {id(params): self._of(params) for params in pending}
        self._spoken = Spoken(self._digests, (digest for _, digest in self._pending.values()))
        return self._spoken

    def _of(self, params: Params) -> tuple[Params, str]:
        """A point with its digest. The last question, or its answer, knew most of them already."""
        known = self._pending.get(id(params)) or self._spoken.made.get(id(params))
        return known or (params, self._space.digest(params))


def first_free(space: Space, taken: Spoken, points: Iterable[Params]) -> Params | None:
    """The first of `points` that is not taken, which it now is; None if all are."""
    for params in points:
        digest = space.digest(params)
        if digest not in taken:
            taken.add(digest)
            taken.made[id(params)] = params, digest
            return params
    return None


def rest(space: Space, taken: Spoken, rng: random.Random) -> Iterator[Params]:
    """Points to fall back on: independent draws, then one of those that are left in a finite space.

    It ends without a free point only when none is left, or in an infinite space that repeats itself again and again
    (a `Float` of a few units in the last place).
    """
    width = len(space.dimensions)
    for _ in range(DRAWS):
        yield space.from_unit([rng.random() for _ in range(width)])
    if space.size() is None:
        return
    free = (params for params in space.points() if space.digest(params) not in taken)
    near = list(islice(free, WINDOW))
    if near:
        yield rng.choice(near)


def rng_for(seed: int, number: int, purpose: str) -> random.Random:
    """The random numbers of one trial: the same on every machine and in every Python."""
    return random.Random(f"{purpose}/{seed}/{number}")  # noqa: S311 - a search, not a secret
