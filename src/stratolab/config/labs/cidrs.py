"""How an environment's range of addresses is cut into subnets. Nothing but arithmetic: the same range, the same cut.

    private   the upper half: jobs and services, which are many
    isolated  the second quarter: databases
    public    the first quarter: load balancers and NAT gateways

Each part is one range, so that a rule about a tier needs one line whatever the number of zones. Within a part there is
an equal share for each of four zones (two in a /24, eight for more than four), whether they are used or not: so a third
zone can be added later without moving the first two.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal

Network = ipaddress.IPv4Network
Tier = Literal["public", "private", "isolated"]

LARGEST, SMALLEST = 16, 28  # bits; what a VPC and a subnet may have
LEAST_PUBLIC = 27  # bits; a load balancer wants eight free addresses in a subnet, and AWS keeps five
PRIVATE_RANGES = tuple(
    map(Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))  # RFC 1918, RFC 6598
)


@dataclass(frozen=True, slots=True)
class SubnetPlan:
    """The ranges of the tiers, and of each tier's subnets by zone."""

    vpc: Network
    tiers: dict[Tier, Network]
    subnets: dict[Tier, tuple[Network, ...]]


def plan(vpc: Network, zones: int) -> SubnetPlan:
    """Cut `vpc` for so many zones. Raises `ValueError` if that leaves a subnet too small (see `smallest`)."""
    if vpc.prefixlen > smallest(zones):
        raise ValueError(f"{vpc} is too small for {zones} zones: at least a /{smallest(zones)}")
    lower, private = vpc.subnets(1)
    public, isolated = lower.subnets(1)
    tiers: dict[Tier, Network] = {"public": public, "private": private, "isolated": isolated}
    shares = _bits(vpc.prefixlen, zones)
    cut = {tier: tuple(part.subnets(shares))[:zones] for tier, part in tiers.items()}
    return SubnetPlan(vpc, tiers, cut)


def smallest(zones: int) -> int:
    """The longest prefix of a range that can be cut for so many zones: 24 for two."""
    return LEAST_PUBLIC - 2 - (zones - 1).bit_length()


def _bits(length: int, zones: int) -> int:
    """Into how many shares a tier is cut, as a power of two."""
    if zones > 4:
        return 3
    return 2 if length <= smallest(4) else 1
