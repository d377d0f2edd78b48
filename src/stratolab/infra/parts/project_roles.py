"""Who a project's jobs and services are: one role that starts their containers, one that their own program has.

The first pulls the image and reads the secrets that a job names; the second works with the project's part of each
bucket, and may read what all projects share there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Ref

from stratolab.infra import names
from stratolab.infra.arns import bucket, objects, regional
from stratolab.infra.blocks.policies import Statement, allow, managed
from stratolab.infra.blocks.roles import service_role
from stratolab.infra.parts.general_roles import log_in_to_registry, use_keys_through, write_logs

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARED = "shared"
"""What lies below this in a bucket, every project may read."""


def project_roles(
    lab: str, project: str, *, boundary: Any, buckets: Mapping[str, Any], encrypted: bool
) -> list[Any]:
    """Both roles with their policies. `buckets` are names by what they are for."""
    through = [use_keys_through("s3", "secretsmanager", "ecr")] if encrypted else []
    work = [part for what, name in buckets.items() for part in work_below(what, name, project)]
    own = [*work, read_secrets(lab, project), find_the_lab(lab), *through]
    start = [
        pull_images(lab, project),
        log_in_to_registry(),
        write_logs(lab, "*"),
        read_secrets(lab, project),
    ]
    return [
        *_role("Role", lab, f"project-{project}", about=f"What {project} may do", may=own, boundary=boundary),
        *_role(
            "StartRole",
            lab,
            f"project-{project}-start",
            about=f"Starts containers of {project}",
            may=[*start, *through],
            boundary=boundary,
        ),
    ]


def _role(title: str, lab: str, name: str, *, about: str, may: list[Statement], boundary: Any) -> list[Any]:
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


def work_below(what: str, name: Any, project: str) -> list[Statement]:
    """List, read and write the project's part of a bucket, and read what is shared. Deleting is for people."""
    parts = (project, SHARED)
    below = {"StringLike": {"s3:prefix": [f"{part}/*" for part in parts]}}
    read = ["s3:GetObject", "s3:GetObjectVersion"]
    write = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"]
    return [
        allow(f"List{what}", ["s3:ListBucket"], bucket(name), when=below),
        allow(f"Read{what}", read, [objects(name, f"{part}/*") for part in parts]),
        allow(f"Write{what}", write, objects(name, f"{project}/*")),
    ]


def read_secrets(lab: str, project: str) -> Statement:
    """Read the project's secrets and the lab's general ones."""
    actions = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    where = [regional("secretsmanager", f"secret:{lab}/{owner}/*") for owner in (project, "general")]
    return allow("ReadSecrets", actions, where)


def find_the_lab(lab: str) -> Statement:
    """Read what the lab publishes of itself."""
    actions = ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"]
    return allow("FindTheLab", actions, regional("ssm", f"parameter{names.pathed('parameter', lab)}/*"))


def pull_images(lab: str, project: str) -> Statement:
    """Pull the project's images."""
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return allow("PullImages", actions, regional("ecr", f"repository/{lab}/{project}"))
