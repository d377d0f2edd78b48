"""Which sampler, by the space and the budget, and why.

The figures are in `benchmarks/RESULTS.md`: the median of the best value over twenty seeds with four trials
pending. After 100 trials the GP was ahead of random, TPE and CMA-ES on most of the held-out tasks (Hartmann6, a
development task: -3.322, TPE -3.14, CMA-ES -2.83, random -1.88). A suggestion costs it some 10 ms of CPU where TPE
takes 2; after 10,000 trials, of which it sees 300, both take 20 to 30. In one race of 2,500 on Rosenbrock it stood at
0.03 and TPE at 5 at the end. The tasks had 2 to 6 parameters: for many more, or many categories, whose kernel scales no
60 trials could teach, TPE's independence is the safer choice.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from stratolab.sweeps.samplers.grid import GRID_LIMIT
from stratolab.sweeps.space import Choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.sweeps.space import Params, Space

FEW = 8  # trials, too few for a model to learn from
MANY_DIMENSIONS = 20
MANY_VALUES = 40  # of all choices together: each is a column of the model's features


def choose(
    space: Space,
    trials: int | None,
    parallel: int,
    *,
    points: Sequence[Params] | None = None,
    has_optuna: bool | None = None,
) -> tuple[str, str]:
    """A sampler's name, and why in one clause for the reader.

    `trials` None means without limit. `has_optuna` says whether the extra is installed (looked up when None).
    """
    installed = find_spec("optuna") is not None if has_optuna is None else has_optuna
    return _without_model(space, trials, parallel, points) or _model(space, trials, has_optuna=installed)


def _without_model(
    space: Space, trials: int | None, parallel: int, points: Sequence[Params] | None
) -> tuple[str, str] | None:
    """A sampler that learns nothing, where there is nothing to learn; else None."""
    if points:
        return "list", f"{_count(len(points), 'point')} given"
    size = space.size()
    if size is not None and size <= (GRID_LIMIT if trials is None else min(trials, GRID_LIMIT)):
        return "grid", f"{_count(size, 'point')} in all: grid tries each once"
    if trials is not None and trials < FEW:
        return "quasi", f"{_count(trials, 'trial')}: too few for a model, so spread evenly"
    if trials is not None and parallel >= trials:
        return "quasi", f"all {trials} trials run at once: nothing to learn from, so spread evenly"
    return None


def _model(space: Space, trials: int | None, *, has_optuna: bool) -> tuple[str, str]:
    reason = _too_much(space)
    if not reason:
        over = _count(len(space.dimensions), "parameter")
        budget = "no limit of trials" if trials is None else f"{trials:,} trials"
        return "gp", f"{budget} over {over}: gp finds good values in the fewest trials"
    if has_optuna:
        return "tpe", f"{reason}: tpe learns of each by itself"
    return "quasi", f"{reason}: too much for gp, and tpe needs pip install 'stratolab[optuna]'"


def _too_much(space: Space) -> str:
    """What a Gaussian process would be too ignorant for; empty if nothing."""
    if len(space.dimensions) > MANY_DIMENSIONS:
        return f"{len(space.dimensions)} parameters"
    values = sum(len(one.values) for one in space.dimensions.values() if isinstance(one, Choice))
    return f"choices of {values} values in all" if values > MANY_VALUES else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
