"""The list sampler: the points that someone wrote down, in that order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.core.findings import Finding, Level
from stratolab.sweeps.samplers.taken import Spoken, Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.sweeps.sampler import Observation
    from stratolab.sweeps.space import Params, Space


class ListSampler:
    """Gives each of `points` once: number n the n-th of them, or the next after it that is still free.

    With a space that has dimensions every point must be one of its points; with `Space({})` any will do.
    Raises `InputError` with a finding for each point that is wrong or a repeat.
    """

    name = "list"

    def __init__(self, space: Space, points: Sequence[Params]) -> None:
        self._walk = InOrder(space, _checked(space, points))
        self.points = len(points)

    def ask(
        self, numbers: Sequence[int], finished: Sequence[Observation], pending: Sequence[Params]
    ) -> list[Params]:
        """See `Sampler`."""
        return self._walk.ask(numbers, finished, pending)


class InOrder:
    """Distinct points in a fixed order, of which trials take those of their number.

    So two drivers that do not know of each other's newest trial still take different points, and a number that
    was lost leaves no point out.
    """

    def __init__(self, space: Space, points: Sequence[Params]) -> None:
        self._points = points
        self._digests = [space.digest(params) for params in points]
        self._taken = Taken(space)

    def ask(
        self, numbers: Sequence[int], finished: Sequence[Observation], pending: Sequence[Params]
    ) -> list[Params]:
        """See `Sampler`."""
        taken = self._taken.now(finished, pending)
        found: list[Params] = []
        for number in numbers:
            index = self._free(number, taken)
            if index is None:
                break
            taken.add(self._digests[index])
            found.append(self._points[index])
        return found

    def _free(self, number: int, taken: Spoken) -> int | None:
        total = len(self._points)
        walk = ((number + step) % total for step in range(total))
        return next((index for index in walk if self._digests[index] not in taken), None)


def _checked(space: Space, points: Sequence[Params]) -> list[Params]:
    doing = "reading the points of the list"
    if not points:
        raise InputError(
            "there is none", doing=doing, hint="write them: points = [{ depth = 3 }, { depth = 5 }]"
        )
    kept: list[Params] = []
    findings: list[Finding] = []
    complaints: list[str] = []
    first_at: dict[str, int] = {}
    for place, point in enumerate(points, start=1):
        params: Params = dict(point)
        told = ""
        try:
            params = space.canonical(point) if space.dimensions else params
        except InputError as error:
            told = error.what
        earlier = first_at.setdefault(space.digest(params), place)
        if not told and earlier != place:
            told = f"it is the same as point {earlier}"
        if told:
            findings.append(Finding(Level.ERROR, "", 0, f"points[{place - 1}]", told))
            complaints.append(f"point {place}: {told}")
        kept.append(params)
    if findings:
        raise InputError("; ".join(complaints), doing=doing, findings=findings)
    return kept
