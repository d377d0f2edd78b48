"""Who takes part: the name in the table, the environment, the command, and how often it runs.

A contestant that is slow runs less often, and not at 1,000 trials; the table says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring.places import our_python
from benchmarks.peers import ours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.measuring.environments import Environment

HERE = Path(__file__).parent
TRIAL = HERE / "trial.py"
DRIVERS = HERE / "drivers"
BARE = "bare spawning"


@dataclass(frozen=True)
class Order:
    """What is to be run: how many trials, how many at a time, where."""

    count: int
    workers: int
    folder: Path
    witness: Path
    environments: Callable[[str], Environment]  # by name; raises `Unavailable`


@dataclass(frozen=True)
class Command:
    """A command line and what its environment holds besides ours."""

    words: Sequence[str]
    env: Mapping[str, str]


@dataclass(frozen=True)
class Contestant:
    """One row of the table. `rounds` and `rounds_of_many` are how often it runs 100 and 1,000 trials."""

    name: str
    command: Callable[[Order], Command]
    package: str = ""  # whose version the table shows, as `environment package`
    rounds: int = 3
    rounds_of_many: int = 2
    cheap: bool = False  # part of the short form


def _bare(order: Order) -> Command:
    return Command([our_python(), "-I", "-S", str(DRIVERS / "bare.py"), _json(order)], {})


def _xargs(order: Order) -> Command:
    script = (
        f"seq {order.count} | sed 's/.*/--x 0.&1 --y 0.&2 --z 0.&3/' | "
        f"xargs -P {order.workers} -L 1 {our_python()} {TRIAL} --witness {order.witness}"
    )
    return Command(["sh", "-c", script], {})


def _driver(where: str, file: str, variant: str = "") -> Callable[[Order], Command]:
    def command(order: Order) -> Command:
        words = [order.environments(where).python, str(DRIVERS / file), _json(order, variant)]
        return Command(words, {"SYNETUNE_FOLDER": str(order.folder), "RAY_TMPDIR": str(order.folder)[:60]})

    return command


def _metaflow(order: Order) -> Command:
    words = [
        order.environments("metaflow").python, str(DRIVERS / "metaflow_foreach.py"), "run",
        "--max-workers", str(order.workers), "--max-num-splits", str(order.count + 1),
    ]  # fmt: skip
    folder = str(order.folder)
    env = {"BENCH_ORDER": _json(order), "METAFLOW_DATASTORE_SYSROOT_LOCAL": folder, "HOME": folder}
    return Command(words, {**env, "METAFLOW_USER": "bench", "METAFLOW_DEFAULT_METADATA": "local"})


def _ours(sampler: str, more: str = "") -> Callable[[Order], Command]:
    def command(order: Order) -> Command:
        trial = [our_python(), str(TRIAL), "--witness", str(order.witness)]
        words = ours.sweep(
            order.folder, command=trial, count=order.count, workers=order.workers, sampler=sampler, more=more
        )
        return Command(words, {})

    return command


def _json(order: Order, variant: str = "") -> str:
    return json.dumps(
        {
            "count": order.count,
            "workers": order.workers,
            "python": our_python(),
            "trial": str(TRIAL),
            "witness": str(order.witness),
            "folder": str(order.folder),
            "variant": variant,
        }
    )


OURS = "stratolab, gp"
CONTESTANTS = (
    Contestant(BARE, _bare, rounds=4, rounds_of_many=3, cheap=True),
    Contestant("xargs -P2", _xargs, cheap=True),
    Contestant(OURS, _ours("gp"), rounds=4, rounds_of_many=3, cheap=True),
    Contestant("stratolab, auto", _ours("auto"), rounds=4, rounds_of_many=2),
    Contestant("stratolab, gp, cold starts", _ours("gp", "warm = []"), rounds=4, rounds_of_many=2),
    Contestant("joblib", _driver("joblib", "joblib_threads.py"), "joblib joblib", cheap=True),
    Contestant(
        "Optuna TPE, memory", _driver("optuna", "optuna_tpe.py", "memory"), "optuna optuna", cheap=True
    ),
    Contestant("Optuna TPE, journal file", _driver("optuna", "optuna_tpe.py", "journal"), "optuna optuna"),
    Contestant(
        "Optuna TPE, SQLite", _driver("optuna", "optuna_tpe.py", "sqlite"), "optuna optuna", rounds_of_many=1
    ),
    Contestant(
        "Syne Tune, random", _driver("syne-tune", "syne_tune_local.py", "random"), "syne-tune syne-tune"
    ),
    Contestant(
        "Syne Tune, TPE", _driver("syne-tune", "syne_tune_local.py", "tpe"), "syne-tune syne-tune", 2, 0
    ),
    Contestant(
        "Syne Tune, CQR", _driver("syne-tune", "syne_tune_local.py", "cqr"), "syne-tune syne-tune", 2, 0
    ),
    Contestant("Ray Tune, random", _driver("ray", "ray_tune.py"), "ray ray", 2, 0),
    Contestant("Metaflow foreach", _metaflow, "metaflow metaflow", 2, 0),
    Contestant("MLflow projects", _driver("mlflow", "mlflow_projects.py"), "mlflow mlflow", 2, 0),
)
