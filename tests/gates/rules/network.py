"""What can be reached: addresses, routes, listeners, distributions, other environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.gates.reading import listed, referred, resources, statements, text_of
from tests.gates.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.gates.reading import Template

    from stratolab.infra.catalogue import Stack

WORLD = {"0.0.0.0/0", "::/0"}
CONSOLES = (22, 3389)
TLS = (
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
)

OF_BUILDS = {"EgressOnlyGroup", "PrivateSubnets", "Vpc"}


def the_world_comes_in_by_443_only(template: Template) -> Iterator[str]:
    public = {
        referred(group)
        for _, balancer in resources(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
        if balancer.get("Scheme") == "internet-facing"
        for group in balancer.get("SecurityGroups", [])
    }
    for title, group, rule in _rules_inward(template):
        if not {text_of(rule.get(key, "")) for key in ("CidrIp", "CidrIpv6")} & WORLD:
            continue
        if (rule.get("FromPort"), rule.get("ToPort")) != (443, 443) or group not in public:
            yield f"{title}: lets the world in on {rule.get('FromPort')}-{rule.get('ToPort')}"
    for title, entry in resources(template, "AWS::EC2::NetworkAclEntry"):
        ports = entry.get("PortRange", {"From": 0, "To": 65_535})
        everyone = {text_of(entry.get(key, "")) for key in ("CidrBlock", "Ipv6CidrBlock")} & WORLD
        consoles = [port for port in CONSOLES if int(ports["From"]) <= port <= int(ports["To"])]
        inward = (
            not entry.get("Egress")
            and entry.get("RuleAction") == "allow"
            and int(entry["Protocol"]) in {6, -1}
        )
        if everyone and inward and consoles:
            yield f"{title}: lets the world reach port {consoles[0]}"


def _rules_inward(template: Template) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every rule that lets something in: where it stands, which group it is of, the rule."""
    for title, group in resources(template, "AWS::EC2::SecurityGroup"):
        for rule in group.get("SecurityGroupIngress", []):
            yield title, title, rule
    for title, rule in resources(template, "AWS::EC2::SecurityGroupIngress"):
        yield title, referred(rule.get("GroupId", "")), rule


def only_public_subnets_reach_out(template: Template) -> Iterator[str]:
    tables = {
        referred(route["RouteTableId"])
        for _, route in resources(template, "AWS::EC2::Route")
        if "GatewayId" in route
    }
    subnets = dict(resources(template, "AWS::EC2::Subnet"))
    for _, use in resources(template, "AWS::EC2::SubnetRouteTableAssociation"):
        subnet = referred(use["SubnetId"])
        if referred(use["RouteTableId"]) in tables and "-public-" not in text_of(
            subnets.get(subnet, {}).get("Tags", [])
        ):
            yield f"{subnet}: has a route to the internet and is not public"
    for title, subnet in subnets.items():
        if subnet.get("MapPublicIpOnLaunch"):
            yield f"{title}: hands out public addresses"


def listeners_speak_tls(template: Template) -> Iterator[str]:
    for title, one in resources(template, "AWS::ElasticLoadBalancingV2::Listener"):
        if one.get("Protocol") == "HTTPS":
            if one.get("SslPolicy") not in TLS:
                yield f"{title}: takes old versions of TLS"
        elif [action.get("Type") for action in one.get("DefaultActions", [])] != ["redirect"]:
            yield f"{title}: serves without TLS"


def distributions_have_buckets_to_themselves(template: Template) -> Iterator[str]:
    for title, one in resources(template, "AWS::CloudFront::Distribution"):
        for origin in one.get("DistributionConfig", {}).get("Origins", []):
            if "S3OriginConfig" in origin and not origin.get("OriginAccessControlId"):
                yield f"{title}: reads its bucket as anybody could"
    for one in statements(template):
        reads = ("Service", "cloudfront.amazonaws.com") in one.principals and one.allows
        if reads and "distribution/" not in text_of(one.conditions.get("aws:sourcearn", "")):
            yield f"{one.title}: any distribution may read it"


def environments_stay_apart(stacks: Sequence[Stack]) -> Iterator[str]:
    """STR24, which no template alone can show: a stack of one environment takes nothing of another one's.

    A project is of none. Its builds stand in one of them, where they call nobody inside.
    """
    by_key = {stack.key: stack for stack in stacks}
    for stack in stacks:
        for taken in stack.inputs:
            other = by_key[taken.stack].environment if taken.stack else None
            builds = stack.concern == "project" and taken.output in OF_BUILDS
            if other is not None and other != stack.environment and not builds:
                yield f"{stack.key}: takes {taken.output} of {taken.stack}"


def no_group_by_its_id(template: Template) -> Iterator[str]:
    """STR24 within a template: a rule names groups of the template or of what it is given, never a literal id."""
    for title, rule in resources(template, "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"):
        for key in ("SourceSecurityGroupId", "DestinationSecurityGroupId"):
            if any(isinstance(one, str) for one in listed(rule.get(key, {}))):
                yield f"{title}: names a group by its id"


NETWORK = (
    Rule("STR10", "the world comes in by 443 of public load balancers only", the_world_comes_in_by_443_only),
    Rule("STR13", "only public subnets have a route to the internet", only_public_subnets_reach_out),
    Rule("STR14", "listeners speak TLS", listeners_speak_tls),
    Rule("STR15", "distributions have buckets to themselves", distributions_have_buckets_to_themselves),
    Rule("STR24", "environments stay apart", no_group_by_its_id),
)
