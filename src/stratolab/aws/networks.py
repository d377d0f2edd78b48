"""Networks that are there already (EC2): what is to be known before a lab builds in one, and what quotas count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stratolab.aws.errors import calling, code_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

WORLD = "0.0.0.0/0"
GATEWAY = "Gateway"


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC. Endpoints and private names need both DNS settings."""

    id: str
    cidrs: tuple[str, ...]
    dns_support: bool
    dns_hostnames: bool


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. `exit` is where its traffic to the world goes: an id (igw-, nat-, tgw- ...), empty if nowhere.

    `dead` says that this is gone, `table` which route table says so.
    """

    id: str
    vpc: str
    zone: str
    cidr: str
    free: int  # addresses
    exit: str
    dead: bool = False
    table: str = ""

    @property
    def public(self) -> bool:
        """Whether it reaches the world directly, and the world it."""
        return self.exit.startswith("igw-")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A private way to a service of AWS, such as `ecr.api`. A gateway is one by `tables`; the others stand in subnets.

    `names` says whether it answers to the service's usual name.
    """

    id: str
    vpc: str
    service: str
    gateway: bool
    available: bool
    names: bool
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NatGateway:
    """A NAT gateway, in its subnet and zone. Those that are pending, available or deleting count for the quota."""

    id: str
    vpc: str
    subnet: str
    zone: str
    state: str

    @property
    def counts(self) -> bool:
        """Whether it takes up some of the quota."""
        return self.state in {"pending", "available", "deleting"}


@dataclass(frozen=True, slots=True)
class GroupRule:
    """A rule of a security group as it stands. `peer` is a range of addresses, another group or a prefix list."""

    group: str
    outward: bool
    protocol: str
    first: int
    last: int
    peer: str
    about: str

    def __str__(self) -> str:
        ports = f" {self.first}" if self.first == self.last else f" {self.first} to {self.last}"
        what = "everything" if self.protocol == "-1" else f"{self.protocol}{ports if self.first >= 0 else ''}"
        return f"{what} {'to' if self.outward else 'from'} {self.peer}"


class Networks:
    """Networks of one region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def zones(self) -> list[str]:
        """Availability zones that can be used, by name."""
        with calling("listing availability zones"):
            found = self._client.describe_availability_zones(
                Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}]
            )["AvailabilityZones"]
        return sorted(one["ZoneName"] for one in found if one["State"] == "available")

    def vpc(self, vpc: str) -> Vpc | None:
        """A VPC by its id; None if there is none."""
        with calling(f"looking at {vpc}"):
            try:
                (found,) = self._client.describe_vpcs(VpcIds=[vpc])["Vpcs"]
            except ClientError as error:
                if code_of(error) in {"InvalidVpcID.NotFound", "InvalidVpcID.Malformed"}:
                    return None
                raise
            support = self._client.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
            names = self._client.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
        blocks = found.get("CidrBlockAssociationSet") or [{"CidrBlock": found["CidrBlock"]}]
        return Vpc(
            id=vpc,
            cidrs=tuple(one["CidrBlock"] for one in blocks),
            dns_support=support["EnableDnsSupport"]["Value"],
            dns_hostnames=names["EnableDnsHostnames"]["Value"],
        )

    def subnets(self, vpc: str) -> list[Subnet]:
        """The subnets of a VPC, by id, each with its way out."""
        here = [{"Name": "vpc-id", "Values": [vpc]}]
        found = self._all("describe_subnets", "Subnets", Filters=here)
        exits = _exits(self._all("describe_route_tables", "RouteTables", Filters=here))
        nowhere = exits.get("", _Exit())
        return [
            Subnet(
                id=one["SubnetId"],
                vpc=vpc,
                zone=one["AvailabilityZone"],
                cidr=one["CidrBlock"],
                free=one["AvailableIpAddressCount"],
                exit=exits.get(one["SubnetId"], nowhere).target,
                dead=exits.get(one["SubnetId"], nowhere).dead,
                table=exits.get(one["SubnetId"], nowhere).table,
            )
            for one in sorted(found, key=lambda one: str(one["SubnetId"]))
        ]

    def endpoints(self, vpc: str = "") -> list[Endpoint]:
        """The endpoints of a VPC, or all of the region."""
        here = [{"Name": "vpc-id", "Values": [vpc]}] if vpc else []
        return [
            Endpoint(
                id=one["VpcEndpointId"],
                vpc=one["VpcId"],
                service=_SERVICE.sub("", one["ServiceName"]),
                gateway=one.get("VpcEndpointType", GATEWAY) == GATEWAY,
                available=str(one.get("State", "")).lower() == "available",
                names=bool(one.get("PrivateDnsEnabled", False)),
                tables=tuple(one.get("RouteTableIds", ())),
            )
            for one in self._all("describe_vpc_endpoints", "VpcEndpoints", Filters=here)
        ]

    def nat_gateways(self) -> list[NatGateway]:
        """Every NAT gateway of the region, those lately deleted too."""
        zones = {one["SubnetId"]: one["AvailabilityZone"] for one in self._all("describe_subnets", "Subnets")}
        return [
            NatGateway(
                id=one["NatGatewayId"],
                vpc=one["VpcId"],
                subnet=one["SubnetId"],
                zone=zones.get(one["SubnetId"], ""),
                state=one["State"],
            )
            for one in self._all("describe_nat_gateways", "NatGateways")
        ]

    def group_rules(self, groups: Sequence[str]) -> list[GroupRule]:
        """The rules of these security groups, whoever made them."""
        here = [{"Name": "group-id", "Values": list(groups)}]
        found = (
            self._all("describe_security_group_rules", "SecurityGroupRules", Filters=here) if groups else ()
        )
        return [
            GroupRule(
                group=one["GroupId"],
                outward=one["IsEgress"],
                protocol=one["IpProtocol"],
                first=one.get("FromPort", -1),
                last=one.get("ToPort", -1),
                peer=next((one[key] for key in _PEERS if one.get(key)), "")
                or one.get("ReferencedGroupInfo", {}).get("GroupId", ""),
                about=one.get("Description", ""),
            )
            for one in found
        ]

    def count(self, what: str) -> int:
        """How many there are of `vpcs`, `addresses` (elastic IPs) or `internet_gateways`: for quotas."""
        operation, key = _COUNTED[what]
        return sum(1 for _ in self._all(operation, key))

    def _all(self, operation: str, key: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        mark: dict[str, str] = {}
        while True:
            with calling("looking at networks"):
                page = getattr(self._client, operation)(**arguments, **mark)
            yield from page[key]
            if not page.get("NextToken"):
                return
            mark = {"NextToken": page["NextToken"]}


_COUNTED = {
    "vpcs": ("describe_vpcs", "Vpcs"),
    "addresses": ("describe_addresses", "Addresses"),
    "internet_gateways": ("describe_internet_gateways", "InternetGateways"),
}
_PEERS = ("CidrIpv4", "CidrIpv6", "PrefixListId")
_TARGETS = ("GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId")


_SERVICE = re.compile(r"^(cn\.)?com\.amazonaws\.[a-z0-9-]+\.")


@dataclass(frozen=True, slots=True)
class _Exit:
    """Where a route table sends what is for the world."""

    target: str = ""
    dead: bool = False
    table: str = ""


def _exits(tables: Iterable[Mapping[str, Any]]) -> dict[str, _Exit]:
    """Where each subnet's traffic to the world goes; under the empty name, that of subnets without a table."""
    found = {}
    for table in tables:
        way = _Exit(table=table["RouteTableId"])
        for route in table["Routes"]:
            target = next((route[key] for key in _TARGETS if route.get(key)), "")
            if route.get("DestinationCidrBlock") == WORLD and target:
                way = _Exit(target, route.get("State") == "blackhole", table["RouteTableId"])
        for link in table.get("Associations", ()):
            found["" if link.get("Main") else link.get("SubnetId", "")] = way
    return found
