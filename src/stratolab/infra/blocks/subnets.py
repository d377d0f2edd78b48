"""Subnets with their routes and network ACLs. No subnet hands out public addresses by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, GetAZs, Ref, Select, Tags
from troposphere.ec2 import (
    EIP,
    ICMP,
    NatGateway,
    NetworkAcl,
    NetworkAclEntry,
    PortRange,
    Route,
    RouteTable,
    Subnet,
    SubnetNetworkAclAssociation,
    SubnetRouteTableAssociation,
)

from stratolab.infra import flows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.config.labs.cidrs import Tier
    from stratolab.infra.flows import Rule

FIRST_RULE, RULE_STEP = 100, 10


def titles(tier: Tier, zones: int) -> list[str]:
    """The titles of a tier's subnets: `Private1`, `Private2`."""
    return [f"{tier.capitalize()}{zone}" for zone in range(1, zones + 1)]


def subnets(tier: Tier, cidrs: Sequence[Any], name: str, vpc: Any) -> list[Any]:
    """A tier's subnets, one a zone."""
    return [
        Subnet(
            title,
            VpcId=vpc,
            CidrBlock=str(cidr),
            AvailabilityZone=Select(zone, GetAZs("")),
            MapPublicIpOnLaunch=False,
            Tags=Tags(Name=f"{name}-{tier}-{zone + 1}"),
        )
        for zone, (title, cidr) in enumerate(zip(titles(tier, len(cidrs)), cidrs, strict=True))
    ]


# -- routes -----------------------------------------------------------------------------------------


def route_table(title: str, name: str, vpc: Any) -> Any:
    """A route table: to begin with, it knows the way inside the network only."""
    return RouteTable(title, VpcId=vpc, Tags=Tags(Name=name))


def uses_table(subnet: str, table: str) -> Any:
    """Have a subnet use a route table."""
    return SubnetRouteTableAssociation(f"{subnet}Routes", SubnetId=Ref(subnet), RouteTableId=Ref(table))


def route_to_world(table: str, *, by_gateway: str, attachment: str) -> Any:
    """The way out of a public subnet. It waits for the gateway to be attached, which nothing else would make it do."""
    return Route(
        f"{table}Out",
        RouteTableId=Ref(table),
        DestinationCidrBlock=str(flows.EVERYWHERE),
        GatewayId=Ref(by_gateway),
        DependsOn=attachment,
    )


def route_through_nat(table: str, nat: str) -> Any:
    """The way out of a private subnet."""
    return Route(
        f"{table}Out",
        RouteTableId=Ref(table),
        DestinationCidrBlock=str(flows.EVERYWHERE),
        NatGatewayId=Ref(nat),
    )


def nat(title: str, name: str, *, subnet: str, attachment: str) -> list[Any]:
    """A NAT gateway with an address of its own, which stays while the stack does."""
    address = f"{title}Address"
    return [
        EIP(address, Domain="vpc", Tags=Tags(Name=name), DependsOn=attachment),
        NatGateway(
            title,
            AllocationId=GetAtt(address, "AllocationId"),
            SubnetId=Ref(subnet),
            Tags=Tags(Name=name),
            DependsOn=attachment,
        ),
    ]


# -- network ACLs -----------------------------------------------------------------------------------


def acl(tier: Tier, name: str, vpc: Any, rules: Sequence[Rule], zones: int) -> list[Any]:
    """A tier's network ACL with its rules, on all of its subnets."""
    title = f"{tier.capitalize()}Acl"
    inward = [rule for rule in rules if not rule.egress]
    outward = [rule for rule in rules if rule.egress]
    return [
        NetworkAcl(title, VpcId=vpc, Tags=Tags(Name=f"{name}-{tier}")),
        *(_entry(title, number, rule) for part in (inward, outward) for number, rule in enumerate(part)),
        *(
            SubnetNetworkAclAssociation(f"{subnet}UsesAcl", SubnetId=Ref(subnet), NetworkAclId=Ref(title))
            for subnet in titles(tier, zones)
        ),
    ]


def _entry(acl_title: str, number: int, rule: Rule) -> Any:
    way = "Out" if rule.egress else "In"
    low, high = rule.ports
    what = (
        {"Icmp": ICMP(Type=low, Code=high)}
        if rule.protocol == flows.ICMP
        else {"PortRange": PortRange(From=low, To=high)}
    )
    return NetworkAclEntry(
        f"{acl_title}{way}{number + 1}",
        NetworkAclId=Ref(acl_title),
        RuleNumber=FIRST_RULE + RULE_STEP * number,
        Protocol=rule.protocol,
        RuleAction="allow",
        Egress=rule.egress,
        CidrBlock=rule.cidr,
        **what,
    )
