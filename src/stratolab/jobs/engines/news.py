"""What the host tells its clients, as messages: events of jobs, and what runs and waits.

A job's outcome is told with the fields of `stratolab.jobs.models.Outcome`, the rest as `JobEvent`.
"""

from __future__ import annotations

import os
import time

from stratolab.jobs.engines import wire
from stratolab.jobs.engines.slots import WHOLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from stratolab.jobs.engines.slots import Slots
    from stratolab.jobs.engines.tasks import Task
    from stratolab.jobs.engines.wire import Message

    class Listener(Protocol):
        """A client who wants to hear of jobs, and the environment and umask that its jobs get."""

        env: Mapping[str, str]
        umask: int

        def send(self, line: bytes, job: str = "") -> None:
            """Pass on a message; what is yet to be sent of this job's start is then not worth it."""

        def send_soon(self, job: str, message: Message) -> None:
            """Pass on that a job has started, unless it ends before anything is sent."""


def tell(task: Task, message: Message) -> None:
    """Send a message to all who listen to a task."""
    line = wire.encode(message)
    for client in task.listeners:
        client.send(line, task.job)


def tell_soon(task: Task, message: Message) -> None:
    """The same of a start. Whoever hears of an end hears in it since when the job ran.

    Of a trial of milliseconds the start would be told together with its end, at 50 microseconds of CPU at both sides.
    """
    for client in task.listeners:
        if task.lane and not task.note:
            client.send_soon(task.job, message)
        else:
            client.send(wire.encode(message))


def started(task: Task) -> Message:
    """Its first attempt runs; `note` says why it started cold, if it was not to."""
    return _event("started", task.job, task.fence, task.first, pid=task.pid, note=task.note)


def retried(task: Task) -> Message:
    """Another attempt runs."""
    return _event("retried", task.job, task.fence, task.started, pid=task.pid)


def ended(outcome: Message) -> Message:
    """A job has ended so."""
    return _event("ended", outcome["job"], outcome["fence"], outcome["ended"], outcome=outcome)


def unknown(job: str, fence: int) -> Message:
    """There is no trace of that claim of a job."""
    return _event("unknown", job, fence, time.time())


def status(slots: Slots, running: Mapping[str, Task]) -> Message:
    """What runs, and what each job in the line waits for."""
    return {
        "event": "status",
        "pid": os.getpid(),
        "cpus": slots.cpus,
        "free": slots.free,
        "running": [_running(task) for task in running.values() if task.pid],
        "waiting": [
            *(_waiting(task, "its modules are being loaded") for task in running.values() if not task.pid),
            *(
                _waiting(task, slots.waits_for(ahead, task, running))
                for ahead, task in enumerate(slots.line.values())
            ),
        ],
    }


def _running(task: Task) -> Message:
    return {
        "job": task.job,
        "fence": task.fence,
        "cpus": task.cpus / WHOLE,
        "pid": task.pid,
        "started": task.started,
        "attempt": task.attempt,
    }


def _waiting(task: Task, reason: str) -> Message:
    return {"job": task.job, "fence": task.fence, "cpus": task.cpus / WHOLE, "reason": reason}


def _event(kind: str, job: str, fence: int, at: float | None, **more: object) -> Message:
    return {"event": kind, "job": job, "fence": fence, "at": at, **more}
