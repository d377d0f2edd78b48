"""What is kept: secrets, state, keys, logs, tags, budgets."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.gates.reading import referred, resources, statements, text_of, texts
from tests.gates.rules.rule import Rule

from stratolab.config.secrecy import holds_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gates.reading import Template

STATE = {
    "AWS::CodeCommit::Repository",
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::KMS::Key",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
}
KEEPS = {"Retain", "RetainExceptOnCreate", "Snapshot"}
NEEDED_TAGS = {"stratolab:lab", "stratolab:environment", "stratolab:project", "stratolab:owner"}
TAG_NAMES = ("Tags", "HostedZoneTags", "ResourceTags")
_SECRET_KEY = re.compile(r"(password|passwd|secret|token|api_?key|private_?key)$", re.IGNORECASE)
_NO_VALUE = re.compile(r"(arn:|/|\{\{resolve:|true$|false$)")
_RESOLVED = re.compile(r"\{\{resolve:secretsmanager")
MAY_RESOLVE = {"MasterUserPassword", "ValueFrom"}
"""Properties that a reference to a secret may stand in: AWS keeps them out of what it shows."""


def no_literal_secret(template: Template) -> Iterator[str]:
    for path, text in texts(template):
        if found := holds_secret(text):
            yield f"{'.'.join(path)}: holds {found}"
        if _RESOLVED.search(text) and path[-1] not in MAY_RESOLVE:
            yield f"{'.'.join(path)}: resolves a secret where it would be shown"
    for title, properties in resources(template):
        for path, text in texts(properties):
            key = path[-1] if not path[-1].isdigit() else ""
            if (
                _SECRET_KEY.search(key)
                and not _NO_VALUE.match(text)
                and "Ref" not in path
                and "Fn::GetAtt" not in path
            ):
                yield f"{title}.{'.'.join(path)}: a literal where a secret is meant"
        yield from _variables(title, properties)
    for name, parameter in template.get("Parameters", {}).items():
        if str(parameter.get("Description", "")).startswith("ARN of "):
            continue  # says where it is, and holds none of it
        if _SECRET_KEY.search(name) and ("Default" in parameter or parameter.get("NoEcho") is not True):
            yield f"{name}: a secret as a plain parameter"


def _variables(title: str, value: Any) -> Iterator[str]:
    """Environment variables, which are lists of names and values, with a secret's name and a literal value."""
    if isinstance(value, list):
        for part in value:
            yield from _variables(title, part)
    if not isinstance(value, dict):
        return
    if _SECRET_KEY.search(str(value.get("Name", ""))) and isinstance(value.get("Value"), str):
        yield f"{title}: the variable {value['Name']} holds its secret"
    for part in value.values():
        yield from _variables(title, part)


def state_outlives_its_stack(template: Template) -> Iterator[str]:
    for title, one in template.get("Resources", {}).items():
        if one["Type"] in STATE:
            for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
                if one.get(policy) not in KEEPS:
                    yield f"{title}: {policy} is {one.get(policy)}"


def masters_are_managed(template: Template) -> Iterator[str]:
    for title, database in resources(template, "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"):
        if database.get("ManageMasterUserPassword") is not True or "MasterUserPassword" in database:
            yield f"{title}: its owner's password is not managed by RDS"


def databases_are_closed(template: Template) -> Iterator[str]:
    for title, database in resources(template, "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"):
        restored = "DBSnapshotIdentifier" in database or "SourceDBInstanceIdentifier" in database
        if database.get("StorageEncrypted") is not True and not restored:
            yield f"{title}: is not encrypted"
        if database.get("PubliclyAccessible") is not False:
            yield f"{title}: can be reached from the internet"
        if database.get("BackupRetentionPeriod", 0) < 1:
            yield f"{title}: does not say for how long it is backed up"
    for title, machines in resources(template, "AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"):
        for volume in machines.get("LaunchTemplateData", machines).get("BlockDeviceMappings", []):
            if volume.get("Ebs", {}).get("Encrypted") is not True:
                yield f"{title}: has a volume that is not encrypted"


def logs_end(template: Template) -> Iterator[str]:
    groups = dict(resources(template, "AWS::Logs::LogGroup"))
    for title, group in groups.items():
        if "RetentionInDays" not in group:
            yield f"{title}: keeps its events for ever"
    for title, _ in resources(template, "AWS::Lambda::Function", "AWS::CodeBuild::Project"):
        if title not in text_of(groups) and not groups:
            yield f"{title}: makes a log group in passing, which keeps its events for ever"


def everything_is_tagged(template: Template) -> Iterator[str]:
    for title, one in template.get("Resources", {}).items():
        if not takes_tags(one["Type"]):
            continue
        missing = NEEDED_TAGS - _tags(one.get("Properties", {}))
        if missing:
            yield f"{title}: has no tag {', '.join(sorted(missing))}"


def _tags(properties: dict[str, Any]) -> set[str]:
    given = next((properties[name] for name in TAG_NAMES if name in properties), [])
    return set(given) if isinstance(given, dict) else {str(one["Key"]) for one in given}


@cache
def takes_tags(kind: str) -> bool:
    """Whether CloudFormation's schema of a type has tags."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER as SCHEMAS  # noqa: PLC0415 - three seconds

    properties = SCHEMAS.get_resource_schema("us-east-1", kind).schema.get("properties", {})
    return any(name in properties for name in TAG_NAMES)


def budgets_tell_somebody(template: Template) -> Iterator[str]:
    for title, budget in resources(template, "AWS::Budgets::Budget"):
        notices = budget.get("NotificationsWithSubscribers", [])
        if not notices or not all(one.get("Subscribers") for one in notices):
            yield f"{title}: tells nobody"


def keys_are_kept_close(template: Template) -> Iterator[str]:
    for title, key in resources(template, "AWS::KMS::Key"):
        if int(key.get("PendingWindowInDays", 30)) < 7:
            yield f"{title}: is gone within a week"
        if key.get("EnableKeyRotation") is not True:
            yield f"{title}: is never rotated"
    for one in statements(template):
        if one.place == "KeyPolicy" and one.allows and one.everyone:
            yield f"{one.title}: everyone may use it"


def given_keys_are_used(template: Template) -> Iterator[str]:
    """What a lab with keys of its own keeps in databases and topics is encrypted by them."""
    keys = {name.removeprefix("Foundation"): name for name in template.get("Parameters", {})}
    for title, topic in resources(template, "AWS::SNS::Topic"):
        if "LogsKey" in keys and referred(topic.get("KmsMasterKeyId", {})) != keys["LogsKey"]:
            yield f"{title}: what waits in it has not the lab's key"
    for title, database in resources(template, "AWS::RDS::DBInstance"):
        restored = "DBSnapshotIdentifier" in database
        for used, key, told in (
            (None if restored else database.get("KmsKeyId", {}), "DataKey", "its disk"),
            (database.get("MasterUserSecret", {}).get("KmsKeyId", {}), "SecretsKey", "its owner's secret"),
            (
                database.get("PerformanceInsightsKMSKeyId", {}) if database.get("EnablePerformanceInsights") else None,
                "DataKey",
                "its figures",
            ),
        ):  # fmt: skip
            if key in keys and used is not None and referred(used) != keys[key]:
                yield f"{title}: {told} has not the lab's key"


def schedules_rotate(template: Template) -> Iterator[str]:
    for title, schedule in resources(template, "AWS::SecretsManager::RotationSchedule"):
        if not {"RotationLambdaARN", "HostedRotationLambda"} & set(schedule):
            yield f"{title}: nothing exchanges the secret"
        rules = schedule.get("RotationRules", {})
        if not {"AutomaticallyAfterDays", "ScheduleExpression"} & set(rules):
            yield f"{title}: the secret is never exchanged"


DATA = (
    Rule("STR02", "no literal secret anywhere", no_literal_secret),
    Rule("STR11", "state outlives its stack", state_outlives_its_stack),
    Rule("STR12", "owners' passwords of databases are managed", masters_are_managed),
    Rule("STR42", "databases and volumes are closed", databases_are_closed),
    Rule("STR19", "logs have an end", logs_end),
    Rule("STR20", "everything is tagged", everything_is_tagged),
    Rule("STR21", "budgets tell somebody", budgets_tell_somebody),
    Rule("STR22", "keys are kept close", keys_are_kept_close),
    Rule("STR46", "keys that are given are used", given_keys_are_used),
    Rule("STR52", "schedules of rotation rotate", schedules_rotate),
)
