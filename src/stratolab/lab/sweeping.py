"""From a sweep's table in the configuration to a driver at work: started, joined, continued or refused.

    stratolab sweep NAME          continues the latest sweep of that name if it is unfinished, else begins one
    stratolab sweeps resume ID    continues that one, or refuses

Continuing compares what the sweep's trials depend on (space, metric, command, code, data) with what it was begun
with. What they do not depend on (how many, how parallel, when to stop, limits) may change between two sittings.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError, RefusedError
from stratolab.core.names import did_you_mean, new_id
from stratolab.jobs.models import JobSpec, Resources
from stratolab.lab.aside import aside
from stratolab.lab.specs import job_spec
from stratolab.sweeps import ledger
from stratolab.sweeps.models import Goal, Sweep, SweepState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stratolab.config.models import SweepConfig
    from stratolab.jobs.database import Transaction
    from stratolab.lab.local import LocalLab
    from stratolab.sweeps.driver import Driver
    from stratolab.sweeps.events import Event
    from stratolab.sweeps.prune import Pruner

IDENTITY = (
    "job",
    "command",
    "folder",
    "env",
    "data",
    "metric",
    "goal",
    "space",
    "points",
    "fixed",
    "sampler",
    "cost_aware",
    "seed",
)
KEPT = (*IDENTITY, "capsule")  # of the sweep as it was begun; everything else may change between two sittings
SEED_BITS = 31
_DRIVING = (
    "stratolab.cost.service",
    "stratolab.jobs.engines.local",
    "stratolab.jobs.stores.sqlite",
    "stratolab.lab.tracking",
    "stratolab.sweeps.driver",
    "stratolab.sweeps.mlflow_values",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A sweep as the configuration now asks for it."""

    name: str
    config: Mapping[str, Any]  # JSON; what the ledger keeps
    spec: JobSpec  # of its trials, without parameters


def wanted(lab: LocalLab, name: str, changes: Mapping[str, Any] | None = None) -> Wanted:
    """What the configuration, with the flags in `changes`, asks for.

    Raises `InputError` if it knows no such sweep.
    """
    sweeps = lab.config.sweeps
    if name not in sweeps:
        hint = did_you_mean(name, sweeps) if sweeps else "write a [sweeps.NAME] table into stratolab.toml"
        raise InputError(f"there is no sweep {name!r} in this project", doing="sweep", hint=hint)
    return want(lab, name, sweeps[name], changes)


def wanted_aside(lab: LocalLab, name: str, changes: Mapping[str, Any] | None = None) -> Wanted:
    """The same as `wanted`, and "" for the only sweep, by a child process, while this one loads what drives a sweep.

    Raises `InputError` as `wanted`, and if there is not one sweep alone.
    """

    def work() -> dict[str, Any]:
        found = wanted(lab, name or the_only(lab.config.sweeps), changes)
        return asdict(found)

    result = aside(work)
    _load_what_drives(lab, name, changes or {})
    found = result()
    spec = found["spec"]
    resources, command, data = Resources(**spec["resources"]), tuple(spec["command"]), tuple(spec["data"])
    return Wanted(
        found["name"],
        found["config"],
        JobSpec(
            **{**spec, "resources": resources, "command": command, "data": data, "warm": tuple(spec["warm"])}
        ),
    )


def _load_what_drives(lab: LocalLab, name: str, changes: Mapping[str, Any]) -> None:
    """Have everything loaded that a sweep takes once it runs: what is loaded later, trials wait for.

    Which sampler that will be is read from the configuration as it stands; where it is wrong, the child says so.
    """
    for module in _DRIVING:
        import_module(module)
    tables = lab.unchecked("sweeps")
    with suppress(Exception):  # so is whatever else is not as it should be
        given = {key: value for key, value in changes.items() if value is not None}
        _load_sampler({**tables[name or next(iter(tables))], **given})


def _load_sampler(table: Mapping[str, Any]) -> None:
    from stratolab.sweeps.samplers import choose, filler, make
    from stratolab.sweeps.space import space_of

    trials, parallel, points = table.get("trials"), table.get("parallel", 1), table.get("points")
    space = space_of(table.get("space", {}))
    name, _ = choose(table.get("sampler", "auto"), space, trials=trials, parallel=parallel, points=points)
    filler(make(name, space, 0, trials=trials, parallel=parallel, points=points), space, 0)


def the_only(sweeps: Mapping[str, object]) -> str:
    """The name of the only sweep. Raises `InputError` if there is another number of them."""
    if len(sweeps) != 1:
        known = ", ".join(sweeps) or "none"
        raise InputError(
            "which sweep?", doing="sweep", hint=f"stratolab sweep NAME; this project has: {known}"
        )
    return next(iter(sweeps))


def want(lab: LocalLab, name: str, table: SweepConfig, changes: Mapping[str, Any] | None = None) -> Wanted:
    """The same for a sweep whose table is at hand."""
    spec = lab.with_capsule(job_spec(lab, table.job, lab.config.jobs[table.job]))
    config = {
        "job": table.job,
        "command": list(spec.command),
        "folder": os.path.relpath(spec.folder, lab.project),
        "env": dict(spec.env),
        "data": list(spec.data),
        "metric": table.metric,
        "goal": str(table.goal),
        "space": _plain(table.space),
        "points": [dict(point) for point in table.points],
        "fixed": dict(table.fixed),
        "sampler": str(table.sampler),
        **({"cost_aware": True} if table.cost_aware else {}),
        "seed": table.seed,
        "trials": table.trials,
        "parallel": table.parallel,
        "stop": _plain(table.stop),
        "prune": table.prune,
        "warm": None if table.warm is None else list(table.warm),
        "limits": {
            "cpus": spec.resources.cpus,
            "memory": spec.resources.memory,
            "timeout": spec.resources.timeout,
            "retries": spec.retries,
        },
        "capsule": spec.capsule,
    }
    given = {key: value for key, value in (changes or {}).items() if value is not None}
    config |= given | {"given": given}
    return Wanted(name, config, spec)


def start(lab: LocalLab, wanted: Wanted, *, new: bool = False) -> tuple[Sweep, bool]:
    """The sweep to drive, and whether it was there before: the latest unfinished one unless `new`, else a new one.

    Two commands that start at the same moment get the same sweep. Raises `RefusedError` as `resume` does.
    """
    lab.engine.wake()
    sweep, found = begin(lab, wanted, join=not new)
    return (resume(lab, sweep, wanted), True) if found else (sweep, False)


def begin(lab: LocalLab, wanted: Wanted, *, forked_from: str = "", join: bool = False) -> tuple[Sweep, bool]:
    """A new sweep in the ledger, and False; with `join`, the latest of this name if it is unfinished, and True."""
    config = dict(wanted.config)
    if config["seed"] is None:
        config["seed"] = int.from_bytes(os.urandom(4), "big") >> (32 - SEED_BITS)
    now, project, unique = lab.clock(), lab.project_name, new_id()

    def work(tx: Transaction) -> tuple[Sweep, bool]:
        latest = ledger.listing(tx, project, name=wanted.name, limit=1) if join else []
        if latest and latest[0].state is not SweepState.FINISHED:
            return latest[0], True
        # Two that start at once know the same latest sweep, so they ask for the same new one.
        token = _digest(project, wanted.name, *(sweep.id for sweep in latest)) if join else unique
        created = ledger.create(tx, wanted.name, project, config, now, forked_from=forked_from, token=token)
        return created, False

    return lab.database.run(work)


def resume(lab: LocalLab, sweep: Sweep, wanted: Wanted) -> Sweep:
    """Take the changeable settings over, ready to go on.

    Raises `RefusedError`, with every difference, if the sweep's trials would not be comparable any more.
    """
    differences = compare(lab, sweep.config, wanted.config)
    if differences:
        told = "\n".join(f"    {line}" for line in differences)
        raise RefusedError(
            f"{sweep.id} was begun with another configuration:\n{told}",
            doing="resume",
            hint=f"put it back as it was, or begin anew from it: stratolab sweeps resume {sweep.id} --fork",
        )
    kept = {key: sweep.config[key] for key in KEPT if key in sweep.config}
    given = {**sweep.config.get("given", {}), **wanted.config["given"]}  # flags count until others are given
    config = {**wanted.config, **given, "given": given, **kept}
    lab.database.run(lambda tx: ledger.update_config(tx, sweep.id, config))
    return replace(sweep, config=config)


def compare(lab: LocalLab, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs of that on which trials depend, a line each; empty if nothing does."""
    from stratolab.config.changes import changes, describe

    keys = [key for key in IDENTITY if key != "seed" or new.get(key) is not None]
    found = changes({key: old.get(key) for key in keys}, {key: new.get(key) for key in keys})
    lines = describe(found).splitlines() if found else []
    return lines + lab.code_differences(old["capsule"], new["capsule"])


def driver(lab: LocalLab, sweep: Sweep, wanted: Wanted, tell: Callable[[Event], None]) -> Driver:
    """A driver for this sweep."""
    from stratolab.sweeps import driver as driving
    from stratolab.sweeps.events import Noted
    from stratolab.sweeps.mlflow_values import lookup
    from stratolab.sweeps.plan import Plan
    from stratolab.sweeps.samplers import MODELS, choose, filler, make
    from stratolab.sweeps.space import space_of
    from stratolab.sweeps.stop import rules_of

    lab.tracking.prepare(wanted.spec, lambda text: tell(Noted(text)))
    config = sweep.config
    space = space_of(config["space"])
    points = config["points"] or None
    trials, parallel, seed = config["trials"], config["parallel"], config["seed"]
    name, why = choose(config["sampler"], space, trials=trials, parallel=parallel, points=points)
    cost_aware, foresees = config.get("cost_aware", False), "expected_gain" in config["stop"]
    if name != "gp" and (cost_aware or foresees):
        told = " and ".join(["cost_aware"] * cost_aware + ["stop.expected_gain"] * foresees)
        tell(Noted(f"{told}: without effect, because the sampler is {name} ({why})"))
    sampler = make(name, space, seed, trials=trials, parallel=parallel, points=points, cost_aware=cost_aware)
    plan = Plan(
        job=replace(wanted.spec, warm=tuple(config.get("warm") or ())),
        quick=config.get("warm") is None,
        space=space,
        metric=config["metric"],
        goal=Goal(config["goal"]),
        sampler=sampler,
        filler=filler(sampler, space, seed) if parallel > 1 or name not in MODELS else None,
        why=why,
        trials=trials,
        parallel=parallel,
        seed=seed,
        rules=rules_of(config["stop"]),
        foresees=foresees,
        pruner=_pruner(config["prune"]) if config["prune"] else None,
        fixed=config["fixed"],
        elsewhere=lookup(lab.tracking_file, config["metric"]),
        begun=lab.tracking.begun,
        all_begun=lab.tracking.hurry,
        hide=lab.mask(wanted.spec.secrets).text,
    )
    homes = lab.home("")
    return driving.Driver(
        sweep,
        plan,
        database=lab.database,
        engine=lab.engine,
        home=lambda job: f"{homes}/{job}",
        price=lab.price,
        tell=tell,
        lease=float(os.environ.get("STRATOLAB_LEASE", driving.LEASE)),
    )


def _pruner(name: str) -> Pruner:
    from stratolab.sweeps.prune import make

    return make(name)


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:14]


def _plain(value: Any) -> Any:
    """A configuration value as JSON, without what was not given."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value
