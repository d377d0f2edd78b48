"""What a terminal shows of a sweep as it goes, and what a pipe gets."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from stratolab.cli.live import Lines, LiveView
from stratolab.sweeps import events
from stratolab.sweeps.models import Trial, TrialState

NOW = 1_000.0


def trial(number, state=TrialState.SUCCEEDED, value=None, reason="", **params):
    return Trial(
        "tune-1", number, state, params, f"job{number}", "ana", 1, 0.0, NOW, NOW, NOW + 4, value=value, reason=reason
    )  # fmt: skip


def ended(of, *, best=False):
    return events.Ended(of, best=best, mine=True, dollars=0.002)


HAPPENED = (
    events.Began("tune-1", 9, 2, "gp", "the configuration asks for it", 0),
    events.Started(0, {"x": 0.5, "kind": "[bold]b"}, NOW),
    events.Started(1, {"x": 0.25, "kind": "[/red]"}, NOW),
    events.Reported(0, 3, 0.75),
    ended(trial(0, value=0.5, x=0.5, kind="[bold]b"), best=True),
    events.Started(2, {"x": 0.1, "kind": "[/red]"}, NOW + 4),
    events.Reported(2, 7, 0.625),
    ended(trial(3, TrialState.PRUNED, x=0.9, kind="a")),
    ended(trial(4, TrialState.FAILED, reason="exit code 3", x=0.8, kind="a")),
    events.Noted("trial 4 failed\x1b[2J and is tried again"),
)


def drawn(width):
    times = iter([NOW, *[NOW + 8] * 10])
    view = LiveView(clock=lambda: next(times))
    for event in HAPPENED:
        view.tell(event)
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(view.draw())
    return console.file.getvalue()


@pytest.mark.parametrize("width", [100, 50, 20])
def test_the_view_fits_the_terminal_and_shows_values_as_they_are(snapshot, width):
    shown = drawn(width)
    assert shown == snapshot
    assert max(map(len, shown.splitlines())) <= width
    assert "\x1b" not in shown


def test_before_anything_happened():
    console = Console(file=io.StringIO())
    console.print(LiveView().draw())
    assert "opening the sweep" in console.file.getvalue()


def test_a_pipe_gets_a_line_for_each_end(capsys, snapshot):
    lines = Lines()
    for event in (*HAPPENED, events.Stopping("interrupted")):
        lines.tell(event)
    assert capsys.readouterr().err == snapshot
