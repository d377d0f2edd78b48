"""Batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.types import Case, Cases, World, live

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

case = Cases()


def _environment(world: World, ref: str) -> Any:
    found = world.client("batch").describe_compute_environments(computeEnvironments=[ref])[
        "computeEnvironments"
    ]
    return [(one["state"], one["computeResources"]["maxvCpus"], one["tags"].get("project")) for one in found]


def _environment_properties(cpus: int, tag: str) -> Any:
    return lambda world: {
        "ComputeEnvironmentName": "ce",
        "Type": "MANAGED",
        "ServiceRole": world.role,
        "State": "ENABLED",
        "Tags": {"project": tag},
        "ReplaceComputeEnvironment": False,
        "ComputeResources": {
            "Type": "FARGATE_SPOT",
            "MaxvCpus": cpus,
            "Subnets": world.subnets,
            "SecurityGroupIds": [world.group],
        },
    }


case(
    "AWS::Batch::ComputeEnvironment",
    _environment_properties(4, "x"),
    _environment,
    [("ENABLED", 4, "x")],
    _environment_properties(8, "y"),
    [("ENABLED", 8, "y")],
    "arn:aws:batch:",
    attributes={"ComputeEnvironmentArn": "arn:aws:batch:"},
)


def _queue(world: World, ref: str) -> Any:
    found = world.client("batch").describe_job_queues(jobQueues=[ref])["jobQueues"]
    return [(one["priority"], one["state"], len(one.get("jobStateTimeLimitActions", []))) for one in found]


def _queue_properties(priority: int) -> Any:
    def make(world: World) -> dict[str, Any]:
        return {
            "JobQueueName": "q",
            "Priority": priority,
            "State": "ENABLED",
            "Tags": {"project": "x"},
            "ComputeEnvironmentOrder": [{"Order": 1, "ComputeEnvironment": world.environment}],
            "JobStateTimeLimitActions": [
                {
                    "Action": "CANCEL",
                    "MaxTimeSeconds": 600,
                    "State": "RUNNABLE",
                    "Reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
                }
            ],
        }

    return make


case(
    "AWS::Batch::JobQueue",
    _queue_properties(1),
    _queue,
    [(1, "ENABLED", 1)],
    _queue_properties(2),
    [(2, "ENABLED", 1)],
    "arn:aws:batch:",
    attributes={"JobQueueArn": "arn:aws:batch:"},
)


def _definition(world: World, ref: str) -> Any:
    found = world.client("batch").describe_job_definitions(jobDefinitions=[ref])["jobDefinitions"]
    return [
        (one["containerProperties"]["command"], one["timeout"], one["retryStrategy"]["attempts"])
        for one in found
        if one["status"] == "ACTIVE"
    ]


def _definition_properties(word: str) -> Any:
    return lambda world: {
        "JobDefinitionName": "jd",
        "Type": "container",
        "RetryStrategy": {"Attempts": 3},
        "Timeout": {"AttemptDurationSeconds": 60},
        "PlatformCapabilities": ["FARGATE"],
        "ContainerProperties": {
            "Image": "busybox",
            "Command": ["echo", word],
            "JobRoleArn": world.role,
            "ExecutionRoleArn": world.role,
            "ReadonlyRootFilesystem": True,
            "ResourceRequirements": [{"Type": "VCPU", "Value": "1"}, {"Type": "MEMORY", "Value": "2048"}],
            "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": world.logs}},
        },
    }


case(
    "AWS::Batch::JobDefinition",
    _definition_properties("a"),
    _definition,
    [(["echo", "a"], {"attemptDurationSeconds": 60}, 3)],
    _definition_properties("b"),
    [(["echo", "b"], {"attemptDurationSeconds": 60}, 3)],
    "arn:aws:batch:",
    replaced=True,
)
case(
    "AWS::Batch::SchedulingPolicy",
    lambda _: {"Name": "sp", "FairsharePolicy": {"ShareDecaySeconds": 60}},
    lambda world, ref: [
        one["fairsharePolicy"]["shareDecaySeconds"]
        for one in world.client("batch").describe_scheduling_policies(arns=[ref])["schedulingPolicies"]
    ],
    [60],
    lambda _: {"Name": "sp", "FairsharePolicy": {"ShareDecaySeconds": 90}},
    [90],
    "arn:aws:batch:",
)


@pytest.mark.parametrize("one", case, ids=str)
def test_its_life(one: Case, emulator: Emulator) -> None:
    live(one, emulator)
