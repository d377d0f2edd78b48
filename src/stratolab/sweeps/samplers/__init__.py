"""Samplers: which points of a space to try next. The protocol is `sweeps/sampler.py`.

    grid      every point of a finite space (a `Float` needs `steps`), in an order that is spread out from the start
    list      the points that the user gives, in their order
    random    points drawn independently
    quasi     points of a scrambled low-discrepancy sequence: as random, but without gaps and clumps
    gp        a Gaussian process with expected improvement: the fewest trials to a good value
    tpe       Optuna's tree-structured Parzen estimator: cheap for thousands of trials and for many categories
    cmaes     covariance matrix adaptation: for numbers alone and many trials
    auto      one of these, by space and budget (`auto.py` says why)

With `filler` goes whatever makes the points that one of these has no time for (`suggester.py`).

All are functions of the same question (what is finished, what is pending, which numbers), so that a sweep can go
on anywhere. None proposes a point twice while others are left (`taken.py`), and all stop when a finite
space is used up. They differ in what they import: the first four stand on the standard library, `gp` on NumPy,
`tpe` and `cmaes` on the extra `stratolab[optuna]`. Each is imported when it is made, not before.

`stratolab.testing.sampler.SamplerContract` is the test that all of them pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stratolab.sweeps.sampler import Sampler
    from stratolab.sweeps.space import Params, Space


def choose(
    name: str,
    space: Space,
    *,
    trials: int | None,
    parallel: int,
    points: Sequence[Params] | None = None,
) -> tuple[str, str]:
    """The sampler that `name` stands for, and why in one clause: `auto` is decided here.

    Raises `InputError` for a name that is none.
    """
    if name == "auto":
        from stratolab.sweeps.samplers.auto import choose as decide  # noqa: PLC0415

        return decide(space, trials, parallel, points=points)
    _maker(name)
    return name, "the configuration asks for it"


def make(
    name: str,
    space: Space,
    seed: int,
    *,
    trials: int | None = None,
    parallel: int = 1,
    points: Sequence[Params] | None = None,
    cost_aware: bool = False,
) -> Sampler:
    """A sampler of this name over `space`; `cost_aware` counts for `gp` alone.

    Raises `InputError` for a name that is none, a space that it cannot search, or an extra that is missing.
    """
    if name == "auto":
        name, _ = choose(name, space, trials=trials, parallel=parallel, points=points)
    if name == "gp" and cost_aware:
        from stratolab.sweeps.samplers.gp import GpSampler  # noqa: PLC0415

        return GpSampler(space, seed, cost_aware=True, trials=trials)
    return _maker(name)(space, seed, points)


def filler(sampler: Sampler, space: Space, seed: int) -> Sampler:
    """What makes points when trials are quicker than `sampler`: the sampler itself, if it has no model to ask."""
    if sampler.name not in MODELS:
        return sampler
    from stratolab.sweeps.samplers.evolve import EvolveSampler  # noqa: PLC0415

    return EvolveSampler(space, seed)


def _maker(name: str) -> Callable[[Space, int, Sequence[Params] | None], Sampler]:
    if name not in MAKERS:
        raise InputError(
            f"{name!r} is no sampler",
            doing="choosing a sampler",
            hint=did_you_mean(name, [*MAKERS, "auto"]),
        )
    return MAKERS[name]


# Late imports, each on its own: a sweep pays for the sampler that it uses.


def _grid(space: Space, seed: int, _: Sequence[Params] | None) -> Sampler:
    from stratolab.sweeps.samplers.grid import GridSampler  # noqa: PLC0415

    return GridSampler(space, seed)


def _list(space: Space, _: int, points: Sequence[Params] | None) -> Sampler:
    from stratolab.sweeps.samplers.listed import ListSampler  # noqa: PLC0415

    return ListSampler(space, points or ())


def _random(space: Space, seed: int, _: Sequence[Params] | None) -> Sampler:
    from stratolab.sweeps.samplers.random import RandomSampler  # noqa: PLC0415

    return RandomSampler(space, seed)


def _quasi(space: Space, seed: int, _: Sequence[Params] | None) -> Sampler:
    from stratolab.sweeps.samplers.quasi import QuasiSampler  # noqa: PLC0415

    return QuasiSampler(space, seed)


def _gp(space: Space, seed: int, _: Sequence[Params] | None) -> Sampler:
    from stratolab.sweeps.samplers.gp import GpSampler  # noqa: PLC0415

    return GpSampler(space, seed)


def _tpe(space: Space, seed: int, _: Sequence[Params] | None) -> Sampler:
    from stratolab.sweeps.samplers.optuna import TpeSampler  # noqa: PLC0415

    return TpeSampler(space, seed)


def _cmaes(space: Space, seed: int, _: Sequence[Params] | None) -> Sampler:
    from stratolab.sweeps.samplers.cmaes import CmaesSampler  # noqa: PLC0415

    return CmaesSampler(space, seed)


MODELS = frozenset({"gp", "tpe", "cmaes"})
MAKERS: Mapping[str, Callable[[Space, int, Sequence[Params] | None], Sampler]] = {
    "grid": _grid,
    "list": _list,
    "random": _random,
    "quasi": _quasi,
    "gp": _gp,
    "tpe": _tpe,
    "cmaes": _cmaes,
}
