"""Rows P5: what was changed by hand. Rules of security groups, which CloudFormation looks at in part only."""

from __future__ import annotations

import pytest
from tests.deploy.conftest import stack

from stratolab.aws.clients import Clients
from stratolab.aws.networks import Networks
from stratolab.deploy.drifting import drift

NOTHING = {
    "CidrIp": "255.255.255.255/32",
    "IpProtocol": "icmp",
    "FromPort": 252,
    "ToPort": 86,
    "Description": "none",
}
TLS = {"CidrIp": "10.0.0.0/16", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Description": "TLS"}
HTTP = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "Description": "web calls job"}


def group(about, **properties):
    described = {"GroupDescription": about, "VpcId": {"Ref": "Vpc"}, "SecurityGroupEgress": [NOTHING]}
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": {**described, **properties}}


def group_id(title):
    return {"Fn::GetAtt": [title, "GroupId"]}


NETWORK = stack(
    "network",
    {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Web": group("web", SecurityGroupIngress=[TLS]),
        "Job": group("jobs"),
        "WebToJob": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {"GroupId": group_id("Job"), "SourceSecurityGroupId": group_id("Web"), **HTTP},
        },
    },
)


@pytest.fixture
def made(account, emulator):
    """Look for drift, and the id of each group of a stack that stands."""
    assert account.up([NETWORK]).errors == {}
    ids = {one.logical: one.physical for one in account.cloud.resources(NETWORK.name)}
    networks = Networks(Clients("eu-central-1").of("ec2"))
    return lambda: drift(NETWORK.name, account.cloud, networks), ids, emulator.client("ec2")


def test_rules_of_the_stack_are_no_drift_however_they_were_made(made):
    look, _, _ = made
    assert look() == []


@pytest.mark.parametrize("title", ["Web", "Job"])
def test_a_door_that_was_opened_by_hand_is_found(made, title):
    look, ids, ec2 = made
    world = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=ids[title], IpPermissions=[world])
    ec2.authorize_security_group_egress(
        GroupId=ids[title], IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    (found,) = look()
    assert (found.logical, found.status) == (title, "MODIFIED")
    assert [str(one) for one in found.differences] == [
        "/SecurityGroupIngress: added tcp 22 from 0.0.0.0/0",
        "/SecurityGroupEgress: added everything to 0.0.0.0/0",
    ]


def test_a_rule_of_the_stacks_that_is_wider_than_it_was_is_found(made):
    look, ids, ec2 = made
    wider = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ranges = [{"CidrIp": "0.0.0.0/0", "Description": "TLS"}]
    ec2.authorize_security_group_ingress(GroupId=ids["Web"], IpPermissions=[{**wider, "IpRanges": ranges}])
    (found,) = look()
    assert [str(one) for one in found.differences] == ["/SecurityGroupIngress: added tcp 443 from 0.0.0.0/0"]
