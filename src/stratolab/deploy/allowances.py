"""Quotas that a plan needs more of than an account has left.

A plan makes what is new before it deletes what is old, so everything that it creates or makes anew counts on top of
what is there. The codes are Service Quotas' own: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html,
/privatelink/vpc-limits-endpoints.html, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.aws.networks import GATEWAY
from stratolab.core.errors import RemoteError
from stratolab.deploy.models import Effect
from stratolab.deploy.obstacles import error, warning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from stratolab.aws.databases import Databases
    from stratolab.aws.networks import Networks
    from stratolab.aws.people import People
    from stratolab.aws.quotas import Quotas
    from stratolab.deploy.models import Plan
    from stratolab.deploy.obstacles import Obstacle
    from stratolab.infra.catalogue import Stack

_MADE = {Effect.CREATE, Effect.REPLACE, Effect.PERHAPS}
_IAM_HOME = "us-east-1"  # where Service Quotas keeps what IAM has once for all regions
New = Counter[tuple[str, str]]
"""How many resources a plan makes: by type, and by zone (its place in the region's list) for those that have one."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where uses and limits are read."""

    quotas: Quotas
    networks: Networks
    people: People
    databases: Databases
    region: str


@dataclass(frozen=True, slots=True)
class Need:
    """A quota beside what a plan makes of it. `used` and `limit` are what the account has now."""

    name: str
    used: int
    more: int
    limit: float
    ask: str

    @property
    def short(self) -> bool:
        """Whether it does not suffice."""
        return self.used + self.more > self.limit


def obstacles(plan: Plan, stacks: Iterable[Stack], source: Source) -> list[Obstacle]:
    """Every quota that does not suffice; as a warning, every one that cannot be read."""
    new = made(plan, stacks)
    return [
        *(one for quota in _QUOTAS for one in _of_region(quota, new, source)),
        *_of_zones(new, source),
        *_of_identities(new, source),
    ]


def made(plan: Plan, stacks: Iterable[Stack]) -> New:
    """What a plan makes."""
    templates = {stack.key: stack.template["Resources"] for stack in stacks}
    found: New = Counter()
    for stack in plan.stacks:
        for change in stack.changes:
            resource = templates.get(stack.key, {}).get(change.logical)
            if resource and change.effect in _MADE:
                found[_kind(resource), _zone(resource, templates[stack.key])] += 1
    return found


@dataclass(frozen=True, slots=True)
class _Quota:
    service: str
    code: str
    name: str
    kind: str
    used: Callable[[Networks], int]


_QUOTAS = (
    _Quota("vpc", "L-F678F1CE", "VPCs per Region", "AWS::EC2::VPC", lambda ec2: ec2.count("vpcs")),
    _Quota(
        "vpc",
        "L-A4707A72",
        "Internet gateways per Region",
        "AWS::EC2::InternetGateway",
        lambda ec2: ec2.count("internet_gateways"),
    ),
    _Quota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", "AWS::EC2::EIP", lambda ec2: ec2.count("addresses")),
    _Quota(
        "vpc",
        "L-1B52E74A",
        "Gateway VPC endpoints per Region",
        GATEWAY,
        lambda ec2: sum(one.gateway for one in ec2.endpoints()),
    ),
)
_NAT = ("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", "AWS::EC2::NatGateway")
_IDENTITIES = (
    ("L-FE177D64", "Roles per account", "AWS::IAM::Role", "Roles"),
    ("L-F4A5425F", "Groups per account", "AWS::IAM::Group", "Groups"),
    ("L-F55AF5E4", "Users per account", "AWS::IAM::User", "Users"),
    ("L-E95E4862", "Customer managed policies per account", "AWS::IAM::ManagedPolicy", "Policies"),
)


def _of_region(quota: _Quota, new: New, source: Source) -> Iterator[Obstacle]:
    more = _count(new, quota.kind)
    if not more:
        return
    try:
        limit = source.quotas.value(quota.service, quota.code)
        if limit is not None:
            used = quota.used(source.networks)
            ask = _ask(quota.service, quota.code, used + more, source.region)
            yield from _told(Need(quota.name, used, more, limit, ask))
    except RemoteError as failed:
        yield _unread(quota.name, failed)


def _of_zones(new: New, source: Source) -> Iterator[Obstacle]:
    """NAT gateways are counted zone by zone."""
    service, code, name, kind = _NAT
    wanted = {zone: count for (made_kind, zone), count in new.items() if made_kind == kind}
    if not wanted:
        return
    try:
        limit = source.quotas.value(service, code)
        zones = source.networks.zones()
        used = Counter(one.zone for one in source.networks.nat_gateways() if one.counts)
    except RemoteError as failed:
        yield _unread(name, failed)
        return
    for place, more in sorted(wanted.items()):
        zone = zones[int(place)] if place and int(place) < len(zones) else ""
        if limit is not None:
            ask = _ask(service, code, used[zone] + more, source.region)
            yield from _told(Need(f"{name} ({zone})" if zone else name, used[zone], more, limit, ask))


def _of_identities(new: New, source: Source) -> Iterator[Obstacle]:
    """IAM tells of all its quotas and their uses at once."""
    wanted = [(*row, _count(new, row[2])) for row in _IDENTITIES if _count(new, row[2])]
    if not wanted:
        return
    try:
        summary = source.people.summary()
    except RemoteError as failed:
        yield _unread("quotas of IAM", failed)
        return
    for code, name, _, key, more in wanted:
        if f"{key}Quota" in summary:
            used = summary.get(key, 0)
            ask = _ask("iam", code, used + more, _IAM_HOME)
            yield from _told(Need(name, used, more, summary[f"{key}Quota"], ask))


def _told(need: Need) -> Iterator[Obstacle]:
    if need.short:
        what = f"{need.name}: {need.used} in use, {need.more} more wanted, and the quota is {need.limit:g}"
        yield error(what, need.ask)


def _unread(name: str, failed: RemoteError) -> Obstacle:
    return warning(f"{name}: whether it suffices could not be read: {failed.what}", failed.hint)


def _ask(service: str, code: str, value: int, region: str) -> str:
    return (
        f"aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code} "
        f"--desired-value {value} --region {region}"
    )


def _count(new: New, kind: str) -> int:
    return sum(count for (made_kind, _), count in new.items() if made_kind == kind)


def _kind(resource: Mapping[str, Any]) -> str:
    """The type; of endpoints, those that are routes are counted apart."""
    kind = str(resource["Type"])
    if kind == "AWS::EC2::VPCEndpoint":
        return GATEWAY if resource["Properties"].get("VpcEndpointType", GATEWAY) == GATEWAY else kind
    return kind


def _zone(resource: Mapping[str, Any], template: Mapping[str, Any]) -> str:
    """The place in the region's list of zones of the subnet that a resource stands in; empty if that is not told."""
    subnet = resource.get("Properties", {}).get("SubnetId")
    if not isinstance(subnet, dict) or subnet.get("Ref") not in template:
        return ""
    zone = template[subnet["Ref"]]["Properties"].get("AvailabilityZone")
    chosen = zone.get("Fn::Select") if isinstance(zone, dict) else None
    return str(chosen[0]) if chosen else ""
