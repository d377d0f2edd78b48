"""The sampler: from what is finished and pending to the next points."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import default_rng

from stratolab.sweeps.samplers.gp.costs import CostModel, PerCost
from stratolab.sweeps.samplers.gp.encode import Encoding
from stratolab.sweeps.samplers.gp.history import EXACT_LIMIT, FIT_LIMIT, History
from stratolab.sweeps.samplers.gp.model import Hyper, Posterior, fit
from stratolab.sweeps.samplers.gp.plateau import margin
from stratolab.sweeps.samplers.gp.search import rank, search
from stratolab.sweeps.samplers.gp.threads import one_thread
from stratolab.sweeps.samplers.gp.warp import warp
from stratolab.sweeps.samplers.quasi import QuasiSampler
from stratolab.sweeps.samplers.taken import Taken, first_free, rest, rng_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from stratolab.sweeps.sampler import Observation
    from stratolab.sweeps.samplers.gp.search import Landscape
    from stratolab.sweeps.space import Params, Space

    Array = npt.NDArray[np.float64]

FEW_POINTS = 1000  # a space of so few points is looked at whole
_ENOUGH = 3  # finished trials below which there is nothing to model
_REFITS = 20  # hyper-parameters are renewed each time the history has grown by this part
_CLOSE = 2e-3  # share of a range within which a point has been looked at
_FAR = 0.1  # share of a range that takes a trial elsewhere
_ANCHORS = 6  # best points near which the search looks closely
_DOUBT_EVERY = 8  # trials of which one is chosen in doubt of the model
_ATTEND_EVERY = 5  # trials of which one is of the value of a choice that was tried least
_NEW = 5  # trials of a value of a choice below which it is new
_DOUBT = 0.4  # by which length scales are then multiplied
_PESSIMISM = 1.0  # deviations by which a failed trial counts as worse than expected


class GpSampler:
    """Log expected improvement of a Gaussian process. Not for use by several threads at a time.

    The first points, one more than there are parameters and at least five, are quasi-random. Lest a few
    misleading trials hold the search at a wrong place for ever, every eighth later one is chosen as if the loss
    varied more quickly than the fit believes, every fifth has the value of a choice that was tried least (evenly spread
    while that is new), and of those that would look again where a trial has been, every other goes elsewhere. On a
    plateau a gain has to be worth its name (`plateau.py`). With `cost_aware` it asks for the gain per
    second that a trial runs, less and less so until `trials`, all that the sweep will have, are through (None: always
    the same).
    """

    name = "gp"

    def __init__(
        self, space: Space, seed: int, *, cost_aware: bool = False, trials: int | None = None
    ) -> None:
        self._space = space
        self._seed = seed
        self._encoding = Encoding(space)
        self._history = History(self._encoding)
        self._quasi = QuasiSampler(space, seed)
        self._taken = Taken(space)
        self._costs = CostModel(self._history, self._encoding) if cost_aware else None
        self._trials = trials
        self._first = max(5, len(space.dimensions) + 1)
        self._fitted: tuple[tuple[int, int], Hyper] | None = None
        self._all: Array | None = None
        size = space.size()
        if size is not None and size <= FEW_POINTS:
            self._all = self._encoding.units(space.points())

    def ask(
        self, numbers: Sequence[int], finished: Sequence[Observation], pending: Sequence[Params]
    ) -> list[Params]:
        """See `Sampler`. Asking for several points at once gives the same as asking for one after the other."""
        with one_thread():
            return self._ask(numbers, finished, pending)

    def expected_gain(self, finished: Sequence[Observation], pending: Sequence[Params]) -> float:
        """By how much the best next trial is expected to lower the least loss, in the loss's units.

        Infinite while nothing is known. An estimate to first order: the warp is taken as straight near the best.
        """
        self._history.update(finished)
        count = len(finished)
        if count < self._first or not self._teaches(count):
            return math.inf
        with one_thread():
            posterior = self._posterior(count, pending)
            _, values = self._search(posterior, count, self._draws(count))
        known = self._history.known(count).telling(EXACT_LIMIT)
        return math.exp(values[0]) * warp(known.losses, known.first).slope

    def _ask(
        self, numbers: Sequence[int], finished: Sequence[Observation], pending: Sequence[Params]
    ) -> list[Params]:
        self._history.update(finished)
        taken = self._taken.now(finished, pending)
        beliefs = _Beliefs(self._sought, self._features, len(finished), pending)
        points: list[Params] = []
        for number in numbers:
            if number < self._first or not self._teaches(len(finished)):
                params = self._quasi.propose(number, taken)
            else:
                found = (
                    self._space.from_unit(row) for row in self._rows(number, len(finished), beliefs).tolist()
                )
                fallback = rest(self._space, taken, rng_for(self._seed, number, "gp"))
                params = first_free(self._space, taken, chain(found, fallback))
            if params is None:
                break
            points.append(params)
            beliefs.add(params)
        return points

    def _teaches(self, count: int) -> bool:
        """Whether the first `count` finished trials are enough to model."""
        return count >= _ENOUGH and self._history.known(count).losses.size > 0

    def _rows(self, number: int, count: int, beliefs: _Beliefs) -> Array:
        """Rows (m, d) for the trial of this number, the most wanted first."""
        if self._encoding.choices and self._all is None and number % _ATTEND_EVERY == 0:
            return self._neglected(number, count, beliefs)
        rows, _ = self._searched(number, count, beliefs.of(doubting=number % _DOUBT_EVERY == 0))
        known = self._history.known(count).units
        if number % 2 == 0 or self._all is not None or self._apart(known, rows[0]).min() > _CLOSE:
            return rows
        # It would look once more where it has been: every other such trial goes elsewhere instead.
        others, _ = self._searched(number, count, beliefs.of(doubting=True))
        far = others[self._apart(others, rows[0]) > _FAR]
        return np.vstack([far, rows])

    def _neglected(self, number: int, count: int, beliefs: _Beliefs) -> Array:
        """Rows (m, d) for a trial of the least tried value of a choice, chosen as if there was no other value.

        Spread evenly while it is new: the model would ask for the corners, which are farthest from all it knows.
        """
        known = self._history.known(count)
        running = self._encoding.units(filter(self._encoding.knows, beliefs.running))
        column, place, tried = self._encoding.least_tried(np.vstack([known.units, known.failed, running]))
        there = known.units[:, column] == place
        if there.sum() < _NEW:
            rows = self._encoding.units(self._quasi.spread(self._first + tried))
            rows[:, column] = place
            return self._encoding.snap(rows)
        posterior, told = beliefs.of(doubting=False), known.telling(EXACT_LIMIT).units[:, column] == place
        landscape = posterior.beside(told) if told.any() else posterior
        anchors = known.best(_ANCHORS, among=there)
        return search(landscape, self._encoding, anchors, self._draws(number), held=(column, place))[0]

    def _apart(self, rows: Array, row: Array) -> Array:
        """How far each of `rows` (m, d) is from `row` in its farthest parameter; two values of a choice are 1 apart."""
        difference = np.abs(rows - row)
        result: Array = np.where(self._encoding.numeric, difference, difference > 0).max(axis=1)
        return result

    def _searched(self, number: int, count: int, posterior: Posterior) -> tuple[Array, Array]:
        """Where the trial of this number promises most, per cost if that is asked for."""
        costs = self._costs.learn(count, _prefix(count)) if self._costs else None
        left = 1 - number / self._trials if self._trials else 1.0
        if costs is None or left <= 0:
            return self._search(posterior, count, self._draws(number))
        return self._search(PerCost(posterior, costs, left), count, self._draws(number))

    def _search(self, landscape: Landscape, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        if self._all is not None:
            return rank(landscape, self._encoding, self._all)
        return search(landscape, self._encoding, self._history.known(count).best(_ANCHORS), rng)

    def _posterior(
        self, count: int, pending: Sequence[Params], *, doubting: bool = False, least: float = 0.0
    ) -> Posterior:
        """What is believed after the first `count` finished trials and those that run, perhaps in doubt.

        A gain counts from `least` on.
        """
        known = self._history.known(count).telling(EXACT_LIMIT)
        features = self._encoding.features(known.units)
        hyper = self._hyper(count)
        if doubting:
            hyper = replace(hyper, lengths=_DOUBT * hyper.lengths)
        losses = warp(known.losses, known.first).values
        posterior = Posterior(features, losses, self._encoding.groups, hyper, least)
        if known.failed.size:
            posterior.imagine(self._encoding.features(known.failed), _PESSIMISM)
        running = [params for params in pending if self._encoding.knows(params)]
        if running:
            posterior.imagine(self._features(running))
        return posterior

    def _sought(self, count: int, pending: Sequence[Params], *, doubting: bool) -> Posterior:
        """The same, to be searched: with what a gain must come to where losses have plateaus."""
        least = margin(self._history.whole(count))
        return self._posterior(count, pending, doubting=doubting, least=least)

    def _hyper(self, count: int) -> Hyper:
        """Hyper-parameters, fitted to a prefix of the history that depends on nothing but its length."""
        count = _prefix(count)
        key = (self._history.sitting, count)
        if self._fitted is None or self._fitted[0] != key:
            known = self._history.known(count).telling(FIT_LIMIT)
            features = self._encoding.features(known.units)
            self._fitted = key, fit(features, warp(known.losses, known.first).values, self._encoding.groups)
        return self._fitted[1]

    def _draws(self, number: int) -> np.random.Generator:
        return default_rng([self._seed % 2**64, number])

    def _features(self, points: Sequence[Params]) -> Array:
        return self._encoding.features(self._encoding.units(points))


def _prefix(count: int) -> int:
    """How many of `count` finished trials hyper-parameters are fitted to."""
    return count - count % max(1, count // _REFITS)


class _Beliefs:
    """What is believed while one question is answered, with and without doubt, each made when it is wanted."""

    def __init__(
        self,
        make: Callable[..., Posterior],
        features: Callable[[Sequence[Params]], Array],
        count: int,
        pending: Sequence[Params],
    ) -> None:
        self._make = make
        self._features = features
        self._count = count
        self.running = [*pending]
        self._made: dict[bool, Posterior] = {}

    def of(self, *, doubting: bool) -> Posterior:
        if doubting not in self._made:
            self._made[doubting] = self._make(self._count, self.running, doubting=doubting)
        return self._made[doubting]

    def add(self, params: Params) -> None:
        """Another point is about to run."""
        self.running.append(params)
        for posterior in self._made.values():
            posterior.imagine(self._features([params]))
