"""R21-R24 against the tables of the earlier system: what became of each input and output of its databases."""

from __future__ import annotations

import pytest
from tests.infra.options.answers import Answer, Given, Made, Option, Refused, check

from stratolab.infra.catalogue import find
from stratolab.infra.names import title
from stratolab.testing.labs import sample

FUNCTION, ROLE = "AWS::Lambda::Function", "AWS::IAM::Role"
INSTANCE, SUBNETS, GROUP = "AWS::RDS::DBInstance", "AWS::RDS::DBSubnetGroup", "AWS::RDS::DBParameterGroup"
HERE = "environments.*.database"
KEPT = "AWS::SecretsManager::Secret"
SETTINGS = "Environment.Variables.STRATOLAB_ROTATION"
BY_RDS = Refused("RDS makes the owner's password and keeps it; applications have users of their own")
WINDOW = Refused(
    "CloudFormation deletes at once or not at all, so secrets outlive their stack; `secrets rm` deletes one, with the "
    "window that `recovery` says (30 days under this profile)"
)
NAMED = Made(KEPT, "Name", "lab, application and environment: below what that application's project may read")
NEVER_SHOWN = Refused("no output holds a user's name or password: what gets in takes the secret by reference")
FIXED = Refused(
    "the owner's name is lab_owner, for no application is the owner; a template cannot make up a name"
)
CODE = "Environment.Variables.STRATOLAB_BUCKET"
SCRIPTS = "Environment.Variables.STRATOLAB_SCRIPTS"
BUCKET = Made(FUNCTION, CODE, "the lab's bucket of code, where `up` sends scripts as it sends code")
KEYS = Made(
    FUNCTION, SCRIPTS, "a list of scripts by the SHA-256 of each: a changed one is a change of the stack"
)
SECRET = Made(
    FUNCTION, "Environment.Variables.STRATOLAB_DATABASE_SECRET", "the owner's, by reference: one for both"
)
PUBLISHED = Refused(
    "scripts are found by their content, so nobody has to be told where they are: `setup` names them"
)
NETWORK = Made(SUBNETS, "SubnetIds", "the network's isolated subnets, or those of an adopted one")

NETWORKING_IN: dict[str, Answer] = {
    "rds_subnet_group_name": Refused(
        "CloudFormation names it after the stack, so that a changed one can be made beside it"
    ),
    "rds_subnets": NETWORK,
}
NETWORKING_OUT: dict[str, Answer] = {"db_subnet_group": Given("SubnetGroup")}
SECRETS_IN: dict[str, Answer] = {
    "username_length": Option(f"{HERE}.username_length", FUNCTION, f"{SETTINGS}_LENGTHS", default=12),
    "password_length": Option(f"{HERE}.password_length", FUNCTION, f"{SETTINGS}_LENGTHS", default=32),
    "username_recovery_window": WINDOW,
    "password_recovery_window": WINDOW,
    "username_secret_name": NAMED,
    "password_secret_name": NAMED,
}
SECRETS_OUT: dict[str, Answer] = {
    "username": NEVER_SHOWN,
    "username_secret": Given("OwnerSecret"),
    "password": NEVER_SHOWN,
    "password_secret": Given("OwnerSecret"),
}
STORAGE_IN: dict[str, Answer] = {
    "table_setup_script_bucket_name": BUCKET,
    "table_setup_script_bucket_key": KEYS,
    "table_setup_script_local_path": Option(
        f"{HERE}.setup", "Custom::DatabaseSetup", "Scripts", default=None
    ),
    "batch_backend_store_identifier": Made(
        INSTANCE,
        "DBInstanceIdentifier",
        "lab and environment, and a hash of what only a new instance can have",
    ),
    "allocated_storage": Option(f"{HERE}.storage", INSTANCE, "AllocatedStorage", default=20),
    "storage_type": Option(f"{HERE}.storage_type", INSTANCE, "StorageType", default="gp3"),
    "db_engine_version": Option(f"{HERE}.version", INSTANCE, "EngineVersion", default=None),
    "db_instance_class": Option(f"{HERE}.class", INSTANCE, "DBInstanceClass", default="db.t4g.medium"),
    "db_default_name": Option(f"{HERE}.name", INSTANCE, "DBName", default="lab"),
    "skip_final_snapshot": Refused(
        "turned round: `snapshot = false` skips it, and the resource's deletion policy says so"
    ),
    "db_username": FIXED,
    "db_password": BY_RDS,
    "db_subnet_group_name": Made(INSTANCE, "DBSubnetGroupName", "the stack's own"),
    "vpc_security_groups": Made(INSTANCE, "VPCSecurityGroups", "the network's group of databases"),
    "publicly_accessible": Refused("a database is never public: people reach it from within the network"),
}
STORAGE_OUT: dict[str, Answer] = {
    "db_host": Given("Host"),
    "table_setup_script_bucket_name": PUBLISHED,
    "table_setup_script_bucket_key": PUBLISHED,
}
LAMBDA_IN: dict[str, Answer] = {
    "aws_region": Made(FUNCTION, "FunctionName", "`[lab] region`: the stack is made there"),
    "lambda_service_role_arn": Made(
        FUNCTION, "Role", "a role of its own, which reads one secret and the scripts"
    ),
    "lambda_function_file_path": Made(
        FUNCTION, "Code.S3Key", "packed from stratolab itself and named by its content"
    ),
    "lambda_function_timeout": Option(f"{HERE}.setup_timeout", FUNCTION, "Timeout", default=900.0),
    "lambda_function_name": Made(FUNCTION, "FunctionName", "lab, environment and what it does"),
    "lambda_security_group_ids": Made(
        FUNCTION, "VpcConfig.SecurityGroupIds", "the network's group of functions, which may call databases"
    ),
    "lambda_subnets": Made(
        FUNCTION, "VpcConfig.SubnetIds", "the network's private subnets, or those of an adopted one"
    ),
    "database_hostname": Made(
        FUNCTION, "Environment.Variables.STRATOLAB_DATABASE_HOST", "the instance of the same stack"
    ),
    "database_username_secret": SECRET,
    "database_password_secret": SECRET,
    "database_default_name": Option(
        f"{HERE}.name", FUNCTION, "Environment.Variables.STRATOLAB_DATABASE_NAME", default="lab"
    ),
    "table_setup_script_bucket_name": BUCKET,
    "table_setup_script_bucket_key": KEYS,
}
LAMBDA_OUT: dict[str, Answer] = {"lambda_invocation_response": Given("Setup")}
PERMISSIONS_IN: dict[str, Answer] = {
    "lambda_service_role_name": Made(ROLE, "RoleName", "named by lab, environment and what it does"),
    "lambda_service_iam_policy_arn": Made(
        "AWS::IAM::ManagedPolicy",
        "ManagedPolicyName",
        "a policy of the function's own, in place of one for all",
    ),
}
PERMISSIONS_OUT: dict[str, Answer] = {
    "lambda_service_role_arn": Refused(
        "nobody but its function takes the role on, so no other stack is told of it"
    )
}
BEYOND: dict[str, Answer] = {
    "engine": Option(f"{HERE}.engine", INSTANCE, "Engine", default="postgres"),
    "TLS only": Made(GROUP, "Parameters", "nobody connects without it"),
    "port": Option(f"{HERE}.port", INSTANCE, "Port", default=None),
    "backups": Option(f"{HERE}.backups", INSTANCE, "BackupRetentionPeriod", default=7),
    "backup_hour": Option(f"{HERE}.backup_hour", INSTANCE, "PreferredBackupWindow", default=2),
    "maintenance": Option(f"{HERE}.maintenance", INSTANCE, "PreferredMaintenanceWindow", default="sun"),
    "multi_zone": Option(f"{HERE}.multi_zone", INSTANCE, "MultiAZ", default=False),
    "deletion_protection": Option(
        f"{HERE}.deletion_protection", INSTANCE, "DeletionProtection", default=True
    ),
    "insights": Option(f"{HERE}.insights", INSTANCE, "EnablePerformanceInsights", default=True),
    "monitoring": Option(f"{HERE}.monitoring", INSTANCE, "MonitoringInterval", default=60),
    "days between two exchanges": Option(
        f"{HERE}.rotate",
        "AWS::SecretsManager::RotationSchedule",
        "RotationRules.AutomaticallyAfterDays",
        default=7,
    ),
    "applications": Option(f"{HERE}.applications", "Custom::ApplicationDatabase", "Database", default=()),
    "canaries": Option(f"{HERE}.canaries", FUNCTION, f"{SETTINGS}_CANARIES", default={}),
    "an application's host": Given(title("Host", "world-series")),
    "an application's secret": Given(title("Secret", "world-series")),
    "the function that exchanges": Given("RotationFunction"),
    "a way in for people": Option(
        f"{HERE}.tunnel", "AWS::AutoScaling::AutoScalingGroup", "MaxSize", default=False
    ),
    "the test of the way": Given("TestFunction"),
    "its name as an output": Given("Name"),
    "its port as an output": Given("Port"),
}
ON_REQUEST: dict[str, Answer] = {
    "snapshot to begin with": Option(f"{HERE}.restore_from", INSTANCE, "DBSnapshotIdentifier", default=None),
    "zone": Option(f"{HERE}.zone", INSTANCE, "AvailabilityZone", default=None),
    "growth": Option(f"{HERE}.storage_most", INSTANCE, "MaxAllocatedStorage", default=None),
    "operations a second": Option(f"{HERE}.iops", INSTANCE, "Iops", default=None),
    "throughput": Option(f"{HERE}.throughput", INSTANCE, "StorageThroughput", default=None),
}
"""What a database has only where it is asked for."""
PARTS = {
    "networking in": NETWORKING_IN,
    "networking out": NETWORKING_OUT,
    "secrets in": SECRETS_IN,
    "secrets out": SECRETS_OUT,
    "storage in": STORAGE_IN,
    "storage out": STORAGE_OUT,
    "lambda in": LAMBDA_IN,
    "lambda out": LAMBDA_OUT,
    "permissions in": PERMISSIONS_IN,
    "permissions out": PERMISSIONS_OUT,
    "beyond": BEYOND,
}
ALL = {f"{part}: {name}": answer for part, table in PARTS.items() for name, answer in table.items()}


@pytest.mark.parametrize("name", ALL)
def test_every_row_has_its_answer(name: str) -> None:
    check(ALL[name], find(sample("standard"), "database.prod"))


@pytest.mark.parametrize("name", ON_REQUEST)
def test_what_is_asked_for_is_there(name: str) -> None:
    check(ON_REQUEST[name], find(sample("restored"), "database.dev"))


def test_the_tables_are_whole() -> None:
    """As many rows as the earlier system's tables have; of permissions, the Lambda's: the rest is compute's."""
    sizes = {part: len(table) for part, table in PARTS.items() if part != "beyond"}
    assert sizes == {
        "networking in": 2,
        "networking out": 1,
        "secrets in": 6,
        "secrets out": 4,
        "storage in": 15,
        "storage out": 3,
        "lambda in": 13,
        "lambda out": 1,
        "permissions in": 2,
        "permissions out": 1,
    }
