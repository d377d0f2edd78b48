"""RDS: managed master passwords and log exports of single instances, and real servers behind them if a test has one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ministack.core.responses import new_uuid
from ministack.services import rds
from tests.emulator.extension.client import call, gently

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Server:
    """Where instances made from now on say that they answer; empty: at an address that does not exist."""

    address: str = ""
    port: int = 0


_server = Server()
_NUMBERS = ("Iops", "PerformanceInsightsRetentionPeriod", "StorageThroughput")


def stand_behind(server: Server) -> None:
    global _server
    _server = server


def finish(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Carry out what ministack's handler passes over."""
    record = rds._instances[name]
    if not old and _server.address:
        record["Endpoint"] = {**record["Endpoint"], "Address": _server.address, "Port": _server.port}
    record["EnabledCloudwatchLogsExports"] = list(new.get("EnableCloudwatchLogsExports") or [])
    _refuse_another_major(old, new)
    if not old and new.get("DBSnapshotIdentifier"):
        _begin_with_snapshot(record, str(new["DBSnapshotIdentifier"]))
    for key in _NUMBERS:
        if new.get(key) is not None:
            record[key] = int(new[key])
    for key in ("CACertificateIdentifier", "PerformanceInsightsKMSKeyId"):
        if new.get(key):
            record[key] = new[key]
    managed = str(new.get("ManageMasterUserPassword", False)).lower() == "true"
    if managed and not record.get("MasterUserSecret"):
        key = (new.get("MasterUserSecret") or {}).get("KmsKeyId")
        password = call("secretsmanager", "GetRandomPassword", PasswordLength=28, ExcludePunctuation=True)[
            "RandomPassword"
        ]
        record["_MasterUserPassword"] = password
        value = json.dumps({"username": record["MasterUsername"], "password": password})
        made = call(
            "secretsmanager",
            "CreateSecret",
            Name=f"rds!db-{new_uuid()}",
            SecretString=value,
            **({"KmsKeyId": key} if key else {}),
        )
        record["MasterUserSecret"] = {
            "SecretArn": made["ARN"],
            "SecretStatus": "active",
            "KmsKeyId": key or "alias/aws/secretsmanager",
        }
    elif not managed:
        _drop_secret(record)


class NoSnapshotError(ValueError):
    """An instance was to begin with a snapshot that is not there."""


def _begin_with_snapshot(record: dict[str, Any], name: str) -> None:
    """What a snapshot brings along: owner, database, encryption."""
    found = rds._snapshots.get(name.rpartition(":")[2])
    if found is None:
        rds._instances.pop(record["DBInstanceIdentifier"])
        raise NoSnapshotError(f"DBSnapshot not found: {name} (Error Code: DBSnapshotNotFound)")
    for key in ("MasterUsername", "DBName", "KmsKeyId"):
        record[key] = found.get(key, record.get(key, ""))
    record["StorageEncrypted"] = found.get("Encrypted", False)


class MajorVersionError(ValueError):
    """Another major version of an engine was to be had, and nobody said that it may."""


def _refuse_another_major(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    allowed = str(new.get("AllowMajorVersionUpgrade", False)).lower() == "true"
    if old and not allowed and _major(old) != _major(new):
        raise MajorVersionError(
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
        )


def _major(properties: Mapping[str, Any]) -> str:
    parts = str(properties.get("EngineVersion", "")).split(".")
    return ".".join(parts[: 2 if properties.get("Engine") == "mysql" else 1])


def attributes(name: str) -> dict[str, Any]:
    """What `Fn::GetAtt` gives besides ministack's."""
    record = rds._instances[name]
    endpoint = record["Endpoint"]
    found = {f"Endpoint.{name}": str(value) for name, value in endpoint.items()}
    found["DBInstanceStatus"] = record["DBInstanceStatus"]
    if record.get("MasterUserSecret"):
        found["MasterUserSecret.SecretArn"] = record["MasterUserSecret"]["SecretArn"]
    return found


class ProtectedError(ValueError):
    """An instance with deletion protection was to be deleted."""


def before_deletion(name: str) -> None:
    record = rds._instances.get(name)
    if record is None:
        return
    if str(record.get("DeletionProtection", False)).lower() == "true":
        raise ProtectedError(
            'Resource handler returned message: "Cannot delete protected DB Instance, please disable deletion '
            'protection and try again. (Service: Rds, Status Code: 400, Error Code: InvalidParameterCombination)"'
        )
    _drop_secret(record)


def _drop_secret(record: dict[str, Any]) -> None:
    secret = record.pop("MasterUserSecret", None)
    if secret:
        gently(
            "secretsmanager", "DeleteSecret", SecretId=secret["SecretArn"], ForceDeleteWithoutRecovery=True
        )


def _telling_more(write: Callable[[Any], str]) -> Callable[[Any], str]:
    def written(record: Any) -> str:
        exports = "".join(
            f"<member>{one}</member>" for one in record.get("EnabledCloudwatchLogsExports") or []
        )
        told = f"<EnabledCloudwatchLogsExports>{exports}</EnabledCloudwatchLogsExports>"
        secret = record.get("MasterUserSecret")
        if secret:
            inner = "".join(f"<{key}>{value}</{key}>" for key, value in secret.items())
            told += f"<MasterUserSecret>{inner}</MasterUserSecret>"
        return write(record).replace("<EnabledCloudwatchLogsExports/>", told)

    return written


rds._instance_xml = _telling_more(rds._instance_xml)
