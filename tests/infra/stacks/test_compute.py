"""An environment's compute: its options, and what stays the same whatever they are (R28)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.infra.policies import allowing, of_role, resources

from stratolab.config.labs.load import lab_from_mapping
from stratolab.infra.catalogue import Stack, stacks
from stratolab.testing.labs import sample

LAB = {"name": "acme", "region": "eu-west-1"}


def compute(environment: str = "dev", **tables: Any) -> Stack:
    lab = lab_from_mapping({"lab": LAB, "environments": {"dev": {}, "prod": {}}, **tables}, "here")
    (found,) = [one for one in stacks(lab) if one.key == f"compute.{environment}"]
    return found


def of_type(stack: Stack, kind: str) -> dict[str, dict[str, Any]]:
    """Properties of the resources of a type, by the name that they have."""
    named = {"Batch::ComputeEnvironment": "ComputeEnvironmentName", "Batch::JobQueue": "JobQueueName"}
    found = stack.template["Resources"].items()
    return {
        one["Properties"].get(named.get(kind), title): one["Properties"]
        for title, one in found
        if one["Type"] == f"AWS::{kind}"
    }


def only(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    (one,) = found.values()
    return one


def machines(**queue: Any) -> dict[str, Any]:
    made = compute(queues={"one": queue})
    resources_: dict[str, Any] = only(of_type(made, "Batch::ComputeEnvironment"))["ComputeResources"]
    return resources_


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("fargate", ("FARGATE", None, None)),
        ("fargate-spot", ("FARGATE_SPOT", None, None)),
        ("ec2", ("EC2", "BEST_FIT_PROGRESSIVE", "ECS_AL2023")),
        ("spot", ("SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED", "ECS_AL2023")),
        ("gpu", ("EC2", "BEST_FIT_PROGRESSIVE", "ECS_AL2023_NVIDIA")),
        ("gpu-spot", ("SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED", "ECS_AL2023_NVIDIA")),
    ],
)
def test_kinds(kind, given):
    made = machines(kind=kind)
    image = made.get("Ec2Configuration", [{}])[0].get("ImageType")
    assert (made["Type"], made.get("AllocationStrategy"), image) == given


def test_a_queue_that_says_nothing_is_small_and_costs_nothing_idle():
    made = compute(queues={"one": {}})
    environment = only(of_type(made, "Batch::ComputeEnvironment"))
    assert environment["ComputeResources"]["Type"] == "FARGATE_SPOT"
    assert environment["ComputeResources"]["MaxvCpus"] == 64
    assert of_type(made, "EC2::LaunchTemplate") == of_type(made, "IAM::InstanceProfile") == {}


def test_machines_scale_to_zero_unless_asked_otherwise():
    assert machines(kind="ec2")["MinvCpus"] == 0
    assert machines(kind="ec2", min_vcpus=4)["MinvCpus"] == 4


def test_machines_guard_their_credentials_and_their_disk():
    made = compute(queues={"one": {"kind": "spot", "disk": 123}})
    data = only(of_type(made, "EC2::LaunchTemplate"))["LaunchTemplateData"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    (disk,) = data["BlockDeviceMappings"]
    assert disk["Ebs"] == {
        "DeleteOnTermination": True, "Encrypted": True, "VolumeSize": 123, "VolumeType": "gp3"
    }  # fmt: skip


def test_the_tags_of_a_lab_reach_machines_and_their_disks():
    """R12: EC2 tags neither by the stack."""
    made = compute(lab={**LAB, "tags": {"cost-centre": "4711"}}, queues={"one": {"kind": "ec2"}})
    tagged = only(of_type(made, "EC2::LaunchTemplate"))["LaunchTemplateData"]["TagSpecifications"]
    assert [one["ResourceType"] for one in tagged] == ["instance", "volume"]
    for one in tagged:
        tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        assert tags["cost-centre"] == "4711"
        assert tags["stratolab:environment"] == "dev"


def test_a_changed_launch_template_changes_the_environment_in_place():
    made = compute(queues={"one": {"kind": "ec2"}})
    environment = only(of_type(made, "Batch::ComputeEnvironment"))
    (template,) = of_type(made, "EC2::LaunchTemplate")
    version = environment["ComputeResources"]["LaunchTemplate"]["Version"]
    assert version == {"Fn::GetAtt": [template, "LatestVersionNumber"]}
    assert environment["ReplaceComputeEnvironment"] is False
    assert "ServiceRole" not in environment  # Batch's own, without which it would be made anew
    assert environment["UpdatePolicy"] == {"TerminateJobsOnUpdate": False, "JobExecutionTimeoutMinutes": 360}


def test_jobs_that_cannot_start_are_cancelled_with_the_reason():
    limits = only(of_type(compute(queues={"one": {"start_within": "2h"}}), "Batch::JobQueue"))[
        "JobStateTimeLimitActions"
    ]
    assert {one["MaxTimeSeconds"] for one in limits} == {7200}
    assert {one["Action"] for one in limits} == {"CANCEL"}
    assert {one["Reason"].partition(":")[0] for one in limits} == {"CAPACITY", "MISCONFIGURATION"}


def test_a_queue_may_chain_shared_machines():
    made = compute(
        compute={"spare": {"kind": "spot"}, "sure": {"kind": "ec2"}},
        queues={"one": {"compute": ["spare", "sure"], "priority": 5}, "two": {"compute": ["spare"]}},
    )
    assert len(of_type(made, "Batch::ComputeEnvironment")) == 2
    first = of_type(made, "Batch::JobQueue")["acme-dev-one-machines"]
    assert first["Priority"] == 5
    titles = [one["ComputeEnvironment"]["Ref"] for one in first["ComputeEnvironmentOrder"]]
    assert [made.template["Resources"][one]["Properties"]["ComputeResources"]["Type"] for one in titles] == [
        "SPOT",
        "EC2",
    ]


def test_machines_of_ones_own():
    made = compute(compute={"own": {"kind": "ec2", "managed": False, "max_vcpus": 8}})
    environment = only(of_type(made, "Batch::ComputeEnvironment"))
    assert (environment["Type"], environment["UnmanagedvCpus"]) == ("UNMANAGED", 8)
    assert "ComputeResources" not in environment
    assert of_type(made, "IAM::InstanceProfile")  # what the machines need to join


def test_where_nothing_computes_there_is_no_stack():
    tables = {"lab": LAB, "environments": {"dev": {}, "prod": {}}}
    made = stacks(lab_from_mapping({**tables, "queues": {"one": {"environments": ["prod"]}}}, "here"))
    assert {one.key for one in made if one.concern == "compute"} == {"compute.prod"}
    assert all(one.concern != "compute" for one in stacks(lab_from_mapping(tables, "here")))


def test_who_a_job_is_and_who_the_machine_under_it_are_apart():
    stack = next(one for one in stacks(sample("standard")) if one.key == "compute.prod")
    job, machine = of_role(stack, "JobRole"), of_role(stack, "MachineRole")
    assert {call for one in job for call in one["Action"] if not call.startswith(("s3:", "kms:"))} == set()
    assert allowing(job, "s3:DeleteObject") == allowing(job, "secretsmanager:GetSecretValue") == []
    assert allowing(machine, "s3:GetObject") == allowing(machine, "ecr:BatchGetImage") == []
    (writing,) = allowing(machine, "logs:PutLogEvents")
    assert resources(writing) == ["JobLogGroup.Arn"]
    for role in ("JobRole", "MachineRole"):
        properties = stack.template["Resources"][role]["Properties"]
        assert properties["PermissionsBoundary"] == {"Ref": "FoundationBoundary"}


def test_programs_find_a_queue_by_its_name():
    made = compute(queues={"small": {}})
    published = {
        one["Properties"]["Name"]: one["Properties"]["Value"]
        for one in made.template["Resources"].values()
        if one["Type"] == "AWS::SSM::Parameter"
    }
    (title,) = [
        title for title, one in made.template["Resources"].items() if one["Type"] == "AWS::Batch::JobQueue"
    ]
    assert published["/stratolab/acme/dev/queues/small"] == {"Ref": title}
    assert {"/stratolab/acme/dev/roles/job", "/stratolab/acme/dev/logs/jobs"} <= set(published)
