"""Database: an environment's relational database, and one for each application where those stand apart.

It lies in the isolated subnets, behind the group that only the environment's own services, jobs and functions may
call. The owner's password is made, kept and exchanged by RDS; nothing of it passes through a template. Functions beside
it set it up and try the way to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref

from stratolab.config.labs.databases import has_users
from stratolab.infra import names, tags
from stratolab.infra.blocks import databases as blocks
from stratolab.infra.blocks.policies import managed
from stratolab.infra.blocks.roles import service_role
from stratolab.infra.body import Body
from stratolab.infra.parts import application_databases
from stratolab.infra.parts import database_functions as functions
from stratolab.infra.parts import database_tunnel as tunnels
from stratolab.infra.parts.functions import Place
from stratolab.infra.stacks import foundation, network
from stratolab.infra.values import Output, taken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.config.fields import Environment
    from stratolab.config.labs.databases import DatabaseConfig
    from stratolab.config.labs.models import LabConfig
    from stratolab.infra.values import Taken
    from stratolab.runtime.databases.setup import Script

ENGINE = Output("database", "Engine", "The engine: postgres or mysql", published="database/engine")
INSTANCE = Output("database", "Instance", "RDS's name of the instance", published="database/instance")
RESOURCE = Output("database", "Resource", "RDS's own id of it, by which policies name its users")
HOST = Output("database", "Host", "The host that it answers at", published="database/host")
PORT = Output("database", "Port", "The port that it answers at", published="database/port")
NAME = Output("database", "Name", "The name of the first database in it", published="database/name")
OWNER_SECRET = Output(
    "database", "OwnerSecret", "ARN of the owner's secret, which RDS keeps", published="database/owner-secret"
)
SUBNET_GROUP = Output("database", "SubnetGroup", "The group of subnets that it is in")
SETUP = Output(
    "database", "Setup", "What the set-up answered: scripts, statements, server", published="database/setup"
)
TUNNEL = Output(
    "database", "Tunnel", "The group of the machine by which people reach it", published="database/tunnel"
)
TEST_FUNCTION = Output(
    "database", "TestFunction", "The function that tries the way to it", published="database/test-function"
)
SETUP_FUNCTION = Output(
    "database", "SetupFunction", "The function that sets it up", published="database/setup-function"
)
ROTATION_FUNCTION = Output(
    "database",
    "RotationFunction",
    "The function that makes applications' users and exchanges their passwords",
    published="rotation/function",
)

_INSTANCE, _SUBNETS, _PARAMETERS, _MONITORING = "Database", "Subnets", "Parameters", "MonitoringRole"


def host_of(application: str) -> Output:
    """Where an application's database answers."""
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


def of_application(output: Output, application: str) -> Output:
    """The same output of an application's own instance, if applications stand apart."""
    return Output(
        "database",
        names.title(output.name, application),
        f"{output.about} ({application})",
        published=f"applications/{application}/{output.published}",
    )


def build(
    lab: LabConfig, environment: Environment, scripts: Mapping[str, Sequence[Script]] | None = None
) -> Body:
    """The stack of one environment. `scripts` set its databases up, by application, "" for the environment's own.

    Raises `ValueError` if the environment has no database.
    """
    options = lab.environments[environment].database
    if options is None:
        raise ValueError(f"{environment} has no database")
    place = _place(lab, environment)
    apart = options.applications if options.apart else ()
    entries = [_entry(options), *(_entry(options, one) for one in apart)]
    found = {one.application: (scripts or {}).get(one.application, ()) for one in entries}
    setting_up = options.setup is not None
    return Body(
        about=f"stratolab {lab.lab.name}-{environment}: database",
        inputs=(
            *inputs(lab),
            *(
                part
                for one in entries
                for part in functions.inputs(one, scripts=found[one.application] if setting_up else None)
            ),
            *(application_databases.inputs() if has_users(options) else ()),
        ),
        resources=(
            blocks.subnet_group(_SUBNETS, environment, taken(network.ISOLATED_SUBNETS)),
            blocks.parameter_group(_PARAMETERS, options),
            *monitoring(lab, environment, options),
            *blocks.instance(_INSTANCE, place, options, name=options.name),
            *(part for one in apart for part in application(place, options, one)),
            *(part for one in entries for part in beside(lab, environment, options, one)),
            *users(lab, environment, options),
            *(way_in(lab, environment) if options.tunnel else ()),
        ),
        outputs={
            ENGINE: options.engine,
            INSTANCE: Ref(_INSTANCE),
            RESOURCE: GetAtt(_INSTANCE, "DbiResourceId"),
            HOST: GetAtt(_INSTANCE, "Endpoint.Address"),
            PORT: GetAtt(_INSTANCE, "Endpoint.Port"),
            NAME: options.name,
            OWNER_SECRET: blocks.owner_secret(_INSTANCE),
            SUBNET_GROUP: Ref(_SUBNETS),
            **application_outputs(options),
            **{output: value for one in entries for output, value in function_outputs(options, one).items()},
            **({TUNNEL: Ref(tunnels.GROUP)} if options.tunnel else {}),
        },
        code=(
            *functions.sources(scripts=list(found.values()) if setting_up else []),
            *(application_databases.sources() if has_users(options) else ()),
        ),
    )


def inputs(lab: LabConfig) -> tuple[Taken, ...]:
    """The network's subnets and groups, the bucket of code, the boundary, and keys where the lab has its own."""
    return (
        network.ISOLATED_SUBNETS,
        network.DATABASE_GROUP,
        network.PRIVATE_SUBNETS,
        network.FUNCTION_GROUP,
        foundation.CODE_BUCKET,
        foundation.BOUNDARY,
        *(foundation.KEYS if foundation.has_keys(lab) else ()),
    )


def beside(
    lab: LabConfig, environment: Environment, options: DatabaseConfig, entry: functions.Entry
) -> list[Any]:
    """The functions of one database: to try the way to it, and to set it up where there are scripts."""
    place = _place_of_functions(lab, environment)
    return [
        *functions.test(place, entry),
        *(functions.setup(place, entry, seconds=options.setup_timeout) if options.setup else []),
    ]


def users(lab: LabConfig, environment: Environment, options: DatabaseConfig) -> list[Any]:
    """Applications' own databases and users, where the lab's function makes them."""
    if not has_users(options):
        return []
    mail = {
        name: [one.mail for one in lab.people.values() if one.mail and name in one.projects]
        for name in options.applications
    }
    homes = [_home(options, name) for name in options.applications]
    return application_databases.users(_place_of_functions(lab, environment), options, homes, mail)


def application_outputs(options: DatabaseConfig) -> dict[Output, Any]:
    """Where each application's database is, and the secret with which it gets in."""
    if not (options.apart or has_users(options)):
        return {}
    homes = [_home(options, name) for name in options.applications]
    made = {host_of(home.application): home.host for home in homes}
    made |= {
        secret_of(home.application): Ref(home.title("Secret")) if has_users(options) else home.owner
        for home in homes
    }
    return {**made, ROTATION_FUNCTION: Ref(application_databases.FUNCTION)} if has_users(options) else made


def _home(options: DatabaseConfig, name: str) -> application_databases.Home:
    title = _title(name) if options.apart else _INSTANCE
    return application_databases.Home(
        application=name,
        host=GetAtt(title, "Endpoint.Address"),
        port=GetAtt(title, "Endpoint.Port"),
        database=database_name(name),
        owner=blocks.owner_secret(title),
        shared="" if options.apart else options.name,
    )


def way_in(lab: LabConfig, environment: Environment) -> list[Any]:
    """The machine by which people reach the databases, while somebody needs it: one for all of an environment."""
    return tunnels.tunnel(
        tunnels.Place(
            lab=lab.lab.name,
            environment=environment,
            subnets=taken(network.PRIVATE_SUBNETS),
            group=taken(network.FUNCTION_GROUP),
            boundary=taken(foundation.BOUNDARY),
            tags=tags.of_stack(lab, environment=environment),
        )
    )


def function_outputs(options: DatabaseConfig, entry: functions.Entry) -> dict[Output, Any]:
    """How the functions of a database are called, and what the last set-up answered."""
    made = {TEST_FUNCTION: Ref(entry.title("TestFunction"))}
    if options.setup:
        made |= {SETUP_FUNCTION: Ref(entry.title("SetupFunction")), SETUP: functions.answer(entry)}
    if not entry.application:
        return made
    return {of_application(output, entry.application): value for output, value in made.items()}


def _entry(options: DatabaseConfig, application: str = "") -> functions.Entry:
    title = _title(application) if application else _INSTANCE
    return functions.Entry(
        engine=options.engine,
        host=GetAtt(title, "Endpoint.Address"),
        port=GetAtt(title, "Endpoint.Port"),
        name=database_name(application) if application else options.name,
        secret=blocks.owner_secret(title),
        application=application,
    )


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


def _place_of_functions(lab: LabConfig, environment: Environment) -> Place:
    return Place(
        lab=lab.lab.name,
        environment=environment,
        bucket=taken(foundation.CODE_BUCKET),
        subnets=taken(network.PRIVATE_SUBNETS),
        group=taken(network.FUNCTION_GROUP),
        boundary=taken(foundation.BOUNDARY),
        log_days=lab.security.log_days,
        logs_key=_key(lab, foundation.LOGS_KEY),
        secrets_key=_key(lab, foundation.SECRETS_KEY),
    )


def _place(lab: LabConfig, environment: Environment) -> blocks.Place:
    return blocks.Place(
        lab=lab.lab.name,
        environment=environment,
        security_group=taken(network.DATABASE_GROUP),
        subnet_group=_SUBNETS,
        parameters=_PARAMETERS,
        keys=lab.security.keys,
        data_key=_key(lab, foundation.DATA_KEY),
        secrets_key=_key(lab, foundation.SECRETS_KEY),
        logs_key=_key(lab, foundation.LOGS_KEY),
        log_days=lab.security.log_days,
        monitored_by=_MONITORING,
    )


def _key(lab: LabConfig, use: Output) -> Any | None:
    return taken(use) if foundation.has_keys(lab) else None
