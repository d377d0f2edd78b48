"""Random search: every point drawn by itself, from the sampler's seed and the trial's number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.sweeps.samplers.taken import Taken, first_free, rest, rng_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.sweeps.sampler import Observation
    from stratolab.sweeps.space import Params, Space


class RandomSampler:
    """Uniform draws from the unit cube, so by magnitude where a dimension says `log`; without repeats."""

    name = "random"

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._seed = seed
        self._taken = Taken(space)

    def ask(
        self, numbers: Sequence[int], finished: Sequence[Observation], pending: Sequence[Params]
    ) -> list[Params]:
        """See `Sampler`."""
        taken = self._taken.now(finished, pending)
        points: list[Params] = []
        for number in numbers:
            rng = rng_for(self._seed, number, "random")
            params = first_free(self._space, taken, rest(self._space, taken, rng))
            if params is None:
                break
            points.append(params)
        return points
