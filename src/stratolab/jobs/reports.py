"""What a job's script reported: lines of JSON in its report file and on its standard output.

A line counts if it is one JSON object: `{"log_loss": 0.41, "step": 3}`. Numbers are metrics; `step` orders
them. What the report file says of a metric goes before what standard output says. Files are read from where
the last reading ended, so that following a running job costs what it wrote since.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stratolab.core.numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINE_LIMIT = 64 * 1024  # bytes; a longer line is passed over, and counted
STEPS_LIMIT = 2_000  # (step, value) pairs kept of a metric; beyond it every second one is dropped
METRICS_LIMIT = 200  # names kept
_CHUNK = 64 * 1024
_decode = json.JSONDecoder().raw_decode
_SAID = 200  # bytes of a last line
_SHOWN = 40  # characters of a value that is no number, in a message


@dataclass(slots=True)
class Series:
    """What was said of one metric: the last word (`last`), and the finite numbers by step."""

    last: object = None
    steps: list[tuple[int, float]] = field(default_factory=list)
    stride: int = 1
    count: int = 0

    def add(self, value: object, step: int | None) -> None:
        """Take one more report. A repeated or smaller step begins the series again from there."""
        self.last = value
        if not is_number(value):
            return
        self.count += 1
        at = step if step is not None else self.count
        while self.steps and self.steps[-1][0] >= at:
            self.steps.pop()
        if self.count % self.stride == 0:
            self.steps.append((at, float(value)))  # type: ignore[arg-type]
        if len(self.steps) > STEPS_LIMIT:
            del self.steps[::2]
            self.stride *= 2


@dataclass(slots=True)
class _Stream:
    path: str
    make: Callable[[], Series]
    series: dict[str, Series] = field(default_factory=dict)
    offset: int = 0
    partial: bytes = b""
    skipping: bool = False
    too_long: int = 0
    last_line: str = ""

    def read(self) -> bool:
        """Take what was written since the last call; True if that held a report."""
        before = sum(series.count for series in self.series.values())
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            while chunk := os.pread(file, _CHUNK, self.offset):
                self.offset += len(chunk)
                self._take(chunk)
        finally:
            os.close(file)
        return sum(series.count for series in self.series.values()) != before

    def end(self) -> None:
        """The writer is gone: what has no line end yet is the last line."""
        if self.partial and not self.skipping:
            self._line(self.partial)
        self.partial = b""

    def _take(self, chunk: bytes) -> None:
        *lines, rest = (self.partial + chunk).split(b"\n")
        for line in lines:
            if self.skipping:
                self.skipping = False
            else:
                self._line(line)
        if len(rest) > LINE_LIMIT:
            self.too_long += not self.skipping
            self.skipping, rest = True, b""
        self.partial = rest

    def _line(self, line: bytes) -> None:
        line = line.strip()
        if len(line) > LINE_LIMIT:
            self.too_long += 1
            return
        said = _object(line)
        if said is None:
            self.last_line = line[:_SAID].decode(errors="replace") or self.last_line
            return
        step = said.pop("step", None)
        step = int(step) if is_number(step) else None
        for name, value in said.items():
            if name not in self.series and len(self.series) >= METRICS_LIMIT:
                continue
            series = self.series.get(name)
            if series is None:
                series = self.series[name] = self.make()
            series.add(value, step)


def _object(line: bytes) -> dict[str, Any] | None:
    """The JSON object that a line is, or None."""
    if not line.startswith(b"{") or not line.endswith(b"}"):
        return None
    try:
        text = line.decode(errors="surrogatepass")
        said: dict[str, Any]
        said, end = _decode(text)
    except (ValueError, RecursionError):
        return None
    return said if end == len(text) else None


class Reports:
    """The reports of one job, read as they come. `series` makes what keeps those of one metric."""

    def __init__(self, home: Path | str, series: Callable[[], Series] = Series) -> None:
        self._file = _Stream(f"{home}/report.jsonl", series)
        self._output = _Stream(f"{home}/log", series)

    def read(self) -> bool:
        """Take what came since the last call; True if there was any."""
        heard = self._file.read()
        return self._output.read() or heard

    def finish(self) -> None:
        """Take the rest, when the job has ended."""
        self.read()
        self._file.end()
        self._output.end()

    def names(self) -> list[str]:
        """Every name that was reported."""
        return sorted({*self._file.series, *self._output.series})

    def metric(self, name: str) -> Series | None:
        """What was said of a metric, or None."""
        return self._file.series.get(name) or self._output.series.get(name)

    def numbers(self) -> dict[str, float]:
        """The last finite number of each metric."""
        found = {name: self.metric(name) for name in self.names()}
        return {
            name: float(series.last)  # type: ignore[arg-type]
            for name, series in found.items()
            if series is not None and is_number(series.last)
        }

    @property
    def last_line(self) -> str:
        """The last line that is no report, of standard output if it has one: often why a script ended."""
        return self._output.last_line or self._file.last_line

    @property
    def too_long(self) -> int:
        """How many lines were passed over because they were longer than `LINE_LIMIT`."""
        return self._file.too_long + self._output.too_long


def describe(value: object) -> str:
    """A reported value that is no finite number, in words."""
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, float) and math.isinf(value):
        return "infinite"
    if isinstance(value, int) and not isinstance(value, bool):
        return "too large for a number"
    text = json.dumps(value)
    return f"{text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}, which is no number"
