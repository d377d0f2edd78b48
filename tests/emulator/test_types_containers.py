"""Clusters, tasks, services, images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import ACCOUNT, REGION
from tests.emulator.types import TAGS, Case, Cases, World, live

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

case = Cases()


case(
    "AWS::ECS::Cluster",
    lambda _: {
        "ClusterName": "c",
        "ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}],
        "Tags": TAGS,
    },
    lambda world, ref: [
        one["status"]
        for one in world.client("ecs").describe_clusters(clusters=[ref])["clusters"]
        if one["status"] == "ACTIVE"
    ],
    ["ACTIVE"],
    ref="c",
    attributes={"Arn": "arn:aws:ecs:"},
)


def _task(world: World, ref: str) -> Any:
    found = world.client("ecs").describe_task_definition(taskDefinition=ref)["taskDefinition"]
    if found["status"] != "ACTIVE":
        return None
    container = found["containerDefinitions"][0]
    return (
        found["runtimePlatform"]["cpuArchitecture"],
        container["readonlyRootFilesystem"],
        container["secrets"][0]["name"],
        found["cpu"],
    )


def _task_properties(cpu: str) -> Any:
    return lambda world: {
        "Family": "f",
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "Cpu": cpu,
        "Memory": "1024",
        "TaskRoleArn": world.role,
        "ExecutionRoleArn": world.role,
        "Tags": TAGS,
        "RuntimePlatform": {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
        "ContainerDefinitions": [
            {
                "Name": "a",
                "Image": "x",
                "ReadonlyRootFilesystem": True,
                "Secrets": [{"Name": "PW", "ValueFrom": world.secret}],
                "PortMappings": [{"ContainerPort": 5000}],
            }
        ],
    }


case(
    "AWS::ECS::TaskDefinition",
    _task_properties("256"),
    _task,
    ("ARM64", True, "PW", "256"),
    _task_properties("512"),
    ("ARM64", True, "PW", "512"),
    f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/f:",
    replaced=True,
)


def _service(world: World, ref: str) -> Any:
    found = world.client("ecs").describe_services(cluster="base", services=[ref])["services"]
    return [
        (
            one["desiredCount"],
            one["healthCheckGracePeriodSeconds"],
            one["deploymentConfiguration"]["deploymentCircuitBreaker"]["enable"],
        )
        for one in found
        if one["status"] == "ACTIVE"
    ]


def _service_properties(seconds: int) -> Any:
    def make(world: World) -> dict[str, Any]:
        return {
            "ServiceName": "sv",
            "Cluster": world.cluster,
            "TaskDefinition": world.task,
            "DesiredCount": 0,
            "LaunchType": "FARGATE",
            "EnableExecuteCommand": False,
            "PropagateTags": "SERVICE",
            "HealthCheckGracePeriodSeconds": seconds,
            "PlatformVersion": "LATEST",
            "DeploymentConfiguration": {
                "MinimumHealthyPercent": 100,
                "MaximumPercent": 200,
                "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
            },
            "NetworkConfiguration": {
                "AwsvpcConfiguration": {
                    "Subnets": world.subnets,
                    "SecurityGroups": [world.group],
                    "AssignPublicIp": "DISABLED",
                }
            },
            "Tags": TAGS,
        }

    return make


case(
    "AWS::ECS::Service",
    _service_properties(60),
    _service,
    [(0, 60, True)],
    _service_properties(90),
    [(0, 90, True)],
    f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/base/sv",
    attributes={"Name": "sv"},
)
case(
    "AWS::ECR::Repository",
    lambda world: {
        "RepositoryName": "lab/images",
        "ImageScanningConfiguration": {"ScanOnPush": True},
        "ImageTagMutability": "IMMUTABLE",
        "Tags": TAGS,
        "EncryptionConfiguration": {"EncryptionType": "KMS", "KmsKey": world.key},
    },
    lambda world, ref: [
        (one["imageScanningConfiguration"]["scanOnPush"], one["imageTagMutability"])
        for one in world.client("ecr").describe_repositories(repositoryNames=[ref])["repositories"]
    ],
    [(True, "IMMUTABLE")],
    ref="lab/images",
    attributes={"Arn": "arn:aws:ecr:", "RepositoryUri": f"{ACCOUNT}.dkr.ecr."},
)


@pytest.mark.parametrize("one", case, ids=str)
def test_its_life(one: Case, emulator: Emulator) -> None:
    live(one, emulator)
