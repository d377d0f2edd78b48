"""What types cannot see: names, references between tables, commands, paths, addresses, the world outside.

Every check reads the tables as TOML gave them and passes over values of a wrong type, so that one run finds all:
a sweep whose `trials` is a text still has its space looked at.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

from stratolab.config.commands import command_problems, place_problems
from stratolab.config.problems import (
    Problem,
    clipped,
    name_problem,
    number,
    odd_character,
    table,
    tables,
    toml,
    warning,
)
from stratolab.config.secrecy import holds_password, why_no_reference
from stratolab.config.spaces import point_problems, space_problems
from stratolab.config.texts import text_problems
from stratolab.core.names import did_you_mean
from stratolab.core.numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stratolab.config.problems import Path

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_METRIC = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_METRIC_LIMIT = 100  # characters
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]+")
_BASE = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]{0,250}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}@[A-Za-z][A-Za-z0-9_-]{0,39}")
_DRIVE = re.compile(r"[A-Za-z]:")
_SCHEME = re.compile(r"[a-z][a-z0-9+]*://")
_DATABASE = re.compile(r"(?:sqlite|postgresql|postgres|mysql|mariadb)://")
_OURS = "STRATOLAB_"
_SECTIONS = {
    "databases": "database",
    "jobs": "job",
    "sweeps": "sweep",
    "services": "service",
    "schedules": "schedule",
}


def problems(raw: Mapping[str, Any], *, cpus: int) -> Iterator[Problem]:
    """Everything that the checks object to in the tables of a `stratolab.toml`. `cpus` are this machine's.

    Never raises, whatever the tables hold, if they are not deeper than `texts.DEPTH_LIMIT`.
    """
    yield from text_problems(raw)
    for section, what in _SECTIONS.items():
        for name in table(raw.get(section)):
            yield from name_problem((section, name), name, what)
    local = _is_local(raw)
    yield from _project_problems(table(raw.get("project")))
    yield from _image_problems(table(raw.get("image")))
    yield from _local_problems(table(raw.get("local")))
    for name, database in tables(raw.get("databases")):
        yield from _database_problems(("databases", name), database)
    for name, job in tables(raw.get("jobs")):
        yield from _job_problems(("jobs", name), job, raw, local=local)
    yield from place_problems(raw.get("jobs"), raw.get("sweeps"))
    for name, sweep in tables(raw.get("sweeps")):
        yield from _sweep_problems(("sweeps", name), sweep, raw, cpus=cpus if local else 0)
    for name, service in tables(raw.get("services")):
        yield from _service_problems(("services", name), service)
    for name, schedule in tables(raw.get("schedules")):
        yield from _schedule_problems(("schedules", name), schedule, raw)


def _is_local(raw: Mapping[str, Any]) -> bool:
    return bool(table(raw.get("project")).get("lab", "local") == "local")


def _project_problems(project: Mapping[str, Any]) -> Iterator[Problem]:
    for key, what in (("name", "project"), ("lab", "lab")):
        if isinstance(project.get(key), str):
            yield from name_problem(("project", key), project[key], what)
    yield from _path_problems(("project", "requirements"), project.get("requirements"))


def _image_problems(image: Mapping[str, Any]) -> Iterator[Problem]:
    files = image.get("files")
    named: dict[Path, object] = {(key,): image.get(key) for key in ("hook", "start", "dockerfile")}
    named |= {("files", index): text for index, text in enumerate(files if isinstance(files, list) else ())}
    for path, text in named.items():
        yield from _path_problems(("image", *path), text)
        if isinstance(text, str) and text.strip() and not _PLAIN_PATH.fullmatch(text):
            yield Problem(("image", *path), "holds more than letters, digits and . _ / -", "rename the file")
    base = image.get("base")
    if isinstance(base, str) and not _BASE.fullmatch(base):
        yield Problem(("image", "base"), "is no image", "public.ecr.aws/docker/library/python:3.12-bookworm")


def _local_problems(local: Mapping[str, Any]) -> Iterator[Problem]:
    store = local.get("store")
    if not isinstance(store, str):
        return
    if holds_password(store):
        yield Problem(
            ("local", "store"), "holds a password", "set the whole URL in the variable STRATOLAB_STORE"
        )
    elif not _SCHEME.match(store):
        yield Problem(
            ("local", "store"), "is no database URL", "for example: postgresql://ana@db.example.com/lab"
        )


def _database_problems(path: Path, database: Mapping[str, Any]) -> Iterator[Problem]:
    url, secret = database.get("url"), database.get("secret")
    if isinstance(url, str) and holds_password(url):
        yield Problem(
            (*path, "url"), "holds a password", 'name a secret that holds it: secret = "project/database"'
        )
    elif isinstance(url, str) and not _DATABASE.match(url):
        told = "is no URL of SQLite, PostgreSQL, MySQL or MariaDB"
        yield Problem((*path, "url"), told, "for example: postgresql://ana@db.example.com/games")
    if isinstance(secret, str) and (why := why_no_reference(secret)):
        yield Problem((*path, "secret"), why, 'name the secret, never its value: secret = "project/database"')
    for key in ("rotate", "canary", "canary_command"):
        if key in database and "secret" not in database:
            yield Problem(
                (*path, key), "is about the secret, and there is none", 'secret = "project/database"'
            )
    if "canary_command" in database:
        yield from command_problems((*path, "canary_command"), database["canary_command"])


# -- jobs -----------------------------------------------------------------------------------------


def _job_problems(
    path: Path, job: Mapping[str, Any], raw: Mapping[str, Any], *, local: bool
) -> Iterator[Problem]:
    yield from command_problems((*path, "command"), job.get("command"))
    yield from _slot_problems((*path, "cpus"), job.get("cpus", 1), table(raw.get("local")).get("cpus"))
    for name in table(job.get("env")):
        yield from _variable_problems((*path, "env", name), name)
    for name, reference in table(job.get("secrets")).items():
        yield from _variable_problems((*path, "secrets", name), name)
        if isinstance(reference, str) and (why := why_no_reference(reference)):
            hint = 'name the secret, never its value: DB_URL = "project/database"'
            yield Problem((*path, "secrets", name), why, hint)
        if name in table(job.get("env")):
            yield Problem((*path, "secrets", name), "is set by env too", "take it out of one of them")
    yield from _path_problems((*path, "folder"), job.get("folder"))
    data = job.get("data")
    for index, entry in enumerate(data if isinstance(data, list) else ()):
        yield from _path_problems((*path, "data", index), entry)
    queue = job.get("queue")
    if isinstance(queue, str):
        yield from name_problem((*path, "queue"), queue, "queue")
        if local:
            yield warning((*path, "queue"), "the local lab has no queues and passes this over")


def _slot_problems(path: Path, cpus: object, slots: object) -> Iterator[Problem]:
    if is_number(cpus) and is_number(slots) and cpus > slots > 0:  # type: ignore[operator]
        told = f"wants {cpus} CPUs where [local] offers {slots}, so that it could never start"
        yield Problem(path, told, "raise cpus in [local], or lower this")


def _variable_problems(path: Path, name: str) -> Iterator[Problem]:
    if odd := odd_character(name):
        yield Problem(path, f"the name of a variable holds {odd}; it may hold letters, digits and _")
    elif not _VARIABLE.fullmatch(name) or len(name) > 200:
        yield Problem(
            path, f'"{clipped(name)}" is no name for a variable: letters, digits and _, no digit first'
        )
    elif name.startswith(_OURS):
        yield Problem(path, f"variables that begin with {_OURS} are set by stratolab", "choose another name")


def _path_problems(path: Path, text: object) -> Iterator[Problem]:
    if not isinstance(text, str):
        return
    if not text.strip():
        yield Problem(path, "is an empty path", "leave the key out for the project's folder")
    elif text.startswith(("/", "\\", "~")) or _DRIVE.match(text):
        hint = "write it relative to the project; for what lies elsewhere, make a link to it in the project"
        yield Problem(path, f"{clipped(toml(text))} is not relative to the project", hint)
    elif ".." in re.split(r"[/\\]", text):
        yield Problem(path, f"{clipped(toml(text))} leads out of the project", "write it without '..'")


# -- sweeps ---------------------------------------------------------------------------------------


def _sweep_problems(
    path: Path, sweep: Mapping[str, Any], raw: Mapping[str, Any], *, cpus: int
) -> Iterator[Problem]:
    yield from _job_reference((*path, "job"), sweep.get("job"), raw)
    yield from _metric_problems((*path, "metric"), sweep.get("metric"))
    yield from space_problems((*path, "space"), sweep.get("space"), sweep.get("sampler"))
    yield from point_problems(path, sweep)
    yield from _model_problems(path, sweep)
    warm = sweep.get("warm")
    for index, module in enumerate(warm if isinstance(warm, list) else ()):
        if isinstance(module, str) and not _MODULE.fullmatch(module):
            told = f'"{clipped(module)}" is no name of a Python module'
            yield Problem((*path, "warm", index), told, 'for example: "sklearn.ensemble"')
    parallel, trials = sweep.get("parallel"), sweep.get("trials")
    if _is_count(parallel) and _is_count(trials) and parallel > trials:  # type: ignore[operator]
        told = f"{number(parallel)} at a time is more than the {number(trials)} trials there will be"  # type: ignore[arg-type]
        yield Problem((*path, "parallel"), told, f"parallel = {number(trials)}")  # type: ignore[arg-type]
    elif _is_count(parallel) and 0 < cpus < parallel:  # type: ignore[operator]
        told = f"{number(parallel)} at a time is more than this machine's {cpus} CPUs"  # type: ignore[arg-type]
        yield warning((*path, "parallel"), told, f"parallel = {cpus}")


def _model_problems(path: Path, sweep: Mapping[str, Any]) -> Iterator[Problem]:
    """Settings that need a sampler which can say what it expects."""
    sampler, stop = sweep.get("sampler"), sweep.get("stop")
    if not isinstance(sampler, str) or sampler in {"auto", "gp"}:
        return
    if sweep.get("cost_aware") is True:
        yield Problem(
            (*path, "cost_aware"), f'sampler = "{clipped(sampler)}" knows no costs', 'sampler = "gp"'
        )
    if isinstance(stop, dict) and "expected_gain" in stop:
        told = f'sampler = "{clipped(sampler)}" cannot say what it expects'
        yield Problem((*path, "stop", "expected_gain"), told, 'sampler = "gp"')


def _job_reference(path: Path, job: object, raw: Mapping[str, Any]) -> Iterator[Problem]:
    known = [name for name, _ in tables(raw.get("jobs"))]
    if isinstance(job, str) and job not in known:
        hint = did_you_mean(job[:80], known) if known else '[jobs.train] with command = "python train.py"'
        yield Problem(path, f'there is no job "{clipped(job)}"', hint)


def _metric_problems(path: Path, metric: object) -> Iterator[Problem]:
    if not isinstance(metric, str):
        return
    if odd := odd_character(metric):
        yield Problem(path, f"the name of a metric holds {odd}; it may hold letters, digits, _ . / and -")
    elif not _METRIC.fullmatch(metric) or len(metric) > _METRIC_LIMIT:
        yield Problem(
            path, f'"{clipped(metric)}" is no name for a metric', "one word, such as log_loss or val/accuracy"
        )
    elif metric == "step":
        yield Problem(path, '"step" counts the reports of a job and cannot be its metric')


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


# -- services and schedules -----------------------------------------------------------------------


def _service_problems(path: Path, service: Mapping[str, Any]) -> Iterator[Problem]:
    model = service.get("model")
    if isinstance(model, str) and not _MODEL.fullmatch(model):
        told = f'"{clipped(model)}" does not name a model and its alias'
        yield Problem((*path, "model"), told, 'for example: model = "world-series@champion"')
    instances = table(service.get("instances"))
    least, most = instances.get("min", 1), instances.get("max", 1)
    if _is_count(least) and _is_count(most) and least > most:
        told = f"min is {number(least)}, which is more than max, {number(most)}"
        yield Problem((*path, "instances"), told, f"max = {number(least)}")
    yield from _sample_problems((*path, "sample"), service.get("sample"))
    access = service.get("access")
    if isinstance(access, list):
        yield from _access_problems((*path, "access"), access)


def _sample_problems(path: Path, value: object) -> Iterator[Problem]:
    """What of a payload JSON cannot hold."""
    if isinstance(value, (dt.date, dt.time)):
        yield Problem(path, "JSON has no dates", f'in quotes: "{value}"')
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(path, f"JSON has no {value}")
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _sample_problems((*path, name), part)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _sample_problems((*path, index), part)


def _access_problems(path: Path, entries: list[object]) -> Iterator[Problem]:
    from stratolab.config.addresses import address_problems  # noqa: PLC0415 - a service is rare, ipaddress is not free

    yield from address_problems(path, entries)


def _schedule_problems(path: Path, schedule: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[Problem]:
    from stratolab.config import cron  # noqa: PLC0415 - most projects have no schedule

    yield from _job_reference((*path, "job"), schedule.get("job"), raw)
    line = schedule.get("cron")
    if isinstance(line, str):
        for told in cron.complaints(line):
            yield Problem((*path, "cron"), told, 'for example: cron = "0 6 * * MON"')
    zone = schedule.get("timezone")
    if isinstance(zone, str):
        yield from _zone_problems((*path, "timezone"), zone)


def _zone_problems(path: Path, name: str) -> Iterator[Problem]:
    import zoneinfo  # noqa: PLC0415 - most projects have no schedule

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        if not known:
            yield warning(
                path, "this machine has no table of time zones to look it up in", "pip install tzdata"
            )
            return
        near = did_you_mean(name, known) if len(name) <= 60 else ""
        hint = near if near.startswith("did") else "for example: Europe/Paris"
        yield Problem(path, f'there is no time zone "{clipped(name)}"', hint)
