"""How an attempt gets its process: the kernel starts one, or a spare of a fork server takes the job up.

    start -> (waits for a spare) -> note on disk -> process -> `begun` -> told that it runs

Whatever goes wrong with a fork server, the job starts cold. The fork servers are loaded with the first job that
names warm modules: the host must start fast.
"""

from __future__ import annotations

import os
import time

from stratolab.jobs.engines import family, spool, tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from stratolab.jobs.engines.forks import Forks
    from stratolab.jobs.engines.tasks import Task

    class Owner(Protocol):
        """Who wants to know how a start goes."""

        def begun(self, task: Task) -> None:
            """It has a process, our child."""

        def runs(self, task: Task) -> None:
            """All of that process is settled: others may hear of it."""

        def undone(self, task: Task) -> None:
            """That process will not run it after all; another one will."""

        def failed(self, task: Task, why: str) -> None:
            """It cannot be started."""


class Starts:
    """Starts the attempts of a lab's jobs."""

    def __init__(
        self,
        lab: str,
        machine: str,
        owner: Owner,
        *,
        attach: Callable[[int, Callable[[], None]], None],
        detach: Callable[[int], None],
    ) -> None:
        self._lab, self._machine, self._owner = lab, machine, owner
        self._attach, self._detach = attach, detach
        self._folder = os.open(lab, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._forks: Forks | None = None

    def start(self, task: Task) -> None:
        """Start an attempt, at once or as soon as a fork server has a spare for it."""
        task.attempt += 1
        task.pid = 0
        task.kill_at = task.give_up = None
        self._take_or_spawn(task)

    def withdraw(self, task: Task) -> None:
        """It waits for a spare no longer, and never started."""
        task.attempt -= 1
        if self._forks:
            self._forks.leave(task)

    def buried(self, pid: int, task: Task | None) -> None:
        """A child has ended; `task` if it led one, of which its last words may still be unread."""
        if self._forks:
            self._forks.buried(pid)
            if task and task.spare:
                self._forks.hear(task.spare, dead=True)

    def servers(self) -> list[int]:
        """The processes of fork servers: our children, and no job's."""
        return self._forks.pids() if self._forks else []

    def next_time(self) -> float:
        """When `tick` has something to do."""
        return self._forks.next_time() if self._forks else float("inf")

    def tick(self) -> None:
        """See to the fork servers."""
        if self._forks:
            self._forks.tick()

    def _take_or_spawn(self, task: Task) -> None:
        if not (task.warm or task.quick) or not self._servers().take(task):
            self._spawn(task)

    def _servers(self) -> Forks:
        if self._forks is None:
            from stratolab.jobs.engines.forks import Forks  # noqa: PLC0415 - most hosts never need it

            self._forks = Forks(
                self._lab,
                self._folder,
                attach=self._attach,
                detach=self._detach,
                ready=self._spawn,
                again=self._again,
            )
        return self._forks

    def _again(self, task: Task) -> None:
        """The spare, or the server that the task waited for, is not to be had."""
        if task.pid:
            self._owner.undone(task)
            task.pid = 0
        self._take_or_spawn(task)

    def _spawn(self, task: Task) -> None:
        """Start the task's process: its spare if it has one. A job that cannot be started has ended."""
        task.started = time.time()
        try:
            note = spool.begin(self._lab, task.job, task.facts())
            try:
                forked = self._forks.run(task) if self._forks and task.spare else 0
                task.pid = forked or tasks.spawn(task, self._folder)
            except BaseException:
                os.close(note)
                raise
        except tasks.SpareGoneError:
            self._again(task)
            return
        except (OSError, ValueError) as error:  # ValueError: a NUL in the command or its environment
            task.attempt -= 1
            why = tasks.explain(error, task) if isinstance(error, OSError) else str(error)
            self._owner.failed(task, why)
            return
        self._owner.begun(task)
        one = family.process(task.pid)
        task.start = one.start if one else ""
        spool.add_process(note, f"{self._machine}/{task.pid}/{task.start}")
        tasks.limit_data(task)
        if task.told != task.attempt:
            task.told = task.attempt
            self._owner.runs(task)
