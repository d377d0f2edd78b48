"""What may stand in `lab.toml` about building images: where CodeBuild does it, on what, and for how long at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import Field

from stratolab.config.fields import Environment, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.config.labs.networks import EnvironmentConfig


class ImagesConfig(Table):
    """How the images of projects and of the tracking server are made."""

    environment: Environment | None = Field(
        None,
        description=(
            "The environment in whose private subnets images are built, so that builds call by its NAT's address. "
            "Without it, the first of `dev`, `stage`, `prod` that has a way out; if none has, builds run in AWS's own "
            "network."
        ),
        examples=["dev"],
    )
    size: Literal["small", "medium", "large"] = Field(
        "small", description="The machine of a build: 2, 4 or 8 vCPUs.", examples=["medium"]
    )
    minutes: int = Field(60, ge=5, le=480, description="Minutes after which a build is ended.", examples=[60])


def has_way_out(environment: EnvironmentConfig) -> bool:
    """Whether what is in its private subnets reaches the internet. An adopted network has to have a way."""
    return environment.vpc is not None or environment.nat != "none"


def home_of_builds(images: ImagesConfig, environments: Mapping[Any, EnvironmentConfig]) -> Environment | None:
    """The environment that images are built in; None for AWS's own network."""
    if images.environment is not None:
        return images.environment
    return next(
        (name for name in get_args(Environment) if name in environments and has_way_out(environments[name])),
        None,
    )
