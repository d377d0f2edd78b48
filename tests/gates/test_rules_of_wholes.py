"""Rules about grants and about what must not be missing: each sees its defect in a template that is well otherwise."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.gates.own import own
from tests.gates.rules.grants import GRANTS
from tests.gates.rules.messages import MESSAGES
from tests.gates.rules.watched import WATCHED

from stratolab.infra.catalogue import find
from stratolab.testing.labs import sample

if TYPE_CHECKING:
    from collections.abc import Callable

OF_WHOLES = {rule.number for rule in (*GRANTS, *WATCHED, *MESSAGES)} | {
    "STR42",
    "STR46",
    "STR48",
    "STR52",
    "STR53",
}
Resources = dict[str, Any]


def holder(resources: Resources, beginning: str, sid: str) -> list[dict[str, Any]]:
    """The statements among which one with this name is, in the first policy whose title begins like this."""
    for title, one in sorted(resources.items()):
        found = one.get("Properties", {}).get("PolicyDocument", {}).get("Statement", [])
        if title.startswith(beginning) and any(part.get("Sid") == sid for part in found):
            return found
    raise LookupError(sid)


def statement(resources: Resources, beginning: str, sid: str) -> dict[str, Any]:
    """That statement."""
    return next(one for one in holder(resources, beginning, sid) if one.get("Sid") == sid)


def first(resources: Resources, kind: str) -> dict[str, Any]:
    """Properties of the first resource of a type."""
    return next(one["Properties"] for one in resources.values() if one["Type"] == kind)


def first_machines(resources: Resources) -> dict[str, Any]:
    """What the first compute environment of EC2 machines has."""
    found = [
        one["Properties"] for one in resources.values() if one["Type"] == "AWS::Batch::ComputeEnvironment"
    ]
    return next(
        one["ComputeResources"] for one in found if one["ComputeResources"]["Type"] in {"EC2", "SPOT"}
    )


def strike(resources: Resources, beginning: str, sid: str) -> None:
    """Take a statement out."""
    holder(resources, beginning, sid).remove(statement(resources, beginning, sid))


DEFECTS: list[tuple[str, str, str, Callable[[Resources], Any]]] = [
    ("STR27", "account", "ssm:GetParameter on everything",
     lambda it: statement(it, "PeoplePolicy", "FindTheLab").update(Resource="*")),
    ("STR27", "account", "on everything",
     lambda it: statement(it, "DataScientistsPolicy", "RunJobs").update(Resource="*")),
    ("STR28", "account", r"allows batch:\*",
     lambda it: statement(it, "DataScientistsPolicy", "RunJobs").update(Action="batch:*")),
    ("STR28", "account", "all but a few",
     lambda it: statement(it, "DataScientistsPolicy", "RunJobs").update(NotAction="s3:*")),
    ("STR29", "account", "by hand",
     lambda it: statement(it, "AdminsPolicy", "KeepIdentities").pop("Condition")),
    ("STR29", "account", "second factor",
     lambda it: statement(it, "PeoplePolicy", "LoseOwnFactor").pop("Condition")),
    ("STR29", "account", "without the boundary",
     lambda it: statement(it, "OperatorsNetworkPolicy", "MakeBoundedRoles")["Condition"].pop("StringEquals")),
    ("STR30", "account", "without a condition",
     lambda it: statement(it, "DataScientistsPolicy", "StopJobs").pop("Condition")),
    ("STR31", "foundation", "any account",
     lambda it: it["AuditBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"][1].pop("Condition")),
    ("STR32", "foundation", "cloudtrail:StopLogging", lambda it: strike(it, "Boundary", "KeepTheAudit")),
    ("STR32", "foundation", "role without it", lambda it: strike(it, "Boundary", "OnlyWithin")),
    ("STR32", "foundation", "identities",
     lambda it: statement(it, "Boundary", "Ceiling").update(NotAction=["account:*"])),
    ("STR33", "account", "second factor",
     lambda it: strike(it, "PeoplePolicy", "NothingWithoutSecondFactor")),
    ("STR33", "account", "roles of services",
     lambda it: strike(it, "OperatorsBatchPolicy", "NeverServiceRoles")),
    ("STR33", "account", "of his own",
     lambda it: first(it, "AWS::IAM::User").update(ManagedPolicyArns=["arn:x"])),
    ("STR34", "foundation", "BlockPublicAcls",
     lambda it: first(it, "AWS::S3::Bucket")["PublicAccessBlockConfiguration"].update(BlockPublicAcls=False)),
    ("STR34", "foundation", "without TLS", lambda it: it.pop("DataBucketPolicy")),
    ("STR35", "account", "IsLogging", lambda it: first(it, "AWS::CloudTrail::Trail").update(IsLogging=False)),
    ("STR35", "account", "14 of 15 filters", lambda it: it.pop("RootUseFilter")),
    ("STR36", "account", "tells nobody", lambda it: first(it, "AWS::CloudWatch::Alarm").pop("AlarmActions")),
    ("STR36", "account", "no alarm looks at", lambda it: it.pop("RootUseAlarm")),
    ("STR37", "account", "S3_DATA_EVENTS", lambda it: first(it, "AWS::GuardDuty::Detector").pop("Features")),
    ("STR37", "account", "not there", lambda it: it.pop("Analyzer")),
    ("STR38", "network.prod", "nobody sees", lambda it: it.pop("FlowLog")),
    ("STR41", "network.prod", "may reach everything",
     lambda it: it["JobGroup"]["Properties"].pop("SecurityGroupEgress")),
    ("STR42", "database.prod", "not encrypted", lambda it: first(it, "AWS::RDS::DBInstance").pop("StorageEncrypted")),
    ("STR42", "database.prod", "from the internet",
     lambda it: first(it, "AWS::RDS::DBInstance").update(PubliclyAccessible=True)),
    ("STR44", "account", "batch:CreateJobQueue by hand",
     lambda it: statement(it, "AdminsPolicy", "ChangeOwnOfBatch").pop("Condition")),
    ("STR45", "project.churn", "whole buckets", lambda it: statement(it, "Policy", "ListData").pop("Condition")),
    ("STR45", "project.churn", "whole buckets", lambda it: statement(it, "Policy", "ListData").update(Resource="*")),
    ("STR46", "database.prod", "its disk", lambda it: first(it, "AWS::RDS::DBInstance").pop("KmsKeyId")),
    ("STR46", "database.prod", "owner's secret", lambda it: first(it, "AWS::RDS::DBInstance").pop("MasterUserSecret")),
    ("STR46", "database.prod", "its figures",
     lambda it: first(it, "AWS::RDS::DBInstance").pop("PerformanceInsightsKMSKeyId")),
    ("STR46", "account", "waits in it", lambda it: first(it, "AWS::SNS::Topic").pop("KmsMasterKeyId")),
    ("STR47", "tracking.prod", "no firewall before it", lambda it: it.pop("FirewallAtBalancer")),
    ("STR47", "tracking.prod", "before nothing", lambda it: it.pop("FirewallAtBalancer")),
    ("STR47", "tracking.prod", "nobody sees",
     lambda it: first(it, "AWS::WAFv2::WebACL")["Rules"][0]["VisibilityConfig"].update(CloudWatchMetricsEnabled=False)),
    ("STR48", "compute.prod", "began with", lambda it: first_machines(it).update(UpdateToLatestImageVersion=False)),
    ("STR40", "account", "without TLS", lambda it: strike(it, "AlarmsPolicy", "TlsOnly")),
    ("STR39", "foundation", "does not hold",
     lambda it: it["AuditBucket"]["Properties"]["ObjectLockConfiguration"].pop("Rule")),
    ("STR49", "compute.prod", "not encrypted", lambda it: it["JobEvents"]["Properties"].pop("KmsMasterKeyId")),
    ("STR49", "compute.prod", "without TLS", lambda it: strike(it, "JobEventsLostAccess", "TlsOnly")),
    ("STR49", "compute.prod", "more than write",
     lambda it: statement(it, "JobEventsAccess", "Writes").update(Action="sqs:*")),
    ("STR49", "compute.prod", "something else",
     lambda it: statement(it, "JobEventsAccess", "Writes").update(Resource="*")),
    ("STR50", "compute.prod", "forgets", lambda it: it["JobEvents"]["Properties"].pop("MessageRetentionPeriod")),
    ("STR50", "compute.prod", "no dead letters", lambda it: it["JobEvents"]["Properties"].pop("RedrivePolicy")),
    ("STR50", "compute.prod", "nobody is told", lambda it: it.pop("JobEventsLostAlarm")),
    ("STR50", "compute.prod", "nobody takes", lambda it: it.pop("JobEventsSource")),
    ("STR50", "compute.prod", "nobody writes", lambda it: it.pop("JobEventsRule")),
    ("STR50", "compute.prod", "one bad message",
     lambda it: it["JobEventsSource"]["Properties"].pop("FunctionResponseTypes")),
    ("STR51", "compute.prod", "how long", lambda it: it["JobEventsFunction"]["Properties"].pop("Timeout")),
    ("STR51", "compute.prod", "in passing", lambda it: it["JobEventsFunction"]["Properties"].pop("LoggingConfig")),
    ("STR52", "database.prod", "nothing exchanges",
     lambda it: first(it, "AWS::SecretsManager::RotationSchedule").pop("RotationLambdaARN")),
    ("STR52", "database.prod", "never exchanged",
     lambda it: first(it, "AWS::SecretsManager::RotationSchedule").pop("RotationRules")),
    ("STR53", "account", "another codebuild:source.buildspec",
     lambda it: statement(it, "ProjectChurn", "BuildImages").pop("Condition")),
    ("STR53", "account", "another codebuild:serviceRole",
     lambda it: statement(it, "ProjectChurn", "BuildImages")["Condition"]["Null"].pop("codebuild:serviceRole")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "key", "told", "spoil"), DEFECTS, ids=[f"{number}-{told}" for number, _, told, _ in DEFECTS]
)
def test_a_defect_is_seen(number: str, key: str, told: str, spoil: Callable[[Resources], Any]) -> None:
    template = copy.deepcopy(find(sample("hardened"), key).template)
    before = {one.told for one in own(template)}
    spoil(template["Resources"])
    new = [one.told for one in own(template) if one.told not in before and one.rule == number]
    assert new
    assert any(re.search(told, one) for one in new), new


def test_every_rule_was_seen_to_object() -> None:
    assert {number for number, _, _, _ in DEFECTS} == OF_WHOLES
