"""A small model of a network as AWS runs it, read from a rendered template: routes, network ACLs, security groups.

It knows nothing of how the template came to be. A packet leaves a host, passes the ACL of its subnet, follows a route
(through a NAT gateway, which calls in its own name), and passes the ACL of the subnet it comes to. Within a subnet no
ACL is asked. An answer goes the same way back, with addresses and ports exchanged.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Address = ipaddress.IPv4Address
Network = ipaddress.IPv4Network
TCP = 6
WORLD = Network("0.0.0.0/0")


@dataclass(frozen=True)
class Packet:
    source: Address
    source_port: int
    target: Address
    target_port: int

    @property
    def answer(self) -> Packet:
        return Packet(self.target, self.target_port, self.source, self.source_port)


@dataclass(frozen=True)
class Net:
    """One environment's network."""

    template: dict[str, Any]

    # -- what there is --------------------------------------------------------------------------------

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        found = self.template["Resources"].items()
        return {title: one["Properties"] for title, one in found if one["Type"] == f"AWS::EC2::{kind}"}

    @cached_property
    def subnets(self) -> dict[str, Network]:
        return {title: Network(one["CidrBlock"]) for title, one in self.of_type("Subnet").items()}

    def tier(self, name: str) -> list[str]:
        """The titles of a tier's subnets, told by their tags."""
        return [
            title
            for title, one in self.of_type("Subnet").items()
            if any(tag["Key"] == "Name" and f"-{name}-" in tag["Value"] for tag in one["Tags"])
        ]

    @cached_property
    def _entries(self) -> dict[str, list[dict[str, Any]]]:
        """The entries of each subnet's ACL, in the order in which they are asked."""
        by_acl: dict[str, list[dict[str, Any]]] = {title: [] for title in self.of_type("NetworkAcl")}
        for one in self.of_type("NetworkAclEntry").values():
            by_acl[one["NetworkAclId"]["Ref"]].append(one)
        return {
            one["SubnetId"]["Ref"]: sorted(
                by_acl[one["NetworkAclId"]["Ref"]], key=lambda entry: entry["RuleNumber"]
            )
            for one in self.of_type("SubnetNetworkAclAssociation").values()
        }

    @cached_property
    def _routes(self) -> dict[str, dict[Network, dict[str, Any]]]:
        """The routes of each subnet beyond the network itself."""
        by_table: dict[str, dict[Network, dict[str, Any]]] = {
            title: {} for title in self.of_type("RouteTable")
        }
        for one in self.of_type("Route").values():
            by_table[one["RouteTableId"]["Ref"]][Network(one["DestinationCidrBlock"])] = one
        return {
            one["SubnetId"]["Ref"]: by_table[one["RouteTableId"]["Ref"]]
            for one in self.of_type("SubnetRouteTableAssociation").values()
        }

    def without(self, title: str) -> Net:
        """The same network with one resource less."""
        return Net(
            {
                **self.template,
                "Resources": {k: v for k, v in self.template["Resources"].items() if k != title},
            }
        )

    # -- packets --------------------------------------------------------------------------------------

    def subnet_of(self, address: Address) -> str | None:
        return next((title for title, cidr in self.subnets.items() if address in cidr), None)

    def allows(self, subnet: str, packet: Packet, *, egress: bool) -> bool:
        """What the subnet's ACL decides: the first entry that fits; without any, no."""
        other = packet.target if egress else packet.source
        for entry in self._entries[subnet]:
            fits = (
                entry["Egress"] is egress
                and entry["Protocol"] in {TCP, -1}
                and other in Network(entry["CidrBlock"])
            )
            ports = entry.get("PortRange", {"From": 0, "To": 65_535})
            if fits and ports["From"] <= packet.target_port <= ports["To"]:
                return bool(entry["RuleAction"] == "allow")
        return False

    def passes(self, packet: Packet) -> bool:
        """Whether a packet between two places arrives: without NAT, and whoever may have routed it."""
        source, target = self.subnet_of(packet.source), self.subnet_of(packet.target)
        if source is not None and source == target:
            return True
        out = source is None or self.allows(source, packet, egress=True)
        return out and (target is None or self.allows(target, packet, egress=False))

    def connects(self, packet: Packet, *, nat_port: int = 1024) -> bool:
        """Whether a connection works: there and back, and through NAT where the route says so."""
        if self.subnet_of(packet.target) is not None:
            return self.passes(packet) and self.passes(packet.answer)
        source = self.subnet_of(packet.source)
        route = self._routes[source].get(WORLD) if source else None
        if source is None or route is None:
            return False
        if "GatewayId" in route:
            return self.passes(packet) and self.passes(packet.answer)
        nat = self.of_type("NatGateway")[route["NatGatewayId"]["Ref"]]["SubnetId"]["Ref"]
        # The gateway takes the packet in with its true target, and sends it on in its own name.
        inward = self.allows(source, packet, egress=True) and self.allows(nat, packet, egress=False)
        gateway = self.subnets[nat][-2]
        beyond = Packet(gateway, nat_port, packet.target, packet.target_port)
        outward = self.passes(beyond) and self.passes(beyond.answer)
        back = packet.answer
        return (
            inward
            and outward
            and self.allows(nat, back, egress=True)
            and self.allows(source, back, egress=False)
        )

    # -- security groups ------------------------------------------------------------------------------

    @cached_property
    def calls(self) -> set[tuple[str, str, int, int]]:
        """Which group may call which, on which ports: it takes a rule out and a rule in."""
        out = {
            (
                one["GroupId"]["Fn::GetAtt"][0],
                one["DestinationSecurityGroupId"]["Fn::GetAtt"][0],
                *_ports(one),
            )
            for one in self.of_type("SecurityGroupEgress").values()
        }
        into = {
            (one["SourceSecurityGroupId"]["Fn::GetAtt"][0], one["GroupId"]["Fn::GetAtt"][0], *_ports(one))
            for one in self.of_type("SecurityGroupIngress").values()
            if "SourceSecurityGroupId" in one
        }
        assert out == into, "a rule without its counterpart"
        return out

    @cached_property
    def calls_to_world(self) -> set[tuple[str, int]]:
        """Which group may call the internet, on which port."""
        return {
            (title, rule["ToPort"])
            for title, one in self.of_type("SecurityGroup").items()
            for rule in one["SecurityGroupEgress"]
            if rule["CidrIp"] == str(WORLD)
        }

    def addresses_let_in(self) -> set[tuple[str, str, int]]:
        """Which addresses may call which group, on which port."""
        return {
            (str(one.get("CidrIp") or one.get("CidrIpv6")), one["GroupId"]["Fn::GetAtt"][0], one["ToPort"])
            for one in self.of_type("SecurityGroupIngress").values()
            if "SourceSecurityGroupId" not in one
        }


def _ports(rule: dict[str, Any]) -> tuple[int, int]:
    return rule["FromPort"], rule["ToPort"]
