"""Sweeps to report on, made up and always the same."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from stratolab.sweeps.models import Sweep, SweepState, Trial, TrialState
from stratolab.sweeps.report.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BEGAN = 1_790_000_000.0
SPACE: dict[str, dict[str, Any]] = {
    "model": {"choice": ["gbm", "forest", "linear"]},
    "rate": {"float": [0.001, 0.3], "log": True},
    "depth": {"int": [2, 12]},
    "leaves": {"int": [8, 256], "log": True, "when": {"model": "gbm"}},
    "early": {"choice": [True, False]},
    "noise": {"float": [0.0, 1.0]},
}


def sweep(**changes: Any) -> Sweep:
    """A sweep of `SPACE`; `changes` are of its configuration, or of itself."""
    own = {key: changes.pop(key) for key in ("id", "state", "reason", "project", "ended") if key in changes}
    config = {
        "job": "train", "command": ["python", "train.py"], "metric": "loss", "goal": "minimize", "space": SPACE,
        "points": [], "fixed": {"folds": 5}, "sampler": "tpe", "seed": 7, "trials": 100, "parallel": 4,
        "stop": {}, "prune": "median", "warm": [], **changes,
    }  # fmt: skip
    given: dict[str, Any] = {
        "id": "tune-3", "project": "sample", "state": SweepState.FINISHED,
        "reason": "all 100 trials have ended", "ended": BEGAN + 1e4, **own,
    }  # fmt: skip
    return Sweep(name="tune", config=config, created=BEGAN, **given)


def trial(number: int, state: TrialState = TrialState.SUCCEEDED, **changes: Any) -> Trial:
    """A trial that took ten seconds, unless `changes` say otherwise."""
    start = BEGAN + 10.0 * number
    running = state is TrialState.RUNNING
    given: dict[str, Any] = {
        "params": {}, "started": start, "ended": None if running else start + 10.0,
        "value": 1.0 if state is TrialState.SUCCEEDED else None, **changes,
    }  # fmt: skip
    return Trial(
        sweep="tune-3", number=number, state=state, job=f"job{number:04}",
        owner="", fence=1, lease=0.0, created=start, **given,
    )  # fmt: skip


def facts(
    found: Sequence[Trial], prices: Mapping[str, tuple[float, float]] | None = None, **changes: Any
) -> Facts:
    """What is known of these trials; without `prices`, each ended job costs a fifth of a cent."""
    if prices is None:
        ended = sorted((one.ended, one.job) for one in found if one.ended is not None)
        prices = {job: (at, 0.002) for at, job in ended}
    return Facts(sweep=sweep(**changes), trials=tuple(found), prices=prices)


def many(count: int, *, parallel: int = 4, curves: bool = True, **changes: Any) -> Facts:
    """A sweep of `count` trials of every state: the rate matters most, its optimum is 0.02; noise does nothing."""
    chance = random.Random(7)  # noqa: S311 - a sample, no secret
    free = [BEGAN + 0.1 * slot for slot in range(parallel)]
    trials = []
    for number in range(count):
        start = min(free)
        end = start + chance.uniform(2, 12)
        if number == count // 2:
            start, end = start + 86400, end + 86400  # a night between two sittings
            free = [max(slot, start) for slot in free]
        free[free.index(min(free))] = end
        trials.append(_drawn(chance, number, start, end, curves=curves, running=number >= count - 2))
    return facts(trials, parallel=parallel, **{"trials": count, **changes})


def _drawn(
    chance: random.Random, number: int, start: float, end: float, *, curves: bool, running: bool
) -> Trial:
    model = chance.choice(["gbm", "forest", "linear"])
    rate = math.exp(chance.uniform(math.log(0.001), math.log(0.3)))
    params: dict[str, Any] = {"model": model, "rate": rate, "depth": chance.randint(2, 12)}
    if model == "gbm":
        params["leaves"] = chance.randint(8, 256)
    params |= {"early": chance.random() < 0.5, "noise": chance.random()}
    value = 0.3 + 0.1 * math.log(rate / 0.02) ** 2 + 0.3 * (model == "linear") + chance.gauss(0, 0.03)
    luck = chance.random()
    if running:
        return trial(number, TrialState.RUNNING, params=params, started=start)
    if luck < 0.08:
        reason = chance.choice(["exit code 1: ValueError", "used more than its 1GiB of memory"])
        return trial(number, TrialState.FAILED, params=params, started=start, ended=end, reason=reason)
    state = TrialState.PRUNED if luck < 0.25 else TrialState.SUCCEEDED
    last = 5 if state is TrialState.PRUNED else 20
    steps = tuple((step, value + 1.0 / step) for step in range(1, last + 1)) if curves else ()
    value = steps[-1][1] if steps else value
    why = "its loss at step 5 is above the median" if state is TrialState.PRUNED else ""
    return trial(number, state, params=params, started=start, ended=end, value=value, steps=steps, reason=why)
