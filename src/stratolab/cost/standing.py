"""What a stack costs while nothing happens in it: dollars a month for each resource of a template, and why.

One function for each type of resource that costs something by merely being there; unit prices are those of `rates`.
Types that are billed by use alone (buckets, logs, queues of Batch) cost nothing here, and say so, with what use of them
costs. Types in neither table are free, or are not known: those are named, never taken to be free in silence.

Sources of what is said of use: https://aws.amazon.com/guardduty/pricing/, /cloudtrail/pricing/, /security-hub/pricing/,
/codebuild/pricing/ (general1.small for Linux, us-east-1, 2026-11-28).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stratolab.cost import computing, containers, databases
from stratolab.cost import rates as units
from stratolab.cost.rates import BASE, Rates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

HOURS: Final = 730.0  # in a month, as AWS's own calculator has it
Price = tuple[float, str]
"""Dollars a month of one resource, and the sum in words."""


@dataclass(frozen=True, slots=True)
class Item:
    """What resources of one kind cost together. `dollars` a month; `why` is the sum in words."""

    type: str
    count: int
    dollars: float
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a template costs a month while idle. `notes` say what is not in the sum."""

    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()

    @property
    def dollars(self) -> float:
        """A month, in US dollars."""
        return sum(item.dollars for item in self.items)


def standing(templates: Iterable[Mapping[str, Any]], rates: Rates) -> Standing:
    """What the resources of these templates cost a month while nothing happens."""
    given = list(templates)
    by_type: dict[str, list[Mapping[str, Any]]] = {}
    for template in given:
        for resource in template.get("Resources", {}).values():
            by_type.setdefault(resource["Type"], []).append(resource.get("Properties", {}))
    items = [
        Item(kind, len(found), sum(dollars for dollars, _ in found), max(found)[1])
        for kind, price in _PRICES.items()
        if kind in by_type and (found := [price(properties, rates) for properties in by_type[kind]])
    ]
    tasks = list(containers.copies(given, rates.region))
    items += [Item(containers.KIND, one.least, one.least * one.hourly * HOURS, one.words) for one in tasks]
    return Standing(
        items=tuple(sorted(items, key=lambda item: (-item.dollars, item.type))),
        notes=(
            *_notes(by_type, rates),
            *(f"by use: {one.busy}" for one in tasks),
            *(
                f"by use: {told}"
                for one in by_type.get(computing.KIND, ())
                if (told := computing.busy(one, rates.region))
            ),
        ),
    )


def change(before: Standing, after: Standing) -> float:
    """Dollars a month more (or less, negative)."""
    return after.dollars - before.dollars


def _nat(_properties: Mapping[str, Any], rates: Rates) -> Price:
    hourly = rates.of(units.NAT)
    return hourly * HOURS, f"${hourly:g} an hour, and as much for each GB through it"


def _address(_properties: Mapping[str, Any], rates: Rates) -> Price:
    hourly = rates.of(units.ADDRESS)
    return hourly * HOURS, f"${hourly:g} an hour for a public IPv4 address"


def _endpoint(properties: Mapping[str, Any], rates: Rates) -> Price:
    if properties.get("VpcEndpointType", "Gateway") == "Gateway":
        return 0.0, "gateway endpoints are free"
    zones = len(properties.get("SubnetIds", ())) if isinstance(properties.get("SubnetIds"), list) else 1
    hourly = rates.of(units.ENDPOINT)
    return hourly * HOURS * zones, f"${hourly:g} an hour for each of its zones; gateway endpoints are free"


def _compute(properties: Mapping[str, Any], rates: Rates) -> Price:
    hourly, why = computing.idle(properties, rates.region)
    return hourly * HOURS, why


def _balancer(_properties: Mapping[str, Any], rates: Rates) -> Price:
    hourly = containers.BALANCERS.get(rates.region, containers.BALANCERS[BASE])
    return hourly * HOURS, f"${hourly:g} an hour, and $0.008 for each unit of load and hour"


def _flat(name: str, why: str) -> Callable[[Mapping[str, Any], Rates], Price]:
    def price(_properties: Mapping[str, Any], rates: Rates) -> Price:
        return rates.of(name), f"${rates.of(name):.2f} {why}"

    return price


def _web_acl(properties: Mapping[str, Any], rates: Rates) -> Price:
    acl, rule = rates.of(units.WEB_ACL), rates.of(units.RULE)
    return acl + len(properties.get("Rules", ())) * rule, f"${acl:g}, and ${rule:g} for each of its rules"


_PRICES: Final[Mapping[str, Callable[[Mapping[str, Any], Rates], Price]]] = {
    computing.KIND: _compute,
    "AWS::EC2::NatGateway": _nat,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    "AWS::EC2::EIP": _address,
    "AWS::EC2::VPCEndpoint": _endpoint,
    databases.KIND: lambda properties, _rates: databases.idle(properties),
    "AWS::KMS::Key": _flat(units.KEY, "for each key, as much again after each of its first two rotations"),
    "AWS::SecretsManager::Secret": _flat(units.SECRET, "for each secret"),
    "AWS::Route53::HostedZone": _flat(units.ZONE, "for each zone"),
    "AWS::CloudWatch::Alarm": _flat(units.ALARM, "for each alarm; the first ten of an account are free"),
    "AWS::WAFv2::WebACL": _web_acl,
}

_BY_USE: Final[Mapping[str, str]] = {
    "AWS::Lambda::Function": "functions: by calls and their time; a million calls a month are free",
    "AWS::AutoScaling::AutoScalingGroup": "`db tunnel`: about half a cent for each hour in which somebody uses it",
    "AWS::S3::Bucket": "objects in buckets: about $0.023 a GB and month",
    "AWS::CodeBuild::Project": "builds of images: $0.005 a minute on a small machine, a first one takes about five",
    "AWS::ECR::Repository": "images: about $0.10 a GB and month",
    "AWS::CodeCommit::Repository": "source in CodeCommit: five users are free, another one is $1 a month",
    "AWS::Logs::LogGroup": "logs: from $0.50 for each GB that comes in",
    "AWS::SQS::Queue": "queues of messages: $0.40 a million requests after a month's first million; a function "
    "that waits at one makes about 650,000",
    "AWS::GuardDuty::Detector": "GuardDuty: by events and logs looked at; free for the first 30 days",
    "AWS::CloudTrail::Trail": "CloudTrail: the account's first trail is free, a second is not",
    "AWS::SecurityHub::Hub": "Security Hub: by checks made; free for the first 30 days",
}


_BY_REGION: Final = (
    ("AWS::EC2::NatGateway", "NAT gateways", units.NAT),
    ("AWS::EC2::VPCEndpoint", "endpoints", units.ENDPOINT),
)


def _notes(kinds: Mapping[str, list[Mapping[str, Any]]], rates: Rates) -> Iterable[str]:
    yield from (f"by use: {words}" for kind, words in _BY_USE.items() if kind in kinds)
    as_base = [said for kind, said, name in _BY_REGION if kind in kinds and rates.borrowed(name)]
    if "AWS::ElasticLoadBalancingV2::LoadBalancer" in kinds and rates.region not in containers.BALANCERS:
        as_base.append("load balancers")
    if databases.KIND in kinds and rates.region != BASE:
        as_base.append("databases")
    if as_base:
        yield f"{' and '.join(as_base)} at the price of {BASE}: {rates.region} may cost more"
    unknown = sorted(
        kind for kind in kinds if kind not in _PRICES and kind not in _BY_USE and not kind.startswith(_FREE)
    )
    unknown += databases.unpriced(kinds.get(databases.KIND, ()))
    if unknown:
        yield f"not in this sum, since stratolab has no price of it: {', '.join(unknown)}"


_FREE_NETWORK: Final = (
    "DHCPOptions",
    "EgressOnlyInternetGateway",
    "FlowLog",
    "InternetGateway",
    "NetworkAcl",
    "Route",
    "SecurityGroup",
    "Subnet",
    "VPC",
)
_FREE: Final = (
    *(f"AWS::EC2::{name}" for name in _FREE_NETWORK),
    "AWS::AutoScaling::",  # groups of none, until a person asks for one
    "AWS::Batch::",
    "AWS::EC2::LaunchTemplate",
    "AWS::AccessAnalyzer::",
    "AWS::ApplicationAutoScaling::",
    "AWS::Budgets::",
    "AWS::CertificateManager::",
    "AWS::Events::",  # of AWS's own events
    "AWS::ECS::",  # containers are in `containers`
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::Events::Rule",  # on what AWS's own services tell
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::",
    "AWS::KMS::Alias",
    "AWS::Lambda::",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::ResourcePolicy",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::Route53::RecordSet",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::SSM::Parameter",
    "AWS::WAFv2::IPSet",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACLAssociation",
    "Custom::",  # calls of functions
)
"""Beginnings of types that cost nothing by being there: by AWS's pricing pages, or for want of a charge named there."""
