"""Relational databases that are safe as they come: private, encrypted, TLS only, their owner's password kept by RDS.

An instance's name carries six characters of a hash of what only a new instance can have: its engine, its place, its
key. So a change of these makes a new one beside the old, and plan says that it does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref
from troposphere.rds import DBInstance, DBParameterGroup, DBSubnetGroup, MasterUserSecret

from stratolab.config.labs.databases import port_of, version_of
from stratolab.infra import names
from stratolab.infra.arns import regional
from stratolab.infra.blocks.logs import named_log_group
from stratolab.infra.blocks.policies import Statement, allow

if TYPE_CHECKING:
    from stratolab.config.labs.databases import DatabaseConfig, Engine

OWNER = "lab_owner"
"""The user who owns an instance, and no application is. Not `admin` or `postgres`, which anyone tries first."""
LOGS: dict[Engine, tuple[str, ...]] = {"postgres": ("postgresql", "upgrade"), "mysql": ("error", "slowquery")}
"""What an engine logs that CloudWatch gets. MySQL's general log would hold every statement, with its values."""
FAMILIES: dict[Engine, str] = {"postgres": "postgres", "mysql": "mysql"}
PARAMETERS: dict[Engine, dict[str, str]] = {
    "postgres": {
        "rds.force_ssl": "1",
        "password_encryption": "scram-sha-256",
        "log_min_duration_statement": "1000",  # milliseconds: slower statements are logged
    },
    "mysql": {
        "require_secure_transport": "1",
        "slow_query_log": "1",
        "long_query_time": "1",  # seconds
        "log_output": "FILE",  # the only one that CloudWatch gets
    },
}
AUTHORITY = "rds-ca-rsa2048-g1"
"""Who signs the certificates. Not left to the account's default: functions believe this one, whose roots they carry."""
INSIGHTS_DAYS = 7  # what costs nothing
_MAINTENANCE = "{day}:{hour:02}:00-{day}:{hour:02}:30"
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Place:
    """What the instances of one stack share. `keys` is the lab's word for whose keys they are (`[security] keys`).

    Keys are ARNs, None where AWS's own key does.
    """

    lab: str
    environment: str
    security_group: Any
    subnet_group: str
    """The title of the subnets' group."""
    parameters: str
    """The title of the group of parameters."""
    keys: str
    data_key: Any | None
    secrets_key: Any | None
    logs_key: Any | None
    log_days: int
    monitored_by: str
    """The title of the role that monitoring writes with; not used without monitoring."""


def subnet_group(title: str, environment: str, subnets: Any) -> Any:
    """The subnets that instances are in: those that have no way out."""
    return DBSubnetGroup(
        title, DBSubnetGroupDescription=f"Isolated subnets of {environment}", SubnetIds=subnets
    )


def parameter_group(title: str, options: DatabaseConfig) -> Any:
    """How the engine is set: TLS or no connection at all, and slow statements logged."""
    version = version_of(options)
    return DBParameterGroup(
        title,
        Description=f"TLS only, {options.engine} {version}",
        Family=f"{FAMILIES[options.engine]}{version}",
        Parameters=PARAMETERS[options.engine],
    )


def instance(
    title: str, place: Place, options: DatabaseConfig, *, name: str, application: str = ""
) -> list[Any]:
    """An instance with a database `name` in it, and the groups of its logs, made first so that they have an end."""
    identifier = identifier_of(place, options, name=name, application=application)
    groups = [
        named_log_group(
            f"{title}{log.capitalize()}Log",
            f"{names.RDS_LOGS}{identifier}/{log}",
            days=place.log_days,
            key=place.logs_key,
        )
        for log in LOGS[options.engine]
    ]
    keeps = "Snapshot" if options.snapshot else "Delete"
    made = DBInstance(
        title,
        DBInstanceIdentifier=identifier,
        DependsOn=[group.title for group in groups],
        DeletionPolicy=keeps,
        UpdateReplacePolicy="Snapshot",
        **_engine(place, options),
        **_content(place, options, name),
        **_storage(options),
        **_reach(place, options),
        **_care(place, options),
    )
    return [*groups, made]


def identifier_of(place: Place, options: DatabaseConfig, *, name: str, application: str = "") -> str:
    """The instance's name: `acme-prod-3f9a1c`."""
    only_new = [options.engine, name, options.zone, options.restore_from, place.keys]
    digest = hashlib.sha256(repr(only_new).encode()).hexdigest()[:6]
    return names.named("database", place.lab, place.environment, application, digest)


def owner_secret(title: str) -> Any:
    """The ARN of the secret in which RDS keeps the name and the password of an instance's owner."""
    return GetAtt(title, "MasterUserSecret.SecretArn")


def monitoring_may() -> tuple[Statement, ...]:
    """RDS's monitoring may write the figures of machines to its own log group, which all instances share."""
    groups = regional("logs", "log-group:RDS*")
    streams = regional("logs", "log-group:RDS*:log-stream:*")
    return (
        allow("MakeItsGroup", ["logs:CreateLogGroup", "logs:PutRetentionPolicy"], groups),
        allow(
            "WriteFigures",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"],
            streams,
        ),
    )


def any_instance(lab: str, environment: str) -> Any:
    """The ARN of every instance of an environment."""
    return regional("rds", f"db:{lab}-{environment}-*")


def _engine(place: Place, options: DatabaseConfig) -> dict[str, Any]:
    return {
        "Engine": options.engine,
        "EngineVersion": version_of(options),
        "AllowMajorVersionUpgrade": True,  # a new `version` in the file is meant
        "AutoMinorVersionUpgrade": True,
        "DBInstanceClass": options.instance_class,
        "DBParameterGroupName": Ref(place.parameters),
    }


def _content(place: Place, options: DatabaseConfig, name: str) -> dict[str, Any]:
    """What is in it, and with whose keys. A snapshot brings its own database, owner and key."""
    secret = {"KmsKeyId": place.secrets_key} if place.secrets_key is not None else {}
    kept = {
        "ManageMasterUserPassword": True,
        "EnableIAMDatabaseAuthentication": True,
        **({"MasterUserSecret": MasterUserSecret(**secret)} if secret else {}),
    }
    if options.restore_from:
        return {"DBSnapshotIdentifier": options.restore_from, **kept}
    key = {"KmsKeyId": place.data_key} if place.data_key is not None else {}
    return {"DBName": name, "MasterUsername": OWNER, "StorageEncrypted": True, **key, **kept}


def _storage(options: DatabaseConfig) -> dict[str, Any]:
    given = {
        "AllocatedStorage": str(options.storage),
        "StorageType": options.storage_type,
        "MaxAllocatedStorage": options.storage_most,
        "Iops": options.iops,
        "StorageThroughput": options.throughput,
    }
    return {key: value for key, value in given.items() if value is not None}


def _reach(place: Place, options: DatabaseConfig) -> dict[str, Any]:
    return {
        "DBSubnetGroupName": Ref(place.subnet_group),
        "VPCSecurityGroups": [place.security_group],
        "PubliclyAccessible": False,
        "CACertificateIdentifier": AUTHORITY,
        "Port": str(port_of(options)),
        "MultiAZ": options.multi_zone,
        **({"AvailabilityZone": options.zone} if options.zone else {}),
    }


def _care(place: Place, options: DatabaseConfig) -> dict[str, Any]:
    """Backups, updates, protection, logs and figures."""
    hour = options.backup_hour
    day = options.maintenance if hour < 23 else _WEEK[(_WEEK.index(options.maintenance) + 1) % 7]
    return {
        "BackupRetentionPeriod": options.backups,
        "PreferredBackupWindow": f"{hour:02}:00-{hour:02}:30",
        "PreferredMaintenanceWindow": _MAINTENANCE.format(day=day, hour=(hour + 1) % 24),
        "CopyTagsToSnapshot": True,
        "DeletionProtection": options.deletion_protection,
        "EnableCloudwatchLogsExports": list(LOGS[options.engine]),
        **_insights(place, options),
        **(
            {"MonitoringInterval": options.monitoring, "MonitoringRoleArn": GetAtt(place.monitored_by, "Arn")}
            if options.monitoring
            else {}
        ),
    }


def _insights(place: Place, options: DatabaseConfig) -> dict[str, Any]:
    if not options.insights:
        return {}
    key = {"PerformanceInsightsKMSKeyId": place.data_key} if place.data_key is not None else {}
    return {
        "EnablePerformanceInsights": True,
        "PerformanceInsightsRetentionPeriod": INSIGHTS_DAYS,
        **key,
    }
