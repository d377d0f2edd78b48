"""Following a job on the terminal: its log as it grows, and what Ctrl-C does."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.cli import ui
from stratolab.jobs.models import EventKind, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from stratolab.jobs.models import Job, Outcome
    from stratolab.jobs.service import JobService
    from stratolab.secrets.mask import Mask

_TICK = 0.1  # seconds between two looks at the log; ends are told at once
_CHUNK = 64 * 1024
_WAIT_NOTE = 2.0  # seconds after which a job that waits is spoken of


class Log:
    """Copies a job's log to standard output, from where it stopped the last time, through a mask for secrets."""

    def __init__(self, path: Path, offset: int = 0, mask: Mask | None = None) -> None:
        self._path, self.offset, self._mask = path, offset, mask

    def copy(self) -> None:
        """Write out what is new."""
        try:
            with self._path.open("rb") as file:
                file.seek(self.offset)
                while chunk := file.read(_CHUNK):
                    self.offset += len(chunk)
                    sys.stdout.buffer.write(self._mask.feed(chunk) if self._mask else chunk)
        except FileNotFoundError:
            return
        sys.stdout.buffer.flush()

    def finish(self) -> None:
        """Write out what is new, and what the mask kept back: no more will come."""
        self.copy()
        if self._mask:
            sys.stdout.buffer.write(self._mask.rest())
            sys.stdout.buffer.flush()


class Asked:
    """Whether Ctrl-C was pressed, and how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Count one; the third raises `KeyboardInterrupt`."""
        self.times += 1
        if self.times > 2:
            raise KeyboardInterrupt


@contextmanager
def interrupts() -> Iterator[Asked]:
    """Take Ctrl-C and a closed terminal as requests instead of exceptions."""
    asked = Asked()
    before = {
        number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def follow(
    jobs: JobService, job: Job, log: Path, *, show: bool = True, mask: Mask | None = None
) -> Outcome | None:
    """Show a job's log, through `mask`, until it ends. Ctrl-C cancels the job, a second one kills it.

    Gives how it ended; None if the engine lost all trace of it.
    """
    output = Log(log if show else Path(os.devnull), mask=mask)
    waited, started, cancelled = 0.0, False, 0
    with interrupts() as asked:
        while True:
            for event in jobs.events(timeout=_TICK):
                if event.job != job.id:
                    continue
                started = started or event.kind is EventKind.STARTED
                if event.kind is EventKind.RETRIED:
                    output.copy()
                    ui.note(f"{job.id} failed and is tried again")
                if event.kind in {EventKind.ENDED, EventKind.UNKNOWN}:
                    output.finish()
                    return event.outcome
            output.copy()
            if asked.times > cancelled:
                cancelled = asked.times
                ui.note("stopping the job (again: kill it at once)" if cancelled == 1 else "killing it")
                jobs.session.cancel([job.id], reason=Reason.CANCELLED, grace=5.0 if cancelled == 1 else 0.0)
            waited += _TICK
            if not started and waited >= _WAIT_NOTE:
                started = True
                ui.note(f"{job.id} waits for free CPUs (stratolab why {job.id})")


def exit_code(outcome: Outcome) -> int:
    """The exit code of a command that stands for this job: the job's own, as a shell would give it."""
    if outcome.exit_code is not None and outcome.reason in {Reason.DONE, Reason.EXIT}:
        return outcome.exit_code
    fixed = {Reason.CANCELLED: 130, Reason.TIMEOUT: 124, Reason.OUT_OF_MEMORY: 137, Reason.NOT_STARTED: 127}
    if outcome.reason is Reason.SIGNAL and outcome.signal:
        return 128 + outcome.signal
    return fixed.get(outcome.reason, 1)
