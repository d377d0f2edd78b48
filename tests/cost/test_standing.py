from __future__ import annotations

import pytest

from stratolab.config.labs.load import lab_from_mapping
from stratolab.cost.rates import Rates
from stratolab.cost.standing import HOURS, change, standing
from stratolab.infra.catalogue import stacks

DATABASE = {
    "DBInstanceClass": "db.t4g.micro",
    "AllocatedStorage": "20",
    "StorageType": "gp3",
    "MultiAZ": False,
}


def template(*resources):
    return {
        "Resources": {
            f"R{n}": {"Type": kind, "Properties": given} for n, (kind, given) in enumerate(resources)
        }
    }


def dollars(*resources, region="us-east-1"):
    return standing([template(*resources)], Rates(region)).dollars


@pytest.mark.parametrize(
    ("kind", "given", "monthly"),
    [
        ("AWS::EC2::NatGateway", {}, 0.045 * 730),
        ("AWS::EC2::EIP", {}, 0.005 * 730),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]}, 2 * 0.01 * 730),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Gateway"}, 0.0),
        ("AWS::EC2::VPCEndpoint", {}, 0.0),
        ("AWS::KMS::Key", {}, 1.0),
        ("AWS::WAFv2::WebACL", {"Rules": [{}, {}, {}]}, 8.0),
        ("AWS::RDS::DBInstance", DATABASE, 0.016 * 730 + 20 * 0.115),
        ("AWS::RDS::DBInstance", {**DATABASE, "MultiAZ": True}, 2 * (0.016 * 730 + 20 * 0.115)),
        (
            "AWS::RDS::DBInstance",
            {**DATABASE, "AllocatedStorage": "400", "Iops": 13_000},
            0.016 * 730 + 46 + 20,
        ),
        ("AWS::S3::Bucket", {}, 0.0),
        ("AWS::EC2::Subnet", {}, 0.0),
    ],
)
def test_what_one_costs(kind, given, monthly):
    assert dollars((kind, given)) == pytest.approx(monthly)


def test_kinds_are_summed_the_dearest_first():
    found = standing(
        [template(("AWS::KMS::Key", {}), ("AWS::KMS::Key", {})), template(("AWS::EC2::NatGateway", {}))],
        Rates("eu-west-1"),
    )
    assert [(item.type, item.count) for item in found.items] == [
        ("AWS::EC2::NatGateway", 1),
        ("AWS::KMS::Key", 2),
    ]
    assert found.dollars == pytest.approx(0.048 * HOURS + 2)
    assert change(standing([], Rates("eu-west-1")), found) == pytest.approx(found.dollars)


def test_what_is_not_in_the_sum_is_said():
    found = standing([template(("AWS::S3::Bucket", {}), ("AWS::RDS::DBCluster", {}))], Rates("us-east-1"))
    assert any("objects in buckets" in note for note in found.notes)
    assert any("AWS::RDS::DBCluster" in note for note in found.notes)


def test_a_database_of_an_unknown_price_is_named():
    odd = {"DBInstanceClass": "db.x9.large", "StorageType": "io2", "AllocatedStorage": "20"}
    (note,) = standing([template(("AWS::RDS::DBInstance", odd))], Rates("us-east-1")).notes
    assert "db.x9.large, disks of type io2" in note


@pytest.mark.parametrize("profile", ["lab", "standard", "hardened"])
def test_what_a_profile_chooses_by_itself_has_a_price(profile):
    """Else the sum before the first deployment would be too small."""
    tables = {"lab": {"name": "acme", "region": "us-east-1", "profile": profile}}
    lab = lab_from_mapping({**tables, "environments": {"prod": {"database": {}}}}, "here")
    notes = standing([stack.template for stack in stacks(lab)], Rates("us-east-1")).notes
    assert [note for note in notes if "no price" in note] == []


def test_a_region_without_a_price_of_its_own_says_whose_it_took():
    found = standing([template(("AWS::EC2::NatGateway", {}))], Rates("sa-east-1"))
    assert any("us-east-1" in note and "sa-east-1" in note for note in found.notes)
    assert standing([template(("AWS::EC2::NatGateway", {}))], Rates("us-east-1")).notes == ()


def test_the_copies_of_a_service_that_always_run_and_each_one_more():
    def service(least, provider):
        return template(
            ("AWS::ECS::TaskDefinition", {"Family": "f", "Cpu": "1024", "Memory": "2048"}),
            ("AWS::ApplicationAutoScaling::ScalableTarget", {"MinCapacity": least, "MaxCapacity": 4}),
            ("AWS::ECS::Service", {"CapacityProviderStrategy": [{"CapacityProvider": provider}]}),
        )

    one, ireland = 0.04048 + 2 * 0.004445, Rates("eu-west-1")
    assert standing([service(2, "FARGATE")], ireland).dollars == pytest.approx(2 * one * HOURS)
    spare = standing([service(1, "FARGATE_SPOT")], Rates("us-east-1"))
    assert spare.dollars == pytest.approx(0.35 * one * HOURS)
    assert standing([service(0, "FARGATE")], ireland).dollars == 0
    found = standing([service(2, "FARGATE"), template(("AWS::S3::Bucket", {}))], ireland)
    assert any("up to 4 copies" in note for note in found.notes)
    balancer = template(("AWS::ElasticLoadBalancingV2::LoadBalancer", {}))
    assert standing([balancer], ireland).dollars == pytest.approx(0.0252 * HOURS)
