"""How far a transfer is, on one line of a terminal that is written anew; nothing where there is no terminal."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Self

from stratolab.cli import ui
from stratolab.core.units import format_duration, format_size

if TYPE_CHECKING:
    from stratolab.files.models import Progress, Transfer

_PAUSE = 0.1  # seconds between two writings
_SOON = 1.0  # seconds after which a guess of the time left is worth something


class Bar:
    """Shows progress on standard error. Use as a context manager: the line is gone at the end."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._began = self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def __call__(self, progress: Progress) -> None:
        """Show it, if it is time."""
        now = time.monotonic()
        if not self._shown or now < self._last + _PAUSE:
            return
        self._last = now
        sys.stderr.write(f"\r\x1b[K{line(progress, now - self._began)}")
        sys.stderr.flush()


def line(progress: Progress, seconds: float) -> str:
    """The progress after so many seconds: "3,120 of 10,000 files, 12MiB of 40MiB, 5.2s left"."""
    told = f"{progress.files:,} of {progress.of_files:,} files"
    told += f", {format_size(progress.bytes)} of {format_size(progress.of_bytes)}"
    if seconds < _SOON or not progress.files:
        return told
    share = max(progress.files / progress.of_files, progress.bytes / max(progress.of_bytes, 1))
    return f"{told}, {format_duration(seconds * (1 - share) / share)} left" if share < 1 else told


def finished(done: Transfer, *, as_json: bool) -> None:
    """What a transfer did, at its end."""
    if as_json:
        ui.document({"copied": done.copied, "unchanged": done.unchanged, "bytes": done.bytes})
        return
    unchanged = f", {done.unchanged:,} unchanged" if done.unchanged else ""
    ui.note(f"{ui.plural(done.copied, 'file')} copied ({format_size(done.bytes)}){unchanged}")
