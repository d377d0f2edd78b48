"""Who searches: our samplers in this process, the peers' each in a process of its own environment (`serve.py`)."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benchmarks.measuring.usage import Failed
from stratolab.sweeps.dimensions import Choice, Int
from stratolab.sweeps.sampler import Observation
from stratolab.sweeps.samplers import make

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.sweeps.sampler import Sampler
    from stratolab.sweeps.space import Params, Space

SERVE = Path(__file__).with_name("serve.py")
_TRIALS = 100  # as the configuration of a sweep says; costs count less and less until then
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Player(Protocol):
    """Asked for the point of a trial, told how each ended, in any order.

    `spent` is the CPU seconds that this took so far.
    """

    spent: float

    def ask(self, number: int) -> Params:
        """The point of this trial, which now runs."""
        ...

    def tell(self, number: int, loss: float | None, seconds: float | None = None) -> None:
        """It has ended, after so many seconds; a loss of None means that it failed."""
        ...

    def know(self, known: Sequence[tuple[Params, float]]) -> None:
        """Trials that were over before the first question; what taking them in costs is not counted."""
        ...


@dataclass(frozen=True)
class Kind:
    """A row of players: what makes one, and how much of it the full form can afford."""

    environment: str = ""  # of the peer; empty for ours
    seeds: int = 20
    tasks: Sequence[str] = ()  # all of them, if none is named


class Random:
    """Uniform in the unit cube."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._random = random.Random(seed)  # noqa: S311 - a search, not a secret
        self.spent = 0.0

    def ask(self, number: int) -> Params:  # noqa: ARG002 - chance does not count
        """See `Player`."""
        began = time.process_time()
        point = self._space.from_unit([self._random.random() for _ in self._space.dimensions])
        self.spent += time.process_time() - began
        return point

    def tell(self, number: int, loss: float | None, seconds: float | None = None) -> None:
        """Chance does not learn."""

    def know(self, known: Sequence[tuple[Params, float]]) -> None:
        """Nor from the past."""


@dataclass
class Ours:
    """One of our samplers: keeps for it what is finished and what is pending."""

    sampler: Sampler
    spent: float = 0.0
    _pending: dict[int, Params] = field(default_factory=dict)
    _finished: list[Observation] = field(default_factory=list)

    def ask(self, number: int) -> Params:
        """See `Player`."""
        began = time.process_time()
        (point,) = self.sampler.ask([number], self._finished, list(self._pending.values()))
        self.spent += time.process_time() - began
        self._pending[number] = point
        return point

    def tell(self, number: int, loss: float | None, seconds: float | None = None) -> None:
        """See `Player`."""
        self._finished.append(Observation(number, self._pending.pop(number), loss, seconds=seconds))

    def know(self, known: Sequence[tuple[Params, float]]) -> None:
        """See `Player`."""
        self._finished += [Observation(number - len(known), *one) for number, one in enumerate(known)]


class Remote:
    """A peer's sampler, behind a pipe. Raises `Failed` if its process does not answer."""

    def __init__(self, python: str, name: str, space: Space, seed: int) -> None:
        self.spent = 0.0
        self._server = _server(python)
        self._say({"player": name, "seed": seed, "space": described(space)})

    def ask(self, number: int) -> Params:
        """See `Player`."""
        answer = self._say({"ask": number})
        self.spent += answer["cpu"]
        point: Params = answer["point"]
        return point

    def tell(self, number: int, loss: float | None, seconds: float | None = None) -> None:  # noqa: ARG002 - none asks
        """See `Player`."""
        self.spent += self._say({"tell": number, "loss": loss})["cpu"]

    def know(self, known: Sequence[tuple[Params, float]]) -> None:
        """See `Player`."""
        self._say({"know": [[dict(point), loss] for point, loss in known]})

    def close(self) -> None:
        """End the process, with all searches in it."""
        self._server.communicate()
        _server.cache_clear()

    def _say(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        try:
            self._server.stdin.write(json.dumps(order) + "\n")
            self._server.stdin.flush()
            line = self._server.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            _server.cache_clear()
            raise Failed(f"its process ended with {self._server.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@cache
def _server(python: str) -> subprocess.Popen[str]:
    """One process for all searches in one environment, as importing torch takes seconds. It ends with our pipe."""
    return subprocess.Popen(
        [python, str(SERVE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **ONE_THREAD},
    )


def described(space: Space) -> dict[str, dict[str, Any]]:
    """A space as JSON, see `serve.py`."""
    found: dict[str, dict[str, Any]] = {}
    for name, dimension in space.dimensions.items():
        one: dict[str, Any] = {"when": {parent: list(values) for parent, values in dimension.when.items()}}
        if isinstance(dimension, Choice):
            one |= {"kind": "choice", "values": list(dimension.values)}
        else:
            kind = "int" if isinstance(dimension, Int) else "float"
            one |= {"kind": kind, "low": dimension.low, "high": dimension.high, "log": dimension.log}
        found[name] = one
    return found


COST_AWARE = "gp, cost_aware"  # asks for the gain per second
PAGE = ("branin", "hartmann6", "rosenbrock5", "svc")  # the tasks of the page that set the bars
PLAYERS = {
    "random": Kind(),
    "gp": Kind(),
    "optuna-tpe": Kind("optuna"),
    "optuna-cmaes": Kind("optuna"),
    "syne-tune-tpe": Kind("syne-tune", 10, (*PAGE, "levy6", "mixed")),
    "optuna-gp": Kind("torch", 3, PAGE),
    "syne-tune-botorch": Kind("torch", 2, ("branin", "hartmann6")),
}


def player(name: str, python: str, space: Space, seed: int) -> Player:
    """A player of this name; `python` is its environment's, empty for ours."""
    if name == "random":
        return Random(space, seed)
    if name == COST_AWARE:
        return Ours(make("gp", space, seed, trials=_TRIALS, cost_aware=True))
    return Remote(python, name, space, seed) if python else Ours(make(name, space, seed))
