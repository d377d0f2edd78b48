"""What is wrong with the networks of a lab: ranges that overlap or are too small, zones that a region has not."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from stratolab.config.labs.cidrs import LARGEST, PRIVATE_RANGES, smallest
from stratolab.config.labs.regions import ZONES
from stratolab.config.problems import Problem, clipped, table, tables, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stratolab.config.problems import Path

Network = ipaddress.IPv4Network
_DOCKER = Network("172.17.0.0/16")
_VPC = re.compile(r"vpc-[0-9a-f]{8}(?:[0-9a-f]{9})?")
_SUBNET = re.compile(r"subnet-[0-9a-f]{8}(?:[0-9a-f]{9})?")
_OWN_KEYS = ("cidr", "zones", "nat", "endpoints", "endpoint_zones", "flow_logs")
_TIERS = ("private", "isolated", "public")


def network_problems(whole: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with each environment's network, and between them. Takes completed tables, and those given."""
    region = table(whole.get("lab")).get("region")
    ranges: dict[str, Network] = {}
    for name, environment in tables(whole.get("environments")):
        path: Path = ("environments", name)
        adopted = table(environment.get("vpc"))
        if "vpc" in environment:
            yield from _adopted_problems((*path, "vpc"), adopted)
            yield from _both_problems(path, table(table(raw.get("environments")).get(name)))
        else:
            yield from _zone_problems((*path, "zones"), environment.get("zones"), region)
            yield from _way_out_problems(path, environment)
        place: Path = (*path, "vpc", "cidr") if "vpc" in environment else (*path, "cidr")
        cidr = adopted.get("cidr") if "vpc" in environment else environment.get("cidr")
        yield from _range_problems(place, cidr, 0 if "vpc" in environment else environment.get("zones"))
        network = _network(cidr)
        if network is not None and not _is_shared(adopted.get("id"), name, whole):
            yield from _overlaps(place, network, ranges)
            ranges[name] = network


def _network(cidr: object) -> Network | None:
    try:
        return Network(cidr) if isinstance(cidr, str) and "/" in cidr and len(cidr) <= 18 else None
    except ValueError:
        return None


def _range_problems(path: Path, cidr: object, zones: object) -> Iterator[Problem]:
    if not isinstance(cidr, str):
        return
    network = _network(cidr)
    if network is None:
        yield Problem(path, f'"{clipped(cidr)}" is no range of addresses', _meant(cidr))
        return
    if not any(network.subnet_of(private) for private in PRIVATE_RANGES):
        told = f"{network} is not a private range, so that its addresses are somebody's on the internet"
        yield Problem(path, told, 'for example: "10.0.0.0/16"')
    if network.prefixlen < LARGEST:
        yield Problem(path, f"{network} is larger than AWS takes: at most a /{LARGEST}")
    if type(zones) is int and 2 <= zones <= 6 and network.prefixlen > smallest(zones):
        told = f"{network} is too small for three tiers in {zones} zones: at least a /{smallest(zones)}"
        yield Problem(path, told, f'for example: "{network.network_address}/{smallest(zones)}"')
    if network.overlaps(_DOCKER):
        yield warning(
            path,
            f"{network} overlaps with {_DOCKER}, which Docker takes for itself on every machine",
            "choose another range",
        )


def _meant(text: str) -> str:
    """The range that was probably meant."""
    try:
        return (
            f'did you mean "{Network(text, strict=False)}"?' if "/" in text and len(text) <= 18 else _EXAMPLE
        )
    except ValueError:
        return _EXAMPLE


_EXAMPLE = 'for example: "10.0.0.0/16"'


def _is_shared(vpc: object, name: str, whole: Mapping[str, Any]) -> bool:
    """Whether an environment before this one adopts the same network: there is one range, and no overlap."""
    ids = [
        (other, table(environment.get("vpc")).get("id"))
        for other, environment in tables(whole.get("environments"))
    ]
    before = ids[: [other for other, _ in ids].index(name)]
    return vpc is not None and any(vpc == known for _, known in before)


def _overlaps(path: Path, network: Network, others: Mapping[str, Network]) -> Iterator[Problem]:
    for name, other in others.items():
        if network.overlaps(other):
            told = f"{network} overlaps with {other} of {name}, so that the two could never be joined"
            yield Problem(path, told, _free(network, list(others.values())))
            return


def _free(network: Network, taken: Sequence[Network]) -> str:
    """The next range of the same size that nobody has; empty if there is none among private addresses."""
    candidate = network
    for _ in range(1000):
        following = int(candidate.network_address) + candidate.num_addresses
        if following + candidate.num_addresses > 2**32:
            return ""
        candidate = Network((following, network.prefixlen))
        if not any(candidate.subnet_of(private) for private in PRIVATE_RANGES):
            return ""
        if not any(candidate.overlaps(other) for other in taken):
            return f'for example: "{candidate}"'
    return ""


def _zone_problems(path: Path, zones: object, region: object) -> Iterator[Problem]:
    known = ZONES.get(region, 0) if isinstance(region, str) else 0
    if type(zones) is int and 0 < known < zones <= 6:
        yield Problem(path, f"{region} has {known} zones, not {zones}", f"zones = {known}")


def _way_out_problems(path: Path, environment: Mapping[str, Any]) -> Iterator[Problem]:
    if environment.get("nat") == "none" and environment.get("endpoints") == "gateway":
        told = "with no way out at all, containers can neither fetch their image nor write a log"
        yield warning((*path, "nat"), told, 'nat = "one", or endpoints = "needed"')


# -- adopted networks -------------------------------------------------------------------------------


def _both_problems(path: Path, given: Mapping[str, Any]) -> Iterator[Problem]:
    """Keys of an own network beside an adopted one."""
    for key in _OWN_KEYS:
        if key in given:
            yield Problem((*path, key), "has no meaning beside an adopted network", "take one of the two out")


def _adopted_problems(path: Path, vpc: Mapping[str, Any]) -> Iterator[Problem]:
    if isinstance(vpc.get("id"), str) and not _VPC.fullmatch(vpc["id"]):
        yield Problem((*path, "id"), f'"{clipped(vpc["id"])}" is no id of a VPC', "it begins with vpc-")
    seen: dict[str, str] = {}
    for tier in _TIERS:
        entries = vpc.get(tier)
        if not isinstance(entries, list):
            continue
        if len(entries) == 1 or (tier == "private" and not entries):
            yield Problem(
                (*path, tier), "names fewer than two subnets; databases and load balancers want two zones"
            )
        for index, entry in enumerate(entries):
            if isinstance(entry, str):
                yield from _subnet_problems((*path, tier, index), entry, tier, seen)


def _subnet_problems(path: Path, entry: str, tier: str, seen: dict[str, str]) -> Iterator[Problem]:
    if not _SUBNET.fullmatch(entry):
        yield Problem(path, f'"{clipped(entry)}" is no id of a subnet', "it begins with subnet-")
    elif entry in seen:
        yield Problem(path, f"{entry} is named under {seen[entry]} already")
    seen.setdefault(entry, tier)
