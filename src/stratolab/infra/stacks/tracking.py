"""Tracking: MLflow's server on Fargate, behind a load balancer with TLS, a firewall with addresses, and a login.

Runs are kept in the environment's database or one of the server's own, artifacts in a bucket. Two secrets sign in: the
admin's, and the member's, with which people and jobs of the lab write. Which image runs is a parameter of the stack:
until it names one, everything is there but the containers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Equals, GetAtt, Join, Not, Ref

from stratolab.config.labs.images import has_way_out
from stratolab.config.labs.tracking import environment_of
from stratolab.infra import names
from stratolab.infra.blocks import containers, repositories, secrets
from stratolab.infra.blocks import databases as instances
from stratolab.infra.blocks.logs import log_group
from stratolab.infra.body import Body
from stratolab.infra.parts import tracking_doors as doors
from stratolab.infra.parts import tracking_roles as roles
from stratolab.infra.parts.image_builds import TITLE, Builder, Network, image_builder
from stratolab.infra.parts.tracking_server import PATIENCE, SERVER, Database, Secrets, server_containers
from stratolab.infra.parts.tracking_site import Site
from stratolab.infra.stacks import database, foundation, network
from stratolab.infra.values import Given, Kept, Output, taken

if TYPE_CHECKING:
    from stratolab.config.fields import Environment
    from stratolab.config.labs.databases import DatabaseConfig
    from stratolab.config.labs.models import LabConfig
    from stratolab.config.labs.tracking import TrackingConfig
    from stratolab.infra.values import Taken

URL = Output("tracking", "Url", "The address of the tracking server", published="tracking/url")
MEMBER_SECRET = Output(
    "tracking",
    "MemberSecret",
    "ARN of the secret with which people and jobs sign in",
    published="tracking/secret",
)
ADMIN_SECRET = Output("tracking", "AdminSecret", "ARN of the secret with which the admin signs in")
DATABASE_SECRET = Output(
    "tracking", "DatabaseSecret", "ARN of the secret of the server's user in the database"
)
REPOSITORY = Output("tracking", "Repository", "Where the server's images are pushed to")
BUILDER = Output("tracking", "Builder", "CodeBuild's name of what builds the server's images")
CLUSTER = Output("tracking", "Cluster", "ECS's name of the cluster")
SERVICE = Output("tracking", "Service", "ECS's name of the service")
TARGETS = Output("tracking", "Targets", "ARN of the targets behind the load balancer")
SERVER_ROLE = Output("tracking", "Role", "ARN of the role that the server has")
DATABASE_HOST = Output("tracking", "DatabaseHost", "The host that runs are kept at")
DATABASE_NAME = Output("tracking", "DatabaseName", "The name of the database that runs are kept in")
BUCKET = Output("tracking", "Bucket", "The bucket of artifacts")
LOGS = Output("tracking", "Logs", "The log group of the containers")

NO_IMAGE = "none"
IMAGE = Kept("ImageDigest", f"The server's image by its digest, or {NO_IMAGE}", NO_IMAGE)
HAS_IMAGE = "HasImage"
IMAGES = 20
"""Images that are kept: enough to go back."""
MEMBER, ADMIN, USER = "member", "admin", "mlflow"
"""Who signs in to MLflow, and who MLflow is to the database."""


def home(lab: LabConfig) -> Environment | None:
    """The environment of the server; None if there is none, or nothing yet that could prove who it is.

    A certificate is issued once the domain answers: with a `zone`, or after it was delegated by hand.
    """
    tracking = lab.tracking
    proven = lab.lab.domain is not None and (lab.lab.zone is not None or lab.lab.delegated)
    if tracking is None or not (proven or tracking.certificate):
        return None
    return environment_of(tracking, lab.environments)


def build(lab: LabConfig, environment: Environment) -> Body:
    """The stack. Raises `ValueError` if the lab has no tracking server."""
    if lab.tracking is None:
        raise ValueError(f"{lab.lab.name} has no tracking server")
    site = Site(lab, environment, lab.tracking)
    return Body(
        about=f"stratolab {lab.lab.name}-{environment}: tracking server",
        inputs=inputs(site),
        conditions={} if site.options.image else {HAS_IMAGE: Not(Equals(Ref(IMAGE.parameter), NO_IMAGE))},
        resources=(
            *repository(site),
            *image_builder(builder(site)),
            *logins(site),
            *own_database(site),
            *logs(site),
            *identities(site),
            *doors.doors(site),
            *doors.guards(site),
            *server(site),
        ),
        outputs=outputs(site),
    )


def inputs(site: Site) -> tuple[Taken, ...]:
    """What it stands on: network, database, buckets, the sets of addresses, its image."""
    lab, options, here = site.lab, site.options, site.lab.environments[site.environment]
    own = options.database is not None
    kept = (database.HOST, database.PORT, database.OWNER_SECRET)
    return (
        network.VPC_ID,
        network.PRIVATE_SUBNETS,
        *((network.PUBLIC_SUBNETS,) if options.public else (network.CIDR,)),
        network.BALANCER_GROUP,
        network.SERVICE_GROUP,
        *((network.ISOLATED_SUBNETS, network.DATABASE_GROUP) if own else kept),
        *((network.NAT_IP_SET,) if site.reached_by_nat else ()),
        *((network.ZONE,) if here and lab.lab.domain else ()),
        *doors.people(site),
        foundation.BOUNDARY,
        foundation.LOGS_BUCKET,
        *(() if options.bucket else (foundation.ARTIFACTS_BUCKET,)),
        foundation.DELIVERY_BUCKET,
        *((network.EGRESS_ONLY_GROUP,) if has_way_out(here) else ()),
        *(foundation.KEYS if site.encrypted else ()),
        _image(options),
    )


def outputs(site: Site) -> dict[Output, Any]:
    """Where it is, how one signs in, and what operators look for."""
    host = site.hosts[0] if site.hosts else GetAtt("Balancer", "DNSName")
    return {
        URL: Join("", ["https://", host]),
        MEMBER_SECRET: Ref("MemberSecret"),
        ADMIN_SECRET: Ref("AdminSecret"),
        DATABASE_SECRET: Ref("DatabaseSecret"),
        REPOSITORY: GetAtt("Repository", "RepositoryUri"),
        BUILDER: Ref(TITLE),
        CLUSTER: Ref("Cluster"),
        SERVICE: _service_name(site),
        TARGETS: Ref("Targets"),
        SERVER_ROLE: GetAtt(roles.SELF, "Arn"),
        DATABASE_HOST: _database(site).host,
        DATABASE_NAME: site.options.database_name,
        BUCKET: _bucket(site),
        LOGS: Ref("Logs"),
    }


def repository(site: Site) -> list[Any]:
    """Where its images are: no project can have this name."""
    return [repositories.repository("Repository", f"{site.lab.lab.name}/lab.mlflow", keep=IMAGES)]


def builder(site: Site) -> Builder:
    """What builds them, in the server's own network if that has a way out."""
    here = site.lab.environments[site.environment]
    inside = Network(taken(network.VPC_ID), taken(network.PRIVATE_SUBNETS), taken(network.EGRESS_ONLY_GROUP))
    return Builder(
        site.lab.lab.name,
        owner=names.TRACKING,
        name=names.named("build", site.lab.lab.name, site.label, "image"),
        repository="Repository",
        options=site.lab.images,
        delivery=taken(foundation.DELIVERY_BUCKET),
        boundary=taken(foundation.BOUNDARY),
        log_days=site.lab.security.log_days,
        network=inside if has_way_out(here) else None,
        data_key=site.key(foundation.DATA_KEY),
        logs_key=site.key(foundation.LOGS_KEY),
    )


# -- what it keeps ----------------------------------------------------------------------------------


def logins(site: Site) -> list[Any]:
    """The secrets: of the admin, of people and jobs, of the server's user in the database."""
    length = _database_options(site).password_length
    name, key = site.lab.lab.name, site.key(foundation.SECRETS_KEY)
    made = (
        ("AdminSecret", ADMIN, "Signs in to the tracking server as its admin", ADMIN),
        ("MemberSecret", MEMBER, "Signs in to the tracking server", MEMBER),
        ("DatabaseSecret", "database", "The tracking server's user in the database", USER),
    )
    return [
        secrets.login(
            title, names.secret(name, names.TRACKING, what), about, user=user, length=length, key=key
        )
        for title, what, about, user in made
    ]


def own_database(site: Site) -> list[Any]:
    """An instance of its own, where it does not use the environment's."""
    options = site.options.database
    if options is None:
        return []
    place = instances.Place(
        lab=site.lab.lab.name,
        environment=site.environment,
        security_group=taken(network.DATABASE_GROUP),
        subnet_group="Subnets",
        parameters="Parameters",
        keys=site.lab.security.keys,
        data_key=site.key(foundation.DATA_KEY),
        secrets_key=site.key(foundation.SECRETS_KEY),
        logs_key=site.key(foundation.LOGS_KEY),
        log_days=site.lab.security.log_days,
        monitored_by="MonitoringRole",
    )
    return [
        instances.subnet_group("Subnets", site.environment, taken(network.ISOLATED_SUBNETS)),
        instances.parameter_group("Parameters", options),
        *database.monitoring(site.lab, site.label, options),
        *instances.instance("Database", place, options, name=options.name, application="tracking"),
    ]


def logs(site: Site) -> list[Any]:
    """What the containers say."""
    days, key = site.lab.security.log_days, site.key(foundation.LOGS_KEY)
    return [log_group("Logs", site.lab.lab.name, site.environment, "tracking", days=days, key=key)]


def _database(site: Site) -> Database:
    """Where runs are kept."""
    options = _database_options(site)
    if options is site.options.database:
        return Database(
            options.engine,
            GetAtt("Database", "Endpoint.Address"),
            GetAtt("Database", "Endpoint.Port"),
            instances.owner_secret("Database"),
        )
    return Database(options.engine, taken(database.HOST), taken(database.PORT), taken(database.OWNER_SECRET))


def _database_options(site: Site) -> DatabaseConfig:
    """The database that runs are kept in: its own, else the environment's."""
    options = site.options.database or site.lab.environments[site.environment].database
    if options is None:
        raise ValueError(f"{site.environment} has no database for the tracking server")
    return options


def _bucket(site: Site) -> Any:
    return site.options.bucket or taken(foundation.ARTIFACTS_BUCKET)


# -- who it is --------------------------------------------------------------------------------------


def identities(site: Site) -> list[Any]:
    """The role that starts it, and its own."""
    name, boundary = site.lab.lab.name, taken(foundation.BOUNDARY)
    own = [Ref(title) for title in ("AdminSecret", "DatabaseSecret", "MemberSecret")]
    return [
        *roles.starts(
            name,
            site.label,
            boundary=boundary,
            image=site.options.image or "",
            secrets=[*own, _database(site).owner_secret],
            logs=GetAtt("Logs", "Arn"),
            encrypted=site.encrypted,
        ),
        *roles.server(
            name,
            site.label,
            boundary=boundary,
            bucket=_bucket(site),
            folder=site.options.folder,
            encrypted=site.encrypted,
        ),
    ]


# -- what runs --------------------------------------------------------------------------------------


def server(site: Site) -> list[Any]:
    """The cluster, and, once there is an image, the service with its scaling."""
    lab, options = site.lab.lab.name, site.options
    waits = {} if options.image else {"Condition": HAS_IMAGE}
    name = names.named("cluster", lab, site.label)
    secrets_of = Secrets(Ref("DatabaseSecret"), Ref("AdminSecret"), Ref("MemberSecret"))
    return [
        containers.cluster("Cluster", name, insights=site.lab.lab.profile != "lab"),
        containers.task(
            "Task",
            name,
            server_containers(
                options,
                image=Ref(_image(options).parameter),
                database=_database(site),
                secrets=secrets_of,
                bucket=_bucket(site),
                hosts=doors.names_of(site),
                logs="Logs",
            ),
            cpu=options.cpu,
            memory=options.memory,
            execution_role=GetAtt(roles.START, "Arn"),
            role=GetAtt(roles.SELF, "Arn"),
            **waits,
        ),
        containers.service(
            "Service",
            _service_name(site),
            cluster_title="Cluster",
            task_title="Task",
            targets_title="Targets",
            container_name=SERVER,
            subnets=taken(network.PRIVATE_SUBNETS),
            group=taken(network.SERVICE_GROUP),
            spot=options.capacity == "spot",
            patience=PATIENCE,
            DependsOn=["Hosts1"],  # ECS refuses targets that no load balancer has
            **waits,
        ),
        *containers.scaling(
            "Scaling",
            name,
            cluster_title="Cluster",
            service_name=GetAtt("Service", "Name"),
            tasks=options.tasks,
            **waits,
        ),
    ]


def _service_name(site: Site) -> str:
    return names.named("cluster", site.lab.lab.name, site.label)


def _image(options: TrackingConfig) -> Given | Kept:
    """The image that `lab.toml` names, or the one that the stack was last given."""
    return Given(IMAGE.parameter, IMAGE.about, options.image) if options.image else IMAGE
