"""Databases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.stacks import Stacks, template
from tests.emulator.types import TAGS, Case, Cases, World, live

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

case = Cases()


def _database(world: World, ref: str) -> Any:
    found = world.client("rds").describe_db_instances(DBInstanceIdentifier=ref)["DBInstances"][0]
    secret = world.client("secretsmanager").get_secret_value(SecretId=found["MasterUserSecret"]["SecretArn"])[
        "SecretString"
    ]
    return {
        "class": found["DBInstanceClass"],
        "encrypted": found["StorageEncrypted"],
        "days": found["BackupRetentionPeriod"],
        "logs": found["EnabledCloudwatchLogsExports"],
        "user": json.loads(secret)["username"],
        "iam": found["IAMDatabaseAuthenticationEnabled"],
        "port": found["Endpoint"]["Port"],
    }


def _database_properties(kind: str, days: int, *, protected: bool = False) -> Any:
    def make(world: World) -> dict[str, Any]:
        return {
            "DBInstanceIdentifier": "db",
            "DBInstanceClass": kind,
            "Engine": "postgres",
            "EngineVersion": "16.3",
            "MasterUsername": "lab",
            "ManageMasterUserPassword": True,
            "MasterUserSecret": {"KmsKeyId": world.key},
            "AllocatedStorage": "20",
            "StorageType": "gp3",
            "StorageEncrypted": True,
            "KmsKeyId": world.key,
            "DBSubnetGroupName": world.subnet_group,
            "VPCSecurityGroups": [world.group],
            "BackupRetentionPeriod": days,
            "EnableIAMDatabaseAuthentication": True,
            "EnableCloudwatchLogsExports": ["postgresql"],
            "Port": "15432",
            "PubliclyAccessible": False,
            "CopyTagsToSnapshot": True,
            "DBName": "lab",
            "MaxAllocatedStorage": 100,
            "DeletionProtection": protected,
            "Tags": TAGS,
        }

    return make


def _database_state(kind: str, days: int) -> dict[str, Any]:
    return {
        "class": kind,
        "encrypted": True,
        "days": days,
        "logs": ["postgresql"],
        "user": "lab",
        "iam": True,
        "port": 15432,
    }


case(
    "AWS::RDS::DBInstance",
    _database_properties("db.t4g.micro", 7),
    _database,
    _database_state("db.t4g.micro", 7),
    _database_properties("db.t4g.small", 14),
    _database_state("db.t4g.small", 14),
    "db",
    attributes={
        "Endpoint.Address": "db.",
        "Endpoint.Port": "15432",
        "MasterUserSecret.SecretArn": "arn:aws:secretsmanager:",
        "DBInstanceArn": "arn:aws:rds:",
    },
)
case(
    "AWS::RDS::DBSubnetGroup",
    lambda world: {"DBSubnetGroupDescription": "d", "SubnetIds": world.subnets, "Tags": TAGS},
    lambda world, ref: [
        (one["DBSubnetGroupDescription"], len(one["Subnets"]))
        for one in world.client("rds").describe_db_subnet_groups(DBSubnetGroupName=ref)["DBSubnetGroups"]
    ],
    [("d", 2)],
    lambda world: {"DBSubnetGroupDescription": "e", "SubnetIds": world.subnets, "Tags": TAGS},
    [("e", 2)],
)


def _forced(world: World, ref: str) -> Any:
    pages = world.client("rds").get_paginator("describe_db_parameters").paginate(DBParameterGroupName=ref)
    return [
        one["ParameterValue"]
        for page in pages
        for one in page["Parameters"]
        if one["ParameterName"] == "rds.force_ssl"
    ]


case(
    "AWS::RDS::DBParameterGroup",
    lambda _: {
        "Description": "d",
        "Family": "postgres16",
        "Parameters": {"rds.force_ssl": "1"},
        "Tags": TAGS,
    },
    _forced,
    ["1"],
    lambda _: {
        "Description": "d",
        "Family": "postgres16",
        "Parameters": {"rds.force_ssl": "0"},
        "Tags": TAGS,
    },
    ["0"],
)


def _attached(world: World) -> dict[str, Any]:
    made = world.client("rds").create_db_instance(
        DBInstanceIdentifier="base",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="lab",
        MasterUserPassword="not-a-secret",
        AllocatedStorage=20,
    )
    name = made["DBInstance"]["DBInstanceIdentifier"]
    return {"SecretId": world.secret, "TargetId": name, "TargetType": "AWS::RDS::DBInstance"}


def _told_where(world: World, _ref: str) -> Any:
    value = json.loads(world.client("secretsmanager").get_secret_value(SecretId=world.secret)["SecretString"])
    return value.get("engine"), value.get("port"), value["username"], "host" in value


case(
    "AWS::SecretsManager::SecretTargetAttachment",
    _attached,
    _told_where,
    ("postgres", 5432, "a", True),
    ref="arn:aws:secretsmanager:",
    left=(None, None, "a", False),
)


@pytest.mark.parametrize("one", case, ids=str)
def test_its_life(one: Case, emulator: Emulator) -> None:
    live(one, emulator)


def test_a_protected_database_is_not_deleted(emulator: Emulator) -> None:
    world, stacks = World(emulator), Stacks(emulator)
    properties = _database_properties("db.t4g.micro", 7, protected=True)(world)
    assert (
        stacks.deploy(
            "d",
            template(
                D={"Type": "AWS::RDS::DBInstance", "Properties": properties, "DeletionPolicy": "Delete"}
            ),
        )
        == "CREATE_COMPLETE"
    )
    assert stacks.delete("d") == "DELETE_FAILED"
    assert "Cannot delete protected DB Instance" in stacks.failures("d")[0][1]
    world.client("rds").modify_db_instance(DBInstanceIdentifier="db", DeletionProtection=False)
    assert stacks.delete("d") == "DELETE_COMPLETE"


def test_a_real_server_can_stand_behind_a_database(emulator: Emulator) -> None:
    emulator.database("127.0.0.1", 6543)
    world, stacks = World(emulator), Stacks(emulator)
    outputs = {
        "Where": {"Value": {"Fn::GetAtt": ["D", "Endpoint.Address"]}},
        "Port": {"Value": {"Fn::GetAtt": ["D", "Endpoint.Port"]}},
    }
    stacks.deploy(
        "d",
        template(D=("AWS::RDS::DBInstance", _database_properties("db.t4g.micro", 7)(world)), outputs=outputs),
    )
    assert stacks.outputs("d") == {"Where": "127.0.0.1", "Port": "6543"}
