"""Project: what a project has of its own. Source, images, secrets without values, and the roles of its jobs.

Its members are a group in the stack of people: only that one may change who somebody is. Its files lie below its name
in the lab's buckets, where its role reaches and those of other projects do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt
from troposphere.codecommit import Repository as Source

from stratolab.infra import names
from stratolab.infra.blocks.repositories import repository
from stratolab.infra.blocks.secrets import empty_secret
from stratolab.infra.body import Body
from stratolab.infra.parts.project_roles import project_roles
from stratolab.infra.stacks import foundation
from stratolab.infra.values import Output, taken

if TYPE_CHECKING:
    from stratolab.config.labs.models import LabConfig
    from stratolab.config.labs.projects import ProjectConfig
    from stratolab.infra.values import Taken

BUCKETS = {
    "Data": foundation.DATA_BUCKET,
    "Artifacts": foundation.ARTIFACTS_BUCKET,
    "Models": foundation.MODELS_BUCKET,
}


def _output(project: str, name: str, path: str, about: str) -> Output:
    return Output("project", name, about, published=f"projects/{project}/{path}")


def role_of(project: str) -> Output:
    """Who the project's jobs and services are."""
    return _output(project, "Role", "role", "ARN of the role of its jobs and services")


def start_role_of(project: str) -> Output:
    """Who starts their containers."""
    return _output(project, "StartRole", "start-role", "ARN of the role that starts their containers")


def images_of(project: str) -> Output:
    """Where its images are."""
    return _output(project, "Images", "images", "Address of the repository of its images")


def source_of(project: str) -> Output:
    """Where its source is, if it is in the account."""
    return _output(project, "Source", "source", "Address to clone its source from")


def prefix_of(project: str) -> Output:
    """Where its files are."""
    return _output(project, "Prefix", "prefix", "What its files begin with in each bucket")


def build(lab: LabConfig, project: str) -> Body:
    """The stack of one project."""
    name, options = lab.lab.name, lab.projects[project]
    return Body(
        about=f"stratolab {name}: project {project}",
        inputs=inputs(lab, options),
        resources=(
            repository("Images", f"{name}/{project}", keep=options.images),
            *source(lab, project, options),
            *secrets(lab, project, options),
            *project_roles(
                name,
                project,
                boundary=taken(foundation.BOUNDARY),
                buckets={what: taken(output) for what, output in BUCKETS.items()},
                encrypted=foundation.has_keys(lab),
            ),
        ),
        outputs={
            role_of(project): GetAtt("Role", "Arn"),
            start_role_of(project): GetAtt("StartRole", "Arn"),
            images_of(project): GetAtt("Images", "RepositoryUri"),
            prefix_of(project): f"{project}/",
            **({source_of(project): GetAtt("Source", "CloneUrlHttp")} if options.source != "none" else {}),
        },
    )


def inputs(lab: LabConfig, options: ProjectConfig) -> tuple[Taken, ...]:
    """The boundary of roles, buckets, and the key of secrets where there are any."""
    keys = (foundation.SECRETS_KEY,) if foundation.has_keys(lab) and options.secrets else ()
    return (foundation.BOUNDARY, *BUCKETS.values(), *keys)


def source(lab: LabConfig, project: str, options: ProjectConfig) -> list[Any]:
    """The repository of its source."""
    if options.source == "none":
        return []
    return [
        Source(
            "Source",
            RepositoryName=f"{lab.lab.name}-{project}",
            RepositoryDescription=f"Source of {project}",
            DeletionPolicy="RetainExceptOnCreate",
            UpdateReplacePolicy="Retain",
        )
    ]


def secrets(lab: LabConfig, project: str, options: ProjectConfig) -> list[Any]:
    """Its secrets, which get their values by `stratolab secrets set`."""
    key = taken(foundation.SECRETS_KEY) if foundation.has_keys(lab) else None
    return [
        empty_secret(
            names.title("Secret", one), f"{lab.lab.name}/{project}/{one}", f"{one} of {project}", key=key
        )
        for one in options.secrets
    ]
