"""What of a template can be reached from outside the account's networks, as lines that can be compared."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from stratolab.deploy.reading import listed, resources, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WORLD = {"0.0.0.0/0", "::/0"}


def exposures(template: Mapping[str, Any]) -> set[str]:
    """Every way in from the internet that the template opens, one line each."""
    return {line for looks in _LOOKS for line in looks(template)}


def _groups(template: Mapping[str, Any]) -> Iterator[str]:
    for logical, _, properties in resources(template, "AWS::EC2::SecurityGroup"):
        for rule in properties.get("SecurityGroupIngress", ()):
            yield from _rule(logical, rule)
    for _, _, properties in resources(template, "AWS::EC2::SecurityGroupIngress"):
        yield from _rule(text(properties.get("GroupId", "")).removesuffix(".GroupId"), properties)


def _rule(group: str, rule: Mapping[str, Any]) -> Iterator[str]:
    source = rule.get("CidrIp") or rule.get("CidrIpv6")
    if source is None or not _outside(source):
        return
    first, last = rule.get("FromPort", "every"), rule.get("ToPort", "every")
    ports = f"port {first}" if first == last else f"ports {first} to {last}"
    who = "everybody" if source in WORLD else text(source)
    yield f"security group {group}: {ports} from {who}"


def _outside(source: Any) -> bool:
    """Whether an address range is of the internet; one that is only known later is taken to be ours."""
    if not isinstance(source, str):
        return False
    try:
        return source in WORLD or not ipaddress.ip_network(source, strict=False).is_private
    except ValueError:
        return False


def _subnets(template: Mapping[str, Any]) -> Iterator[str]:
    for logical, _, properties in resources(template, "AWS::EC2::Subnet"):
        if properties.get("MapPublicIpOnLaunch"):
            yield f"subnet {logical}: what starts there gets a public address"


def _balancers(template: Mapping[str, Any]) -> Iterator[str]:
    for logical, _, properties in resources(template, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        if properties.get("Scheme", "internet-facing") == "internet-facing":
            yield f"load balancer {logical} is on the internet"


def _machines(template: Mapping[str, Any]) -> Iterator[str]:
    for logical, kind, properties in resources(template, "AWS::EC2::Instance", "AWS::RDS::DBInstance"):
        interfaces = properties.get("NetworkInterfaces", ())
        if properties.get("PubliclyAccessible") or any(
            one.get("AssociatePublicIpAddress") for one in interfaces
        ):
            yield f"{'database' if 'RDS' in kind else 'machine'} {logical} has a public address"


def _policies(template: Mapping[str, Any]) -> Iterator[str]:
    for logical, _, properties in resources(template, "AWS::S3::BucketPolicy"):
        for statement in listed(properties["PolicyDocument"].get("Statement")):
            anybody = statement.get("Principal") in ("*", {"AWS": "*"})
            if statement["Effect"] == "Allow" and anybody and not statement.get("Condition"):
                yield f"bucket of {logical}: {text(statement['Action'])} by anybody"


def _others(template: Mapping[str, Any]) -> Iterator[str]:
    for logical, kind, properties in resources(template, *_ALWAYS, "AWS::Lambda::Url"):
        if kind != "AWS::Lambda::Url" or properties.get("AuthType") == "NONE":
            yield f"{_ALWAYS.get(kind, 'function address')} {logical} is on the internet"


_ALWAYS = {
    "AWS::CloudFront::Distribution": "site",
    "AWS::ApiGateway::RestApi": "API",
    "AWS::ApiGatewayV2::Api": "API",
}
_LOOKS = (_groups, _subnets, _balancers, _machines, _policies, _others)
