"""Database: an environment's relational database, and one for each application where those stand apart.

It lies in the isolated subnets, behind the group that only the environment's own services, jobs and functions may
call. The owner's password is made, kept and exchanged by RDS; nothing of it passes through a template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref

from stratolab.infra import names
from stratolab.infra.blocks import databases as blocks
from stratolab.infra.blocks.policies import managed
from stratolab.infra.blocks.roles import service_role
from stratolab.infra.body import Body
from stratolab.infra.stacks import foundation, network
from stratolab.infra.values import Output, taken

if TYPE_CHECKING:
    from stratolab.config.fields import Environment
    from stratolab.config.labs.databases import DatabaseConfig
    from stratolab.config.labs.models import LabConfig
    from stratolab.infra.values import Taken

ENGINE = Output("database", "Engine", "The engine: postgres or mysql", published="database/engine")
INSTANCE = Output("database", "Instance", "RDS's name of the instance", published="database/instance")
HOST = Output("database", "Host", "The host that it answers at", published="database/host")
PORT = Output("database", "Port", "The port that it answers at", published="database/port")
NAME = Output("database", "Name", "The name of the first database in it", published="database/name")
OWNER_SECRET = Output(
    "database", "OwnerSecret", "ARN of the owner's secret, which RDS keeps", published="database/owner-secret"
)
SUBNET_GROUP = Output("database", "SubnetGroup", "The group of subnets that it is in")

_INSTANCE, _SUBNETS, _PARAMETERS, _MONITORING = "Database", "Subnets", "Parameters", "MonitoringRole"


def host_of(application: str) -> Output:
    """Where an application's own instance answers, if applications stand apart."""
    return Output(
        "database",
        names.title("Host", application),
        f"The host of the database of {application}",
        published=f"applications/{application}/database/host",
    )


def secret_of(application: str) -> Output:
    """The secret with which an application gets into its database."""
    return Output(
        "database",
        names.title("Secret", application),
        f"ARN of the secret of the database of {application}",
        published=f"applications/{application}/database/secret",
    )


def build(lab: LabConfig, environment: Environment) -> Body:
    """The stack of one environment. Raises `ValueError` if the environment has no database."""
    options = lab.environments[environment].database
    if options is None:
        raise ValueError(f"{environment} has no database")
    place = _place(lab, environment)
    apart = options.applications if options.apart else ()
    return Body(
        about=f"stratolab {lab.lab.name}-{environment}: database",
        inputs=inputs(lab, options),
        resources=(
            blocks.subnet_group(_SUBNETS, environment, taken(network.ISOLATED_SUBNETS)),
            blocks.parameter_group(_PARAMETERS, options),
            *monitoring(lab, environment, options),
            *blocks.instance(_INSTANCE, place, options, name=options.name),
            *(part for one in apart for part in application(place, options, one)),
        ),
        outputs={
            ENGINE: options.engine,
            INSTANCE: Ref(_INSTANCE),
            HOST: GetAtt(_INSTANCE, "Endpoint.Address"),
            PORT: GetAtt(_INSTANCE, "Endpoint.Port"),
            NAME: options.name,
            OWNER_SECRET: blocks.owner_secret(_INSTANCE),
            SUBNET_GROUP: Ref(_SUBNETS),
            **{host_of(one): GetAtt(_title(one), "Endpoint.Address") for one in apart},
            **{secret_of(one): blocks.owner_secret(_title(one)) for one in apart},
        },
    )


def inputs(lab: LabConfig, options: DatabaseConfig) -> tuple[Taken, ...]:
    """The network's isolated subnets and group, the boundary for roles, and keys where the lab has its own."""
    keys = foundation.KEYS if foundation.has_keys(lab) else ()
    boundary = (foundation.BOUNDARY,) if options.monitoring else ()
    return (network.ISOLATED_SUBNETS, network.DATABASE_GROUP, *boundary, *keys)


def monitoring(lab: LabConfig, environment: str, options: DatabaseConfig) -> list[Any]:
    """The role with which RDS writes the figures of machines, where they are wanted."""
    if not options.monitoring:
        return []
    name = f"{environment}-database-monitoring"
    return [
        managed("MonitoringPolicy", lab.lab.name, name, *blocks.monitoring_may()),
        service_role(
            _MONITORING,
            lab.lab.name,
            name,
            f"Writes the figures of the databases of {environment}",
            trusts="monitoring.rds",
            boundary=taken(foundation.BOUNDARY),
            policies=[Ref("MonitoringPolicy")],
            sources=[blocks.any_instance(lab.lab.name, environment)],
        ),
    ]


def application(place: blocks.Place, options: DatabaseConfig, name: str) -> list[Any]:
    """An instance of an application's own."""
    return blocks.instance(_title(name), place, options, name=database_name(name), application=name)


def database_name(application: str) -> str:
    """What an application's database is called: its name, without dashes, which SQL would have to quote."""
    return application.replace("-", "_")


def _title(application: str) -> str:
    return names.title("Database", application)


def _place(lab: LabConfig, environment: Environment) -> blocks.Place:
    own = foundation.has_keys(lab)
    return blocks.Place(
        lab=lab.lab.name,
        environment=environment,
        security_group=taken(network.DATABASE_GROUP),
        subnet_group=_SUBNETS,
        parameters=_PARAMETERS,
        keys=lab.security.keys,
        data_key=taken(foundation.DATA_KEY) if own else None,
        secrets_key=taken(foundation.SECRETS_KEY) if own else None,
        logs_key=taken(foundation.LOGS_KEY) if own else None,
        log_days=lab.security.log_days,
        monitored_by=_MONITORING,
    )
