"""Project: what a project has of its own. Source, images and what builds them, jobs, secrets without values, roles.

Which image its jobs run in is a parameter of the stack: until it names one, everything is there but they. Its members
are a group in the stack of people: only that one may change who somebody is. Its files lie below its name in the lab's
buckets, where its role reaches and those of other projects do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Equals, GetAtt, Not, Ref
from troposphere.codecommit import Repository as Source

from stratolab.config.labs.images import home_of_builds
from stratolab.infra import names
from stratolab.infra.blocks.repositories import repository
from stratolab.infra.blocks.secrets import empty_secret
from stratolab.infra.body import Body
from stratolab.infra.parts.image_builds import TITLE, Builder, Network, image_builder
from stratolab.infra.parts.project_jobs import JobPlace, job_definitions
from stratolab.infra.parts.project_roles import project_roles
from stratolab.infra.stacks import compute, foundation, network
from stratolab.infra.values import Kept, Output, taken

if TYPE_CHECKING:
    from stratolab.config.labs.models import LabConfig
    from stratolab.config.labs.projects import ProjectConfig
    from stratolab.infra.values import Taken

BUCKETS = {
    "Data": foundation.DATA_BUCKET,
    "Artifacts": foundation.ARTIFACTS_BUCKET,
    "Models": foundation.MODELS_BUCKET,
}
NO_IMAGE = "none"
IMAGE = Kept("ImageDigest", f"The image of the project's jobs by its digest, or {NO_IMAGE}", NO_IMAGE)
HAS_IMAGE = "HasImage"


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


def image_of(project: str) -> Output:
    """What its jobs run in."""
    return _output(project, "Image", "image", f"The image that its jobs run in, or {NO_IMAGE}")


def builder_of(project: str) -> Output:
    """What builds its images."""
    return _output(project, "Builder", "builder", "CodeBuild's name of what builds its images")


def source_of(project: str) -> Output:
    """Where its source is, if it is in the account."""
    return _output(project, "Source", "source", "Address to clone its source from")


def prefix_of(project: str) -> Output:
    """Where its files are."""
    return _output(project, "Prefix", "prefix", "What its files begin with in each bucket")


def build(lab: LabConfig, project: str) -> Body:
    """The stack of one project."""
    name, options = lab.lab.name, lab.projects[project]
    definitions = jobs(lab, project)
    return Body(
        about=f"stratolab {name}: project {project}",
        inputs=inputs(lab, options),
        conditions={HAS_IMAGE: Not(Equals(Ref(IMAGE.parameter), NO_IMAGE))} if definitions else {},
        resources=(
            repository("Images", f"{name}/{project}", keep=options.images),
            *image_builder(builder(lab, project)),
            *source(lab, project, options),
            *secrets(lab, project, options),
            *project_roles(
                name,
                project,
                boundary=taken(foundation.BOUNDARY),
                buckets={what: taken(output) for what, output in BUCKETS.items()},
                encrypted=foundation.has_keys(lab),
            ),
            *definitions,
        ),
        outputs={
            role_of(project): GetAtt("Role", "Arn"),
            start_role_of(project): GetAtt("StartRole", "Arn"),
            images_of(project): GetAtt("Images", "RepositoryUri"),
            image_of(project): Ref(IMAGE.parameter),
            builder_of(project): Ref(TITLE),
            prefix_of(project): f"{project}/",
            **({source_of(project): GetAtt("Source", "CloneUrlHttp")} if options.source != "none" else {}),
        },
        beside=home_of_builds(lab.images, lab.environments),
    )


def inputs(lab: LabConfig, options: ProjectConfig) -> tuple[Taken, ...]:
    """The boundary of roles, buckets, keys where the lab has its own, the network of builds, its jobs' image."""
    at = home_of_builds(lab.images, lab.environments)
    return (
        foundation.BOUNDARY,
        *BUCKETS.values(),
        foundation.DELIVERY_BUCKET,
        *((foundation.DATA_KEY, foundation.LOGS_KEY) if foundation.has_keys(lab) else ()),
        *((foundation.SECRETS_KEY,) if foundation.has_keys(lab) and options.secrets else ()),
        *((network.VPC_ID, network.PRIVATE_SUBNETS, network.EGRESS_ONLY_GROUP) if at else ()),
        IMAGE,
    )


def builder(lab: LabConfig, project: str) -> Builder:
    """What builds its images, in the network of the lab's builds."""
    at = home_of_builds(lab.images, lab.environments)
    return Builder(
        lab.lab.name,
        owner=project,
        name=names.named("build", lab.lab.name, "image", project),
        repository="Images",
        options=lab.images,
        delivery=taken(foundation.DELIVERY_BUCKET),
        boundary=taken(foundation.BOUNDARY),
        log_days=lab.security.log_days,
        network=Network(
            taken(network.VPC_ID), taken(network.PRIVATE_SUBNETS), taken(network.EGRESS_ONLY_GROUP)
        )
        if at
        else None,
        data_key=_key(lab, foundation.DATA_KEY),
        logs_key=_key(lab, foundation.LOGS_KEY),
    )


def jobs(lab: LabConfig, project: str) -> list[Any]:
    """Its job definitions, once there is an image: for every environment that computes, and how it does."""
    places = [
        JobPlace(environment, sort)
        for environment in lab.environments
        for sort in compute.sorts(lab, environment)
    ]
    return job_definitions(
        lab.lab.name,
        project,
        places,
        image=Ref(IMAGE.parameter),
        role=GetAtt("Role", "Arn"),
        start_role=GetAtt("StartRole", "Arn"),
        Condition=HAS_IMAGE,
    )


def _key(lab: LabConfig, use: Output) -> Any | None:
    return taken(use) if foundation.has_keys(lab) else None


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
    key = _key(lab, foundation.SECRETS_KEY)
    return [
        empty_secret(
            names.title("Secret", one), f"{lab.lab.name}/{project}/{one}", f"{one} of {project}", key=key
        )
        for one in options.secrets
    ]
