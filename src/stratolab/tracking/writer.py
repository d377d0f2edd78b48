"""The thread that brings MLflow up to date while jobs run, in batches, never in anybody's way.

It looks into the backlog once a second (at first sooner) and takes it page by page. What fails is tried again, later
and later; what is left at the end stays in the backlog for the next command.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from stratolab.core.errors import RemoteError, StratolabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stratolab.tracking.models import Run

PAUSE = 1.0  # seconds between two batches: the longer, the less each run costs
LONGEST_PAUSE = 60.0
FLUSH = 2.0  # seconds that the end of a command waits for what is left
_FOR_OTHERS = 0.8  # of the time for the end: how long to wait until another command has written
_LOOK_AGAIN = 0.05  # seconds between two looks at a lock
PAGE = 100  # lines of the backlog at a time: some ten milliseconds during which MLflow's other writers wait

_BUSY = RemoteError("another command is writing to MLflow", doing="tracking")

E = TypeVar("E")


class Backlog(Protocol[E]):
    """What has changed and is not in MLflow yet."""

    def page(self, after: E | None, limit: int) -> Sequence[E]:
        """The next entries behind `after`."""

    def runs(self, entries: Sequence[E]) -> list[tuple[E, list[Run]]]:
        """What is to be written for each of these, parents first; entries that are not for us are left out."""

    def done(self, entries: Sequence[E]) -> None:
        """These are in MLflow now."""

    def running(self) -> list[Run]:
        """Runs that have not ended and have something new to show."""


class RunRefusedError(RemoteError):
    """A run is not to be written as it is; others may be."""


class Sink(Protocol):
    """Where runs are written to. Writing the same again changes nothing."""

    def write(self, runs: Sequence[Run]) -> None:
        """Bring MLflow up to date with these runs. Raises `RunRefusedError` if it is a run that is wrong."""

    def close(self) -> None:
        """Let go of it."""


def drain(backlog: Backlog[E], sink: Sink, *, page: int = PAGE) -> int:
    """Write everything that is in the backlog now; gives how many runs that were.

    What was written is out of the backlog, even if this then raises what the sink or the backlog raised. A run that
    the sink does not take keeps no other one back.
    """
    written = 0
    after: E | None = None
    refusal: Exception | None = None
    while entries := backlog.page(after, page):
        wanted = backlog.runs(entries)
        try:
            taken = _write(wanted, sink)
        except RunRefusedError as error:
            taken, refusal = _write_each(wanted, sink), error
        if taken:
            backlog.done([entry for entry, _ in taken])
        written += sum(len(runs) for _, runs in taken)
        after = entries[-1]
    if refusal is not None:
        raise refusal
    return written


def _write(wanted: list[tuple[E, list[Run]]], sink: Sink) -> list[tuple[E, list[Run]]]:
    runs = [run for _, some in wanted for run in some]
    if runs:
        sink.write(runs)
    return wanted


def _write_each(wanted: list[tuple[E, list[Run]]], sink: Sink) -> list[tuple[E, list[Run]]]:
    taken = []
    for one in wanted:
        with suppress(RunRefusedError):
            taken += _write([one], sink)
    return taken


class Writer(Generic[E]):
    """A thread that brings what is in `backlog` to the sink that `open_sink` gives, from `start` to `close`.

    `open_sink` is called on the thread, when there is something to write. Of all writers with the same `lock` file
    one writes at a time. `trouble` is what went wrong last; None if all is well.
    """

    def __init__(
        self, backlog: Backlog[E], open_sink: Callable[[], Sink], *, lock: str, pause: float = PAUSE
    ) -> None:
        self.trouble: Exception | None = None
        self._backlog, self._open, self._lock, self._pause = backlog, open_sink, lock, pause
        self._sink: Sink | None = None
        self._until = 0.0
        self._closing = False
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stratolab-tracking", daemon=True)

    def start(self) -> None:
        """Begin, with what others have left."""
        self._thread.start()

    def hurry(self) -> None:
        """Write soon: what is written while the last jobs run, the end need not wait for."""
        self._wanted.set()

    def close(self, within: float = FLUSH) -> bool:
        """Write what is left, for at most so many seconds; True if all is in MLflow."""
        self._until = time.monotonic() + within * _FOR_OTHERS
        self._closing = True
        self._wanted.set()
        self._thread.join(within)
        if not self._thread.is_alive():
            return self.trouble is None
        if self._sink is not None:
            with suppress(Exception):  # it is in the middle of something, which the backlog still has
                self._sink.close()
        return False

    # -- on the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        pause = self._pause / 4  # a short sweep would else be written at its end
        while True:
            self._wanted.wait(pause)
            self._wanted.clear()
            closing = self._closing
            longest = self._pause if self._written(closing=closing) else LONGEST_PAUSE
            pause = min(2 * pause, longest)
            if closing:
                break
        if self._sink is not None:
            self._sink.close()

    def _written(self, *, closing: bool) -> bool:
        try:
            with alone(self._lock, until=self._until if closing else 0.0) as mine:
                if mine:
                    self._write(closing=closing)
                self.trouble = _BUSY if closing and not mine else None
        except Exception as error:  # noqa: BLE001 - tracking must not end the work that it watches
            self.trouble = error
        return self.trouble is None

    def _write(self, *, closing: bool) -> None:
        if self._sink is not None or self._backlog.page(None, 1):
            drain(self._backlog, self._opened())
        # Only now: what had ended before must not be said to run afterwards.
        if not closing and (running := self._backlog.running()):
            self._opened().write(running)

    def _opened(self) -> Sink:
        if self._sink is None:
            self._sink = self._open()
        return self._sink


@contextmanager
def alone(lock: str, *, until: float) -> Iterator[bool]:
    """Hold the lock file. Gives False if another process has it, by `until` (on the monotonic clock)."""
    file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        held = _locked(file)
        while not held and time.monotonic() < until:
            time.sleep(_LOOK_AGAIN)
            held = _locked(file)
        yield held
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def told(trouble: Exception) -> str:
    """What went wrong, for a reader."""
    return trouble.what if isinstance(trouble, StratolabError) else f"{type(trouble).__name__}: {trouble}"
