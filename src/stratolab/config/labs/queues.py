"""What may stand in `lab.toml` about where jobs run: compute environments of AWS Batch, and queues in front of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stratolab.config.fields import Duration, Environment, Table, Texts
from stratolab.config.labs.families import there

ComputeKind = Literal["fargate", "fargate-spot", "ec2", "spot", "gpu", "gpu-spot"]
Environments = Annotated[tuple[Environment, ...], Field(strict=False)]

FARGATE: frozenset[ComputeKind] = frozenset({"fargate", "fargate-spot"})
"""Kinds that have no machines of their own, and so neither types nor a least number."""
USUAL_TYPES: dict[ComputeKind, tuple[str, ...]] = {
    "fargate": (),
    "fargate-spot": (),
    "ec2": ("c7i", "m7i", "r7i"),
    "spot": ("c7i", "m7i", "r7i", "c6i", "m6i", "r6i"),
    "gpu": ("g5", "g6"),
    "gpu-spot": ("g5", "g6", "g4dn"),
}
"""Families of machines for who names none; more of them where spare ones are taken, since any may be short."""
_OLDER: dict[ComputeKind, ComputeKind] = {"ec2": "spot", "gpu": "gpu-spot"}
START_LEAST, START_MOST = 600.0, 86_400.0  # seconds; what Batch takes as the limit of a job that cannot start
MOST = 50  # compute environments, and queues, that Batch has in an account and region
CHAINED = 3  # compute environments; no queue of Batch takes more

_KIND = (
    "What runs the jobs: `fargate` has no machines to look after, `ec2` has larger ones, `gpu` those with graphics "
    "processors; `fargate-spot`, `spot` and `gpu-spot` take spare ones at a third of the price, which may be taken "
    "away with two minutes' notice."
)
_TYPES = "Families or types of machines. Without them, those of today that fit the kind. Not for Fargate."


class ComputeConfig(Table):
    """A compute environment of AWS Batch, for queues to share or to chain."""

    kind: ComputeKind = Field("fargate-spot", description=_KIND, examples=["spot"])
    managed: bool = Field(
        True,  # noqa: FBT003 - pydantic's way to give a default
        description="Whether Batch starts and stops the machines. If not, you join your own to its ECS cluster.",
        examples=[True],
    )
    max_vcpus: int = Field(
        64, ge=1, le=100_000, description="vCPUs at most; a cap on what it can cost.", examples=[256]
    )
    min_vcpus: int = Field(
        0, ge=0, le=100_000, description="vCPUs that always run, idle or not. Not for Fargate.", examples=[0]
    )
    instance_types: Texts = Field((), description=_TYPES, examples=[["c7i", "m7i"]])
    disk: int = Field(
        50,
        ge=30,
        le=16_384,
        description="GiB of disk of each machine, encrypted. Not for Fargate.",
        examples=[100],
    )
    environments: Environments = Field(
        (), description="In which environments it exists. Without any, in all.", examples=[["dev", "prod"]]
    )


class QueueConfig(Table):
    """A queue that jobs are sent to. It has machines of its own, or names `compute` environments."""

    kind: ComputeKind | None = Field(None, description=_KIND, examples=["fargate-spot"])
    max_vcpus: int = Field(
        64,
        ge=1,
        le=100_000,
        description="vCPUs at most of its own machines; a cap on what it can cost.",
        examples=[64],
    )
    min_vcpus: int = Field(
        0,
        ge=0,
        le=100_000,
        description="vCPUs of its own machines that always run, idle or not. Not for Fargate.",
        examples=[0],
    )
    instance_types: Texts = Field((), description=_TYPES, examples=[["c7i", "m7i", "r7i"]])
    disk: int = Field(
        50,
        ge=30,
        le=16_384,
        description="GiB of disk of each machine, encrypted. Not for Fargate.",
        examples=[100],
    )
    compute: Texts = Field(
        (),
        description="Compute environments, in the order in which they are tried, in place of its own machines.",
        examples=[["spot", "on-demand"]],
    )
    environments: Environments = Field(
        (), description="In which environments it exists. Without any, in all.", examples=[["dev", "prod"]]
    )
    priority: int = Field(
        1,
        ge=0,
        le=1000,
        description="Which of two queues in front of the same machines goes first: the higher one.",
        examples=[5],
    )
    enabled: bool = Field(
        True,  # noqa: FBT003
        description="Whether it takes jobs.",
        examples=[True],
    )
    start_within: Duration = Field(
        3600.0,
        description=(
            "How long a job may wait that cannot start, from ten minutes to a day, before it is cancelled with the "
            "reason."
        ),
        examples=["1h"],
    )


def types_of(compute: ComputeConfig | QueueConfig, region: str) -> tuple[str, ...]:
    """The instance types, given or usual in the region; none for Fargate, and where a region has no usual ones."""
    return compute.instance_types or usual_types(compute.kind or "fargate-spot", region)


def usual_types(kind: ComputeKind, region: str) -> tuple[str, ...]:
    """The usual families that the region has: the newest ones, else the older ones too."""
    return there(USUAL_TYPES[kind], region) or there(USUAL_TYPES[_OLDER.get(kind, kind)], region)
