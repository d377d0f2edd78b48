"""Whom a job is: the role of its own program, and the role of the machine under it. A third one starts its container.

The machine's role can join Batch's cluster and write jobs' logs; the job's can work with the lab's buckets. What pulls
the image and reads the secrets that a job names is the foundation's role, so that the program itself can do neither.
"""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Ref
from troposphere.iam import InstanceProfile

from stratolab.infra import names
from stratolab.infra.arns import bucket, objects, regional
from stratolab.infra.blocks.policies import Statement, allow, managed
from stratolab.infra.blocks.roles import service_role
from stratolab.infra.parts.general_roles import use_keys_through


def job_role(
    lab: str, environment: str, *, boundary: Any, buckets: dict[str, Any], encrypted: bool
) -> list[Any]:
    """The role of jobs for which no project has one of its own. `buckets` are names by what they are for."""
    keys = [use_keys_through("s3")] if encrypted else []
    return [
        managed("JobPolicy", lab, f"{environment}-job", *(work_with(*one) for one in buckets.items()), *keys),
        service_role(
            "JobRole",
            lab,
            f"{environment}-job",
            f"What jobs of {environment} may do",
            trusts="ecs-tasks",
            boundary=boundary,
            policies=[Ref("JobPolicy")],
            sources=[regional("ecs", "*")],
        ),
    ]


def machine_role(lab: str, environment: str, *, boundary: Any) -> list[Any]:
    """The role of the machines, in the profile by which EC2 gives it to them."""
    return [
        managed(
            "MachinePolicy", lab, f"{environment}-machine", find_cluster(), attend_cluster(), write_jobs()
        ),
        service_role(
            "MachineRole",
            lab,
            f"{environment}-machine",
            f"What machines of {environment} may do under the jobs on them",
            trusts="ec2",
            boundary=boundary,
            policies=[Ref("MachinePolicy")],
        ),
        InstanceProfile(
            "MachineProfile",
            InstanceProfileName=names.named("role", lab, environment, "machine"),
            Path=names.service_path(lab),
            Roles=[Ref("MachineRole")],
        ),
    ]


def work_with(what: str, name: Any) -> Statement:
    """List, read and write in a bucket. Deleting is for people."""
    actions = [
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    ]
    return allow(f"WorkWith{what}", actions, [bucket(name), objects(name)])


def find_cluster() -> Statement:
    """Ask where ECS is; AWS has no smaller resource for it than all."""
    return allow("FindCluster", ["ecs:DiscoverPollEndpoint"], "*")


def attend_cluster() -> Statement:
    """Join the clusters that Batch makes, take their tasks, tell of them. Their names are Batch's own."""
    actions = [
        "ecs:DeregisterContainerInstance",
        "ecs:Poll",
        "ecs:RegisterContainerInstance",
        "ecs:StartTelemetrySession",
        "ecs:SubmitAttachmentStateChanges",
        "ecs:SubmitContainerStateChange",
        "ecs:SubmitTaskStateChange",
        "ecs:UpdateContainerInstancesState",
    ]
    where = [regional("ecs", "cluster/*"), regional("ecs", "container-instance/*")]
    return allow("AttendCluster", actions, where)


def write_jobs() -> Statement:
    """Write what jobs print: on machines, Docker does it with the machine's role."""
    return allow("WriteJobs", ["logs:CreateLogStream", "logs:PutLogEvents"], GetAtt("JobLogGroup", "Arn"))
