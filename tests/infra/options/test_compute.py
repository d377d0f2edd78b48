"""R28 against the tables of the earlier system: every input and output of its compute, and what became of each."""

from __future__ import annotations

import pytest
from tests.infra.options.answers import Answer, Given, Made, Option, Refused, check

from stratolab.infra.catalogue import find
from stratolab.testing.labs import sample

ENVIRONMENT, QUEUE = "AWS::Batch::ComputeEnvironment", "AWS::Batch::JobQueue"
LINKED = Refused("Batch's own service-linked role: only with it are environments changed in place")
NAMED = "named by lab and environment, so that no two labs of an account meet"

BATCH_IN: dict[str, Answer] = {
    "aws_region": Made(ENVIRONMENT, "ComputeResources.Subnets", "`[lab] region`: the stack is made there"),
    "compute_environments": Option("compute", ENVIRONMENT, "ComputeEnvironmentName", default={}),
    "compute_environment_instance_profile_arn": Made(
        ENVIRONMENT, "ComputeResources.InstanceRole", "made by the stack, with what ECS needs and no more"
    ),
    "compute_environment_resource_type": Option(
        "compute.*.kind", ENVIRONMENT, "ComputeResources.Type", default="fargate-spot"
    ),
    "compute_environment_max_vcpus": Option(
        "compute.*.max_vcpus", ENVIRONMENT, "ComputeResources.MaxvCpus", default=64
    ),
    "compute_environment_min_vcpus": Option(
        "compute.*.min_vcpus", ENVIRONMENT, "ComputeResources.MinvCpus", default=0
    ),
    "compute_environment_security_group_ids": Made(
        ENVIRONMENT, "ComputeResources.SecurityGroupIds", "the network's group of jobs, which nobody calls"
    ),
    "compute_environment_service_role_arn": LINKED,
    "compute_environment_subnets": Made(
        ENVIRONMENT, "ComputeResources.Subnets", "the network's private subnets, or those of an adopted one"
    ),
    "compute_environment_type": Option("compute.*.managed", ENVIRONMENT, "Type", default=True),
    "job_queues": Option("queues", QUEUE, "JobQueueName", default={}),
    "job_queue_priority": Option("queues.*.priority", QUEUE, "Priority", default=1),
    "job_queue_state": Option("queues.*.enabled", QUEUE, "State", default=True),
}
BEYOND: dict[str, Answer] = {
    "instance_types": Option(
        "queues.*.instance_types", ENVIRONMENT, "ComputeResources.InstanceTypes", default=()
    ),
    "disk": Option(
        "queues.*.disk",
        "AWS::EC2::LaunchTemplate",
        "LaunchTemplateData.BlockDeviceMappings.Ebs.VolumeSize",
        default=50,
    ),
    "order of environments": Option("queues.*.compute", QUEUE, "ComputeEnvironmentOrder.Order", default=()),
    "limit of what cannot start": Option(
        "queues.*.start_within", QUEUE, "JobStateTimeLimitActions.MaxTimeSeconds", default=3600.0
    ),
    "log_days": Option("security.log_days", "AWS::Logs::LogGroup", "RetentionInDays", default=365),
}
"""What that system could not say."""
PERMISSIONS_IN: dict[str, Answer] = {
    "compute_envionment_service_role_name": LINKED,
    "compute_envionment_service_iam_policy_arn": LINKED,
    "compute_envionment_instance_role_name": Made("AWS::IAM::Role", "RoleName", NAMED),
    "compute_envionment_instance_iam_policy_arn": Made(
        "AWS::IAM::ManagedPolicy", "ManagedPolicyName", "a policy of the lab's own, in place of one for all"
    ),
    "lambda_service_role_name": Made("AWS::IAM::Role", "RoleName", "a role for each function"),
    "lambda_service_iam_policy_arn": Made(
        "AWS::IAM::ManagedPolicy", "ManagedPolicyName", "a policy of the function's own: one queue, one user"
    ),
}
PERMISSIONS_OUT: dict[str, Answer] = {
    "compute_environment_service_role_arn": LINKED,
    "compute_environmnet_instance_profile_arn": Given("MachineProfile"),
    "lambda_service_role_arn": Refused("no other function takes it: each has a role of its own"),
}
ALL = {
    f"{part}: {name}": answer
    for part, table in (
        ("batch in", BATCH_IN),
        ("beyond", BEYOND),
        ("permissions in", PERMISSIONS_IN),
        ("permissions out", PERMISSIONS_OUT),
    )
    for name, answer in table.items()
}


@pytest.mark.parametrize("name", ALL)
def test_every_row_has_its_answer(name: str) -> None:
    check(ALL[name], find(sample("standard"), "compute.prod"))


def test_the_tables_are_whole() -> None:
    assert (len(BATCH_IN), len(PERMISSIONS_IN), len(PERMISSIONS_OUT)) == (13, 6, 3)
