"""Who talks to whom in an environment's network, and on which ports: the one table that the network's rules follow.

Network ACLs see packets, not connections: a connection needs a rule for the way there in each tier it touches, and
rules for the way back, to the port that the caller happened to get. So they are computed from this table, and the
security groups, which see connections, are narrower than what it lets through.
"""

from __future__ import annotations

import ipaddress
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stratolab.config.labs.cidrs import SubnetPlan, Tier

Network = ipaddress.IPv4Network
Place = Literal["internet", "public", "private", "isolated"]
Ports = tuple[int, int]

HTTPS, HTTP, MAIL = 443, 80, 587
APP = 8443
"""Where containers listen behind a load balancer: with TLS, as the hop behind it is a hop too."""
CALLERS: Ports = (1024, 65_535)
"""Ports that a caller may get: load balancers, NAT gateways and functions use the whole range.
https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports"""
EVERY: Ports = (0, 65_535)
CLOSED = (22, 3389)
"""Ports of remote consoles, which no rule opens to the world, not even as somebody's calling port: a NAT gateway that
gets 3389, once in 64,512 connections, has its caller try again."""
EVERYWHERE = Network("0.0.0.0/0")

TCP, ICMP = 6, 1
TOO_LARGE = (3, 4)
"""Type and code of the message that a packet is too large for the way: without it large ones vanish."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Connections from one place to another, to a port or a range of them."""

    source: Place
    target: Place
    ports: Ports


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """What a network ACL lets through: packets of a protocol in one direction. `ports` are type and code for ICMP."""

    egress: bool
    protocol: int
    cidr: str
    ports: Ports


def flows(*, nat: bool, database_ports: Sequence[int]) -> list[Flow]:
    """Every flow of an environment. `nat` says whether what is private may call the internet."""
    out = (HTTPS, HTTP, MAIL) if nat else ()
    return [
        Flow("internet", "public", _one(HTTPS)),
        Flow("public", "private", _one(APP)),
        Flow("private", "public", _one(HTTPS)),
        Flow("private", "private", EVERY),
        Flow("private", "internet", _one(HTTPS)),  # without NAT too: S3 answers from public addresses
        *(Flow("private", "isolated", _one(port)) for port in sorted(set(database_ports))),
        *(flow for port in out for flow in _through_nat(port)),
    ]


def rules(tier: Tier, plan: SubnetPlan, given: Sequence[Flow]) -> list[Rule]:
    """The rules of a tier's network ACL: the way there and the way back of each flow that touches it, and no more."""
    wanted = [rule for flow in given for rule in _touching(tier, plan, flow)]
    if any(rule.cidr == str(EVERYWHERE) for rule in wanted):
        wanted += [Rule(egress, ICMP, str(EVERYWHERE), TOO_LARGE) for egress in (False, True)]
    wanted = sorted(set(wanted))
    return [rule for rule in wanted if not any(_covers(other, rule) for other in wanted if other != rule)]


def _through_nat(port: int) -> list[Flow]:
    """A call to the internet by way of a NAT gateway, which stands in a public subnet and calls in its own name."""
    return [
        Flow("private", "internet", _one(port)),
        Flow("private", "public", _one(port)),
        Flow("public", "internet", _one(port)),
    ]


def _one(port: int) -> Ports:
    return port, port


def _touching(tier: Tier, plan: SubnetPlan, flow: Flow) -> Iterator[Rule]:
    if flow.source == tier:
        yield from _tcp(egress=True, where=_range(flow.target, plan), ports=flow.ports)
        yield from _tcp(egress=False, where=_range(flow.target, plan), ports=CALLERS)
    if flow.target == tier:
        yield from _tcp(egress=False, where=_range(flow.source, plan), ports=flow.ports)
        yield from _tcp(egress=True, where=_range(flow.source, plan), ports=CALLERS)


def _tcp(*, egress: bool, where: Network, ports: Ports) -> Iterator[Rule]:
    parts = _without_closed(ports) if where == EVERYWHERE and not egress else [ports]
    for part in parts:
        yield Rule(egress, TCP, str(where), part)


def _without_closed(ports: Ports) -> list[Ports]:
    """The range in parts that leave out the closed ports."""
    low, high = ports
    edges = [low - 1, *(port for port in CLOSED if low <= port <= high), high + 1]
    return [(one + 1, other - 1) for one, other in itertools.pairwise(edges) if one + 1 <= other - 1]


def _range(place: Place, plan: SubnetPlan) -> Network:
    return EVERYWHERE if place == "internet" else plan.tiers[place]


def _covers(wide: Rule, narrow: Rule) -> bool:
    same = (wide.egress, wide.protocol) == (narrow.egress, narrow.protocol)
    inside = wide.ports[0] <= narrow.ports[0] and narrow.ports[1] <= wide.ports[1]
    return same and inside and Network(narrow.cidr).subnet_of(Network(wide.cidr))
