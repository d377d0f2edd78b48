"""The tracking server's task: one container that sets up, then the server; what both are told, and by which secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import Join
from troposphere.ecs import ContainerDependency, HealthCheck, PortMapping

from stratolab.infra.arns import REGION
from stratolab.infra.blocks import containers
from stratolab.infra.flows import APP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.config.labs.databases import Engine
    from stratolab.config.labs.tracking import TrackingConfig

PROGRAM = ("python", "-m", "stratolab.runtime.tracking_server")
AUTHORITIES = "/etc/stratolab/rds.pem"
"""In the image: who vouches for RDS's certificates. https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"""
SERVER, SETUP = "server", "setup"
PATIENCE = 300
"""Seconds that a copy may take until it answers: set-up may have a schema to bring up to date."""
_WORKER_MEMORY, _WORKER_CPU = 700, 512  # MiB and CPU units of a process of the server


@dataclass(frozen=True, slots=True)
class Database:
    """The database server that runs are kept in: values of a template."""

    engine: Engine
    host: Any
    port: Any
    owner_secret: Any


@dataclass(frozen=True, slots=True)
class Secrets:
    """ARNs: of the server's own user in the database, and of MLflow's two."""

    database: Any
    admin: Any
    member: Any


def server_containers(
    options: TrackingConfig,
    *,
    image: Any,
    database: Database,
    secrets: Secrets,
    bucket: Any,
    hosts: Sequence[Any],
    logs: str,
) -> list[Any]:
    """Both containers. `logs` is the title of their log group, `hosts` are the names that the server goes by."""
    place = {
        "STRATOLAB_TRACKING_ENGINE": database.engine,
        "STRATOLAB_TRACKING_HOST": database.host,
        "STRATOLAB_TRACKING_PORT": database.port,
        "STRATOLAB_TRACKING_NAME": options.database_name,
        "STRATOLAB_TRACKING_AUTHORITIES": AUTHORITIES,
        "HOME": "/tmp",  # noqa: S108 - the only folder of the container that can be written to
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    known = {
        "STRATOLAB_TRACKING_DATABASE": secrets.database,
        "STRATOLAB_TRACKING_ADMIN": secrets.admin,
    }
    setup = containers.container(
        SETUP,
        image=image,
        command=[*PROGRAM, "setup"],
        variables=place,
        secrets={
            **known,
            "STRATOLAB_TRACKING_MEMBER": secrets.member,
            "STRATOLAB_TRACKING_OWNER": database.owner_secret,
        },
        logs=logs,
        Essential=False,
    )
    server = containers.container(
        SERVER,
        image=image,
        command=[*PROGRAM, "serve"],
        variables={**place, **_mlflow(options, bucket, hosts)},
        secrets=known,
        logs=logs,
        Essential=True,
        DependsOn=[ContainerDependency(ContainerName=SETUP, Condition="SUCCESS")],
        PortMappings=[PortMapping(ContainerPort=APP, Protocol="tcp")],
        HealthCheck=HealthCheck(
            Command=["CMD", *PROGRAM, "healthy"], Interval=30, Timeout=10, Retries=3, StartPeriod=PATIENCE
        ),
        StopTimeout=60,
    )
    return [setup, server]


def workers(options: TrackingConfig) -> int:
    """How many processes the server has: as many as its memory and its CPU are enough for."""
    return max(1, min(options.memory // _WORKER_MEMORY, options.cpu // _WORKER_CPU))


def _mlflow(options: TrackingConfig, bucket: Any, hosts: Sequence[Any]) -> Mapping[str, Any]:
    """MLflow's own variables. Artifacts come and go through it, so that the login holds for them too."""
    return {
        "AWS_DEFAULT_REGION": REGION,
        "MLFLOW_HOST": "0.0.0.0",  # noqa: S104 - in a private subnet, behind a group that only balancers call
        "MLFLOW_PORT": str(APP),
        "MLFLOW_WORKERS": str(workers(options)),
        "MLFLOW_SERVE_ARTIFACTS": "true",
        "MLFLOW_ARTIFACTS_DESTINATION": Join("", ["s3://", bucket, f"/{options.folder}"]),
        "MLFLOW_SERVER_ALLOWED_HOSTS": Join(",", list(hosts)),
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": Join(",", [Join("", ["https://", one]) for one in hosts]),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # it would run others' code beside the login
    }
