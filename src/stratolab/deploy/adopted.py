"""Whether a network that is adopted can carry a lab: looked at before anything is built in it.

What the owner says of it in `lab.toml` is held against what is there: the VPC and its ranges, its names, each tier's
subnets, their zones, room and way out, and the private ways to AWS's services where there is no other. Security groups
and network ACLs on the way are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.deploy.obstacles import error, warning
from stratolab.infra.blocks.endpoints import NEEDED

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from stratolab.aws.networks import Endpoint, NatGateway, Networks, Subnet, Vpc
    from stratolab.config.labs.networks import VpcConfig
    from stratolab.deploy.obstacles import Obstacle

ROOM = 16  # addresses; each task, function and endpoint takes one
BALANCER_ROOM = 8  # that a load balancer wants free in each subnet (its user guide, subnets)


@dataclass(frozen=True, slots=True)
class Ground:
    """An adopted network as it stands."""

    vpc: Vpc | None
    subnets: Sequence[Subnet]
    endpoints: Sequence[Endpoint]
    nats: Sequence[NatGateway]


def read(wanted: VpcConfig, networks: Networks) -> Ground:
    """Look at a network. Raises `RemoteError`."""
    vpc = networks.vpc(wanted.id)
    if vpc is None:
        return Ground(None, (), (), ())
    nats = [one for one in networks.nat_gateways() if one.state in {"pending", "available"}]
    return Ground(vpc, networks.subnets(wanted.id), networks.endpoints(wanted.id), nats)


def obstacles(environment: str, wanted: VpcConfig, ground: Ground, region: str) -> list[Obstacle]:
    """Every point in which the network is not what the lab needs."""
    key = f"environments.{environment}.vpc"
    if ground.vpc is None:
        return [
            error(f"{key}.id: there is no VPC {wanted.id} in {region}", "aws ec2 describe-vpcs lists them")
        ]
    return [
        *_ranges(key, wanted, ground.vpc),
        *_names(key, ground.vpc),
        *_private(key, wanted, ground),
        *_isolated(key, wanted, ground),
        *_public(key, wanted, ground),
    ]


def _ranges(key: str, wanted: VpcConfig, vpc: Vpc) -> Iterator[Obstacle]:
    if wanted.cidr not in vpc.cidrs:
        yield error(
            f"{key}.cidr: {vpc.id} has {', '.join(vpc.cidrs)}, and not {wanted.cidr}",
            f'{key}.cidr = "{vpc.cidrs[0]}"' if vpc.cidrs else "",
        )


def _names(key: str, vpc: Vpc) -> Iterator[Obstacle]:
    for is_on, name, option in (
        (vpc.dns_support, "DNS support", "--enable-dns-support"),
        (vpc.dns_hostnames, "DNS hostnames", "--enable-dns-hostnames"),
    ):
        if not is_on:
            yield error(
                f"{key}: {name} of {vpc.id} is off; endpoints and databases are found by name",
                f"aws ec2 modify-vpc-attribute --vpc-id {vpc.id} {option}",
            )


def _private(key: str, wanted: VpcConfig, ground: Ground) -> Iterator[Obstacle]:
    """They need a way out, or private ways to what a container cannot start without."""
    found = yield from _tier(f"{key}.private", wanted.private, ground)
    for subnet in found:
        yield from _way_out(f"{key}.private", subnet, ground)
        if 0 < subnet.free < ROOM:
            yield warning(f"{key}.private: {subnet.id} has {subnet.free} addresses left", "add a subnet")


def _isolated(key: str, wanted: VpcConfig, ground: Ground) -> Iterator[Obstacle]:
    """They should have none."""
    found = yield from _tier(f"{key}.isolated", wanted.isolated, ground)
    for subnet in found:
        if subnet.exit and not subnet.dead:
            yield warning(
                f"{key}.isolated: {subnet.id} has a way out, by {subnet.exit}; databases need none",
                f"aws ec2 delete-route --route-table-id {subnet.table} --destination-cidr-block 0.0.0.0/0, "
                "or name other subnets",
            )


def _public(key: str, wanted: VpcConfig, ground: Ground) -> Iterator[Obstacle]:
    """The internet has to get in, and a load balancer has to fit."""
    found = yield from _tier(f"{key}.public", wanted.public, ground)
    for subnet in found:
        if not subnet.public or subnet.dead:
            yield error(
                f"{key}.public: {subnet.id} has no route to an internet gateway, so nobody reaches what is in it",
                _route(subnet, "--gateway-id igw-..."),
            )
        if 0 < subnet.free < BALANCER_ROOM:
            yield error(
                f"{key}.public: {subnet.id} has {subnet.free} addresses left, a load balancer wants {BALANCER_ROOM}",
                "name a larger subnet",
            )


def _tier(key: str, wanted: Sequence[str], ground: Ground) -> Generator[Obstacle, None, list[Subnet]]:
    """What holds for every tier; gives the subnets that are there."""
    there = {subnet.id: subnet for subnet in ground.subnets}
    vpc = ground.vpc.id if ground.vpc else ""
    for name in wanted:
        if name not in there:
            yield error(
                f"{key}: there is no subnet {name} in {vpc}",
                f"aws ec2 describe-subnets --filters Name=vpc-id,Values={vpc} lists them",
            )
        elif there[name].free == 0:
            yield error(f"{key}: {name} has no address left", "name a larger subnet")
    found = [there[name] for name in wanted if name in there]
    zones = {subnet.zone for subnet in found}
    if found and len(zones) < 2 and len(found) == len(wanted):
        yield error(
            f"{key}: all of them are in {zones.pop()}; databases and load balancers want two zones",
            "name a subnet in another zone",
        )
    return found


def _way_out(key: str, subnet: Subnet, ground: Ground) -> Iterator[Obstacle]:
    if subnet.exit and subnet.dead:
        yield error(
            f"{key}: the route of {subnet.id} to the world is a black hole: {subnet.exit} is gone",
            _route(subnet, "--nat-gateway-id nat-...", verb="replace"),
        )
    elif subnet.public:
        yield error(
            f"{key}: the route of {subnet.id} to the world goes to an internet gateway; what runs there has no "
            "public address, so it gets nowhere",
            _route(subnet, "--nat-gateway-id nat-...", verb="replace"),
        )
    elif subnet.exit.startswith("nat-"):
        yield from _through_nat(key, subnet, ground)
    elif not subnet.exit:
        yield from _by_endpoints(key, subnet, ground)


def _through_nat(key: str, subnet: Subnet, ground: Ground) -> Iterator[Obstacle]:
    """The gateway must stand where the internet is reached from."""
    nat = next((one for one in ground.nats if one.id == subnet.exit), None)
    at = {one.id: one for one in ground.subnets}.get(nat.subnet) if nat else None
    if nat is None:
        yield error(
            f"{key}: {subnet.id} goes out by {subnet.exit}, which is gone or failed",
            _route(subnet, "--nat-gateway-id nat-...", verb="replace"),
        )
    elif at is not None and not at.public:
        yield error(
            f"{key}: {subnet.id} goes out by {nat.id} in {at.id}, which has no route to an internet gateway",
            _route(at, "--gateway-id igw-..."),
        )


def _by_endpoints(key: str, subnet: Subnet, ground: Ground) -> Iterator[Obstacle]:
    """No way out: then AWS's services must be reached by private ways."""
    here = [one for one in ground.endpoints if one.available]
    lacks = [name for name in NEEDED if not any(one.service == name and one.names for one in here)]
    by_route = any(one.service == "s3" and one.gateway and subnet.table in one.tables for one in here)
    by_name = any(one.service == "s3" and not one.gateway and one.names for one in here)
    if not (by_route or by_name):
        lacks.insert(0, "s3")
    if lacks:
        yield error(
            f"{key}: {subnet.id} has no way out, and none to {', '.join(lacks)}: no container starts there",
            _route(subnet, "--nat-gateway-id nat-...")
            + ", or an endpoint of each: aws ec2 create-vpc-endpoint",
        )
    else:
        yield warning(f"{key}: {subnet.id} has no way out: pip, GitHub and other registries are not reached")


def _route(subnet: Subnet, target: str, *, verb: str = "create") -> str:
    table = f"--route-table-id {subnet.table}" if subnet.table else "--route-table-id rtb-..."
    return f"aws ec2 {verb}-route {table} --destination-cidr-block 0.0.0.0/0 {target}"
