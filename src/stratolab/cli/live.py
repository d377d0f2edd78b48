"""A sweep as it goes: a live view on a terminal, a line for each end where output is piped.

The live view is drawn four times a second from what the driver told; rich does the drawing.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from stratolab.cli import ui
from stratolab.core.units import format_duration, format_money
from stratolab.sweeps import events
from stratolab.sweeps.models import TrialState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import Group

    from stratolab.sweeps.models import Trial

_RUNNING_SHOWN = 12
_NOTES_SHOWN = 3
_PER_SECOND = 4
_BAR = 30  # columns
_BAD = {TrialState.FAILED: "red", TrialState.PRUNED: "yellow"}


class Shown(Protocol):
    """Something that hears what a driver tells."""

    def tell(self, event: events.Event) -> None:
        """Hear one event; called from the driver's thread."""


@contextmanager
def view(*, quiet: bool) -> Iterator[Shown]:
    """The view that fits where standard error goes; none with `quiet`."""
    if quiet:
        yield Silent()
    elif sys.stderr.isatty() and ui.colours(sys.stderr):
        from rich.console import Console
        from rich.live import Live

        shown = LiveView()
        console = Console(stderr=True, highlight=False)
        with Live(get_renderable=shown.draw, console=console, refresh_per_second=_PER_SECOND):
            yield shown
    else:
        yield Lines()


class Silent:
    """Shows nothing but notes."""

    def tell(self, event: events.Event) -> None:
        """Hear one event."""
        if isinstance(event, events.Noted):
            ui.note(event.text)


class Lines:
    """A line for each trial that ended: for logs and pipes."""

    def __init__(self) -> None:
        self._trials: int | None = None
        self._ended = 0

    def tell(self, event: events.Event) -> None:
        """Hear one event."""
        match event:
            case events.Began():
                self._trials, self._ended = event.trials, event.resumed
                ui.note(_began(event))
            case events.Ended():
                self._ended += 1
                of = f"/{self._trials}" if self._trials else ""
                best = "  best so far" if event.best else ""
                ui.note(f"{self._ended}{of}  trial {event.trial.number}  {_result(event.trial)}{best}")
            case events.Noted():
                ui.note(event.text)
            case events.Stopping():
                ui.note(f"stopping: {event.why}")
            case _:
                pass


class LiveView:
    """What the terminal shows: progress, rate, best, the running trials, notes."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._since = clock, clock()
        self._began: events.Began | None = None
        self._ended = 0
        self._here = 0
        self._counts = dict.fromkeys(TrialState, 0)
        self._best: Trial | None = None
        self._dollars = 0.0
        self._running: dict[int, dict[str, Any]] = {}
        self._notes: list[str] = []

    def tell(self, event: events.Event) -> None:
        """Hear one event; called from the driver's thread."""
        match event:
            case events.Began():
                self._began, self._ended = event, event.resumed
            case events.Started():
                self._running[event.number] = {"params": event.params, "at": event.at, "last": ""}
            case events.Reported():
                if event.number in self._running:
                    self._running[event.number]["last"] = f"{ui.number(event.value)} at step {event.step}"
            case events.Ended():
                self._running.pop(event.trial.number, None)
                self._ended += 1
                self._here += event.mine
                self._dollars = event.dollars
                self._counts[event.trial.state] += 1
                if event.best:
                    self._best = event.trial
            case events.Noted():
                self._notes.append(event.text)
            case events.Stopping():
                self._notes.append(f"stopping: {event.why}")

    def draw(self) -> Group:
        """The view as it now is."""
        from rich.console import Group
        from rich.text import Text

        began = self._began
        if began is None:
            return Group(Text("opening the sweep …", style="dim"))
        parts: list[Any] = [
            Text.assemble((began.sweep, "bold"), "  ", (f"{began.sampler}: {began.why}", "dim")),
            self._progress(began),
        ]
        if self._best is not None:
            parts.append(_best(self._best))
        if bad := [(state, colour) for state, colour in _BAD.items() if self._counts[state]]:
            words = [(f"{self._counts[state]} {state}", colour) for state, colour in bad]
            parts.append(Text("  ").join(Text(*word) for word in words))
        if self._running:
            parts.append(self._table())
        parts += [Text(ui.clean(line), style="yellow") for line in self._notes[-_NOTES_SHOWN:]]
        return Group(*parts)

    def _progress(self, began: events.Began) -> Any:
        """A bar and numbers in one line; where the terminal is narrow the bar is shorter, then the line ends early."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        elapsed = self._clock() - self._since
        rate = self._here / elapsed if elapsed > 1 else 0.0
        numbers = [f"{self._ended} of {began.trials}" if began.trials else str(self._ended)]
        numbers.append(format_duration(elapsed))
        if rate:
            numbers.append(f"{rate * 60:,.0f} a minute" if rate * 60 >= 10 else f"{rate * 60:.2g} a minute")
        if rate and began.trials:
            numbers.append(f"{format_duration((began.trials - self._ended) / rate)} left")
        if self._dollars:
            numbers.append(f"{format_money(self._dollars)} on AWS")
        row = Table.grid(padding=(0, 2))
        row.add_column(min_width=_BAR // 5, max_width=_BAR)
        row.add_column(no_wrap=True, overflow="ellipsis")
        bar = ProgressBar(total=began.trials or max(self._ended, 1), completed=self._ended)
        row.add_row(bar, "  ".join(numbers))
        return row

    def _table(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2), expand=True)
        for _ in range(3):
            table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        now = self._clock()
        for number, trial in sorted(self._running.copy().items())[:_RUNNING_SHOWN]:
            ran = format_duration(now - trial["at"])
            table.add_row(
                f"  trial {number}", ran, trial["last"], Text(_params(trial["params"])), style="blue"
            )
        hidden = len(self._running) - _RUNNING_SHOWN
        if hidden > 0:
            table.add_row(f"  and {hidden} more", style="dim")
        return table


def _best(trial: Trial) -> Any:
    from rich.text import Text

    line = Text.assemble(
        ("best ", "dim"),
        (ui.number(trial.value), "bold green"),
        f"  trial {trial.number}  ",
        (_params(trial.params), "dim"),
    )
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _began(event: events.Began) -> str:
    of = f"{event.trials} trials" if event.trials else "trials until a stop rule holds"
    resumed = f", {event.resumed} of them done before" if event.resumed else ""
    return f"{event.sweep}: {of}{resumed}, {event.parallel} at a time; {event.sampler}: {event.why}"


def _result(trial: Trial) -> str:
    took = f"  {format_duration(trial.ended - trial.started)}" if trial.ended and trial.started else ""
    params = _params(trial.params, " ")
    if trial.state is TrialState.SUCCEEDED:
        return f"{ui.number(trial.value)}{took}  {params}"
    return f"{trial.state}: {trial.reason}{took}  {params}"


def _params(params: Mapping[str, object], between: str = "  ") -> str:
    return between.join(f"{name}={_short(value)}" for name, value in params.items())


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
