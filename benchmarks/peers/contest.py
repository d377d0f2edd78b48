"""The rounds: each contestant once a round, at 100 trials and then at 1,000; before them one for memory alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.measuring.command import scratch
from benchmarks.measuring.environments import Unavailable, borrowed, environment
from benchmarks.measuring.rounds import order
from benchmarks.measuring.usage import Failed, measure
from benchmarks.peers import witness
from benchmarks.peers.contestants import BARE, CONTESTANTS, OURS, Contestant, Order

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.measuring.command import Run
    from benchmarks.measuring.environments import Environment

WORKERS = 2
FEW, MANY = 100, 1000
_LOOKED_AT = -1
"""The number of the round for memory."""
_PATIENCE = 300.0  # seconds for one run of a contestant


@dataclass(frozen=True)
class Result:
    """One run. Times in seconds, memory in MB."""

    wall: float
    startup: float  # until the first trial's first line of code
    cpu: float
    gap: float
    largest: float
    tree: float = 0.0  # only of the round for memory

    @property
    def sweep(self) -> float:
        """From the first trial's first line to the end of the command."""
        return self.wall - self.startup


@dataclass(frozen=True)
class Contest:
    """All rounds at one number of trials: results by name, and who could not take part, with the reason."""

    count: int
    rounds: list[dict[str, Result]]
    looked: dict[str, Result]
    """The round before the others, in which memory was looked at and whose times do not count."""
    absent: dict[str, str]
    versions: dict[str, str]


def hold(run: Run, count: int) -> Contest:
    """Run all rounds at this number of trials. What an interrupted run has measured is not measured again.

    What contestants leave is deleted at the end: for half a minute after, ext4 takes ten times as long to make a file.
    """
    with scratch() as folder:
        return _hold(run, count, folder)


def _hold(run: Run, count: int, folder: Path) -> Contest:
    absent: dict[str, str] = {}
    looked: dict[str, Result] = {}
    rounds: list[dict[str, Result]] = []
    for number in range(_LOOKED_AT, max(_rounds(run, one, count) for one in CONTESTANTS)):
        if number != _LOOKED_AT:
            rounds.append({})
        for contestant in order(CONTESTANTS, number):
            if contestant.name in absent or not number < _rounds(run, contestant, count) > 0:
                continue
            try:
                results = looked if number == _LOOKED_AT else rounds[-1]
                result = results[contestant.name] = _take(run, contestant, count, number, folder)
                run.say(_line(count, contestant.name, result, results.get(BARE)))
            except (Unavailable, Failed) as error:
                if contestant.name in {BARE, OURS}:
                    raise
                absent[contestant.name] = str(error)
                run.say(f"{count:5} trials  {contestant.name:26} {error}")
    versions = {one.name: _version(run, one) for one in CONTESTANTS if one.name in rounds[0]}
    return Contest(count, rounds, looked, absent, versions)


def _version(run: Run, contestant: Contestant) -> str:
    if not contestant.package:
        return ""
    where, package = contestant.package.split()
    return (borrowed if run.short else environment)(where).versions[package]


def _rounds(run: Run, contestant: Contestant, count: int) -> int:
    if run.short:
        return int(contestant.cheap)
    return contestant.rounds_of_many if count >= MANY else contestant.rounds


def _take(run: Run, contestant: Contestant, count: int, number: int, folder: Path) -> Result:
    environments = borrowed if run.short else environment
    key = f"{count}/{number}/{contestant.name}"
    mine = folder / str(len(list(folder.iterdir())))  # short: Ray makes sockets deep below it
    mine.mkdir()
    once = partial(_once, contestant, count, environments, mine, memory=number == _LOOKED_AT)
    return Result(**run.records.once(key, lambda: asdict(once())))


def _once(
    contestant: Contestant,
    count: int,
    environments: Callable[[str], Environment],
    folder: Path,
    *,
    memory: bool,
) -> Result:
    noted, place = folder / "witness", folder / "place"
    place.mkdir()
    command = contestant.command(Order(count, WORKERS, place, noted, environments))
    usage = measure(command.words, folder=place, env=command.env, seconds=_PATIENCE, memory=memory)
    seen = witness.read(noted, count=count)
    return Result(
        wall=usage.wall,
        startup=seen.starts[0] - usage.began,
        cpu=usage.cpu,
        gap=witness.gap(seen.starts, seen.ends, WORKERS),
        largest=usage.largest,
        tree=usage.tree,
    )


def _line(count: int, name: str, result: Result, bare: Result | None) -> str:
    beside = f"{result.sweep / bare.sweep:6.2f}" if bare else ""
    return (
        f"{count:5} trials  {name:26} {result.wall:7.2f} s  start {result.startup:5.2f} s  "
        f"CPU {result.cpu:7.2f} s  {result.tree:5.0f} MB  {beside}"
    )
