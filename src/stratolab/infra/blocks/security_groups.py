"""Security groups by role: nothing in and nothing out but what is said, each rule with its reason.

Rules between groups are resources of their own, since two groups that name each other inline could never be made.
"""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Tags
from troposphere.ec2 import SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, SecurityGroupRule

from stratolab.infra import names
from stratolab.infra.flows import EVERYWHERE

Ports = tuple[int, int]


def group(
    title: str, lab: str, environment: str, role: str, about: str, *, vpc: Any, out_to_world: dict[int, str]
) -> Any:
    """A group. `out_to_world` says which ports of the internet it may call, and what for.

    Its name is a tag: a real one would keep a changed group from being made beside the old one.
    """
    name = names.named("security group", lab, environment, role)
    calls = [
        SecurityGroupRule(
            IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=str(EVERYWHERE), Description=why
        )
        for port, why in out_to_world.items()
    ]
    return SecurityGroup(
        title,
        GroupDescription=about,
        VpcId=vpc,
        SecurityGroupEgress=calls or [_nothing()],
        Tags=Tags(Name=name),
    )


def between(source: str, target: str, ports: Ports, why: str) -> list[Any]:
    """Let one group call another: out of the one, into the other. Both are named by their titles."""
    low, high = ports
    title = f"{source}To{target}{low}"
    shared = {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, "Description": why}
    return [
        SecurityGroupEgress(
            f"{title}Out", GroupId=_id(source), DestinationSecurityGroupId=_id(target), **shared
        ),
        SecurityGroupIngress(f"{title}In", GroupId=_id(target), SourceSecurityGroupId=_id(source), **shared),
    ]


def from_address(title: str, target: str, cidr: Any, *, port: int, why: str) -> Any:
    """Let a range of addresses in."""
    version = "CidrIpv6" if isinstance(cidr, str) and ":" in cidr else "CidrIp"
    return SecurityGroupIngress(
        title,
        GroupId=_id(target),
        IpProtocol="tcp",
        FromPort=port,
        ToPort=port,
        Description=why,
        **{version: cidr},
    )


def _id(title: str) -> Any:
    return GetAtt(title, "GroupId")


def _nothing() -> Any:
    """A rule that lets nothing out. Without any rule, AWS would let everything out."""
    return SecurityGroupRule(
        IpProtocol="icmp",
        FromPort=252,
        ToPort=86,
        CidrIp="255.255.255.255/32",
        Description="Nothing goes out",
    )
