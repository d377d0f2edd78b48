"""A network that is adopted, built on the emulator and broken point by point: each is named with what to do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.emulator.control import REGION

from stratolab.aws.clients import Clients
from stratolab.aws.networks import Networks
from stratolab.config.labs.networks import VpcConfig
from stratolab.core.findings import Level
from stratolab.deploy import adopted

WORLD = "0.0.0.0/0"


@dataclass
class Built:
    """A network as a lab wants it: three tiers in two zones, and a NAT gateway."""

    ec2: Any
    vpc: str = ""
    tiers: dict[str, list[str]] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    nat: str = ""

    def make(self) -> Built:
        self.vpc = self.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        for number, tier in enumerate(("public", "private", "isolated")):
            self.tables[tier] = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
            self.tiers[tier] = [
                self.subnet(tier, f"10.20.{number}{zone}.0/24", "ab"[zone]) for zone in (0, 1)
            ]
        self.route("public", GatewayId=gateway)
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = self.ec2.create_nat_gateway(SubnetId=self.tiers["public"][0], AllocationId=address)
        self.nat = made["NatGateway"]["NatGatewayId"]
        self.route("private", NatGatewayId=self.nat)
        return self

    def subnet(self, tier: str, cidr: str, zone: str) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, AvailabilityZone=f"{REGION}{zone}")
        found = str(made["Subnet"]["SubnetId"])
        self.ec2.associate_route_table(RouteTableId=self.tables[tier], SubnetId=found)
        return found

    def route(self, tier: str, **target: str) -> None:
        self.ec2.create_route(RouteTableId=self.tables[tier], DestinationCidrBlock=WORLD, **target)

    def no_route(self, tier: str) -> None:
        self.ec2.delete_route(RouteTableId=self.tables[tier], DestinationCidrBlock=WORLD)

    def endpoint(self, service: str, **more: Any) -> None:
        self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=f"com.amazonaws.{REGION}.{service}", **more)

    def wanted(self, **changed: Any) -> VpcConfig:
        return VpcConfig.model_validate({"id": self.vpc, "cidr": "10.20.0.0/16", **self.tiers, **changed})

    def seen(self, **changed: Any) -> list[tuple[str, str, str]]:
        """The level, what is wrong and what to do about it."""
        wanted = self.wanted(**changed)
        found = adopted.obstacles("prod", wanted, adopted.read(wanted, Networks(self.ec2)), REGION)
        return [(str(one.level), one.what, one.fix) for one in found]

    def only(self, **changed: Any) -> tuple[str, str, str]:
        (found,) = self.seen(**changed)
        return found


@pytest.fixture
def built(emulator):
    return Built(Clients(REGION).of("ec2")).make()


def test_a_network_as_it_should_be_has_nothing_in_the_way(built):
    assert built.seen() == []
    assert built.seen(isolated=[], public=[]) == []


def test_a_vpc_that_is_not_there(built):
    level, what, fix = built.only(id="vpc-0123456789abcdef0")
    assert (level, what) == (
        "error",
        f"environments.prod.vpc.id: there is no VPC vpc-0123456789abcdef0 in {REGION}",
    )
    assert "describe-vpcs" in fix


def test_a_range_that_is_not_the_vpcs(built):
    level, what, fix = built.only(cidr="10.21.0.0/16")
    assert (level, fix) == ("error", 'environments.prod.vpc.cidr = "10.20.0.0/16"')
    assert "has 10.20.0.0/16, and not 10.21.0.0/16" in what


def test_names_that_are_off(built):
    built.ec2.modify_vpc_attribute(VpcId=built.vpc, EnableDnsHostnames={"Value": False})
    _, what, fix = built.only()
    assert "DNS hostnames" in what
    assert fix == f"aws ec2 modify-vpc-attribute --vpc-id {built.vpc} --enable-dns-hostnames"


def test_a_subnet_of_somewhere_else(built):
    other = built.ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    stray = built.ec2.create_subnet(VpcId=other, CidrBlock="10.30.0.0/24")["Subnet"]["SubnetId"]
    _, what, fix = built.only(private=[*built.tiers["private"], stray])
    assert what == f"environments.prod.vpc.private: there is no subnet {stray} in {built.vpc}"
    assert "describe-subnets" in fix


def test_one_zone_only(built):
    more = built.subnet("isolated", "10.20.90.0/24", "a")
    _, what, _ = built.only(isolated=[built.tiers["isolated"][0], more])
    assert f"all of them are in {REGION}a" in what


def test_private_subnets_on_an_internet_gateway(built):
    _, what, fix = built.seen(private=built.tiers["public"])[0]
    assert "no public address, so it gets nowhere" in what
    assert fix.startswith(f"aws ec2 replace-route --route-table-id {built.tables['public']}")


def test_a_nat_gateway_that_is_gone(built):
    built.ec2.delete_nat_gateway(NatGatewayId=built.nat)
    for level, what, _ in built.seen():
        assert level == "error"
        assert built.nat in what


def test_a_nat_gateway_in_a_private_subnet(built):
    address = built.ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = built.ec2.create_nat_gateway(SubnetId=built.tiers["isolated"][0], AllocationId=address)
    built.no_route("private")
    built.route("private", NatGatewayId=made["NatGateway"]["NatGatewayId"])
    told = built.seen()
    assert len(told) == 2
    assert all("has no route to an internet gateway" in what for _, what, _ in told)
    assert built.tables["isolated"] in told[0][2]


def test_no_way_out_needs_private_ways(built):
    built.no_route("private")
    levels, told = zip(*[(level, what) for level, what, _ in built.seen()], strict=True)
    assert levels == ("error", "error")
    assert "none to s3, ecr.api, ecr.dkr, logs, secretsmanager: no container starts there" in told[0]
    for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager"):
        built.endpoint(
            service,
            VpcEndpointType="Interface",
            SubnetIds=built.tiers["private"],
            PrivateDnsEnabled=True,
        )
    assert "none to s3:" in built.seen()[0][1]
    built.endpoint("s3", VpcEndpointType="Gateway", RouteTableIds=[built.tables["private"]])
    assert {(level, "pip" in what) for level, what, _ in built.seen()} == {("warning", True)}


def test_databases_with_a_way_out(built):
    built.route("isolated", NatGatewayId=built.nat)
    assert {level for level, *_ in built.seen()} == {"warning"}
    assert "delete-route" in built.seen()[0][2]


def test_public_subnets_that_nobody_reaches(built):
    levels = [
        level for level, what, _ in built.seen(public=built.tiers["private"]) if "nobody reaches" in what
    ]
    assert levels == ["error", "error"]


@pytest.mark.parametrize(("free", "level"), [(0, Level.ERROR), (5, Level.WARNING), (16, None)])
def test_room_in_private_subnets(built, free, level):
    wanted = built.wanted(public=[], isolated=[])
    ground = adopted.read(wanted, Networks(built.ec2))
    tight = [_with_free(one, free) for one in ground.subnets]
    found = adopted.obstacles(
        "prod", wanted, adopted.Ground(ground.vpc, tight, ground.endpoints, ground.nats), REGION
    )
    assert {one.level for one in found} == ({level} if level else set())


def test_room_for_a_load_balancer(built):
    wanted = built.wanted()
    ground = adopted.read(wanted, Networks(built.ec2))
    tight = [_with_free(one, 7) if one.id in wanted.public else one for one in ground.subnets]
    found = adopted.obstacles(
        "prod", wanted, adopted.Ground(ground.vpc, tight, ground.endpoints, ground.nats), REGION
    )
    assert {(one.level, "a load balancer wants 8" in one.what) for one in found} == {(Level.ERROR, True)}


def _with_free(subnet, free):
    return replace(subnet, free=free)
