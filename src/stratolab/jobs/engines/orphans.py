"""Processes that ran away from their job: by a session of their own and a parent that died.

The host is the reaper of everything that its jobs start (`family.adopt_orphans`), so such a process becomes
a child of the host. It may work as long as a job that it can belong to runs: the one whose mark it carries;
without a mark, any that ran when it was first seen. Then it is asked to end, and soon killed.

Finding orphans means reading the process table where the kernel does not name our children. That is done at
the end of a job, but never for more than a twentieth of the time; a look that has to wait is made later.
"""

from __future__ import annotations

import signal

from stratolab.jobs.engines import family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

GRACE = 1.0  # seconds between SIGTERM and SIGKILL for what outlives its job
AGAIN = 0.25  # seconds until SIGKILL is sent again, to what appeared meanwhile
SHARE = 20  # a look that took a second is not repeated for so many


class Orphan:
    """A process without parents, and the jobs (their folders) that it may belong to."""

    __slots__ = ("kill_at", "owners", "pid")

    def __init__(self, pid: int, owners: frozenset[str]) -> None:
        self.pid = pid
        self.owners = owners
        self.kill_at: float | None = None


class Orphans:
    """The orphans that the host has become the parent of."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[int, Orphan] = {}
        self._not_before = 0.0
        self._wanted = False

    def __bool__(self) -> bool:
        return bool(self._known)

    def look(
        self, leaders: Mapping[int, str], *, ours: Collection[int] = (), now_or_never: bool = False
    ) -> None:
        """Find new ones. `leaders` gives the folder of a job by its first process; `ours` belong to no job."""
        began = self._clock()
        if began < self._not_before and not now_or_never:
            self._wanted = True
            return
        self._wanted = False
        for pid in family.children():
            if pid in leaders or pid in ours or pid in self._known:
                continue
            owners = _owners(pid, leaders)
            if owners != {family.FORK_SERVER}:  # what one has forked
                self._known[pid] = Orphan(pid, owners)
        self._not_before = began + SHARE * (self._clock() - began)

    def reaped(self, pid: int) -> Orphan | None:
        """It has ended."""
        return self._known.pop(pid, None)

    def of(self, home: str) -> set[int]:
        """Those that only this job can have started."""
        return {one.pid for one in self._known.values() if one.owners == {home}}

    def pursue(self, running: Collection[str]) -> None:
        """End those that belong to none of the running jobs: SIGTERM, SIGKILL after the grace."""
        now = self._clock()
        for one in self._known.values():
            if one.kill_at is None and not any(home in running for home in one.owners):
                one.kill_at = now + GRACE
                _end(one.pid, signal.SIGTERM)
            if one.kill_at is not None and one.kill_at <= now:
                _end(one.pid, signal.SIGKILL)
                one.kill_at = now + AGAIN

    def next_time(self) -> float:
        """When `pursue` or `look` has something to do."""
        due = self._not_before if self._wanted else float("inf")
        return min([due, *(one.kill_at for one in self._known.values() if one.kill_at is not None)])

    def wants_look(self) -> bool:
        """Whether a look had to wait."""
        return self._wanted


def _owners(pid: int, leaders: Mapping[int, str]) -> frozenset[str]:
    marked = family.mark(pid)
    if marked:
        return frozenset({marked})
    one = family.process(pid)
    if one and one.session in leaders:
        return frozenset({leaders[one.session]})
    return frozenset(leaders.values())


def _end(pid: int, number: int) -> None:
    """Signal an orphan and all that descends from it."""
    members = family.family({pid}, family.processes())
    family.signal_each(members, number)
    if number != signal.SIGKILL:
        family.signal_each(members, signal.SIGCONT)
