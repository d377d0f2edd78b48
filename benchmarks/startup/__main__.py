"""Start-up of the command lines, ours and the peers', beside bare Python: `python -m benchmarks.startup`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.measuring import command, rounds
from benchmarks.measuring.environments import borrowed, environment
from benchmarks.measuring.page import Bar, Section
from benchmarks.measuring.tables import number, ratio, table
from benchmarks.startup.commands import BARE, COMPLETION, HELP, LISTING, PEERS, commands

if TYPE_CHECKING:
    from benchmarks.measuring.command import Run
    from benchmarks.startup.commands import Timed

_ROUNDS, _SHORT_ROUNDS = 15, 2
_BARS = {HELP: 6, COMPLETION: 6, LISTING: 15}  # times bare Python
READING = f"""\
Median of {{rounds}} interleaved rounds (half as many of the peers; one before is not counted), as a multiple of
`{BARE}` in the same round; `jobs ls` in a lab of 20 jobs. Syne Tune and joblib have no command line."""


def run(run: Run) -> Section:
    """Time all commands; what cannot be had is named."""
    wanted = _SHORT_ROUNDS if run.short else _ROUNDS
    with command.scratch() as folder:
        peers, where = (PEERS[:1], borrowed) if run.short else (PEERS, environment)
        timed, absent = commands(folder, rounds=wanted, peers=peers, environments=where)
        wall, cpu = run.records.once("all", lambda: _time(run, timed, wanted))
    rows = [
        [
            f"**`{one.name}`**" if one.name in _BARS else f"`{one.name}`",
            one.version,
            ratio(rounds.ratio(wall, one.name, BARE)),
            ratio(rounds.ratio(cpu, one.name, BARE)),
            number(1000 * (rounds.median(wall, one.name) or 0), 0),
        ]
        for one in timed
    ]
    shown = table(("command", "version", "times bare Python", "the same in CPU", "ms"), rows)
    missing = "\n".join(f"- `{name}` is not here: {reason}" for name, reason in absent.items())
    body = "\n\n".join(part for part in (READING.format(rounds=wanted), shown, missing) if part)
    return Section("startup", "Start-up of the command lines", body, [_bar(wall, name) for name in _BARS])


def _bar(wall: list[dict[str, float]], name: str) -> Bar:
    value = rounds.ratio(wall, name, BARE)
    assert value is not None
    return Bar(f"`{name}`, times bare Python", f"at most {_BARS[name]}", ratio(value), value <= _BARS[name])


def _time(run: Run, timed: list[Timed], wanted: int) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Seconds of wall and of CPU by command, a dictionary a round. The first round, with cold caches, is left out."""
    wall: list[dict[str, float]] = []
    cpu: list[dict[str, float]] = []
    for turn in range(-1, wanted):
        wall.append({})
        cpu.append({})
        for one in rounds.order(timed, max(turn, 0)):
            if turn < one.rounds:
                wall[-1][one.name], cpu[-1][one.name] = _once(one)
        run.say(f"round {turn + 1} of {wanted}" if turn >= 0 else "warmed up")
    return wall[1:], cpu[1:]


def _once(one: Timed) -> tuple[float, float]:
    began = time.perf_counter()
    process = subprocess.Popen(
        one.words,
        cwd=one.folder,
        env={**os.environ, **one.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{one.name}: exit code {process.returncode}")
    return seconds, used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(command.main("startup", __doc__ or "", run))
