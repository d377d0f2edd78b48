"""Listings and reports of a lab with 100,000 jobs beside those of a small one: `python -m benchmarks.scale`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.measuring import command, rounds
from benchmarks.measuring.page import Bar, Section
from benchmarks.measuring.places import our_python
from benchmarks.measuring.tables import number, table
from benchmarks.measuring.usage import measure
from benchmarks.scale.stores import fill

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.measuring.command import Run

SIZES = {
    "small": (1, 20),
    "one large sweep": (1, 10_000),
    "many jobs": (10, 10_000),
}  # sweeps, trials of each
_SHORT_SIZES = {"small": (1, 20), "one large sweep": (1, 400), "many jobs": (2, 400)}
_ROUNDS, _SHORT_ROUNDS = 9, 1
_MOST = 100  # milliseconds more than in the small lab
_HELD = ("jobs ls", "jobs show")  # which the bar is about
READING = """\
Median of {rounds} interleaved rounds, whole processes, milliseconds. *small*: a lab of one sweep of 20 trials; *one
large sweep*: of {large:,} trials, each of them a job; *many jobs*: {jobs:,} jobs of {sweeps} such sweeps."""


@dataclass(frozen=True)
class Lab:
    """A lab of some size."""

    name: str
    folder: Path
    job: str


def run(run: Run) -> Section:
    """Time each command in each lab."""
    sizes, wanted = (_SHORT_SIZES, _SHORT_ROUNDS) if run.short else (SIZES, _ROUNDS)
    seconds = run.records.once("all", lambda: _time(run, sizes, wanted))
    names = list(_commands("JOB"))
    rows = [
        [f"`stratolab {name}`", *(_cell(rounds.median(seconds, f"{name} in {lab}")) for lab in sizes)]
        for name in names
    ]
    large, (sweeps, trials) = sizes["one large sweep"][1], sizes["many jobs"]
    reading = READING.format(rounds=wanted, large=large, jobs=sweeps * trials, sweeps=sweeps)
    shown = table(("command", *sizes), rows)
    bars = [_bar(seconds, name, sweeps * trials) for name in _HELD]
    return Section("scale", "A large lab", f"{reading}\n\n{shown}", bars)


def _commands(job: str) -> dict[str, list[str]]:
    return {
        "jobs ls": ["jobs", "ls"],
        "jobs show": ["jobs", "show", job],
        "sweeps ls": ["sweeps", "ls"],
        "sweeps show": ["sweeps", "show", "race-1"],
        "sweeps report": ["sweeps", "report", "race-1", "-o", "report.html"],
        "sweeps export": ["sweeps", "export", "race-1", "-o", "trials.csv"],
    }


def _time(run: Run, sizes: dict[str, tuple[int, int]], wanted: int) -> list[dict[str, float]]:
    """Seconds by command and lab, a dictionary a round; the first round, with cold caches, is left out."""
    with command.scratch() as folder:
        labs = []
        for name, (sweeps, trials) in sizes.items():
            home = folder / name.replace(" ", "-")
            labs.append(Lab(name, home, fill(home, sweeps=sweeps, trials=trials)))
            run.say(f"a lab of {sweeps * trials:,} jobs is there")
        found = []
        for turn in range(wanted + 1):
            found.append(_round(labs, turn))
            run.say(f"round {turn} of {wanted}" if turn else "warmed up")
    return found[1:]


def _round(labs: Sequence[Lab], turn: int) -> dict[str, float]:
    return {
        f"{name} in {lab.name}": measure([our_python(), "-m", "stratolab", *words], folder=lab.folder).wall
        for name in _commands("")
        for lab in rounds.order(labs, turn)
        for words in [_commands(lab.job)[name]]
    }


def _cell(seconds: float | None) -> str:
    return number(1000 * seconds if seconds is not None else None, 0)


def _bar(seconds: Sequence[dict[str, float]], name: str, jobs: int) -> Bar:
    more = rounds.median(
        [{"more": turn[f"{name} in many jobs"] - turn[f"{name} in small"]} for turn in seconds], "more"
    )
    assert more is not None
    asked = f"`stratolab {name}` with {jobs:,} jobs, more than with 20, ms"
    return Bar(asked, f"at most {_MOST}", number(1000 * more, 0), 1000 * more <= _MOST)


if __name__ == "__main__":
    sys.exit(command.main("scale", __doc__ or "", run))
