"""What may stand in `lab.toml` about an environment: its network, and the database in it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stratolab.config.fields import Table, Texts
from stratolab.config.labs.databases import DatabaseConfig
from stratolab.config.labs.fields import by_profile

Nat = Literal["none", "one", "per-zone"]
Endpoints = Literal["gateway", "needed", "all"]


class VpcConfig(Table):
    """A network that exists already and that the environment moves into. Nothing of it is changed."""

    id: str = Field(description="The VPC's id.", examples=["vpc-0123456789abcdef0"])
    cidr: str = Field(description="The VPC's range of addresses.", examples=["10.20.0.0/16"])
    private: Texts = Field(
        description="Ids of the subnets for jobs and services, in two zones or more. They need a way out.",
        examples=[["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]],
    )
    isolated: Texts = Field(
        (),
        description="Ids of the subnets for databases, in two zones or more. Without any, the private ones.",
        examples=[["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]],
    )
    public: Texts = Field(
        (),
        description="Ids of the subnets for load balancers that the internet reaches. Without any, there are none.",
        examples=[["subnet-0123456789abcdef4", "subnet-0123456789abcdef5"]],
    )


class EnvironmentConfig(Table):
    """One of the environments `dev`, `stage` and `prod`: a network of its own, with a database if asked for."""

    cidr: str | None = Field(
        None,
        description=(
            "The network's range of private addresses, /16 to /24. Without it, 10.0.0.0/16 for `prod`, 10.1.0.0/16 "
            "for `stage`, 10.2.0.0/16 for `dev`. It cannot be changed later."
        ),
        examples=["10.0.0.0/16"],
    )
    zones: int = Field(
        2, ge=2, le=6, description="How many availability zones the subnets are spread over.", examples=[2]
    )
    nat: Nat = by_profile(
        "none",
        "one",
        "per-zone",
        description=(
            "The way out for what has no public address, with fixed addresses of its own: `one` (about 36 dollars a "
            "month), one `per-zone`, which outlives a zone, or `none`."
        ),
        examples=["one"],
    )
    endpoints: Endpoints = by_profile(
        "needed",
        "gateway",
        "all",
        description=(
            "Private ways to AWS's services: `gateway` is S3 and DynamoDB and costs nothing, `needed` adds what "
            "containers cannot start without, `all` what sessions and secrets use too (about 8 dollars a month each "
            "and zone)."
        ),
        examples=["gateway"],
    )
    endpoint_zones: Literal["one", "all"] = by_profile(
        "one",
        "all",
        "all",
        description="Whether the private ways stand in one zone, which serves the others too, or in all.",
        examples=["one"],
    )
    flow_logs: Literal["rejected", "all", "none"] = by_profile(
        "rejected",
        "rejected",
        "all",
        description="Which connections are logged.",
        examples=["rejected"],
    )
    vpc: VpcConfig | None = Field(
        None,
        description="A network that exists already, in place of one of its own.",
        examples=[
            {
                "id": "vpc-0123456789abcdef0",
                "cidr": "10.20.0.0/16",
                "private": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
            }
        ],
    )
    database: DatabaseConfig | None = Field(
        None,
        description="The environment's database. Without the table, there is none; `{}` is enough.",
        examples=[{"engine": "postgres", "class": "db.t4g.medium"}],
    )
