"""The killer: SIGKILL to a driver at a random moment, another one in its place, and a count at the end."""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.kills.sides import Task

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.kills.sides import Side

_SECONDS = 0.2  # that an evaluation takes
_IN_START_UP = 0.25  # the share of kills that fall before a driver's first point
_AT_WORK = 0.3  # seconds after a point within which the others fall
_LAST = 120.0  # seconds that the last drivers have to finish
_LOOK = 0.01


@dataclass(frozen=True)
class Hunt:
    """So many known points, so many drivers at a time, so many kills; what is random comes from the seed."""

    points: int
    drivers: int
    kills: int
    seed: int


@dataclass(frozen=True)
class Loss:
    """What a hunt cost: points without a result, with more than one, evaluations beyond one a point, left running."""

    points: int
    kills: int
    lost: int
    doubled: int
    repeated: int
    running: int
    hung: int  # drivers that had to be ended by us


def hunt(side: Side, folder: Path, wanted: Hunt) -> Loss:
    """Run the search in `folder` with so many kills, spread over start-up and work."""
    dice = random.Random(wanted.seed)  # noqa: S311 - moments, not secrets
    task = Task(folder, wanted.points, _SECONDS, wanted.drivers)
    side.prepare(task)
    drivers = [_start(side, task)]
    startup = _until_first_point(task, drivers[0])
    drivers += [_start(side, task) for _ in range(task.drivers - 1)]
    killed = 0
    while killed < wanted.kills and len(set(task.evaluated())) < task.points:
        if dice.random() < _IN_START_UP:
            time.sleep(dice.uniform(0, startup))
        else:
            _until_one_more(task, 2 * startup)
            time.sleep(dice.uniform(0, _AT_WORK))
        place = dice.randrange(task.drivers)
        if drivers[place].poll() is None:
            drivers[place].kill()
            killed += 1
        drivers[place].wait()
        drivers[place] = _start(side, task)
    hung = _finish(drivers)
    hung += _finish([_start(side, task)])  # what the last one killed has left is for one more to find
    return _count(side, task, killed, hung)


def _start(side: Side, task: Task) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        side.driver(task),
        cwd=task.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _until_first_point(task: Task, driver: subprocess.Popen[bytes]) -> float:
    began = time.monotonic()
    while not task.evaluated():
        if driver.poll() is not None:
            raise RuntimeError(f"the driver ended with {driver.returncode} before it evaluated a point")
        time.sleep(_LOOK)
    return time.monotonic() - began


def _until_one_more(task: Task, seconds: float) -> None:
    """Until another point was evaluated, by whomever, or the time is over: then there may be none left."""
    before, deadline = len(task.evaluated()), time.monotonic() + seconds
    while len(task.evaluated()) == before and time.monotonic() < deadline:
        time.sleep(_LOOK)


def _finish(drivers: list[subprocess.Popen[bytes]]) -> int:
    deadline, hung = time.monotonic() + _LAST, 0
    for driver in drivers:
        try:
            driver.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            driver.kill()
            driver.wait()
            hung += 1
    return hung


def _count(side: Side, task: Task, killed: int, hung: int) -> Loss:
    told = side.told(task)
    wanted = range(task.points)
    complete = Counter(point for point in told.complete if point in wanted)
    computed = Counter(point for point in task.evaluated() if point in wanted)
    return Loss(
        points=task.points,
        kills=killed,
        lost=task.points - len(complete),
        doubled=sum(times > 1 for times in complete.values()),
        repeated=sum(computed.values()) - len(computed),
        running=told.running,
        hung=hung,
    )
