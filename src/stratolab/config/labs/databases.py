"""What may stand in `lab.toml` about a database: every option of RDS that a lab has a use for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stratolab.config.fields import Duration, Table, Texts
from stratolab.config.labs.fields import by_profile

Engine = Literal["postgres", "mysql"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

VERSIONS: dict[Engine, tuple[str, ...]] = {
    "postgres": ("14", "15", "16", "17", "18"),
    "mysql": ("8.0", "8.4"),
}
"""Major versions by engine; RDS chooses the minor one and keeps it up to date."""
USUAL_VERSION: dict[Engine, str] = {"postgres": "17", "mysql": "8.4"}
USUAL_PORT: dict[Engine, int] = {"postgres": 15432, "mysql": 13306}
"""Not the engines' own, 5432 and 3306, which are the first that anyone tries."""
SETUP_MOST = 900.0  # seconds; no Lambda runs longer


class CanaryConfig(Table):
    """What an application has to get done with a new password: the rotation is taken back if it does not."""

    query: str | None = Field(
        None,
        description="A query that is asked as the new user; what it changes is rolled back.",
        examples=["SELECT count(*) FROM games"],
    )
    function: str | None = Field(
        None,
        description=(
            "A function of yours that is called with the secret's ARN, the version and its stage, uses it, and fails "
            "if it cannot. Its name begins with the lab's and the environment's."
        ),
        examples=["acme-prod-world-series-canary"],
    )


class DatabaseConfig(Table):
    """A relational database: private, encrypted, reached over TLS only."""

    engine: Engine = Field("postgres", description="The engine.", examples=["postgres"])
    version: str | None = Field(
        None,
        description="The engine's major version. Without it, `17` of PostgreSQL, `8.4` of MySQL.",
        examples=["17"],
    )
    instance_class: str = by_profile(
        "db.t4g.micro",
        "db.t4g.medium",
        "db.m7g.large",
        description="The machine that it runs on.",
        examples=["db.t4g.medium"],
        alias="class",
    )
    storage: int = Field(20, ge=20, le=65_536, description="GiB to begin with.", examples=[50])
    storage_most: int | None = Field(
        None,
        ge=22,
        le=65_536,
        description="GiB up to which the storage grows by itself. Without it, it does not.",
        examples=[200],
    )
    storage_type: Literal["gp3", "gp2", "io2"] = Field(
        "gp3", description="The kind of disk.", examples=["gp3"]
    )
    iops: int | None = Field(
        None,
        ge=1000,
        le=256_000,
        description="Operations a second of the disk: needed for `io2`, an option for large `gp3` ones.",
        examples=[12_000],
    )
    throughput: int | None = Field(
        None, ge=125, le=4000, description="MiB a second of a large `gp3` disk.", examples=[500]
    )
    name: str = Field("lab", description="The name of the first database in it.", examples=["lab"])
    port: int | None = Field(
        None,
        ge=1150,
        le=65_535,
        description="Where it listens. Without it, 15432 for PostgreSQL and 13306 for MySQL, not the usual ports.",
        examples=[15432],
    )
    zone: str | None = Field(
        None, description="The availability zone that it is pinned to.", examples=["eu-west-1a"]
    )
    multi_zone: bool = by_profile(
        lab=False,
        standard=False,
        hardened=True,
        description="Whether a second one stands by in another zone. It doubles the price.",
        examples=[False],
    )
    backups: int = by_profile(
        1,
        7,
        14,
        description="Days within which it can be restored to any second; 0 for no backups.",
        examples=[7],
        ge=0,
        le=35,
    )
    backup_hour: int = Field(
        2, ge=0, le=23, description="The hour, UTC, in which the daily backup is made.", examples=[2]
    )
    maintenance: Weekday = Field(
        "sun", description="The day on which updates are made, an hour after the backup.", examples=["sun"]
    )
    restore_from: str | None = Field(
        None,
        description=(
            "A snapshot that it begins with, by its name or ARN. The key stays in the file as long as the database: "
            "without it, an empty one would take its place."
        ),
        examples=["acme-prod-before-the-move"],
    )
    snapshot: bool = Field(
        True,  # noqa: FBT003 - pydantic's way to give a default
        description="Whether a snapshot is kept when it is deleted.",
        examples=[True],
    )
    deletion_protection: bool = by_profile(
        lab=False,
        standard=True,
        hardened=True,
        description="Whether nobody can delete it before this is set to false and deployed.",
        examples=[True],
    )
    insights: bool = by_profile(
        lab=False,
        standard=True,
        hardened=True,
        description="Whether slow queries and waits can be looked at.",
        examples=[True],
    )
    monitoring: Literal[0, 1, 5, 10, 15, 30, 60] = by_profile(
        0,
        60,
        60,
        description="Seconds between two looks at the machine's own figures (CPU, memory, disk); 0 for none.",
        examples=[60],
    )
    applications: Texts = Field(
        (),
        description="Applications that get a database, a user and a secret of their own.",
        examples=[["world-series"]],
    )
    apart: bool = Field(
        False,  # noqa: FBT003
        description="Whether each application's database is an instance of its own, at the price of one.",
        examples=[False],
    )
    username_length: int = Field(
        12, ge=8, le=16, description="Characters of a generated user name.", examples=[12]
    )
    password_length: int = Field(
        32, ge=16, le=41, description="Characters of a generated password.", examples=[32]
    )
    recovery: int = by_profile(
        7,
        30,
        30,
        description="Days within which a deleted secret of it can be restored.",
        examples=[30],
        ge=7,
        le=30,
    )
    rotate: int = by_profile(
        30,
        7,
        1,
        description="Days after which applications' passwords are exchanged.",
        examples=[1],
        ge=1,
        le=365,
    )
    rotation: Literal["lambda", "managed", "none"] | None = Field(
        None,
        description=(
            "Who exchanges applications' passwords: a function of the lab (`lambda`), which keeps the one before valid "
            "until the next exchange and goes back where a canary fails; RDS itself, every seven days, for instances "
            "apart (`managed`, which the owner's password always is); or nobody (`none`). Without it, `managed` for "
            "instances apart and `lambda` for applications that share one."
        ),
        examples=["lambda"],
    )
    canaries: dict[str, CanaryConfig] = Field(
        {},
        description="What has to work with an application's new password before anybody gets it, by application.",
        examples=[{"world-series": {"query": "SELECT count(*) FROM games"}}],
    )
    tunnel: bool = Field(
        False,  # noqa: FBT003
        description=(
            "Whether people may reach it from their own machines (`db tunnel`, `db connect`), through a machine in the "
            "network that is there for as long as they need it."
        ),
        examples=[False],
    )
    setup: str | None = Field(
        None,
        description=(
            "A folder with SQL scripts, relative to this file. `up` has them run in the network, once each, in the "
            "order of their names."
        ),
        examples=["sql"],
    )
    setup_timeout: Duration = Field(
        SETUP_MOST,
        description="How long the scripts may take together, at most 15 minutes.",
        examples=["5m"],
    )


def version_of(database: DatabaseConfig) -> str:
    """The major version, given or usual."""
    return database.version or USUAL_VERSION[database.engine]


def rotation_of(database: DatabaseConfig) -> Literal["lambda", "managed", "none"]:
    """Who exchanges applications' passwords, given or usual."""
    return database.rotation or ("managed" if database.apart else "lambda")


def has_users(database: DatabaseConfig) -> bool:
    """Whether applications have users of their own that are made by the lab's function, and not by RDS."""
    return bool(database.applications) and rotation_of(database) != "managed"


def port_of(database: DatabaseConfig) -> int:
    """Where it listens, given or usual."""
    return database.port or USUAL_PORT[database.engine]
