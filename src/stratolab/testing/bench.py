"""What tests of engines and of jobs work with: an engine at hand, what it told, jobs that wait until told."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.core.names import new_id
from stratolab.jobs.models import EventKind, JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.jobs.engine import Engine, Session
    from stratolab.jobs.models import JobEvent, Outcome, Request

PATIENCE = 60.0  # seconds that a test waits for an event on a busy machine before it fails
LAST = frozenset({EventKind.ENDED, EventKind.UNKNOWN})


class Heard:
    """What a session told, in order. Give the object itself as `notify`."""

    def __init__(self) -> None:
        self.events: list[JobEvent] = []
        self._news = threading.Condition()

    def __call__(self, event: JobEvent) -> None:
        """Take an event."""
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def of(self, job: str) -> list[EventKind]:
        """What was told of one job."""
        with self._news:
            return [event.kind for event in self.events if event.job == job]

    def wait(self, job: str, *kinds: EventKind) -> JobEvent:
        """The first event of these kinds about a job, waited for."""
        found: list[JobEvent] = []

        def there() -> bool:
            found[:] = [event for event in self.events if event.job == job and event.kind in kinds]
            return bool(found)

        with self._news:
            assert self._news.wait_for(there, PATIENCE), f"{job}: none of {kinds} in {self.events}"
        return found[0]

    def started(self, job: str) -> int:
        """The process of a job, once it runs."""
        pid = self.wait(job, EventKind.STARTED).pid
        assert pid
        return pid

    def outcome(self, job: str) -> Outcome:
        """How a job ended, waited for."""
        event = self.wait(job, *LAST)
        assert event.outcome is not None, event
        return event.outcome


class Gate:
    """Something that a job waits at until the test opens it; a job's end is enough to see who passed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)

    def command(self) -> tuple[str, ...]:
        """A command that ends with exit code 0 when the gate is opened."""
        return ("cat", str(self.path))

    def open(self) -> None:
        """Let one waiting job pass. Waits until it is there."""
        with self.path.open("wb"):
            pass


def python(code: str, *words: str) -> tuple[str, ...]:
    """A command that runs a piece of Python."""
    return (sys.executable, "-I", "-S", "-c", code, *words)


def spec(*command: str, folder: Path | str = "/", **more: object) -> JobSpec:
    """A spec with a command and what else matters to a test."""
    return replace(JobSpec(name="test", command=command, folder=str(folder)), **more)  # type: ignore[arg-type]


@dataclass
class Bench:
    """An engine, a session to it and what it told."""

    engine: Engine
    session: Session
    heard: Heard

    def run(self, wanted: JobSpec, *, job: str = "", fence: int = 1) -> Request:
        """Submit a job."""
        request = self.engine.prepare(wanted, job=job or new_id(), fence=fence)
        self.session.submit([request])
        return request

    def end(self, wanted: JobSpec) -> Outcome:
        """Submit a job and wait for its end."""
        return self.heard.outcome(self.run(wanted).job)

    def log(self, request: Request) -> str:
        """What a job wrote."""
        return (Path(request.home) / "log").read_text()


def eventually(true: Callable[[], bool], what: str, *, within: float = PATIENCE) -> None:
    """Wait for something that sends no event, with a deadline: for tests alone."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not true():
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        pause.wait(0.005)
