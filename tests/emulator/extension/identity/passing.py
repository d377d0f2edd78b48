"""`iam:PassRole`: whoever hands a role to a service must be allowed to pass that role to that service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.responses import get_account_id
from ministack.services import iam
from tests.emulator.extension.identity import requests

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Hands:
    """A call hands over the role at `path` to a service."""

    path: str
    to: str


_TASK = "ecs-tasks.amazonaws.com"
_CALLS: dict[str, tuple[Hands, ...]] = {
    "lambda:CreateFunction": (Hands("Role", "lambda.amazonaws.com"),),
    "lambda:UpdateFunctionConfiguration": (Hands("Role", "lambda.amazonaws.com"),),
    "batch:RegisterJobDefinition": (
        Hands("containerProperties.jobRoleArn", _TASK),
        Hands("containerProperties.executionRoleArn", _TASK),
    ),
    "batch:CreateComputeEnvironment": (Hands("serviceRole", "batch.amazonaws.com"),),
    "batch:UpdateComputeEnvironment": (Hands("serviceRole", "batch.amazonaws.com"),),
    "ecs:RegisterTaskDefinition": (Hands("taskRoleArn", _TASK), Hands("executionRoleArn", _TASK)),
    "ecs:RunTask": (Hands("overrides.taskRoleArn", _TASK), Hands("overrides.executionRoleArn", _TASK)),
    "ecs:CreateService": (Hands("role", "ecs.amazonaws.com"),),
    "scheduler:CreateSchedule": (Hands("Target.RoleArn", "scheduler.amazonaws.com"),),
    "scheduler:UpdateSchedule": (Hands("Target.RoleArn", "scheduler.amazonaws.com"),),
    "events:PutRule": (Hands("RoleArn", "events.amazonaws.com"),),
    "events:PutTargets": (Hands("Targets.*.RoleArn", "events.amazonaws.com"),),
    "codebuild:CreateProject": (Hands("serviceRole", "codebuild.amazonaws.com"),),
    "codebuild:UpdateProject": (Hands("serviceRole", "codebuild.amazonaws.com"),),
    "codepipeline:CreatePipeline": (Hands("pipeline.roleArn", "codepipeline.amazonaws.com"),),
    "codepipeline:UpdatePipeline": (Hands("pipeline.roleArn", "codepipeline.amazonaws.com"),),
    "cloudformation:CreateStack": (Hands("RoleARN", "cloudformation.amazonaws.com"),),
    "cloudformation:UpdateStack": (Hands("RoleARN", "cloudformation.amazonaws.com"),),
    "cloudformation:CreateChangeSet": (Hands("RoleARN", "cloudformation.amazonaws.com"),),
    "cloudformation:DeleteStack": (Hands("RoleARN", "cloudformation.amazonaws.com"),),
    "ec2:CreateFlowLogs": (Hands("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),),
    "ec2:RunInstances": (
        Hands("IamInstanceProfile.Name", "ec2.amazonaws.com"),
        Hands("IamInstanceProfile.Arn", "ec2.amazonaws.com"),
    ),
    "ec2:AssociateIamInstanceProfile": (
        Hands("IamInstanceProfile.Name", "ec2.amazonaws.com"),
        Hands("IamInstanceProfile.Arn", "ec2.amazonaws.com"),
    ),
    "rds:CreateDBInstance": (Hands("MonitoringRoleArn", "monitoring.rds.amazonaws.com"),),
    "cloudtrail:CreateTrail": (Hands("CloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),),
    "application-autoscaling:RegisterScalableTarget": (
        Hands("RoleARN", "application-autoscaling.amazonaws.com"),
    ),
}


def attach() -> None:
    """Ask before a call is dispatched."""
    behind = app._dispatch_service_request

    async def dispatch(method: str, path: str, headers: Any, body: bytes, query: Any, request_id: str) -> Any:
        form = requests.parameters(headers, body, query)
        service = router.detect_service(
            method,
            path,
            headers,
            {**query, "Action": [form.get("Action", "")]} if form.get("Action") else query,
        )
        action = iam_actions.extract_iam_action(
            service,
            method,
            path,
            headers,
            body,
            {**query, **{k: [v] for k, v in form.items() if isinstance(v, str)}},
        )
        for role, to in _handed(action or "", form):
            denied = _denied(role, to, headers, query)
            if denied is not None:
                return iam_actions.access_denied_response(
                    service,
                    "iam:PassRole",
                    denied.principal_arn,
                    request_id,
                    headers=headers,
                    resource_arn=role,
                    explicit_deny=denied.decision == "Deny",
                )
        return await behind(method, path, headers, body, query, request_id)

    app._dispatch_service_request = dispatch


def _handed(action: str, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for hands in _CALLS.get(action, ()):
        for reference in requests.values(given, hands.path):
            for role in _roles_of(reference) if hands.path.startswith("IamInstanceProfile") else [reference]:
                yield role, hands.to


def _roles_of(profile: str) -> list[str]:
    found = iam._instance_profiles.get(profile.rpartition("/")[2]) or {}
    names = [one if isinstance(one, str) else one.get("RoleName", "") for one in found.get("Roles") or []]
    return [iam._roles[name]["Arn"] for name in names if name in iam._roles]


def _denied(role: str, to: str, headers: Any, query: Any) -> Any:
    arn = role if role.startswith("arn:") else f"arn:aws:iam::{get_account_id()}:role/{role}"
    found = iam_evaluator.enforce(
        router.extract_access_key_id(headers, query),
        "iam:PassRole",
        "iam",
        router.extract_region(headers),
        resource_arn=arn,
        service_context={"iam:PassedToService": to},
    )
    return None if found is None or isinstance(found, iam_evaluator.AuthError) else found
