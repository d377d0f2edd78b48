"""The types of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import REGION
from tests.emulator.types import MINE, OTHER_TAGS, OTHERS, TAGS, Case, World, live, own, policy

if TYPE_CHECKING:
    from tests.emulator.control import Emulator


def _vpc(world: World, ref: str) -> Any:
    ec2 = world.client("ec2")
    vpc = ec2.describe_vpcs(VpcIds=[ref])["Vpcs"][0]
    names = ec2.describe_vpc_attribute(VpcId=ref, Attribute="enableDnsHostnames")["EnableDnsHostnames"][
        "Value"
    ]
    return vpc["CidrBlock"], names, own(vpc["Tags"])


def _subnet(world: World, ref: str) -> Any:
    subnet = world.client("ec2").describe_subnets(SubnetIds=[ref])["Subnets"][0]
    return subnet["CidrBlock"], subnet["AvailabilityZone"], subnet["MapPublicIpOnLaunch"], own(subnet["Tags"])


def _routes(world: World, _ref: str) -> Any:
    table = world.client("ec2").describe_route_tables(RouteTableIds=[world.route_table])["RouteTables"][0]
    return [
        (one["DestinationCidrBlock"], one.get("GatewayId", one.get("NatGatewayId", "")).split("-")[0])
        for one in table["Routes"]
        if one["DestinationCidrBlock"] == "0.0.0.0/0"
    ]


def _associations(world: World, _ref: str) -> Any:
    table = world.client("ec2").describe_route_tables(RouteTableIds=[world.route_table])["RouteTables"][0]
    return [world.subnets.index(one["SubnetId"]) for one in table["Associations"] if one.get("SubnetId")]


def _address(world: World, ref: str) -> Any:
    found = world.client("ec2").describe_addresses(PublicIps=[ref])["Addresses"]
    return [own(one.get("Tags")) for one in found]


def _nat(world: World, ref: str) -> Any:
    found = world.client("ec2").describe_nat_gateways(NatGatewayIds=[ref])["NatGateways"]
    return [
        (one["SubnetId"] == world.subnets[0], own(one["Tags"]))
        for one in found
        if one["State"] == "available"
    ]


def _acl(world: World, ref: str) -> Any:
    acl = world.client("ec2").describe_network_acls(NetworkAclIds=[ref])["NetworkAcls"][0]
    return acl["VpcId"] == world.vpc, own(acl["Tags"])


def _entries(world: World, _ref: str) -> Any:
    acl = world.client("ec2").describe_network_acls(NetworkAclIds=[world.acl])["NetworkAcls"][0]
    keys = ("RuleNumber", "Egress", "Protocol", "RuleAction", "CidrBlock", "PortRange")
    return [tuple(one.get(key) for key in keys) for one in acl["Entries"] if one["RuleNumber"] == 110]


def _acl_subnets(world: World, _ref: str) -> Any:
    acl = world.client("ec2").describe_network_acls(NetworkAclIds=[world.acl])["NetworkAcls"][0]
    return [world.subnets.index(one["SubnetId"]) for one in acl["Associations"]]


def _group(world: World, ref: str) -> Any:
    group = world.client("ec2").describe_security_groups(GroupIds=[ref])["SecurityGroups"][0]
    ingress = [
        (one["IpProtocol"], one.get("FromPort"), [peer["CidrIp"] for peer in one["IpRanges"]])
        for one in group["IpPermissions"]
    ]
    egress = [
        (one["IpProtocol"], one.get("FromPort"), [peer["CidrIp"] for peer in one["IpRanges"]])
        for one in group["IpPermissionsEgress"]
    ]
    return ingress, egress, own(group["Tags"])


def _rules(side: str) -> Any:
    def look(world: World, _ref: str) -> Any:
        group = world.client("ec2").describe_security_groups(GroupIds=[world.group])["SecurityGroups"][0]
        return [
            (
                one["IpProtocol"],
                one.get("FromPort"),
                [peer.get("Description") for peer in one["UserIdGroupPairs"]],
            )
            for one in group[side]
            if one["UserIdGroupPairs"]
        ]

    return look


def _endpoint(world: World, ref: str) -> Any:
    found = world.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[ref])["VpcEndpoints"][0]
    return (
        found["VpcEndpointType"],
        found["PrivateDnsEnabled"],
        len(found["Groups"]),
        "s3:GetObject" in found["PolicyDocument"],
    )


def _flow(world: World, ref: str) -> Any:
    found = world.client("ec2").describe_flow_logs(FlowLogIds=[ref])["FlowLogs"]
    return [(one["TrafficType"], one["LogDestinationType"], one["ResourceId"] == world.vpc) for one in found]


def _attached(world: World, _ref: str) -> Any:
    gateways = world.client("ec2").describe_internet_gateways(InternetGatewayIds=[world.free_gateway])
    return [one["VpcId"] == world.vpc for one in gateways["InternetGateways"][0]["Attachments"]]


def _attachment(world: World) -> dict[str, Any]:
    return {"VpcId": world.vpc, "InternetGatewayId": world.free_gateway}


def _rule(side: str, port: int) -> Any:
    def make(world: World) -> dict[str, Any]:
        return {
            "GroupId": world.group,
            "IpProtocol": "tcp",
            "FromPort": port,
            "ToPort": port,
            "Description": "peers",
            f"{side}SecurityGroupId": world.group,
        }

    return make


def _entry(first: int) -> Any:
    return lambda world: {
        "NetworkAclId": world.acl,
        "RuleNumber": 110,
        "Protocol": 6,
        "RuleAction": "allow",
        "CidrBlock": "10.0.0.0/8",
        "PortRange": {"From": first, "To": first},
    }


def _entered(first: int) -> Any:
    return [(110, False, "6", "allow", "10.0.0.0/8", {"From": first, "To": first})]


def _sg(port: int, tags: Any) -> Any:
    return lambda world: {
        "GroupDescription": "d",
        "VpcId": world.vpc,
        "Tags": tags,
        "SecurityGroupIngress": [
            {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "10.0.0.0/8"}
        ],
        "SecurityGroupEgress": [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}
        ],
    }


CASES = [
    Case(
        "AWS::EC2::VPC",
        lambda _: {"CidrBlock": "10.7.0.0/16", "EnableDnsHostnames": True, "Tags": TAGS},
        _vpc,
        ("10.7.0.0/16", True, MINE),
        lambda _: {"CidrBlock": "10.7.0.0/16", "EnableDnsHostnames": False, "Tags": OTHER_TAGS},
        ("10.7.0.0/16", False, OTHERS),
        "vpc-",
        attributes={"CidrBlock": "10.7.0.0/16", "DefaultSecurityGroup": "sg-", "VpcId": "vpc-"},
    ),
    Case(
        "AWS::EC2::Subnet",
        lambda world: {
            "VpcId": world.vpc,
            "CidrBlock": "10.9.7.0/24",
            "AvailabilityZone": f"{REGION}a",
            "MapPublicIpOnLaunch": True,
            "Tags": TAGS,
        },
        _subnet,
        ("10.9.7.0/24", f"{REGION}a", True, MINE),
        lambda world: {
            "VpcId": world.vpc,
            "CidrBlock": "10.9.7.0/24",
            "AvailabilityZone": f"{REGION}a",
            "MapPublicIpOnLaunch": False,
            "Tags": TAGS,
        },
        ("10.9.7.0/24", f"{REGION}a", False, MINE),
        "subnet-",
        attributes={"AvailabilityZone": REGION, "VpcId": "vpc-"},
    ),
    Case(
        "AWS::EC2::InternetGateway",
        lambda _: {"Tags": TAGS},
        lambda world, ref: own(
            world.client("ec2").describe_internet_gateways(InternetGatewayIds=[ref])["InternetGateways"][0][
                "Tags"
            ]
        ),
        MINE,
        lambda _: {"Tags": OTHER_TAGS},
        OTHERS,
        "igw-",
    ),
    Case("AWS::EC2::VPCGatewayAttachment", _attachment, _attached, [True]),
    Case(
        "AWS::EC2::RouteTable",
        lambda world: {"VpcId": world.vpc, "Tags": TAGS},
        lambda world, ref: own(
            world.client("ec2").describe_route_tables(RouteTableIds=[ref])["RouteTables"][0]["Tags"]
        ),
        MINE,
        lambda world: {"VpcId": world.vpc, "Tags": OTHER_TAGS},
        OTHERS,
        "rtb-",
    ),
    Case(
        "AWS::EC2::Route",
        lambda world: {
            "RouteTableId": world.route_table,
            "DestinationCidrBlock": "0.0.0.0/0",
            "GatewayId": world.gateway,
        },
        _routes,
        [("0.0.0.0/0", "igw")],
    ),
    Case(
        "AWS::EC2::SubnetRouteTableAssociation",
        lambda world: {"RouteTableId": world.route_table, "SubnetId": world.subnets[0]},
        _associations,
        [0],
        lambda world: {"RouteTableId": world.route_table, "SubnetId": world.subnets[1]},
        [1],
        "rtbassoc-",
        replaced=True,
    ),
    Case(
        "AWS::EC2::EIP",
        lambda _: {"Domain": "vpc", "Tags": TAGS},
        _address,
        [MINE],
        lambda _: {"Domain": "vpc", "Tags": OTHER_TAGS},
        [OTHERS],
        attributes={"AllocationId": "eipalloc-"},
    ),
    Case(
        "AWS::EC2::NatGateway",
        lambda world: {"SubnetId": world.subnets[0], "AllocationId": world.allocation, "Tags": TAGS},
        _nat,
        [(True, MINE)],
        lambda world: {"SubnetId": world.subnets[0], "AllocationId": world.allocation, "Tags": OTHER_TAGS},
        [(True, OTHERS)],
        "nat-",
    ),
    Case(
        "AWS::EC2::NetworkAcl",
        lambda world: {"VpcId": world.vpc, "Tags": TAGS},
        _acl,
        (True, MINE),
        lambda world: {"VpcId": world.vpc, "Tags": OTHER_TAGS},
        (True, OTHERS),
        "acl-",
    ),
    Case("AWS::EC2::NetworkAclEntry", _entry(443), _entries, _entered(443), _entry(80), _entered(80)),
    Case(
        "AWS::EC2::SubnetNetworkAclAssociation",
        lambda world: {"NetworkAclId": world.acl, "SubnetId": world.subnets[0]},
        _acl_subnets,
        [0],
        lambda world: {"NetworkAclId": world.acl, "SubnetId": world.subnets[1]},
        [1],
        "aclassoc-",
        replaced=True,
    ),
    Case(
        "AWS::EC2::SecurityGroup",
        _sg(443, TAGS),
        _group,
        ([("tcp", 443, ["10.0.0.0/8"])], [("tcp", 443, ["10.0.0.0/8"])], MINE),
        _sg(80, OTHER_TAGS),
        ([("tcp", 80, ["10.0.0.0/8"])], [("tcp", 443, ["10.0.0.0/8"])], OTHERS),
        "sg-",
        attributes={"GroupId": "sg-", "VpcId": "vpc-"},
    ),
    Case(
        "AWS::EC2::SecurityGroupIngress",
        _rule("Source", 5432),
        _rules("IpPermissions"),
        [("tcp", 5432, ["peers"])],
        _rule("Source", 3306),
        [("tcp", 3306, ["peers"])],
        "sgr-",
        replaced=True,
    ),
    Case(
        "AWS::EC2::SecurityGroupEgress",
        _rule("Destination", 5432),
        _rules("IpPermissionsEgress"),
        [("tcp", 5432, ["peers"])],
        _rule("Destination", 3306),
        [("tcp", 3306, ["peers"])],
        replaced=True,
    ),
    Case(
        "AWS::EC2::VPCEndpoint",
        lambda world: {
            "VpcId": world.vpc,
            "ServiceName": f"com.amazonaws.{REGION}.logs",
            "VpcEndpointType": "Interface",
            "SubnetIds": world.subnets,
            "SecurityGroupIds": [world.group],
            "PrivateDnsEnabled": True,
            "PolicyDocument": policy("s3:GetObject", Principal="*"),
            "Tags": TAGS,
        },
        _endpoint,
        ("Interface", True, 1, True),
        lambda world: {
            "VpcId": world.vpc,
            "ServiceName": f"com.amazonaws.{REGION}.logs",
            "VpcEndpointType": "Interface",
            "SubnetIds": world.subnets,
            "SecurityGroupIds": [world.group],
            "PrivateDnsEnabled": False,
            "PolicyDocument": policy("s3:PutObject", Principal="*"),
            "Tags": TAGS,
        },
        ("Interface", False, 1, False),
        "vpce-",
    ),
    Case(
        "AWS::EC2::FlowLog",
        lambda world: {
            "ResourceId": world.vpc,
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogGroupName": world.logs,
            "LogDestinationType": "cloud-watch-logs",
            "DeliverLogsPermissionArn": world.role,
            "Tags": TAGS,
        },
        _flow,
        [("ALL", "cloud-watch-logs", True)],
        lambda world: {
            "ResourceId": world.vpc,
            "ResourceType": "VPC",
            "TrafficType": "REJECT",
            "LogGroupName": world.logs,
            "LogDestinationType": "cloud-watch-logs",
            "DeliverLogsPermissionArn": world.role,
            "Tags": TAGS,
        },
        [("REJECT", "cloud-watch-logs", True)],
        "fl-",
        replaced=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_its_life(case: Case, emulator: Emulator) -> None:
    live(case, emulator)
