"""An environment's network: its options, and what stays the same whatever they are."""

from __future__ import annotations

from collections import Counter

import pytest

from stratolab.config.labs.load import lab_from_mapping
from stratolab.infra.catalogue import find
from stratolab.testing.labs import sample

LAB = {"name": "acme", "region": "us-east-1", "profile": "standard"}


def network(**options):
    return find(lab_from_mapping({"lab": LAB, "environments": {"prod": options}}, "here"), "network.prod")


def count(stack):
    return Counter(one["Type"].rpartition("::")[2] for one in stack.template["Resources"].values())


@pytest.mark.parametrize(("nat", "zones", "gateways"), [("none", 3, 0), ("one", 3, 1), ("per-zone", 3, 3)])
def test_ways_out(nat, zones, gateways):
    """R17: none, one, or one a zone, each with an address that is known."""
    stack = network(nat=nat, zones=zones, endpoints="needed")
    made = count(stack)
    assert (made["NatGateway"], made["EIP"], made["IPSet"]) == (gateways, gateways, min(gateways, 1))
    assert ("NatAddresses" in {one.name for one in stack.outputs}) == bool(gateways)
    routes = [one for one in stack.template["Resources"].values() if one["Type"] == "AWS::EC2::Route"]
    assert sum("NatGatewayId" in one["Properties"] for one in routes) == (zones if gateways else 0)


def test_a_route_waits_for_the_gateway_to_be_attached():
    resources = network().template["Resources"]
    assert resources["PublicRoutesOut"]["DependsOn"] == "GatewayAttachment"
    assert resources["Nat1Address"]["DependsOn"] == resources["Nat1"]["DependsOn"] == "GatewayAttachment"


@pytest.mark.parametrize(("endpoints", "interfaces"), [("gateway", 0), ("needed", 4), ("all", 9)])
def test_private_ways(endpoints, interfaces):
    ways = [one["Properties"] for one in network(endpoints=endpoints).template["Resources"].values()
            if one["Type"] == "AWS::EC2::VPCEndpoint"]  # fmt: skip
    kinds = Counter(one["VpcEndpointType"] for one in ways)
    assert (kinds["Gateway"], kinds["Interface"]) == (2, interfaces)
    for one in ways:
        first = one["PolicyDocument"]["Statement"][0]
        assert first["Condition"] == {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize(("where", "subnets"), [("one", 1), ("all", 3)])
def test_private_ways_stand_in_one_zone_or_all(where, subnets):
    one = network(endpoints="needed", endpoint_zones=where, zones=3).template["Resources"]["LogsEndpoint"]
    assert len(one["Properties"]["SubnetIds"]) == subnets


@pytest.mark.parametrize(("option", "traffic"), [("rejected", "REJECT"), ("all", "ALL")])
def test_flows_are_logged(option, traffic):
    assert network(flow_logs=option).template["Resources"]["FlowLog"]["Properties"]["TrafficType"] == traffic


def test_flows_may_go_unlogged():
    made = count(network(flow_logs="none"))
    assert (made["FlowLog"], made["LogGroup"], made["Role"]) == (0, 0, 0)


def test_three_tiers_over_the_zones():
    """R16."""
    for zones in (2, 3, 6):
        assert count(network(zones=zones))["Subnet"] == 3 * zones


def test_an_adopted_network_is_left_as_it_is():
    """R19: groups and the domain are all that is made in it."""
    kinds = set(count(find(sample("adopted"), "network.prod")))
    groups = {"SecurityGroup", "SecurityGroupIngress", "SecurityGroupEgress"}
    assert kinds == {*groups, "HostedZone", "RecordSet", "Certificate", "Parameter"}


def test_an_adopted_network_gives_what_an_own_one_does():
    own, adopted = find(sample("standard"), "network.prod"), find(sample("adopted"), "network.prod")
    missing = {one.name for one in own.outputs} - {one.name for one in adopted.outputs}
    assert missing == {"NatAddresses", "NatIpSet"}
    fewer = find(sample("adopted"), "network.dev")
    assert fewer.template["Outputs"]["IsolatedSubnets"] == fewer.template["Outputs"]["PrivateSubnets"] | {
        "Description": "Subnets of databases"
    }


@pytest.mark.parametrize(
    ("domain", "made"),
    [
        ({}, set()),
        ({"domain": "a.example"}, {"HostedZone"}),
        ({"domain": "a.example", "delegated": True}, {"HostedZone", "Certificate"}),
        ({"domain": "a.example", "zone": "Z0123456"}, {"HostedZone", "RecordSet", "Certificate"}),
    ],
)
def test_a_certificate_is_asked_for_when_it_can_be_proved(domain, made):
    """R20. Before that, the stack would wait for it for three days and fail."""
    lab = lab_from_mapping({"lab": {**LAB, **domain}}, "here")
    kinds = set(count(find(lab, "network.dev")))
    assert kinds & {"HostedZone", "RecordSet", "Certificate"} == made


def test_databases_listen_where_the_options_say():
    def ports(**database):
        return {
            one["Properties"]["ToPort"]
            for title, one in network(database=database).template["Resources"].items()
            if "ToDatabaseGroup" in title
        }

    assert ports() == {15432}
    assert ports(engine="mysql") == {13306}
    assert ports(port=20000) == {20000}
