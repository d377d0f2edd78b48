"""CPU slots, and the line of jobs that wait for them.

The line is strict: first in, first out. Only the first may start; when it needs more than is free, those
behind it wait too, though they might fit. That wastes some slots for a while before a large job. What it
buys: a large job always gets its turn, and the order of submission is the order of starting.

A job may name a *lane*, of which only so many run at a time: a sweep's trials, sent ahead so that the next one
starts the moment that another ends. While its lane is full a job stands aside and holds nobody up.

CPUs are counted in thousandths, so that fractions add up.
"""

from __future__ import annotations

from collections import OrderedDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from stratolab.jobs.engines.tasks import Task

WHOLE = 1000


class Slots:
    """So many CPUs, some of them in use, and who waits for one."""

    def __init__(self, cpus: float) -> None:
        self.capacity = round(cpus * WHOLE)
        self.used = 0
        self.line: OrderedDict[str, Task] = OrderedDict()
        self._lanes: dict[str, int] = {}  # how many run of each

    @property
    def cpus(self) -> float:
        """How many there are."""
        return self.capacity / WHOLE

    @property
    def free(self) -> float:
        """How many are not in use. Jobs of a killed host may use more than there are."""
        return max(self.capacity - self.used, 0) / WHOLE

    def resize(self, cpus: float) -> None:
        """From now on there are so many."""
        self.capacity = round(cpus * WHOLE)

    @property
    def refills(self) -> bool:
        """Whether a task waits for its lane: the next end starts it, without anybody's doing."""
        return any(self._is_full(task) for task in self.line.values())

    def fits(self, task: Task) -> bool:
        """Whether the task could ever run."""
        return task.cpus <= self.capacity

    def join(self, task: Task) -> None:
        """Go to the end of the line."""
        self.line[task.job] = task

    def leave(self, task: Task) -> None:
        """Wait no longer."""
        self.line.pop(task.job, None)

    def next(self, busy: Container[str]) -> Task | None:
        """Take the first of the line and its CPUs, if they are free and no other claim of it is `busy`.

        `busy` holds the jobs that run. At most one claim of each job is in the line.
        """
        if self.used >= self.capacity:
            return None
        task = next((one for one in self.line.values() if not self._is_full(one)), None)
        if task is None or self.used + task.cpus > self.capacity or task.job in busy:
            return None
        del self.line[task.job]
        self.take(task)
        return task

    def take(self, task: Task) -> None:
        """The task runs, whether it stood in the line or not."""
        self.used += task.cpus
        if task.lane:
            self._lanes[task.lane] = self._lanes.get(task.lane, 0) + 1

    def give_back(self, task: Task) -> None:
        """It runs no more."""
        self.used -= task.cpus
        if task.lane:
            self._lanes[task.lane] -= 1
            if not self._lanes[task.lane]:
                del self._lanes[task.lane]

    def waits_for(self, ahead: int, task: Task, busy: Container[str]) -> str:
        """Why a task waits, in words, when `ahead` others are before it."""
        if self._is_full(task):
            return f"{task.width} of its sweep run already"
        if ahead:
            return f"{'one job is' if ahead == 1 else f'{ahead} jobs are'} ahead of it"
        if task.job in busy:
            return "an earlier claim of this job is ending"
        return f"it needs {_cpus(task.cpus)}, {self.free:g} of {self.cpus:g} are free"

    def _is_full(self, task: Task) -> bool:
        return bool(task.lane) and self._lanes.get(task.lane, 0) >= task.width


def _cpus(thousandths: int) -> str:
    return "1 CPU" if thousandths == WHOLE else f"{thousandths / WHOLE:g} CPUs"
