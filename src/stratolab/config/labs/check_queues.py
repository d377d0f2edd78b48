"""What is wrong with compute environments and queues: what Fargate or Batch does not take, and who names whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stratolab.config.labs.families import ABSENT
from stratolab.config.labs.queues import (
    CHAINED,
    FARGATE,
    MOST,
    START_LEAST,
    START_MOST,
    USUAL_TYPES,
    usual_types,
)
from stratolab.config.problems import Problem, clipped, name_problem, table, tables, toml, warning
from stratolab.core.names import did_you_mean
from stratolab.core.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stratolab.config.problems import Path

_TYPE = re.compile(
    r"([a-z]+[0-9]+[a-z0-9-]*)(?:\.(?:nano|micro|small|medium|large|[0-9]*xlarge|metal[a-z0-9-]*))?"
)
_ARM = re.compile(r"[a-z]+[0-9]+[a-z-]*g[a-z-]*")
_GPU = re.compile(r"(?:g[0-9]|p[0-9])")
_MACHINES = ("instance_types", "min_vcpus", "disk")
_OWN = ("max_vcpus", *_MACHINES)


def queue_problems(whole: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with `[compute]` and `[queues]` in completed tables."""
    region = table(whole.get("lab")).get("region")
    for section, what in (("compute", "compute environment"), ("queues", "queue")):
        for name in table(whole.get(section)):
            yield from name_problem((section, name), name, what)
    yield from _crowd_problems(whole)
    for name, compute in tables(whole.get("compute")):
        path: Path = ("compute", name)
        yield from _machine_problems(path, compute, region)
        yield from _environment_problems((*path, "environments"), compute.get("environments"), whole)
        if compute.get("managed") is False and compute.get("kind", "fargate-spot") in FARGATE:
            yield Problem(
                (*path, "managed"), "Fargate has no machines that you could look after", 'kind = "ec2"'
            )
        if name in table(whole.get("queues")):
            told = "a queue has this name too, and may need it for machines of its own"
            yield Problem(path, told, "choose another name for one of them")
    for name, queue in tables(whole.get("queues")):
        path = ("queues", name)
        yield from _start_problems((*path, "start_within"), queue.get("start_within"))
        yield from _environment_problems((*path, "environments"), queue.get("environments"), whole)
        if queue.get("compute"):
            yield from _chain_problems(path, queue, whole)
        else:
            yield from _machine_problems(path, queue, region)


def _crowd_problems(whole: Mapping[str, Any]) -> Iterator[Problem]:
    """More than Batch has room for, all environments together."""
    queues, shared = dict(tables(whole.get("queues"))), dict(tables(whole.get("compute")))
    own = {name: queue for name, queue in queues.items() if not queue.get("compute")}
    for section, what, found in (
        ("queues", "queues", [queues]),
        ("compute", "compute environments, with those that queues have for themselves", [shared, own]),
    ):
        count = sum(len(_environments(one, whole)) for part in found for one in part.values())
        if count > MOST:
            told = f"makes {count} {what}, over all environments; Batch has room for {MOST}"
            yield Problem((section if section in whole else "queues",), told, "name environments, or share")


# -- machines ---------------------------------------------------------------------------------------


def _machine_problems(path: Path, compute: Mapping[str, Any], region: object) -> Iterator[Problem]:
    kind = compute.get("kind", "fargate-spot")
    if not isinstance(kind, str):
        return
    told = ""
    if kind in FARGATE:
        told, hint = f"{kind} has no machines of yours to say this of", 'kind = "spot"'
    elif compute.get("managed") is False:
        told, hint = "is said of machines that Batch starts; these are yours", ""
    if told:
        yield from (Problem((*path, key), told, hint) for key in _MACHINES if key in compute)
        return
    yield from _least_problems(
        (*path, "min_vcpus"), compute.get("min_vcpus", 0), compute.get("max_vcpus", 64)
    )
    types = compute.get("instance_types")
    yield from _type_problems((*path, "instance_types"), types, kind)
    if isinstance(region, str):
        yield from _region_problems(path, types, kind, region)


def _least_problems(path: Path, least: object, most: object) -> Iterator[Problem]:
    if type(least) is not int:
        return
    if type(most) is int and least > most:
        yield Problem(path, f"is {least}, which is more than max_vcpus, {most}", f"max_vcpus = {least}")
    elif least > 0:
        yield warning(path, f"keeps {least} vCPUs running and costing, idle or not", "min_vcpus = 0")


def _region_problems(path: Path, types: object, kind: str, region: str) -> Iterator[Problem]:
    """Machines that the region does not have, or none that are usual."""
    for index, entry in enumerate(types if isinstance(types, list) else ()):
        if isinstance(entry, str) and region in ABSENT.get(entry.split(".")[0], ()):
            told = f"{clipped(entry)} is not to be had in {region}"
            yield warning(
                (*path, "instance_types", index), told, "take it out, or Batch refuses the rest too"
            )
    without = [known for known in USUAL_TYPES if known == kind and not usual_types(known, region)]
    if without and not types:
        told = f"has no machines in {region} that we know of"
        yield Problem((*path, "kind"), told, "name those that there are in instance_types")


def _type_problems(path: Path, types: object, kind: str) -> Iterator[Problem]:
    if not isinstance(types, list):
        return
    known = [entry for entry in types if isinstance(entry, str) and _TYPE.fullmatch(entry)]
    for index, entry in enumerate(types):
        if isinstance(entry, str) and entry not in known:
            told = f'"{clipped(entry)}" is no family or type of machines'
            yield Problem((*path, index), told, "for example: c7i, or c7i.large")
        elif entry in types[:index]:
            yield Problem((*path, index), f'"{clipped(str(entry))}" is there twice')
        elif kind.startswith("gpu") and isinstance(entry, str) and not _GPU.match(entry):
            yield Problem((*path, index), f"{entry} has no graphics processor", "for example: g5, or g6")
    arms = [entry for entry in known if _ARM.fullmatch(entry.split(".")[0])]
    if arms and len(arms) < len(known):
        told = f"{arms[0]} runs other programs (ARM) than the rest; Batch takes one sort in an environment"
        yield Problem((*path, types.index(arms[0])), told, "make a compute environment of each sort")


# -- queues -----------------------------------------------------------------------------------------


def _chain_problems(path: Path, queue: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[Problem]:
    for key in ("kind", *_OWN):
        if key in queue:
            yield Problem((*path, key), "is said by its compute environments", "take one of the two out")
    names = queue["compute"] if isinstance(queue["compute"], list) else []
    known = dict(tables(whole.get("compute")))
    if len(names) > CHAINED:
        yield Problem((*path, "compute"), f"names {len(names)}; a queue of Batch takes {CHAINED}")
    for index, name in enumerate(names):
        here = (*path, "compute", index)
        if not isinstance(name, str):
            continue
        if name not in known:
            hint = did_you_mean(name[:80], known) if known else '[compute.spot] with kind = "spot"'
            yield Problem(here, f'there is no compute environment "{clipped(name)}"', hint)
        elif name in names[:index]:
            yield Problem(here, f'"{clipped(name)}" is there twice')
        else:
            yield from _absent_problems(here, name, known[name], queue, whole)
    kinds = [known[name].get("kind", "fargate-spot") in FARGATE for name in names if _is_known(name, known)]
    if len(set(kinds)) > 1:
        yield Problem(
            (*path, "compute"), "Batch does not mix Fargate with machines in a queue", "make two queues"
        )


def _is_known(name: object, known: Mapping[str, Mapping[str, Any]]) -> bool:
    return isinstance(name, str) and name in known and isinstance(known[name].get("kind", ""), str)


def _absent_problems(
    path: Path, name: str, compute: Mapping[str, Any], queue: Mapping[str, Any], whole: Mapping[str, Any]
) -> Iterator[Problem]:
    """Environments that the queue is in and its compute environment is not."""
    absent = [one for one in _environments(queue, whole) if one not in _environments(compute, whole)]
    if absent:
        yield Problem(
            path,
            f"{name} does not exist in {', '.join(absent)}, where the queue does",
            f"environments = {toml(_environments(compute, whole))}",
        )


def _environments(part: Mapping[str, Any], whole: Mapping[str, Any]) -> list[str]:
    given = part.get("environments")
    every = list(table(whole.get("environments")))
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) and given else every


def _environment_problems(path: Path, names: object, whole: Mapping[str, Any]) -> Iterator[Problem]:
    known = table(whole.get("environments"))
    for index, name in enumerate(names if isinstance(names, list) else ()):
        if isinstance(name, str) and name in {"dev", "stage", "prod"} and name not in known:
            yield Problem((*path, index), f"there is no environment {name}", f"[environments.{name}]")


def _start_problems(path: Path, limit: object) -> Iterator[Problem]:
    if isinstance(limit, str) and len(limit) <= 40:
        try:
            limit = parse_duration(limit)
        except (ValueError, OverflowError):
            return
    if isinstance(limit, (int, float)) and not START_LEAST <= limit <= START_MOST:
        yield Problem(
            path, "must be from ten minutes to a day, which is what Batch takes", 'start_within = "1h"'
        )
