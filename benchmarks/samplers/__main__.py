"""Quality and cost of the samplers, ours beside the peers', four pending: `python -m benchmarks.samplers [--short]`."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import command
from benchmarks.measuring.environments import Unavailable, borrowed, environment
from benchmarks.measuring.usage import Failed
from benchmarks.samplers import cells, cost, paid
from benchmarks.samplers.players import COST_AWARE, PLAYERS
from benchmarks.samplers.tasks import PAID, TASKS
from benchmarks.samplers.telling import Found, section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.measuring.command import Run
    from benchmarks.measuring.page import Section

_PENDING = 4
_BUDGET, _SHORT_BUDGET = 100, 30
_BEYOND = 25  # trials more, where one at a time is to be caught up with
_SEEDS, _SHORT_SEEDS = 20, 2
_ALONE_TASKS = ("branin", "hartmann6", "rosenbrock5", "hartmann3", "levy6", "mixed")
_ALONE_PLAYERS = ("gp", "optuna-tpe")
_SHORT_TASKS, _SHORT_PLAYERS = ("branin", "mixed"), ("random", "gp", "optuna-tpe")
_PAID_PLAYERS, _PAID_SEEDS = ("random", "gp", "optuna-tpe"), 10  # and ours with `cost_aware`
_KNOWN, _SHORT_KNOWN = (100, 1000), (20,)
_SLOW = 500.0  # ms at 100 finished trials from which 1,000 are not asked for
_JOBS = 2


def run(run: Run) -> Section:
    """All races, then the costs, which are timed with nothing beside them."""
    pythons, absent = _pythons(run)
    with ProcessPoolExecutor(_JOBS) as pool:
        found = _all(run, pool, cells.cell, list(_races(run, pythons)), absent)
        bills = _all(run, pool, paid.bill, list(_paid(run, pythons)), absent)
    with ProcessPoolExecutor(1) as pool:
        costs: dict[str, Any] = {}
        for known in _SHORT_KNOWN if run.short else _KNOWN:
            orders = [
                cost.Order(name, python, known, 3 if PLAYERS[name].seeds == _SEEDS else 1)
                for name, python in pythons.items()
                if name not in absent and costs.get(f"cost/{name}/{_KNOWN[0]}", 0.0) < _SLOW
            ]
            costs |= _all(run, pool, cost.cost, orders, absent)
    return section(
        Found(
            cells={
                (task, name, int(pending)): cells.Cell(**value)
                for (task, name, pending), value in ((key.split("/"), value) for key, value in found.items())
            },
            costs={(key.split("/")[1], int(key.split("/")[2])): value for key, value in costs.items()},
            bills={
                (task, name): paid.Bill(**value)
                for (_, task, name), value in ((key.split("/"), value) for key, value in bills.items())
            },
            absent=absent,
            pending=_PENDING,
            budget=_SHORT_BUDGET if run.short else _BUDGET,
            seeds=_SHORT_SEEDS if run.short else _SEEDS,
            known=_SHORT_KNOWN if run.short else _KNOWN,
        )
    )


def _pythons(run: Run) -> tuple[dict[str, str], dict[str, str]]:
    """The interpreter of each player, empty for ours; and who cannot be had, with the reason."""
    pythons: dict[str, str] = {}
    absent: dict[str, str] = {}
    for name in _SHORT_PLAYERS if run.short else PLAYERS:
        where = PLAYERS[name].environment
        try:
            pythons[name] = (borrowed if run.short else environment)(where).python if where else ""
        except Unavailable as error:
            absent[name] = str(error)
    return pythons, absent


def _races(run: Run, pythons: Mapping[str, str]) -> Iterator[cells.Order]:
    """The slow players first, so that no process is left alone with them at the end."""
    budget = _SHORT_BUDGET if run.short else _BUDGET
    orders = []
    for task in _SHORT_TASKS if run.short else TASKS:
        for name, python in pythons.items():
            kind = PLAYERS[name]
            if kind.tasks and task not in kind.tasks:
                continue
            seeds = _SHORT_SEEDS if run.short else kind.seeds
            beside = task in _ALONE_TASKS and name in _ALONE_PLAYERS and not run.short
            orders.append(
                cells.Order(task, name, python, _PENDING, seeds, budget, beyond=_BEYOND if beside else 0)
            )
            if beside:
                orders.append(cells.Order(task, name, python, 1, seeds, budget))
    return iter(sorted(orders, key=lambda order: PLAYERS[order.player].seeds))


def _paid(run: Run, pythons: Mapping[str, str]) -> Iterator[paid.Order]:
    """Fewer tasks and players: what is asked is whether minding costs pays."""
    there = {COST_AWARE: ""} | {name: pythons[name] for name in _PAID_PLAYERS if name in pythons}
    for task in list(PAID)[: 1 if run.short else None]:
        for name, python in there.items():
            yield paid.Order(task, name, python, _PENDING, _SHORT_SEEDS if run.short else _PAID_SEEDS)


def _all(
    run: Run,
    pool: ProcessPoolExecutor,
    do: Callable[[Any], Any],
    orders: Sequence[cells.Order | cost.Order | paid.Order],
    absent: dict[str, str],
) -> dict[str, Any]:
    """What `do` makes of each order, by its key, kept as it comes; a peer that fails becomes absent."""
    waiting = {pool.submit(do, order): order for order in orders if order.key not in run.records.values}
    for done in as_completed(waiting):
        order = waiting[done]
        try:
            value = done.result()
        except Failed as error:
            absent[order.player] = str(error)
            continue
        run.records.keep(order.key, value if isinstance(value, float) else asdict(value))
        run.say(_line(order.key, value))
    kept = run.records.values
    return {order.key: kept[order.key] for order in orders if order.key in kept}


def _line(key: str, value: Any) -> str:
    if isinstance(value, float):
        return f"{key:40} {value:10.1f} ms"
    if isinstance(value, paid.Bill):
        return f"{key:40} {value.whole:10.4f} for {value.trials:g} trials"
    return f"{key:40} {value.curve[-1]:10.4f} {value.milliseconds:8.1f} ms"


if __name__ == "__main__":
    sys.exit(command.main("samplers", __doc__ or "", run))
