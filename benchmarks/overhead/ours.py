"""Our side of the race: a project with the tiny script and a sweep over it, and the command that runs the sweep.

`make` writes the project, `command` gives the argument vector, `timeline` reads from the finished lab when each
trial's process began and ended. Other benchmarks may use these as they are.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """\
import sys

x, y = float(sys.argv[2]), float(sys.argv[4])
print('{"loss": %r}' % ((x - 0.3) ** 2 + (y - 0.7) ** 2))
"""

CONFIG = """\
[project]
name = "overhead"

[jobs.tiny]
command = "{python} tiny.py"

[sweeps.race]
job = "tiny"
metric = "loss"
goal = "minimize"
sampler = "{sampler}"
{more}seed = 1
trials = {trials}
parallel = {parallel}

[sweeps.race.space]
x = {{ float = [0.0, 1.0] }}
y = {{ float = [0.0, 1.0] }}
"""


@dataclass(frozen=True)
class Timeline:
    """When the processes of a sweep's trials began and ended, in the order of their ends; seconds since the epoch.

    `cpu` is what they used themselves, in seconds.
    """

    began: list[float]
    ended: list[float]
    cpu: float

    def deciles(self) -> list[float]:
        """Milliseconds from one trial's end to the next, a mean for each tenth of the sweep."""
        marks = [min(self.began), *self.ended]
        size = len(self.ended) / 10
        cuts = [round(tenth * size) for tenth in range(11)]
        return [1000 * (marks[b] - marks[a]) / (b - a) for a, b in zip(cuts, cuts[1:], strict=False) if b > a]


def make(
    folder: Path,
    *,
    sampler: str,
    trials: int,
    parallel: int = 2,
    python: str = sys.executable,
    cold: bool = False,
) -> Path:
    """A project in `folder`, which must not be there yet; with `cold`, no trial is a fork."""
    folder.mkdir(parents=True)
    (folder / "tiny.py").write_text(SCRIPT, encoding="ascii")
    more = "warm = []\n" if cold else ""
    config = CONFIG.format(sampler=sampler, trials=trials, parallel=parallel, python=python, more=more)
    (folder / "stratolab.toml").write_text(config, encoding="utf-8")
    return folder


def command(folder: Path) -> list[str]:
    """The command line of the sweep, to be run anywhere."""
    return [sys.executable, "-m", "stratolab", "sweep", "race", "-C", str(folder)]


def timeline(folder: Path) -> Timeline:
    """What the lab's store says of the trials' processes."""
    with closing(sqlite3.connect(folder / ".stratolab" / "store.db")) as store:
        rows = store.execute(
            "SELECT job.started, job.ended, job.cpu_seconds FROM trial JOIN job ON job.id = trial.job "
            "WHERE trial.state = 'succeeded' ORDER BY job.ended"
        ).fetchall()
    return Timeline([row[0] for row in rows], [row[1] for row in rows], sum(row[2] for row in rows))
