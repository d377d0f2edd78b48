"""Builds: a CodeBuild project that makes one repository's images from a zip, with a role that can do that alone.

What a build runs is the buildspec in the template, and what is in the zip. The second is whoever's who may bring one,
and runs as root beside Docker: so the role reads its own zips, writes its own log, pushes to its own repository, and no
more.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Join, Ref, Sub
from troposphere.codebuild import (
    Artifacts,
    CloudWatchLogs,
    Environment,
    EnvironmentVariable,
    LogsConfig,
    Project,
    Source,
    VpcConfig,
)

from stratolab.infra.arns import bucket as bucket_arn
from stratolab.infra.arns import objects, regional
from stratolab.infra.blocks.logs import log_group
from stratolab.infra.blocks.policies import Statement, allow, managed
from stratolab.infra.blocks.roles import service_role
from stratolab.infra.parts.general_roles import log_in_to_registry, see_networks, use_keys_through

if TYPE_CHECKING:
    from stratolab.config.labs.images import ImagesConfig

MACHINE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
"""What builds run in: AWS's own image, with Docker and the AWS command line."""
SIZES = {"small": "BUILD_GENERAL1_SMALL", "medium": "BUILD_GENERAL1_MEDIUM", "large": "BUILD_GENERAL1_LARGE"}
QUEUED = 60  # minutes that a build may wait for a machine
FOLDER = "images"
"""Where in the bucket of delivery the zips are."""
REPOSITORY, TAG = "IMAGE_REPOSITORY", "IMAGE_TAG"
"""Variables of a build: where the image goes, and its tag, which whoever starts it gives."""
_IMAGE = f'"${REPOSITORY}:${TAG}"'
_LOG_IN = f'docker login --username AWS --password-stdin "${{{REPOSITORY}%%/*}}"'
BUILDSPEC = {
    "version": 0.2,
    "phases": {
        "pre_build": {"commands": [f"aws ecr get-login-password | {_LOG_IN}"]},
        "build": {
            "commands": [f"docker build --progress plain --pull --tag {_IMAGE} .", f"docker push {_IMAGE}"]
        },
    },
}
TITLE = "ImageBuild"


@dataclass(frozen=True, slots=True)
class Network:
    """Where builds run, so that they call by the NAT's address: values of a template."""

    vpc: Any
    subnets: Any
    group: Any


@dataclass(frozen=True, slots=True)
class Builder:
    """What builds the images of a repository of the same template. `owner` is the project, or a word of the lab's."""

    lab: str
    owner: str
    name: str
    """CodeBuild's name of it."""
    repository: str
    """The repository's title."""
    options: ImagesConfig
    delivery: Any
    boundary: Any
    log_days: int
    network: Network | None
    """None for AWS's own network."""
    data_key: Any | None = None
    logs_key: Any | None = None


def image_builder(one: Builder) -> list[Any]:
    """The project with its role and its log."""
    return [
        log_group("ImageLog", one.lab, "build", one.owner, days=one.log_days, key=one.logs_key),
        managed("ImagePolicy", one.lab, f"image-{one.owner.strip('_')}-build", *_may(one)),
        service_role(
            "ImageRole",
            one.lab,
            f"image-{one.owner.strip('_')}-build",
            f"Builds images of {one.owner.strip('_')}",
            trusts="codebuild",
            boundary=one.boundary,
            policies=[Ref("ImagePolicy")],
            sources=[regional("codebuild", f"project/{one.name}")],
        ),
        _project(one),
    ]


def _project(one: Builder) -> Any:
    return Project(
        TITLE,
        Name=one.name,
        Description=f"Builds images of {one.owner.strip('_')}",
        ServiceRole=GetAtt("ImageRole", "Arn"),
        Source=Source(
            Type="S3",
            Location=Join("", [one.delivery, f"/{FOLDER}/{one.owner}/none.zip"]),  # each start names its own
            BuildSpec=json.dumps(BUILDSPEC, indent=1),
        ),
        Artifacts=Artifacts(Type="NO_ARTIFACTS"),
        Environment=Environment(
            Type="LINUX_CONTAINER",
            Image=MACHINE,
            ImagePullCredentialsType="CODEBUILD",
            ComputeType=SIZES[one.options.size],
            PrivilegedMode=True,  # Docker's engine does not start without
            EnvironmentVariables=[
                EnvironmentVariable(
                    Name=REPOSITORY, Type="PLAINTEXT", Value=GetAtt(one.repository, "RepositoryUri")
                )
            ],
        ),
        LogsConfig=LogsConfig(
            CloudWatchLogs=CloudWatchLogs(Status="ENABLED", GroupName=Ref("ImageLog"), StreamName="image")
        ),
        TimeoutInMinutes=one.options.minutes,
        QueuedTimeoutInMinutes=QUEUED,
        Visibility="PRIVATE",
        **(
            {
                "VpcConfig": VpcConfig(
                    VpcId=one.network.vpc, Subnets=one.network.subnets, SecurityGroupIds=[one.network.group]
                )
            }
            if one.network
            else {}
        ),
        **({"EncryptionKey": one.data_key} if one.data_key is not None else {}),
    )


# -- what it may do ---------------------------------------------------------------------------------


def _may(one: Builder) -> list[Statement]:
    keys = [use_keys_through("s3", "ecr")] if one.data_key is not None else []
    return [
        write_log(),
        read_source(one.delivery, one.owner),
        see_bucket(one.delivery),
        push_images(one.repository),
        log_in_to_registry(),
        *(
            [see_networks(), make_interface(), *join_network(one.network.vpc)]
            if one.network is not None
            else []
        ),
        *keys,
    ]


def write_log() -> Statement:
    """Write to its own log."""
    return allow("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], GetAtt("ImageLog", "Arn"))


def read_source(bucket: Any, owner: str) -> Statement:
    """Read the zips that its images are made from."""
    return allow(
        "ReadSource", ["s3:GetObject", "s3:GetObjectVersion"], objects(bucket, f"{FOLDER}/{owner}/*")
    )


def see_bucket(bucket: Any) -> Statement:
    """See whose and where the bucket of the zips is, which CodeBuild asks before it reads."""
    return allow("SeeBucket", ["s3:GetBucketAcl", "s3:GetBucketLocation"], bucket_arn(bucket))


def push_images(repository: str) -> Statement:
    """Push to its own repository, and pull from it."""
    actions = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
    ]
    return allow("PushImages", actions, GetAtt(repository, "Arn"))


def make_interface() -> Statement:
    """Make a network interface, which has no name and is in no network before it is made."""
    return allow("MakeInterface", ["ec2:CreateNetworkInterface"], regional("ec2", "network-interface/*"))


def join_network(vpc: Any) -> list[Statement]:
    """Have it in this network and no other, hand it to CodeBuild, and take it away."""
    inside = {"ArnEquals": {"ec2:Vpc": _vpc_arn(vpc)}}
    handed = {**inside, "StringEquals": {"ec2:AuthorizedService": "codebuild.amazonaws.com"}}
    places = [regional("ec2", f"{what}/*") for what in ("security-group", "subnet")]
    interfaces = regional("ec2", "network-interface/*")
    return [
        allow("JoinNetwork", ["ec2:CreateNetworkInterface"], places, when=inside),
        allow("LeaveNetwork", ["ec2:DeleteNetworkInterface"], interfaces, when=inside),
        allow("HandOverInterface", ["ec2:CreateNetworkInterfacePermission"], interfaces, when=handed),
    ]


def _vpc_arn(vpc: Any) -> Any:
    return Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc/${Vpc}", Vpc=vpc)
