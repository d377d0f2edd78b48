"""The limit on a job's memory, kept by looking at its processes five times a second.

Counted is what all processes of the job have resident, together. Pages that they share (a forked pool of
workers) count for each in the quick count; when that is over the limit, the slow one that counts them once
decides. Which processes are a job's is read from the process table, for at most a twentieth of the time;
between such readings the processes seen last are looked at.
"""

from __future__ import annotations

from stratolab.jobs.engines import family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from stratolab.jobs.engines.tasks import Task

PERIOD = 0.2  # seconds between two looks, and before the first
SHARE = 20  # a reading of the process table that took a second is not repeated for so many


class MemoryWatch:
    """Looks at the memory of jobs with a limit."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._not_before = 0.0

    def over(self, tasks: Sequence[Task], orphans_of: Callable[[str], Collection[int]]) -> list[Task]:
        """Look at these tasks, note their peaks, and give those that use more than they may."""
        now = self._clock()
        if now >= self._not_before:
            table = family.processes()
            for task in tasks:
                members = family.family({task.pid, *orphans_of(task.home)}, table)
                task.members = [one.pid for one in members]
            self._not_before = now + SHARE * (self._clock() - now)
        found = []
        for task in tasks:
            task.sample_at = now + PERIOD
            used = family.memory(task.members)
            if task.memory is not None and used > task.memory and len(task.members) > 1:
                fair = family.fair_memory(task.members)
                used = used if fair is None else fair
            task.peak_memory = max(task.peak_memory, used)
            if task.memory is not None and used > task.memory:
                found.append(task)
        return found
