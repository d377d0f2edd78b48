"""What every sampler promises, as tests.

A sampler is held to them by a subclass that makes one:

class TestMine(SamplerContract):
    def make(self, space: Space, seed: int) -> Sampler:
        return MySampler(space, seed)
"""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stratolab.sweeps.dimensions import grid_values
from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.space import Choice, Float, Int, Space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.sweeps.sampler import Sampler
    from stratolab.sweeps.space import Params

MIXED = Space(
    {
        "depth": Int(2, 12),
        "rate": Float(1e-4, 0.3, log=True, steps=4),
        "model": Choice(("gbm", "forest")),
        "leaves": Int(8, 256, log=True, when={"model": ("gbm",)}, steps=3),
        "bins": Choice((True, 1, "1"), when={"model": ("gbm",)}),
    }
)
FINITE = Space(
    {
        "kind": Choice(("a", "b")),
        "width": Int(1, 4, when={"kind": ("a",)}),
        "flag": Choice((True, False), when={"width": (2, 3)}),
        "count": Int(1, 3, log=True),
    }
)
NUMBERS = Space({"x": Float(-5.0, 10.0, steps=12), "y": Int(0, 11)})
ONE = Space({"only": Int(3, 3), "same": Float(0.5, 0.5), "word": Choice(("w",))})
SPACES = {"mixed": MIXED, "finite": FINITE, "numbers": NUMBERS, "one": ONE}
ENDED = 24  # trials of a history: enough for every model to have begun


def grid_of(space: Space) -> list[Params]:
    """Points to hand to a sampler that needs them given: the space's grid."""
    axes = [grid_values(dimension) for dimension in space.dimensions.values()]
    return list(space.points([values for values in axes if values is not None]))


def loss_at(space: Space, params: Params) -> float:
    """A smooth loss, the same for equal points."""
    return sum((place - 0.3) ** 2 for place in space.to_unit(params))


class SamplerContract(ABC):
    """The protocol's promises. `seeded` says whether another seed gives other points."""

    seeded = True

    @abstractmethod
    def make(self, space: Space, seed: int) -> Sampler:
        """A new sampler."""

    @pytest.fixture(params=tuple(SPACES))
    def space(self, request: pytest.FixtureRequest) -> Space:
        """Each space in turn."""
        return SPACES[str(request.param)]

    def test_points_are_points_of_the_space_and_survive_json(self, space: Space) -> None:
        """Bounds and conditions hold at every point, and JSON gives it back type by type."""
        for one in self.history(space, self.make(space, 1)):
            space.check(one.params)
            again = json.loads(json.dumps(one.params))
            assert again == one.params
            assert [type(value) for value in again.values()] == [type(value) for value in one.params.values()]
            assert list(one.params) == space.active(one.params)

    def test_a_new_sampler_says_what_a_used_one_says(self, space: Space) -> None:
        """The answer follows from the question, not from what was asked before."""
        used = self.make(space, 7)
        finished = self.history(space, used)
        for known in {0, 1, len(finished) // 2, len(finished)}:
            question = (
                [known, known + 1],
                finished[:known],
                [one.params for one in finished[known : known + 1]],
            )
            assert same(used.ask(*question), self.make(space, 7).ask(*question))

    def test_asking_twice_gives_the_same(self, space: Space) -> None:
        """A question changes nothing."""
        sampler = self.make(space, 2)
        finished = self.history(space, sampler)
        assert same(sampler.ask([40, 41], finished, []), sampler.ask([40, 41], finished, []))

    def test_a_question_is_left_as_it_was(self, space: Space) -> None:
        """Neither what is finished nor what is pending is changed."""
        finished = self.history(space, self.make(space, 2))[:12]
        pending = [dict(finished.pop().params)] if len(finished) > 1 else []
        before = [*finished], [dict(params) for params in pending], [dict(one.params) for one in finished]
        self.make(space, 2).ask([30], finished, pending)
        assert before == ([*finished], pending, [dict(one.params) for one in finished])

    def test_the_seed_matters_unless_the_order_is_given(self) -> None:
        """Two seeds do not walk the same way."""
        walks = [[dict(one.params) for one in self.history(NUMBERS, self.make(NUMBERS, s))] for s in (1, 2)]
        assert (walks[0] != walks[1]) is self.seeded

    def test_no_point_comes_twice(self, space: Space) -> None:
        """Neither of finished nor of pending trials, ending in any order, nor within a batch."""
        sampler, order = self.make(space, 3), random.Random(3)  # noqa: S311 - a test
        finished: list[Observation] = []
        pending: dict[int, Params] = {}
        number = 0
        while number < ENDED:
            points = sampler.ask([number, number + 1], finished, list(pending.values()))
            pending.update(enumerate(points, start=number))
            number += 2
            while len(pending) > 3 or (pending and len(points) < 2):
                ended = order.choice(list(pending))
                params = pending.pop(ended)
                finished.append(Observation(ended, params, loss_at(space, params)))
        every = [space.digest(params) for params in [*pending.values(), *(one.params for one in finished)]]
        assert len(set(every)) == len(every)
        assert len(every) == min(ENDED, self.size(space))

    def test_a_finite_space_is_used_up_exactly(self) -> None:
        """Every point once, then none; also when numbers have gaps and trials fail."""
        sampler = self.make(FINITE, 5)
        finished: list[Observation] = []
        total = len(grid_of(FINITE))
        for turn in range(total):
            (params,) = sampler.ask([3 * turn], finished, [])
            loss = None if turn % 3 == 0 else loss_at(FINITE, params)
            finished.append(Observation(3 * turn, params, loss))
        assert {FINITE.digest(one.params) for one in finished} == set(map(FINITE.digest, grid_of(FINITE)))
        assert sampler.ask([3 * total], finished, []) == []
        assert self.make(FINITE, 5).ask([1, 2], finished, []) == []

    def test_fewer_points_are_given_when_fewer_are_left(self) -> None:
        """A batch larger than what is left gives what is left."""
        every = grid_of(FINITE)
        finished = [Observation(number, params, 1.0) for number, params in enumerate(every[:-2])]
        left = self.make(FINITE, 1).ask([100, 101, 102, 103], finished, [])
        assert {FINITE.digest(params) for params in left} == {FINITE.digest(params) for params in every[-2:]}
        pending = self.make(FINITE, 1).ask([100, 101], finished, [every[-1]])
        assert [FINITE.digest(params) for params in pending] == [FINITE.digest(every[-2])]

    def test_a_space_of_one_point_gives_it_once(self) -> None:
        """And no model stumbles over it."""
        sampler = self.make(ONE, 1)
        (params,) = sampler.ask([0, 1], [], [])
        assert params == {"only": 3, "same": 0.5, "word": "w"}
        assert sampler.ask([1], [], [params]) == []
        assert sampler.ask([1], [Observation(0, params, 1.0)], []) == []

    def test_failed_and_pruned_trials_neither_stop_nor_poison_it(self, space: Space) -> None:
        """It goes on when all have failed, and when some losses are missing, infinite or enormous."""
        history = self.history(space, self.make(space, 4))
        odd = [None, None, float("inf"), 1e300, -1e300, float("nan")]
        for losses in ([None] * len(history), [odd[one.number % len(odd)] for one in history]):
            finished = [replace(one, loss=loss) for one, loss in zip(history, losses, strict=True)]
            finished = [
                replace(one, pruned_loss=0.5) if one.loss is None and one.number % 4 == 1 else one
                for one in finished
            ]
            self.goes_on(space, finished)

    def test_equal_losses_are_no_trouble(self, space: Space) -> None:
        """An objective that is flat so far."""
        history = self.history(space, self.make(space, 4))
        self.goes_on(space, [replace(one, loss=2.5) for one in history])

    def test_points_of_another_space_are_passed_over(self) -> None:
        """A forked sweep may bring trials whose parameters the space no longer has."""
        strange: list[Params] = [{"z": 1}, {"x": "no", "y": 3}, {"x": 99.0, "y": -4}, {}]
        finished = [Observation(number, params, float(number)) for number, params in enumerate(strange * 4)]
        self.goes_on(NUMBERS, finished)

    def goes_on(self, space: Space, finished: Sequence[Observation]) -> None:
        """Assert that the next answer is a new point, if there is one."""
        points = self.make(space, 4).ask([len(finished)], finished, [])
        taken = {space.digest(one.params) for one in finished}
        assert points or len(taken) >= self.size(space)
        for params in points:
            space.check(params)
            assert space.digest(params) not in taken

    def history(self, space: Space, sampler: Sampler) -> list[Observation]:
        """A sweep of `ENDED` trials, one after the other."""
        finished: list[Observation] = []
        for number in range(ENDED):
            points = sampler.ask([number], finished, [])
            finished += [Observation(number, params, loss_at(space, params)) for params in points]
        return finished

    def size(self, space: Space) -> int:
        """How many points the sampler can give in all; more than a test asks for if there is no end."""
        return space.size() or 10**9


def same(some: Sequence[Params], others: Sequence[Params]) -> bool:
    """Whether two answers are the same points, floats up to noise."""
    return len(some) == len(others) and all(
        list(one) == list(other)
        and all(
            value == pytest.approx(other[name]) if isinstance(value, float) else value == other[name]
            for name, value in one.items()
        )
        for one, other in zip(some, others, strict=True)
    )
