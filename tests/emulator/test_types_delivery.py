"""Scaling, schedules, builds, pipelines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.types import TAGS, Case, Cases, World, live

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

case = Cases()


_TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/c/s",
    "ScalableDimension": "ecs:service:DesiredCount",
}


def _scaled(world: World, _ref: str) -> Any:
    found = world.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")[
        "ScalableTargets"
    ]
    return [(one["MinCapacity"], one["MaxCapacity"]) for one in found]


case(
    "AWS::ApplicationAutoScaling::ScalableTarget",
    lambda _: {**_TARGET, "MinCapacity": 1, "MaxCapacity": 4},
    _scaled,
    [(1, 4)],
    lambda _: {**_TARGET, "MinCapacity": 1, "MaxCapacity": 6},
    [(1, 6)],
    "service/c/s|",
)


def _tracking(value: int) -> Any:
    def make(world: World) -> dict[str, Any]:
        world.client("application-autoscaling").register_scalable_target(
            **_TARGET, MinCapacity=1, MaxCapacity=4
        )
        return {
            "PolicyName": "p",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": "service/c/s|ecs:service:DesiredCount|ecs",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": value,
                "ScaleInCooldown": 60,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            },
        }

    return make


case(
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    _tracking(50),
    lambda world, _: [
        one["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
        for one in world.client("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")[
            "ScalingPolicies"
        ]
    ],
    [50.0],
    _tracking(70),
    [70.0],
    "arn:aws:autoscaling:",
    attributes={"Arn": "arn:aws:autoscaling:"},
)
case(
    "AWS::Scheduler::ScheduleGroup",
    lambda _: {"Name": "g", "Tags": TAGS},
    lambda world, ref: world.client("scheduler").get_schedule_group(Name=ref)["Name"],
    "g",
    ref="g",
)


def _schedule(hour: int) -> Any:
    return lambda world: {
        "Name": "s",
        "ScheduleExpression": f"cron(0 {hour} * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Zurich",
        "State": "DISABLED",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": world.topic, "RoleArn": world.role, "Input": "{}"},
    }


case(
    "AWS::Scheduler::Schedule",
    _schedule(2),
    lambda world, ref: (
        world.client("scheduler").get_schedule(Name=ref)["ScheduleExpression"],
        world.client("scheduler").get_schedule(Name=ref)["ScheduleExpressionTimezone"],
    ),
    ("cron(0 2 * * ? *)", "Europe/Zurich"),
    _schedule(3),
    ("cron(0 3 * * ? *)", "Europe/Zurich"),
    "s",
    attributes={"Arn": "arn:aws:scheduler:"},
)
case(
    "AWS::CloudWatch::Dashboard",
    lambda _: {"DashboardName": "d", "DashboardBody": '{"widgets":[]}'},
    lambda world, ref: world.client("cloudwatch").get_dashboard(DashboardName=ref)["DashboardBody"],
    '{"widgets":[]}',
    ref="d",
)


def _project(world: World, ref: str) -> Any:
    found = world.client("codebuild").batch_get_projects(names=[ref])["projects"]
    return [
        (
            one["environment"]["privilegedMode"],
            one["timeoutInMinutes"],
            one.get("vpcConfig", {}).get("vpcId") == world.vpc,
        )
        for one in found
    ]


def _project_properties(minutes: int) -> Any:
    return lambda world: {
        "Name": "cb",
        "ServiceRole": world.role,
        "Artifacts": {"Type": "NO_ARTIFACTS"},
        "TimeoutInMinutes": minutes,
        "QueuedTimeoutInMinutes": 30,
        "Source": {"Type": "S3", "Location": f"{world.bucket}/a.zip", "BuildSpec": "version: 0.2"},
        "EncryptionKey": world.key,
        "Environment": {
            "Type": "ARM_CONTAINER",
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "Image": "aws/codebuild/standard:7.0",
            "PrivilegedMode": True,
            "EnvironmentVariables": [{"Name": "AA", "Value": "b"}],
        },
        "VpcConfig": {"VpcId": world.vpc, "Subnets": world.subnets, "SecurityGroupIds": [world.group]},
        "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": world.logs}},
        "Tags": TAGS,
    }


case(
    "AWS::CodeBuild::Project",
    _project_properties(30),
    _project,
    [(True, 30, True)],
    _project_properties(60),
    [(True, 60, True)],
    "cb",
    attributes={"Arn": "arn:aws:codebuild:"},
)


def _stages(name: str) -> list[dict[str, Any]]:
    def action(kind: str, provider: str, configuration: dict[str, str], **artifacts: Any) -> dict[str, Any]:
        return {
            "Name": kind,
            "ActionTypeId": {"Category": kind, "Owner": "AWS", "Provider": provider, "Version": "1"},
            "Configuration": configuration,
            **artifacts,
        }

    source = action(
        "Source", "CodeCommit", {"RepositoryName": "r", "BranchName": name}, OutputArtifacts=[{"Name": "src"}]
    )
    build = action("Build", "CodeBuild", {"ProjectName": "p"}, InputArtifacts=[{"Name": "src"}])
    return [{"Name": "Source", "Actions": [source]}, {"Name": "Build", "Actions": [build]}]


def _pipeline(branch: str) -> Any:
    return lambda world: {
        "Name": "pl",
        "RoleArn": world.role,
        "ArtifactStore": {"Type": "S3", "Location": world.bucket},
        "Stages": _stages(branch),
        "Tags": TAGS,
    }


case(
    "AWS::CodePipeline::Pipeline",
    _pipeline("main"),
    lambda world, ref: world.client("codepipeline").get_pipeline(name=ref)["pipeline"]["stages"][0][
        "actions"
    ][0]["configuration"]["BranchName"],
    "main",
    _pipeline("prod"),
    "prod",
    "pl",
    attributes={"Version": "1"},
)
case(
    "AWS::CodeCommit::Repository",
    lambda _: {"RepositoryName": "rp", "RepositoryDescription": "d"},
    lambda world, _: world.client("codecommit").get_repository(repositoryName="rp")["repositoryMetadata"][
        "repositoryDescription"
    ],
    "d",
    attributes={"Arn": "arn:aws:codecommit:", "CloneUrlHttp": "https://git-codecommit."},
)
for service, type_ in (
    ("codestar-connections", "AWS::CodeStarConnections::Connection"),
    ("codeconnections", "AWS::CodeConnections::Connection"),
):
    case(
        type_,
        lambda _: {"ConnectionName": "cn", "ProviderType": "GitHub"},
        lambda world, ref, service=service: world.client(service).get_connection(ConnectionArn=ref)[
            "Connection"
        ]["ConnectionStatus"],
        "PENDING",
        ref=f"arn:aws:{service}:",
    )
_SCRIPT = {
    "schemaVersion": "2.2",
    "description": "d",
    "mainSteps": [{"action": "aws:runShellScript", "name": "r", "inputs": {"runCommand": ["echo"]}}],
}
case(
    "AWS::SSM::Document",
    lambda _: {"Name": "doc", "DocumentType": "Command", "Content": _SCRIPT, "Tags": TAGS},
    lambda world, ref: json.loads(world.client("ssm").get_document(Name=ref)["Content"])["description"],
    "d",
    ref="doc",
)


@pytest.mark.parametrize("one", case, ids=str)
def test_its_life(one: Case, emulator: Emulator) -> None:
    live(one, emulator)
