"""Finished trials, packed: what a search must keep of ten thousand of them is a megabyte, not five.

Samplers look at each trial once and keep what they made of it, so that unpacking costs next to nothing.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from stratolab.sweeps.sampler import Observation

if TYPE_CHECKING:
    from collections.abc import Iterable


class Observed(Sequence[Observation]):
    """A sequence of observations that only grows. Each time one is read it is a new, equal object."""

    __slots__ = ("_packed",)

    def __init__(self, observations: Iterable[Observation] = ()) -> None:
        self._packed = [_pack(one) for one in observations]

    def append(self, one: Observation) -> None:
        """Add it at the end."""
        self._packed.append(_pack(one))

    def copy(self) -> Observed:
        """The same observations; those that are added later to one are not in the other."""
        other = Observed()
        other._packed = self._packed.copy()
        return other

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Observed) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, place: int) -> Observation: ...
    @overload
    def __getitem__(self, place: slice) -> list[Observation]: ...
    def __getitem__(self, place: int | slice) -> Observation | list[Observation]:
        if isinstance(place, slice):
            return [_unpack(packed) for packed in self._packed[place]]
        return _unpack(self._packed[place])


def _pack(one: Observation) -> bytes:
    return marshal.dumps((one.number, dict(one.params), one.loss, one.pruned_loss, one.seconds))


def _unpack(packed: bytes) -> Observation:
    return Observation(*marshal.loads(packed))  # noqa: S302 - of this process, never from outside
