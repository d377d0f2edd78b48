"""What `plan` and `up` see coming (row P7): as typed, on the emulator."""

from __future__ import annotations

import json

import pytest
from tests.emulator.control import REGION

LAB = f"""
[lab]
name = "acme"
region = "{REGION}"
profile = "lab"
"""
ADOPTED = """
[environments.dev.vpc]
id = "{vpc}"
cidr = "10.20.0.0/16"
private = ["{first}", "{second}"]
"""


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "lab.toml").write_text(LAB)
    return tmp_path


@pytest.mark.timeout(300)
def test_a_quota_that_does_not_suffice_is_named_before_anything_is_made(cli, lab, emulator):
    emulator.quota("vpc", "L-F678F1CE", 1)
    shown = cli("plan", folder=lab)
    assert shown.code == 0
    assert "What it would fail on:" in shown.out
    assert "VPCs per Region: 1 in use, 1 more wanted, and the quota is 1" in shown.out
    assert "--service-code vpc --quota-code L-F678F1CE --desired-value 2" in shown.out
    assert "VPCs per Region" in cli("plan", "--markdown", folder=lab).out
    (found,) = json.loads(cli("plan", "--json", folder=lab).out)["obstacles"]
    assert found["level"] == "error"
    refused = cli("up", "--yes", folder=lab)
    assert refused.code == 3
    assert "VPCs per Region" in refused.err
    assert "request-service-quota-increase" in refused.err
    assert emulator.client("cloudformation").describe_stacks()["Stacks"] == []
    assert cli("up", "foundation", "--yes", folder=lab, timeout=120).code == 0  # which wants no VPC


@pytest.mark.timeout(300)
def test_what_cannot_be_read_does_not_stop_it_and_roles_of_services_come_first(cli, lab, emulator):
    emulator.fault(call="*:GetServiceQuota", code="AccessDeniedException", reason="not for you", times=0)
    shown = cli("plan", folder=lab)
    assert "What to look at first:" in shown.out
    assert "could not be read: not for you" in shown.out
    assert "access-analyzer.amazonaws.com" in shown.out
    made = cli("up", "--yes", folder=lab, timeout=200)
    assert made.code == 0, made.err
    assert "made the service-linked role of access-analyzer.amazonaws.com" in made.err
    roles = emulator.client("iam").list_roles(PathPrefix="/aws-service-role/")["Roles"]
    assert [role["Path"] for role in roles] == ["/aws-service-role/access-analyzer.amazonaws.com/"]


def test_an_adopted_network_that_cannot_carry_a_lab_is_refused(cli, lab, emulator):
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    first, second = (
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=f"{REGION}{'ab'[number]}"
        )["Subnet"]["SubnetId"]
        for number in (0, 1)
    )
    (lab / "lab.toml").write_text(LAB + ADOPTED.format(vpc=vpc, first=first, second=second))
    refused = cli("up", "--yes", folder=lab)
    assert refused.code == 3
    assert f"DNS hostnames of {vpc} is off" in refused.err
    assert f"{first} has no way out, and none to s3" in refused.err
    assert f"aws ec2 modify-vpc-attribute --vpc-id {vpc} --enable-dns-hostnames" in refused.err
    assert emulator.client("cloudformation").describe_stacks()["Stacks"] == []
