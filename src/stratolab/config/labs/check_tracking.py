"""What is wrong with the MLflow server's options: sizes that Fargate has not, and what it needs and cannot find."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stratolab.config.addresses import address_problems
from stratolab.config.labs.check_databases import database_problems
from stratolab.config.labs.tracking import MEMORIES
from stratolab.config.problems import Problem, clipped, name_problem, table, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stratolab.config.problems import Path

_HERE: Path = ("tracking",)
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]{1,200}@sha256:[0-9a-f]{64}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+")
_FOLDER = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]{1,5})?")
_DATABASE = re.compile(r"[a-z][a-z0-9_]{0,62}")


def tracking_problems(whole: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with `[tracking]` in completed tables; nothing if there is none."""
    if not isinstance(whole.get("tracking"), dict):
        return
    tracking = table(whole["tracking"])
    yield from _size_problems(tracking)
    yield from _task_problems(table(tracking.get("tasks")))
    yield from _text_problems(tracking)
    name = _environment(tracking, whole)
    yield from _environment_problems(tracking, whole, name)
    yield from _reach_problems(tracking, whole, name)
    yield from _certificate_problems(tracking, table(whole.get("lab")))
    yield from database_problems((*_HERE, "database"), tracking.get("database"), whole, environment=name)


def _size_problems(tracking: Mapping[str, Any]) -> Iterator[Problem]:
    cpu, memory = tracking.get("cpu", 1024), tracking.get("memory", 2048)
    if type(cpu) is not int or type(memory) is not int or cpu not in MEMORIES:
        return
    least, most, step = MEMORIES[cpu]
    offered = [512, 1024, 2048] if cpu == 256 else list(range(least, most + 1, step))
    if memory not in offered:
        near = min(offered, key=lambda one: (one < memory, abs(one - memory)))
        told = f"Fargate has no {memory} MiB for {cpu} CPU units; it has {least} to {most} in steps of {step}"
        yield Problem((*_HERE, "memory"), told, f"memory = {near}")


def _task_problems(tasks: Mapping[str, Any]) -> Iterator[Problem]:
    least, most = tasks.get("min", 1), tasks.get("max", 2)
    if type(least) is int and type(most) is int and least > most:
        told = f"min is {least}, which is more than max, {most}"
        yield Problem((*_HERE, "tasks"), told, f"max = {least}")


def _text_problems(tracking: Mapping[str, Any]) -> Iterator[Problem]:
    if isinstance(tracking.get("subdomain"), str):
        yield from name_problem((*_HERE, "subdomain"), tracking["subdomain"], "subdomain")
    for key, pattern, told, hint in (
        ("image", _IMAGE, "is no image by its digest", "NAME@sha256:... is what cannot change under you"),
        ("certificate", _CERTIFICATE, "is no certificate's ARN", "aws acm list-certificates"),
        ("bucket", _BUCKET, "is no name of a bucket", ""),
        ("folder", _FOLDER, "is no folder in a bucket", 'for example: folder = "mlflow"'),
        (
            "database_name",
            _DATABASE,
            "is no name for a database: small letters, digits and _, a letter first",
            "",
        ),
    ):
        value = tracking.get(key)
        if isinstance(value, str) and not pattern.fullmatch(value):
            yield Problem((*_HERE, key), f'"{clipped(value)}" {told}', hint)
    hosts = tracking.get("hosts")
    for index, host in enumerate(hosts if isinstance(hosts, list) else ()):
        if isinstance(host, str) and not _HOST.fullmatch(host):
            yield Problem(
                (*_HERE, "hosts", index),
                f'"{clipped(host)}" is no name of a host',
                "for example: ml.example.com",
            )
    addresses = tracking.get("addresses")
    if isinstance(addresses, list):
        yield from address_problems((*_HERE, "addresses"), addresses)


def _environment(tracking: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """The environment that it runs in: the named one, else the first there is."""
    known = table(whole.get("environments"))
    named = tracking.get("environment")
    return (
        named
        if isinstance(named, str)
        else next((one for one in ("prod", "stage", "dev") if one in known), "dev")
    )


def _environment_problems(
    tracking: Mapping[str, Any], whole: Mapping[str, Any], name: str
) -> Iterator[Problem]:
    known = table(whole.get("environments"))
    if name not in known:
        if name in {"dev", "stage", "prod"}:
            yield Problem(
                (*_HERE, "environment"), f"there is no environment {name}", f"[environments.{name}]"
            )
        return
    if "database" not in tracking and "database" not in table(known[name]):
        told = f"it has no database to keep runs in, and neither has {name}"
        yield Problem((*_HERE, "database"), told, f"database = {{}}, or [environments.{name}.database]")


def _reach_problems(tracking: Mapping[str, Any], whole: Mapping[str, Any], name: str) -> Iterator[Problem]:
    if tracking.get("public", True) is not True:
        return
    vpc = table(table(table(whole.get("environments")).get(name)).get("vpc"))
    if vpc and not vpc.get("public"):
        told = f"the network that {name} adopts names no public subnets"
        yield Problem((*_HERE, "public"), told, "public = false, or name them in [environments.*.vpc]")
    if not tracking.get("addresses") and not table(whole.get("access")).get("addresses"):
        told = "nobody can reach it: neither it nor [access] lists an address"
        yield warning((*_HERE, "addresses"), told, 'addresses = ["203.0.113.0/24"]')


def _certificate_problems(tracking: Mapping[str, Any], lab: Mapping[str, Any]) -> Iterator[Problem]:
    """What keeps it from showing who it is: until that is mended, no server is made."""
    if tracking.get("certificate"):
        return
    if not lab.get("domain"):
        told = "without a domain it has no certificate, and is not made"
        yield warning(_HERE, told, 'domain = "lab.example.com" in [lab], or certificate = "arn:..."')
    elif not lab.get("zone") and lab.get("delegated") is not True:
        told = "it gets its certificate, and is made, once the domain answers"
        yield warning(_HERE, told, 'zone = "Z..." in [lab], or delegated = true when that is done')
    if tracking.get("hosts"):
        told = "the certificate that is issued for its address holds for no other names"
        yield warning((*_HERE, "hosts"), told, 'certificate = "arn:aws:acm:...", one that names them')
