"""What may stand in `lab.toml`: the file as a whole, and the tables about money, people and safety.

As in a project's file, a field's description, default and example are what the JSON schema, the reference page and
the hints of findings are made of. What takes two fields or a look at the world is in `checks.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from stratolab.config.fields import Environment, Table, Texts
from stratolab.config.labs.fields import USUAL, Profile, by_profile
from stratolab.config.labs.images import ImagesConfig
from stratolab.config.labs.networks import EnvironmentConfig
from stratolab.config.labs.projects import ProjectConfig
from stratolab.config.labs.queues import ComputeConfig, QueueConfig
from stratolab.config.labs.tracking import TrackingConfig

Group = Literal[
    "admins",
    "data-scientists",
    "operators-network",
    "operators-batch",
    "operators-services",
    "operators-delivery",
]
GROUPS: tuple[Group, ...] = get_args(Group)
Groups = Annotated[tuple[Group, ...], Field(strict=False)]
Percents = Annotated[tuple[int, ...], Field(strict=False)]
RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""What CloudWatch takes as the days that a log group keeps its events."""


class LabTable(Table):
    """The lab itself: its name, its place, and how much safety it pays for."""

    name: str = Field(
        description=(
            "The lab's name: small letters, digits and single dashes, at most 20 characters. It begins the name of "
            "everything that the lab makes, and cannot be changed later."
        ),
        examples=["acme"],
    )
    region: str = Field(description="The AWS region that everything is in.", examples=["eu-west-1"])
    account: str | None = Field(
        None,
        description="The AWS account's 12 digits. With it, stratolab refuses credentials of any other account.",
        examples=["123456789012"],
    )
    profile: Profile = Field(
        USUAL,
        description=(
            "What keys that are not given mean: `lab` is cheap, `standard` is what a team needs, `hardened` leaves "
            "out no safety for its price."
        ),
        examples=["standard"],
    )
    alias: str | None = Field(
        None,
        description=(
            "The account's name in its sign-in address, which no other account of AWS may have. Without it, an account "
            "that has no name gets the lab's."
        ),
        examples=["acme-lab"],
    )
    domain: str | None = Field(
        None,
        description="The domain whose subdomains the lab's endpoints get. Without it, they have AWS's own names.",
        examples=["lab.example.com"],
    )
    zone: str | None = Field(
        None,
        description=(
            "The id of the Route 53 zone of `domain`, or of the domain above it, if this account has it: subdomains "
            "are then delegated without your doing."
        ),
        examples=["Z0123456789EXAMPLE"],
    )
    delegated: bool = Field(
        False,  # noqa: FBT003 - pydantic's way to give a default
        description=(
            "Whether you have delegated the environments' subdomains by hand, so that certificates can be issued. "
            "Not needed with `zone`."
        ),
        examples=[True],
    )
    owner: str | None = Field(
        None,
        description="Who answers for the lab: the value of the tag `owner`. Without it, the lab's name.",
        examples=["data-team"],
    )
    tags: dict[str, str] = Field(
        {}, description="More tags for everything that the lab makes.", examples=[{"cost-centre": "4711"}]
    )


class BudgetConfig(Table):
    """What the lab may cost, and who is told."""

    monthly: float = Field(
        100.0, gt=0, le=1e9, description="US dollars a month that the levels are measured by.", examples=[400]
    )
    alerts: Percents = Field(
        (25, 50, 80, 100),
        description="Per cent of `monthly` at which a mail is sent, rising; at most five.",
        examples=[[25, 50, 80, 100]],
    )
    forecast: int = Field(
        100,
        ge=0,
        le=1000,
        description="Per cent of `monthly` that the forecast of the month has to pass for a mail; 0 for none.",
        examples=[110],
    )
    low: int = Field(
        10,
        ge=0,
        le=99,
        description=(
            "Per cent of `monthly` that the forecast has to fall below for a mail, since unexpectedly little is a "
            "signal too; 0 for none."
        ),
        examples=[10],
    )
    mail: Texts = Field(
        (),
        description="Addresses that get the mails of budgets and alarms; at most ten.",
        examples=[["owner@example.com"]],
    )
    scope: Literal["account", "lab"] = Field(
        "account",
        description=(
            "Whether the whole account is measured, or what has the lab's tag. The second needs the tag to be "
            "activated in the account's billing."
        ),
        examples=["account"],
    )


class AccessConfig(Table):
    """From where people reach the lab."""

    addresses: Texts = Field(
        (),
        description="The address ranges of the lab's people, for the web application firewall.",
        examples=[["203.0.113.0/24"]],
    )
    session_hours: int = Field(
        1,
        ge=1,
        le=12,
        description="Hours after which a session of a role ends that a person has taken on.",
        examples=[8],
    )
    password_days: int = Field(
        90,
        ge=0,
        le=1095,
        description="Days after which a person's password has to be changed; 0 for never.",
        examples=[90],
    )
    access_keys: bool = Field(
        False,  # noqa: FBT003
        description=(
            "Whether long-lived access keys may exist at all. Without it, people work with sessions of hours, and no "
            "policy lets anyone make a key."
        ),
        examples=[False],
    )


class PersonConfig(Table):
    """Somebody who works with the lab: an IAM user without keys, who gets in with a second factor."""

    groups: Groups = Field(
        (), description="The groups whose rights the person has.", examples=[["data-scientists"]]
    )
    projects: Texts = Field(
        (),
        description="The projects whose repositories, secrets and pipelines the person may use.",
        examples=[["world-series"]],
    )
    mail: str | None = Field(
        None, description="Where the person is told of rotated credentials.", examples=["ana@example.com"]
    )


class SecurityConfig(Table):
    """What is encrypted with whose keys, what is recorded, and for how long."""

    keys: Literal["aws", "one", "each"] = by_profile(
        "aws",
        "one",
        "each",
        description=(
            "Encryption keys: AWS's own, `one` for the lab (about a dollar a month), or one for `each` use: data, "
            "logs, secrets."
        ),
        examples=["one"],
    )
    threat_detection: bool = by_profile(
        lab=False,
        standard=True,
        hardened=True,
        description="Whether GuardDuty watches the account. It can run only once in an account and region.",
        examples=[True],
    )
    hub: bool = by_profile(
        lab=False,
        standard=False,
        hardened=True,
        description="Whether Security Hub collects and rates findings.",
        examples=[False],
    )
    analyzer: bool = Field(
        True,  # noqa: FBT003
        description="Whether Access Analyzer reports what others than the account can reach. It costs nothing.",
        examples=[True],
    )
    trail: bool = Field(
        True,  # noqa: FBT003
        description="Whether CloudTrail records every call. The first trail of an account costs nothing.",
        examples=[True],
    )
    data_events: bool = by_profile(
        lab=False,
        standard=False,
        hardened=True,
        description="Whether the trail also records who read and wrote which object in the lab's buckets.",
        examples=[False],
    )
    object_lock: bool = by_profile(
        lab=False,
        standard=False,
        hardened=True,
        description="Whether nobody, not even an admin, can delete the audit trail within `audit_days`.",
        examples=[False],
    )
    log_days: RetentionDays = by_profile(
        30, 365, 731, description="How many days log groups keep what they hold.", examples=[365]
    )
    audit_days: int = by_profile(
        90,
        365,
        731,
        description="How many days the trail and the access logs are kept.",
        examples=[365],
        ge=1,
        le=3653,
    )


class BucketsConfig(Table):
    """How long buckets keep what nobody asked to delete."""

    old_versions: int = Field(
        90,
        ge=1,
        le=3653,
        description="Days that a version is kept after it was overwritten or deleted.",
        examples=[90],
    )
    delivery: int = Field(
        30,
        ge=1,
        le=3653,
        description="Days that pipelines' and builds' intermediate files are kept.",
        examples=[30],
    )
    tiering: int = Field(
        30,
        ge=0,
        le=3653,
        description="Days after which data, artifacts and models move to intelligent tiering; 0 for never.",
        examples=[30],
    )


class SecretsConfig(Table):
    """Secrets of projects and the lab's own."""

    recovery: int = by_profile(
        7,
        30,
        30,
        description="Days within which a deleted secret can be restored.",
        examples=[30],
        ge=7,
        le=30,
    )
    rotate: int = Field(
        1,
        ge=1,
        le=365,
        description="Days after which a project's access keys are exchanged, where it has any.",
        examples=[1],
    )


class LabConfig(Table):
    """An AWS lab's `lab.toml`. Only `[lab]` with its `name` and `region` is needed."""

    lab: LabTable = Field(
        description="The lab itself: its name and its region.",
        examples=[{"name": "acme", "region": "eu-west-1"}],
    )
    budget: BudgetConfig = Field(
        BudgetConfig.model_construct(),
        description="What it may cost.",
        examples=[{"monthly": 400, "mail": ["owner@example.com"]}],
    )
    access: AccessConfig = Field(
        AccessConfig.model_construct(),
        description="From where people reach it.",
        examples=[{"addresses": ["203.0.113.0/24"]}],
    )
    people: dict[str, PersonConfig] = Field(
        {},
        description="People by the name that they sign in with.",
        examples=[{"ana": {"groups": ["admins"]}}],
    )
    security: SecurityConfig = Field(
        SecurityConfig.model_construct(),
        description="Encryption, records, watches.",
        examples=[{"threat_detection": True}],
    )
    buckets: BucketsConfig = Field(
        BucketsConfig.model_construct(), description="How long files are kept.", examples=[{"delivery": 30}]
    )
    secrets: SecretsConfig = Field(
        SecretsConfig.model_construct(),
        description="Secrets and their rotation.",
        examples=[{"recovery": 30}],
    )
    projects: dict[str, ProjectConfig] = Field(
        {},
        description="Projects by name: `[projects.world-series]`. `stratolab project init` writes them.",
        examples=[{"world-series": {"secrets": ["games-api"]}}],
    )
    environments: dict[Environment, EnvironmentConfig] = Field(
        {},
        description="Environments: `[environments.prod]`, `stage`, `dev`. Without any, there is `dev`.",
        examples=[{"prod": {"cidr": "10.0.0.0/16"}}],
    )
    compute: dict[str, ComputeConfig] = Field(
        {},
        description="Batch compute environments by name, for queues that share or chain them.",
        examples=[{"spot": {"kind": "spot", "max_vcpus": 256}}],
    )
    queues: dict[str, QueueConfig] = Field(
        {},
        description="Queues by name: `[queues.small]`.",
        examples=[{"small": {"kind": "fargate-spot", "max_vcpus": 64}}],
    )
    images: ImagesConfig = Field(
        ImagesConfig.model_construct(), description="How images are built.", examples=[{"environment": "dev"}]
    )
    tracking: TrackingConfig | None = Field(
        None,
        description="The MLflow server. Without the table, there is none; `[tracking]` alone is enough.",
        examples=[{"cpu": 1024, "memory": 2048}],
    )
