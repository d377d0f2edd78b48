"""What may stand in `lab.toml` about the MLflow server and its scaling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from stratolab.config.fields import Environment, Table, Texts
from stratolab.config.labs.databases import DatabaseConfig
from stratolab.config.labs.fields import by_profile

if TYPE_CHECKING:
    from collections.abc import Container

MATTERING: tuple[Environment, ...] = ("prod", "stage", "dev")
"""Environments from the one that matters most."""

Cpu = Literal[256, 512, 1024, 2048, 4096, 8192, 16384]
MEMORIES: dict[int, tuple[int, int, int]] = {
    256: (512, 2048, 512),
    512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024),
    2048: (4096, 16_384, 1024),
    4096: (8192, 30_720, 1024),
    8192: (16_384, 61_440, 4096),
    16_384: (32_768, 122_880, 8192),
}
"""MiB that Fargate has for so much CPU: least, most, step. https://docs.aws.amazon.com/AmazonECS/latest/developerguide
/fargate-tasks-services.html (256 takes 512, 1024 and 2048 only, which the checks know)."""


class TasksConfig(Table):
    """How many copies of the server run, and when another is started or stopped."""

    min: int = Field(1, ge=1, le=100, description="At least so many.", examples=[1])
    max: int = Field(2, ge=1, le=100, description="At most so many.", examples=[4])
    cpu_target: int = Field(
        70, ge=10, le=95, description="Per cent of CPU that scaling aims at.", examples=[70]
    )
    memory_target: int = Field(
        75, ge=10, le=95, description="Per cent of memory that scaling aims at.", examples=[75]
    )
    in_cooldown: int = Field(
        300,
        ge=0,
        le=3600,
        description="Seconds after a copy was stopped before the next one is.",
        examples=[300],
    )
    out_cooldown: int = Field(
        60,
        ge=0,
        le=3600,
        description="Seconds after a copy was started before the next one is.",
        examples=[60],
    )
    memory_in_cooldown: int | None = Field(
        None,
        ge=0,
        le=3600,
        description="The same as `in_cooldown` for scaling by memory. Without it, `in_cooldown`.",
        examples=[300],
    )
    memory_out_cooldown: int | None = Field(
        None,
        ge=0,
        le=3600,
        description="The same as `out_cooldown` for scaling by memory. Without it, `out_cooldown`.",
        examples=[60],
    )


class TrackingConfig(Table):
    """The MLflow server: containers behind a load balancer with TLS and login."""

    environment: Environment | None = Field(
        None,
        description="The environment that it runs in. Without it, `prod`, else `stage`, else `dev`.",
        examples=["prod"],
    )
    image: str | None = Field(
        None,
        description="The image of its containers, by digest. Without it, `up` has one built and the stack keeps it.",
        examples=[f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlflow@sha256:{'0' * 64}"],
    )
    cpu: Cpu = Field(1024, description="CPU units of a copy: 1024 are one vCPU.", examples=[1024])
    memory: int = Field(
        2048,
        ge=512,
        le=122_880,
        description="MiB of memory of a copy. Each amount of CPU takes certain ones.",
        examples=[2048],
    )
    tasks: TasksConfig = Field(
        TasksConfig.model_construct(),
        description="How many copies run.",
        examples=[{"min": 1, "max": 4, "cpu_target": 70}],
    )
    subdomain: str = Field(
        "tracking",
        description="The first word of its address, before the environment's domain.",
        examples=["mlflow"],
    )
    public: bool = Field(
        True,  # noqa: FBT003 - pydantic's way to give a default
        description="Whether it is reached from the internet, by listed addresses only; else from the network alone.",
        examples=[True],
    )
    addresses: Texts = Field(
        (),
        description="Address ranges that may reach it. Without any, those of `[access]`.",
        examples=[["203.0.113.0/24"]],
    )
    hosts: Texts = Field(
        (),
        description="More names that it may be called by, such as one of your own DNS.",
        examples=[["ml.example.com"]],
    )
    certificate: str | None = Field(
        None,
        description=(
            "The ARN of a certificate of yours for its names, in the lab's region. Without it, one is issued for its "
            "address in the lab's domain."
        ),
        examples=["arn:aws:acm:eu-west-1:123456789012:certificate/11112222-3333-4444-5555-666677778888"],
    )
    bucket: str | None = Field(
        None,
        description="A bucket of yours for artifacts, in place of the lab's.",
        examples=["example-artifacts"],
    )
    folder: str = Field("mlflow", description="The folder in the bucket.", examples=["mlflow"])
    database: DatabaseConfig | None = Field(
        None,
        description="A database of its own, in place of one in the environment's.",
        examples=[{"engine": "postgres", "class": "db.t4g.small"}],
    )
    database_name: str = Field("mlflow", description="The name of its database.", examples=["mlflow"])
    capacity: Literal["on-demand", "spot"] = by_profile(
        "spot",
        "on-demand",
        "on-demand",
        description="Whether copies run on spare capacity, which may be taken away with two minutes' notice.",
        examples=["on-demand"],
    )


def environment_of(tracking: TrackingConfig, environments: Container[Environment]) -> Environment:
    """The environment that the server runs in: the named one, else the one that matters most."""
    if tracking.environment is not None:
        return tracking.environment
    usual: Environment = "dev"
    return next((name for name in MATTERING if name in environments), usual)
