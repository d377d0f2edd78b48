"""What kill -9 of a driver costs, ours beside Optuna's storages: `python -m benchmarks.kills [--short] [--fresh]`."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from itertools import product
from typing import TYPE_CHECKING

from benchmarks.kills.hunt import Hunt, Loss, hunt
from benchmarks.kills.sides import Optuna, Ours
from benchmarks.measuring import command
from benchmarks.measuring.environments import Unavailable, borrowed, environment
from benchmarks.measuring.page import Bar, Section
from benchmarks.measuring.tables import number, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from benchmarks.kills.sides import Side
    from benchmarks.measuring.command import Run

OURS = "stratolab sweep"
OPTUNA = {
    "Optuna, SQLite, heartbeat and retry": "retry",
    "Optuna, SQLite": "sqlite",
    "Optuna, journal file": "journal",
}
_AT_A_TIME = 3  # hunts; they mostly wait, and nothing here is a time
READING = """\
{hunts} hunts of each row: {points} known points of 0.2 s, {kills} kills of a driver at random moments of its start-up
and work, each followed by a new driver. *Lost*: points without a result at the end, in percent; *doubled*: points with
two results, which a search then counts twice; *repeated*: evaluations done again, in percent of the points; *left
running*: trials that the store still calls running when nothing runs; *hung*: drivers that did not end. Ours runs each
point in a process that a killed driver does not take along; Optuna's objective runs in its driver, as usual."""


def run(run: Run) -> Section:
    """All sides, with one driver and with two."""
    hunts, points, kills = (1, 5, 1) if run.short else (2, 60, 15)
    sides, absent = _sides(run)
    wanted = [
        Hunt(points, drivers, kills, seed)
        for drivers, seed in product((1,) if run.short else (1, 2), range(hunts))
    ]
    losses = _all(run, sides, wanted)
    rows = []
    for drivers, name in product(sorted({one.drivers for one in wanted}), sides):
        found = [losses[name, one] for one in wanted if one.drivers == drivers]
        rows.append([f"**{name}**" if name == OURS else name, str(drivers), *_sums(found)])
    head = ("who", "drivers", "lost %", "doubled", "repeated %", "left running", "hung", "kills")
    parts = [READING.format(hunts=hunts, points=points, kills=kills), table(head, rows)]
    parts += [f"- {name} is not here: {reason}" for name, reason in absent.items()]
    ours = [loss for (name, _), loss in losses.items() if name == OURS]
    return Section(
        "kills", "Loss under kill -9", "\n\n".join(parts), [_bar(ours, "lost"), _bar(ours, "doubled")]
    )


def _sides(run: Run) -> tuple[dict[str, Side], dict[str, str]]:
    """Who searches; and who cannot, with the reason."""
    sides: dict[str, Side] = {OURS: Ours()}
    wanted = dict(list(OPTUNA.items())[:1]) if run.short else OPTUNA
    try:
        where = (borrowed if run.short else environment)("optuna")
    except Unavailable as error:
        return sides, dict.fromkeys(wanted, str(error))
    return sides | {name: Optuna(where, variant) for name, variant in wanted.items()}, {}


def _all(run: Run, sides: Mapping[str, Side], wanted: Iterable[Hunt]) -> dict[tuple[str, Hunt], Loss]:
    """Every side hunted in every way, some at the same time; kept as they end."""
    keys = {(name, one): f"{name}/{one.drivers}/{one.seed}" for one in wanted for name in sides}
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        waiting = {
            pool.submit(_hunt, sides[name], one): (name, one)
            for (name, one), key in keys.items()
            if key not in run.records.values
        }
        for done in as_completed(waiting):
            name, one = waiting[done]
            loss = done.result()
            run.records.keep(keys[name, one], asdict(loss))
            run.say(
                f"{name}, drivers: {one.drivers}, kills: {loss.kills}, lost: {loss.lost}, doubled: {loss.doubled}"
            )
    return {which: Loss(**run.records.values[key]) for which, key in keys.items()}


def _hunt(side: Side, wanted: Hunt) -> Loss:
    with command.scratch() as folder:
        return hunt(side, folder, wanted)


def _sums(found: list[Loss]) -> list[str]:
    points = sum(loss.points for loss in found)
    return [
        number(100 * sum(loss.lost for loss in found) / points),
        str(sum(loss.doubled for loss in found)),
        number(100 * sum(loss.repeated for loss in found) / points),
        str(sum(loss.running for loss in found)),
        str(sum(loss.hung for loss in found)),
        str(sum(loss.kills for loss in found)),
    ]


def _bar(ours: list[Loss], what: str) -> Bar:
    count = sum(getattr(loss, what) for loss in ours)
    kills = sum(loss.kills for loss in ours)
    return Bar(f"points {what} after {kills} kills of a driver", "none", str(count), count == 0)


if __name__ == "__main__":
    sys.exit(command.main("kills", __doc__ or "", run))
