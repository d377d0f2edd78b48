"""Who searches: how a side is prepared, the command of its driver, and what its store says at the end."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks.measuring.places import our_python

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measuring.environments import Environment

HERE = Path(__file__).parent
_PATIENCE = 120

CONFIG = """\
[project]
name = "kills"

[local]
cpus = {drivers}

[jobs.trial]
command = {command}

[sweeps.kills]
job = "trial"
metric = "loss"
trials = {points}
parallel = {drivers}
sampler = "grid"

[sweeps.kills.space]
x = {{ int = [0, {last}] }}
"""


@dataclass(frozen=True)
class Task:
    """So many known points, each of which takes a moment, evaluated by so many drivers at a time."""

    folder: Path
    points: int
    seconds: float
    drivers: int

    @property
    def note(self) -> Path:
        """The file to which each evaluation appends its point."""
        return self.folder / "note"

    def evaluated(self) -> list[int]:
        """The points that were computed, in order, again if again."""
        return [int(line) for line in self.note.read_text().split()] if self.note.exists() else []


@dataclass(frozen=True)
class Told:
    """What a store says at the end: completed points, each as often as it is there, and how many trials seem to run."""

    complete: Sequence[int]
    running: int


class Side(Protocol):
    """One that searches."""

    def prepare(self, task: Task) -> None:
        """Make the search ready."""

    def driver(self, task: Task) -> list[str]:
        """The command of a driver, which goes on where others stopped."""
        ...

    def told(self, task: Task) -> Told:
        """What the store says."""
        ...


class Ours:
    """A sweep over a grid, by the command line."""

    def prepare(self, task: Task) -> None:
        """See `Side`."""
        command = [our_python(), str(HERE / "trial.py"), str(task.note), str(task.seconds)]
        text = CONFIG.format(
            command=json.dumps(command), points=task.points, last=task.points - 1, drivers=task.drivers
        )
        (task.folder / "stratolab.toml").write_text(text, encoding="utf-8")

    def driver(self, task: Task) -> list[str]:
        """See `Side`. The command that begins the sweep would begin another one once it is finished."""
        begun = _json(_stratolab("sweeps", "ls"), task.folder)["sweeps"]
        return _stratolab("sweeps", "resume", "kills-1") if begun else _stratolab("sweep", "kills")

    def told(self, task: Task) -> Told:
        """See `Side`."""
        trials = _json(_stratolab("sweeps", "show", "kills-1"), task.folder)["trials"]
        complete = [int(trial["params"]["x"]) for trial in trials if trial["state"] == "succeeded"]
        return Told(complete, sum(trial["state"] == "running" for trial in trials))


@dataclass(frozen=True)
class Optuna:
    """A study with all points in its queue, in one of Optuna's storages."""

    environment: Environment
    variant: str

    def prepare(self, task: Task) -> None:
        """See `Side`."""
        subprocess.run(self._words("make", task), check=True, timeout=_PATIENCE)

    def driver(self, task: Task) -> list[str]:
        """See `Side`."""
        return self._words("drive", task)

    def told(self, task: Task) -> Told:
        """See `Side`."""
        return Told(**_json(self._words("tell", task), task.folder))

    def _words(self, what: str, task: Task) -> list[str]:
        order = asdict(task) | {"folder": str(task.folder), "note": str(task.note), "variant": self.variant}
        return [self.environment.python, str(HERE / "optuna_driver.py"), what, json.dumps(order)]


def _stratolab(*words: str) -> list[str]:
    return [our_python(), "-m", "stratolab", *words, "--json"]


def _json(words: list[str], folder: Path) -> dict[str, Any]:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True, timeout=_PATIENCE)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
