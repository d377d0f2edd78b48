"""The tracking server's two roles: what starts its containers, and what it is itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from troposphere import Ref, Sub

from stratolab.infra.arns import bucket as bucket_arn
from stratolab.infra.arns import objects, regional
from stratolab.infra.blocks.policies import Statement, allow, managed
from stratolab.infra.blocks.roles import service_role
from stratolab.infra.parts.general_roles import log_in_to_registry, pull_images, use_keys_through

if TYPE_CHECKING:
    from collections.abc import Sequence

START, SELF = "TrackingStartRole", "TrackingRole"
_REGISTRY = re.compile(r"([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^@]+)@")


def starts(
    lab: str, name: str, *, boundary: Any, image: str, secrets: Sequence[Any], logs: Any, encrypted: bool
) -> list[Any]:
    """Who starts the containers: pulls the image, reads these secrets and no others, writes the log."""
    may = [
        pull_images(lab),
        *pull_given_image(image),
        log_in_to_registry(),
        read_secrets(secrets),
        write_log(logs),
        *([use_keys_through("ecr", "secretsmanager")] if encrypted else []),
    ]
    about = f"Starts the tracking server of {lab}"
    return _role(START, lab, f"{name}-start", about, boundary=boundary, may=may)


def server(lab: str, name: str, *, boundary: Any, bucket: Any, folder: str, encrypted: bool) -> list[Any]:
    """What the server is: it reads and writes its folder in a bucket."""
    may = [
        use_artifacts(bucket, folder),
        list_artifacts(bucket, folder),
        *([use_keys_through("s3")] if encrypted else []),
    ]
    return _role(SELF, lab, name, f"The tracking server of {lab}", boundary=boundary, may=may)


def pull_given_image(image: str) -> list[Statement]:
    """Pull the image that the owner names, if it is in a registry of AWS."""
    found = _REGISTRY.match(image)
    if found is None:
        return []
    account, region, repository = found.groups()
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    where = Sub(f"arn:${{AWS::Partition}}:ecr:{region}:{account}:repository/{repository}")
    return [allow("PullGivenImage", actions, where)]


def read_secrets(arns: Sequence[Any]) -> Statement:
    """Read the secrets that the containers are given."""
    return allow("ReadSecrets", ["secretsmanager:GetSecretValue"], list(arns))


def write_log(group: Any) -> Statement:
    """Write to the server's log group."""
    return allow("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], group)


def use_artifacts(bucket: Any, folder: str) -> Statement:
    """Read, write and delete artifacts, as MLflow's client may ask of it."""
    actions = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    return allow("UseArtifacts", actions, objects(bucket, f"{folder}/*"))


def list_artifacts(bucket: Any, folder: str) -> Statement:
    """See what is in its folder."""
    when = {"StringLike": {"s3:prefix": [folder, f"{folder}/*"]}}
    return allow("ListArtifacts", ["s3:ListBucket"], bucket_arn(bucket), when=when)


def _role(
    title: str, lab: str, name: str, about: str, *, boundary: Any, may: Sequence[Statement]
) -> list[Any]:
    policy = f"{title.removesuffix('Role')}Policy"
    return [
        managed(policy, lab, name, *may),
        service_role(
            title,
            lab,
            name,
            about,
            trusts="ecs-tasks",
            boundary=boundary,
            policies=[Ref(policy)],
            sources=[regional("ecs", "*")],
        ),
    ]
