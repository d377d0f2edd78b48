"""What is found before anything is made: quotas, adopted networks, service-linked roles (row P7), on the emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.deploy.conftest import bucket, stack
from tests.emulator.control import REGION

from stratolab.aws.clients import Clients
from stratolab.aws.databases import Databases
from stratolab.aws.linked import LinkedRoles
from stratolab.aws.networks import Networks
from stratolab.aws.people import People
from stratolab.aws.quotas import Quotas
from stratolab.config.labs.load import lab_from_mapping
from stratolab.core.errors import RefusedError
from stratolab.core.findings import Level
from stratolab.deploy import linked, planner, preflight
from stratolab.deploy.allowances import Source
from stratolab.deploy.obstacles import refuse
from stratolab.infra.catalogue import stacks

if TYPE_CHECKING:
    from stratolab.deploy.models import Noted


@dataclass
class Seen:
    """The emulated account, as the preflight reads it."""

    clients: Clients

    @property
    def roles(self) -> LinkedRoles:
        return LinkedRoles(self.clients.of("iam"))

    def outlook(self, tables: dict[str, Any]) -> preflight.Outlook:
        """Of the whole lab, as if nothing of it were there."""
        lab = lab_from_mapping({"lab": {"name": "acme", "region": REGION}, **tables}, "lab.toml")
        wanted = stacks(lab)
        ec2 = Networks(self.clients.of("ec2"))
        source = Source(
            Quotas(self.clients.of("service-quotas")),
            ec2,
            People(self.clients.of("iam")),
            Databases(self.clients.of("rds")),
            REGION,
        )
        plan = planner.offline("acme", REGION, wanted)
        return preflight.examine(plan, wanted, lab, source, self.roles)


@pytest.fixture
def seen(emulator):
    return Seen(Clients(REGION))


THREE = {"environments": {"prod": {"nat": "per-zone", "zones": 3}, "stage": {"nat": "one"}, "dev": {}}}


def test_an_empty_account_has_room(seen):
    assert seen.outlook({}).obstacles == ()


def test_what_does_not_suffice_is_named_with_use_limit_and_remedy(seen, emulator):
    for _ in range(3):
        seen.clients.of("ec2").create_vpc(CidrBlock="10.9.0.0/16")
    seen.clients.of("ec2").allocate_address(Domain="vpc")
    emulator.quota("iam", "L-FE177D64", 1000)
    found = {one.what.partition(":")[0]: one for one in seen.outlook(THREE).obstacles}
    assert set(found) == {"VPCs per Region", "EC2-VPC Elastic IPs"}
    vpcs = found["VPCs per Region"]
    there = Networks(seen.clients.of("ec2")).count("vpcs")
    assert vpcs.what == f"VPCs per Region: {there} in use, 3 more wanted, and the quota is 5"
    assert vpcs.fix == (
        "aws service-quotas request-service-quota-increase --service-code vpc --quota-code L-F678F1CE "
        f"--desired-value {there + 3} --region {REGION}"
    )
    assert "1 in use, 5 more wanted, and the quota is 5" in found["EC2-VPC Elastic IPs"].what
    emulator.quota("vpc", "L-F678F1CE", there + 3)
    emulator.quota("ec2", "L-0263D0A3", 6)
    assert seen.outlook(THREE).obstacles == ()


def test_nat_gateways_are_counted_zone_by_zone(seen, emulator):
    emulator.quota("vpc", "L-FE5A380F", 1)
    (found,) = [one for one in seen.outlook(THREE).obstacles if one.what.startswith("NAT")]
    assert found.what.startswith(f"NAT gateways per Availability Zone ({REGION}a): 0 in use, 3 more")


def test_quotas_of_identities_come_from_iam(seen, emulator):
    iam = emulator.client("iam")
    for number in range(295):
        iam.create_group(GroupName=f"group-{number}")
    (found,) = seen.outlook({}).obstacles
    assert found.what.startswith("Groups per account: 295 in use, ")
    assert "--service-code iam --quota-code L-F4A5425F" in found.fix
    assert found.fix.endswith("--region us-east-1")


def test_what_cannot_be_read_is_a_warning_and_no_refusal(seen, emulator):
    emulator.fault(call="*:GetServiceQuota", code="AccessDeniedException", reason="not authorized", times=0)
    emulator.fault(call="iam:GetAccountSummary", code="AccessDenied", reason="not authorized", times=0)
    emulator.fault(call="iam:ListRoles", code="AccessDenied", reason="not authorized", times=0)
    found = seen.outlook({"security": {"threat_detection": True}})
    assert {one.level for one in found.obstacles} == {Level.WARNING}
    told = " ".join(one.what for one in found.obstacles)
    assert "VPCs per Region: whether it suffices could not be read: not authorized" in told
    assert "quotas of IAM" in told
    assert "service-linked roles: which there are could not be read" in told
    assert found.roles == ()
    refuse(found.obstacles)


# -- service-linked roles ---------------------------------------------------------------------------


def test_roles_that_lack_are_named_and_made_once(seen):
    watched = {"security": {"threat_detection": True, "analyzer": True}}
    wanted = ("access-analyzer.amazonaws.com", "guardduty.amazonaws.com")
    assert seen.outlook(watched).roles == wanted
    told: list[Any] = []
    linked.make(wanted, seen.roles, told.append)
    assert [one.text for one in told] == [f"made the service-linked role of {name}" for name in wanted]
    assert seen.outlook(watched).roles == ()
    linked.make(wanted, seen.roles, told.append)  # again does no harm
    assert seen.roles.services() == set(wanted)


def test_one_that_may_not_be_made_is_told_with_the_command(seen, emulator):
    emulator.fault(call="iam:CreateServiceLinkedRole", code="AccessDenied", reason="not authorized")
    told: list[Noted] = []
    linked.make(["ecs.amazonaws.com"], seen.roles, told.append)
    assert "could not be made: not authorized" in told[0].text
    assert "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com" in told[1].text


COMPUTE = {"Type": "SPOT", "MaxvCpus": 4, "Subnets": [], "SecurityGroupIds": [], "InstanceTypes": []}


@pytest.mark.parametrize(
    ("kind", "properties", "services"),
    [
        ("AWS::ECS::Cluster", {}, {"ecs"}),
        ("AWS::RDS::DBInstance", {}, {"rds"}),
        (
            "AWS::ApplicationAutoScaling::ScalableTarget",
            {"ServiceNamespace": "ecs"},
            {"ecs.application-autoscaling"},
        ),
        ("AWS::Batch::ComputeEnvironment", {"ComputeResources": {"Type": "FARGATE"}}, {"batch", "ecs"}),
        (
            "AWS::Batch::ComputeEnvironment",
            {"ComputeResources": COMPUTE},
            {"batch", "ecs", "autoscaling", "spot"},
        ),
        ("AWS::S3::Bucket", {}, set()),
    ],
)
def test_which_services_want_one(kind, properties, services):
    made = stack("some", {"It": {"Type": kind, "Properties": properties}})
    plan = planner.offline("acme", REGION, [made])
    assert linked.needed(plan, [made]) == sorted(f"{name}.amazonaws.com" for name in services)


def test_what_stands_already_wants_none(account):
    made = stack("some", {"It": bucket("acme-some")})
    account.up([made])
    assert linked.needed(account.plan([made]), [made]) == []


def test_a_refusal_names_every_sure_obstacle(seen, emulator):
    emulator.quota("vpc", "L-F678F1CE", 0)
    emulator.quota("vpc", "L-A4707A72", 0)
    with pytest.raises(RefusedError, match=r"VPCs per Region[^\0]*Internet gateways per Region") as caught:
        refuse(seen.outlook({}).obstacles)
    assert caught.value.hint.count("request-service-quota-increase") == 2
