"""Outcomes on their way to disk, also when the disk is full.

An outcome that cannot be written is tried again once a second, and the host stays that long. Its job is told
of as ended meanwhile, with the reason why the disk does not know it yet.
"""

from __future__ import annotations

import sys

from stratolab.jobs.engines import spool, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

AGAIN = 1.0  # seconds between two tries
GIVE_UP = 60.0  # seconds after which the host may leave all the same


class Unsaved:
    """The outcomes that are not on disk."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left: dict[tuple[str, str], tuple[float, bytes, str]] = {}
        self._next = float("inf")

    def __bool__(self) -> bool:
        now = self._clock()
        return any(until > now for until, _, _ in self._left.values())

    def save(self, lab: str, home: str, outcome: wire.Message, *, was_live: bool) -> None:
        """Write an outcome, and only then forget that the job ran."""
        job = outcome["job"] if was_live else ""
        self._left.pop((lab, home), None)
        try:
            self._save(lab, home, wire.encode(outcome), job)
        except OSError as error:
            sys.stderr.write(f"cannot write the outcome of {outcome['job']}: {error}\n")
            sys.stderr.flush()
            outcome["message"] = "; ".join(
                filter(None, [outcome["message"], f"not on disk: {error.strerror}"])
            )
            if not isinstance(error, FileNotFoundError):  # somebody removed the job's folder: let it go
                self._left[lab, home] = (self._clock() + GIVE_UP, wire.encode(outcome), job)
                self._next = self._clock() + AGAIN

    def next_time(self) -> float:
        """When `try_again` has something to do."""
        return self._next if self._left else float("inf")

    def try_again(self) -> None:
        """Write what could not be written before, once its time has come."""
        if self._clock() < self.next_time():
            return
        for (lab, home), (_, data, job) in list(self._left.items()):
            try:
                self._save(lab, home, data, job)
            except OSError:
                continue
            del self._left[lab, home]
        self._next = self._clock() + AGAIN

    @staticmethod
    def _save(lab: str, home: str, data: bytes, job: str) -> None:
        spool.save_outcome(home, data)
        if job:
            spool.end(lab, job)
