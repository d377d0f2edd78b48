from __future__ import annotations

import pytest

from stratolab.cost import prices
from stratolab.cost.busy import ENDPOINT_GB, LOG_GB, NAT_GB, busy
from stratolab.cost.rates import NAT, Rates
from stratolab.cost.standing import HOURS, standing

IRELAND = Rates("eu-west-1")


def template(**resources):
    return {
        "Resources": {name: {"Type": kind, "Properties": given} for name, (kind, given) in resources.items()}
    }


def more(rates=IRELAND, **resources):
    """Dollars of a busy hour beyond those of an idle one."""
    found = busy([template(**resources)], rates)
    return found.dollars - found.idle


def compute(kind, most, *types):
    return (
        "AWS::Batch::ComputeEnvironment",
        {"ComputeResources": {"Type": kind, "MaxvCpus": most, "InstanceTypes": types}},
    )


def test_what_is_there_anyhow_is_in_it():
    one = template(Nat=("AWS::EC2::NatGateway", {}), Key=("AWS::KMS::Key", {}))
    assert busy([one], IRELAND).idle == pytest.approx(standing([one], IRELAND).dollars / HOURS)


@pytest.mark.parametrize(
    ("kind", "given", "dollars"),
    [
        ("AWS::EC2::NatGateway", {}, NAT_GB * 0.048),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": ["a"]}, ENDPOINT_GB * 0.01),
        ("AWS::EC2::VPCEndpoint", {}, 0.0),
        ("AWS::Logs::LogGroup", {}, LOG_GB * 0.5),
        ("AWS::S3::Bucket", {}, 0.0),
    ],
)
def test_what_flows_is_billed(kind, given, dollars):
    assert more(It=(kind, given)) == pytest.approx(dollars)


def test_a_refreshed_price_counts_here_too():
    assert more(Rates("eu-west-1", {NAT: 0.1}), It=("AWS::EC2::NatGateway", {})) == pytest.approx(
        NAT_GB * 0.1
    )


def test_a_compute_environment_has_all_its_vcpus_at_work():
    rate = prices.fargate("eu-west-1")
    full = 64 * (rate.vcpu + 2 * rate.gb)
    assert more(It=compute("FARGATE", 64)) == pytest.approx(full)
    assert more(It=compute("FARGATE_SPOT", 64)) == pytest.approx(full * prices.SPOT_SHARE)
    assert more(It=compute("FARGATE", 0)) == 0


def test_instances_cost_what_the_dearest_of_their_types_does():
    rates = Rates("us-east-1")
    both = more(rates, It=compute("EC2", 8, "c7i", "r7i"))
    assert both == pytest.approx(8 * prices.ec2("r7i.large", "us-east-1") / 2)
    assert more(rates, It=compute("EC2", 8, "x99")) == 0  # its price is not known, and standing says so


def test_a_service_grows_to_its_upper_limit():
    parts = {
        "Task": ("AWS::ECS::TaskDefinition", {"Cpu": "1024", "Memory": "2048"}),
        "Service": ("AWS::ECS::Service", {"TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1}),
        "Scaling": (
            "AWS::ApplicationAutoScaling::ScalableTarget",
            {
                "MaxCapacity": 4,
                "ResourceId": {"Fn::Join": ["/", ["service", {"Fn::GetAtt": ["Service", "Name"]}]]},
            },
        ),
    }
    rate = prices.fargate("eu-west-1")
    assert more(**parts) == pytest.approx(3 * (rate.vcpu + 2 * rate.gb))
    parts.pop("Scaling")
    assert more(**parts) == 0


def test_the_dearest_comes_first_and_says_what_it_assumes():
    found = busy([template(Nat=("AWS::EC2::NatGateway", {}), Logs=("AWS::Logs::LogGroup", {}))], IRELAND)
    assert [item.type for item in found.items] == ["AWS::EC2::NatGateway", "AWS::Logs::LogGroup"]
    assert found.items[0].why == "10 GB through each"
