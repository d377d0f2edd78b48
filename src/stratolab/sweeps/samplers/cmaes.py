"""CMA-ES, the evolution strategy behind Optuna's `CmaEsSampler`, asked without a memory of its own.

The strategy (N. Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772; the package `cmaes`, which Optuna
uses too) is told one population after another. Here the populations are the trials that succeeded, in the order in
which they ended, cut into pieces: so its state follows from the ledger alone, a trial that failed leaves
no hole, and a slow trial holds nobody up. Points of an earlier generation that end late join the next
population, which CMA-ES bears well. When it has converged it begins anew elsewhere with twice the population
(IPOP: A. Auger and N. Hansen, "A restart CMA evolution strategy with increasing population size", 2005).

It models the numbers that always exist. Choices and conditional parameters are drawn at random; `notice` says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.sweeps.dimensions import Choice, complaint, place_of
from stratolab.sweeps.samplers.extra import need, seed_of, usable
from stratolab.sweeps.samplers.taken import Taken, first_free, rest, rng_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.sweeps.sampler import Observation
    from stratolab.sweeps.space import Dimension, Params, Space

SIGMA = 1 / 6  # of the unit cube, as Optuna has it
_ATTEMPTS = 8


class CmaesSampler:
    """CMA-ES over the unconditional numbers of a space.

    `notice` is a sentence for the reader when some parameters are not modelled, else empty. Raises
    `InputError` if the package `cmaes` is not installed or nothing is left to model.
    """

    name = "cmaes"

    def __init__(self, space: Space, seed: int) -> None:
        need("cmaes", sampler=self.name)
        modelled = [name for name, dimension in space.dimensions.items() if _models(dimension)]
        if not modelled and space.size() != 1:
            raise InputError(
                "the space has no number that always exists",
                doing="making the sampler cmaes",
                hint="take sampler = 'gp' or 'tpe'",
            )
        others = [name for name in space.dimensions if name not in modelled]
        self.notice = (
            f"cmaes draws {', '.join(others)} at random; gp and tpe model choices and conditions too"
            if others and modelled
            else ""
        )
        self._space = space
        self._seed = seed
        self._taken = Taken(space)
        self._strategy = _Strategy(space, modelled, seed) if modelled else None

    def ask(
        self, numbers: Sequence[int], finished: Sequence[Observation], pending: Sequence[Params]
    ) -> list[Params]:
        """See `Sampler`."""
        taken = self._taken.now(finished, pending)
        if self._strategy:
            self._strategy.learn(finished)
        points: list[Params] = []
        for number in numbers:
            params = first_free(self._space, taken, (self._at(number, turn) for turn in range(_ATTEMPTS)))
            if params is None:
                params = first_free(
                    self._space, taken, rest(self._space, taken, rng_for(self._seed, number, "cmaes"))
                )
            if params is None:
                break
            points.append(params)
        return points

    def _at(self, number: int, attempt: int) -> Params:
        rng = rng_for(self._seed, number, f"cmaes/{attempt}")
        modelled = self._strategy.sample(seed_of(self._seed, number, attempt)) if self._strategy else {}
        return self._space.from_unit(
            [modelled[name] if name in modelled else rng.random() for name in self._space.dimensions]
        )


class _Strategy:
    """The state that follows from what has finished, carried along from question to question."""

    def __init__(self, space: Space, names: Sequence[str], seed: int) -> None:
        import cmaes  # type: ignore[import-untyped]  # noqa: PLC0415 - imports SciPy
        import numpy as np  # noqa: PLC0415

        self._cmaes: Any = cmaes
        self._np: Any = np
        self._dimensions = {name: space.dimensions[name] for name in names}
        self._seed = seed
        self._begin()

    def learn(self, finished: Sequence[Observation]) -> None:
        """Take what is new; all of it if it is not the history that was known."""
        seen = len(self._seen)
        if len(finished) < seen or (seen and finished[seen - 1] != self._seen[-1]):
            self._begin()
            seen = 0
        for one in finished[seen:]:
            place = self._place(one)
            if place is not None:
                self._population.append((self._np.array(place), one.loss))
            if len(self._population) == self._state.population_size:
                self._next_generation()
        self._seen += finished[seen:]

    def sample(self, seed: int) -> dict[str, float]:
        """A place in the unit cube by parameter, drawn with these random numbers."""
        self._state.reseed_rng(seed)
        return dict(zip(self._dimensions, map(float, self._state.ask()), strict=True))

    def _begin(self) -> None:
        self._seen: list[Observation] = []
        self._population: list[tuple[Any, Any]] = []
        self._restarts = 0
        self._state = self._new([0.5] * len(self._dimensions), size=None)

    def _next_generation(self) -> None:
        self._state.tell(self._population)
        self._population = []
        if self._state.should_stop():
            self._restarts += 1
            rng = rng_for(self._seed, self._restarts, "cmaes/restart")
            mean = [rng.random() for _ in self._dimensions]
            self._state = self._new(mean, size=2 * self._state.population_size)

    def _new(self, mean: Sequence[float], size: int | None) -> Any:
        np = self._np
        return self._cmaes.CMA(
            mean=np.array(mean),
            sigma=SIGMA,
            bounds=np.array([[0.0, 1.0]] * len(mean)),
            n_max_resampling=10 * len(mean),
            population_size=size,
            seed=seed_of(self._seed, self._restarts, 0),
        )

    def _place(self, one: Observation) -> list[float] | None:
        """Where it lies; None if it failed or is a point of another space."""
        if not usable(one) or any(name not in one.params for name in self._dimensions):
            return None
        if any(complaint(dimension, one.params[name]) for name, dimension in self._dimensions.items()):
            return None
        return [place_of(dimension, one.params[name]) for name, dimension in self._dimensions.items()]


def _models(dimension: Dimension) -> bool:
    return not isinstance(dimension, Choice) and not dimension.when and dimension.low < dimension.high
