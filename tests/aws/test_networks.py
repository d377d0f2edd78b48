from __future__ import annotations

import pytest

from stratolab.aws.networks import Networks


@pytest.fixture
def ec2(clients):
    return clients.of("ec2")


def test_a_vpc_with_its_ways_out(clients, ec2):
    networks = Networks(clients.of("ec2"))
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{number}.0/24", AvailabilityZone=zone)["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate(networks.zones()[:2])
    ]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])

    found = networks.vpc(vpc)
    assert found is not None
    assert (found.cidrs, found.dns_hostnames) == (("10.1.0.0/16",), True)
    by_id = {one.id: one for one in networks.subnets(vpc)}
    assert by_id[subnets[0]].public
    assert by_id[subnets[0]].exit == gateway
    assert by_id[subnets[1]].exit == ""
    assert by_id[subnets[1]].free > 200


def test_a_vpc_that_is_not_there(clients):
    assert Networks(clients.of("ec2")).vpc("vpc-00000000000000000") is None


def test_counting_for_quotas(clients, ec2):
    networks = Networks(ec2)
    before = networks.count("vpcs")
    ec2.create_vpc(CidrBlock="10.2.0.0/16")
    assert networks.count("vpcs") == before + 1
    ec2.allocate_address(Domain="vpc")
    assert networks.count("addresses") == 1
