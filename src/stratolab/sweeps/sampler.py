"""The protocol of samplers: which points to try next.

A sampler is asked, never told: it gets everything that is known with each question. What a driver
resumes is therefore rebuilt by asking the same question again, and two drivers that know the same
ask the same. A sampler may keep what it computed for earlier trials as a cache (`finished` only ever
grows at its end), but its answer must not depend on that cache beyond floating-point noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.sweeps.space import Params


@dataclass(frozen=True, slots=True)
class Observation:
    """A finished trial.

    `loss` is its value with the sign that makes less better; None if it failed or was pruned, where
    `pruned_loss` may say how bad it looked when it was stopped. `seconds` is how long it ran, if that is known.
    """

    number: int
    params: Params
    loss: float | None
    pruned_loss: float | None = None
    seconds: float | None = None


class Sampler(Protocol):
    """Proposes points of a space."""

    name: str

    def ask(
        self,
        numbers: Sequence[int],
        finished: Sequence[Observation],
        pending: Sequence[Params],
    ) -> list[Params]:
        """Points for the trials of these numbers, in that order.

        Fewer than asked for, or none, when the space holds no further point. No point equals one of
        `finished` or `pending` while the space has others left. Randomness comes from the sampler's
        seed and the trial's number alone.
        """


@runtime_checkable
class Foresees(Protocol):
    """A sampler with a model that can say what it expects."""

    def expected_gain(self, finished: Sequence[Observation], pending: Sequence[Params]) -> float:
        """By how much one more trial is expected to lower the least loss; infinite while nothing is known."""
