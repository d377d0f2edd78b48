"""Budgets, messages, logs, alarms, and what watches over an account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import ACCOUNT, REGION
from tests.emulator.stacks import Stacks, template
from tests.emulator.types import TAGS, Case, Cases, World, live, policy

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

case = Cases()


def _budget(world: World, ref: str) -> Any:
    budgets = world.client("budgets")
    limit = budgets.describe_budget(AccountId=ACCOUNT, BudgetName=ref)["Budget"]["BudgetLimit"]["Amount"]
    told = budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName=ref)["Notifications"]
    return float(limit), [one["Threshold"] for one in told]


def _budget_properties(amount: int, threshold: int) -> Any:
    return lambda _: {
        "Budget": {
            "BudgetName": "lab",
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": amount, "Unit": "USD"},
        },
        "NotificationsWithSubscribers": [
            {
                "Notification": {
                    "NotificationType": "ACTUAL",
                    "ComparisonOperator": "GREATER_THAN",
                    "Threshold": threshold,
                },
                "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "a@b.example"}],
            }
        ],
    }


case(
    "AWS::Budgets::Budget",
    _budget_properties(10, 80),
    _budget,
    (10.0, [80.0]),
    _budget_properties(20, 80),
    (20.0, [80.0]),
    "lab",
)


def _topic(world: World, ref: str) -> Any:
    sns = world.client("sns")
    found = sns.get_topic_attributes(TopicArn=ref)["Attributes"]
    endpoints = [one["Endpoint"] for one in sns.list_subscriptions_by_topic(TopicArn=ref)["Subscriptions"]]
    return found["DisplayName"], found["KmsMasterKeyId"] == world.key, endpoints


def _topic_properties(name: str) -> Any:
    return lambda world: {
        "TopicName": "alerts",
        "DisplayName": name,
        "KmsMasterKeyId": world.key,
        "Tags": TAGS,
        "Subscription": [{"Protocol": "email", "Endpoint": "a@b.example"}],
    }


case(
    "AWS::SNS::Topic",
    _topic_properties("a"),
    _topic,
    ("a", True, ["a@b.example"]),
    _topic_properties("b"),
    ("b", True, ["a@b.example"]),
    f"arn:aws:sns:{REGION}:",
    attributes={"TopicArn": "arn:aws:sns:", "TopicName": "alerts"},
)


def _topic_policy(service: str) -> Any:
    return lambda world: {
        "Topics": [world.topic],
        "PolicyDocument": policy(
            "sns:Publish", world.topic, Principal={"Service": f"{service}.amazonaws.com"}
        ),
    }


case(
    "AWS::SNS::TopicPolicy",
    _topic_policy("budgets"),
    lambda world, _: json.loads(
        world.client("sns").get_topic_attributes(TopicArn=world.topic)["Attributes"]["Policy"]
    )["Statement"][0]["Principal"],
    {"Service": "budgets.amazonaws.com"},
    _topic_policy("cloudwatch"),
    {"Service": "cloudwatch.amazonaws.com"},
)
case(
    "AWS::SNS::Subscription",
    lambda world: {"TopicArn": world.topic, "Protocol": "email", "Endpoint": "a@b.example"},
    lambda world, _: [
        one["Endpoint"]
        for one in world.client("sns").list_subscriptions_by_topic(TopicArn=world.topic)["Subscriptions"]
    ],
    ["a@b.example"],
    ref="arn:aws:sns:",
)


def _logs(world: World, ref: str) -> Any:
    found = world.client("logs").describe_log_groups(logGroupNamePrefix=ref)["logGroups"]
    return [(one["retentionInDays"], one.get("kmsKeyId") == world.key) for one in found]


case(
    "AWS::Logs::LogGroup",
    lambda world: {"LogGroupName": "/lab/x", "RetentionInDays": 30, "KmsKeyId": world.key, "Tags": TAGS},
    _logs,
    [(30, True)],
    lambda world: {"LogGroupName": "/lab/x", "RetentionInDays": 60, "KmsKeyId": world.key, "Tags": TAGS},
    [(60, True)],
    "/lab/x",
    attributes={"Arn": "arn:aws:logs:"},
)


def _filter(pattern: str) -> Any:
    return lambda world: {
        "LogGroupName": world.logs,
        "FilterName": "f",
        "FilterPattern": pattern,
        "MetricTransformations": [
            {"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1", "DefaultValue": 0}
        ],
    }


case(
    "AWS::Logs::MetricFilter",
    _filter("{ $.a = 1 }"),
    lambda world, _: [
        one["filterPattern"]
        for one in world.client("logs").describe_metric_filters(logGroupName=world.logs)["metricFilters"]
    ],
    ["{ $.a = 1 }"],
    _filter("{ $.a = 2 }"),
    ["{ $.a = 2 }"],
)


def _alarm(threshold: int) -> Any:
    return lambda world: {
        "AlarmName": "a",
        "Namespace": "n",
        "MetricName": "m",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [world.topic],
        "Tags": TAGS,
    }


case(
    "AWS::CloudWatch::Alarm",
    _alarm(1),
    lambda world, ref: [
        (one["Threshold"], one["TreatMissingData"], one["AlarmActions"] == [world.topic])
        for one in world.client("cloudwatch").describe_alarms(AlarmNames=[ref])["MetricAlarms"]
    ],
    [(1.0, "notBreaching", True)],
    _alarm(2),
    [(2.0, "notBreaching", True)],
    "a",
    attributes={"Arn": "arn:aws:cloudwatch:"},
)


def _trail(world: World, ref: str) -> Any:
    trails = world.client("cloudtrail")
    found = trails.get_trail(Name=ref)["Trail"]
    return (
        found["IsMultiRegionTrail"],
        found["LogFileValidationEnabled"],
        trails.get_trail_status(Name=ref)["IsLogging"],
    )


def _trail_properties(*, logging: bool) -> Any:
    return lambda world: {
        "TrailName": "audit",
        "S3BucketName": world.bucket,
        "IsLogging": logging,
        "IsMultiRegionTrail": True,
        "EnableLogFileValidation": True,
        "IncludeGlobalServiceEvents": True,
        "Tags": TAGS,
    }


case(
    "AWS::CloudTrail::Trail",
    _trail_properties(logging=True),
    _trail,
    (True, True, True),
    _trail_properties(logging=False),
    (True, True, False),
    "audit",
    attributes={"Arn": "arn:aws:cloudtrail:"},
)


def _detector(world: World, ref: str) -> Any:
    found = world.client("guardduty").get_detector(DetectorId=ref)
    return found["Status"], found["FindingPublishingFrequency"]


case(
    "AWS::GuardDuty::Detector",
    lambda _: {"Enable": True, "FindingPublishingFrequency": "ONE_HOUR", "Tags": TAGS},
    _detector,
    ("ENABLED", "ONE_HOUR"),
    lambda _: {"Enable": False, "FindingPublishingFrequency": "ONE_HOUR", "Tags": TAGS},
    ("DISABLED", "ONE_HOUR"),
)
case(
    "AWS::AccessAnalyzer::Analyzer",
    lambda _: {"AnalyzerName": "outside", "Type": "ACCOUNT", "Tags": TAGS},
    lambda world, _: world.client("accessanalyzer").get_analyzer(analyzerName="outside")["analyzer"]["type"],
    "ACCOUNT",
    ref="arn:aws:access-analyzer:",
)
case(
    "AWS::SecurityHub::Hub",
    lambda _: {"EnableDefaultStandards": False, "AutoEnableControls": True, "Tags": {"project": "x"}},
    lambda world, _: world.client("securityhub").describe_hub()["AutoEnableControls"],
    True,
    lambda _: {"EnableDefaultStandards": False, "AutoEnableControls": False, "Tags": {"project": "x"}},
    False,
    "arn:aws:securityhub:",
)


def _addresses(cidr: str) -> Any:
    return lambda _: {
        "Name": "allowed",
        "Scope": "REGIONAL",
        "IPAddressVersion": "IPV4",
        "Addresses": [cidr],
        "Tags": TAGS,
    }


case(
    "AWS::WAFv2::IPSet",
    _addresses("10.0.0.0/8"),
    lambda world, ref: world.client("wafv2").get_ip_set(
        **dict(zip(("Name", "Id", "Scope"), ref.split("|"), strict=True))
    )["IPSet"]["Addresses"],
    ["10.0.0.0/8"],
    _addresses("10.1.0.0/16"),
    ["10.1.0.0/16"],
    "allowed|",
    attributes={"Arn": "arn:aws:wafv2:"},
)


@pytest.mark.parametrize("one", case, ids=str)
def test_its_life(one: Case, emulator: Emulator) -> None:
    live(one, emulator)


def test_new_notifications_make_a_new_budget_which_a_fixed_name_forbids(emulator: Emulator) -> None:
    world, stacks = World(emulator), Stacks(emulator)
    first, second = (_budget_properties(10, threshold)(world) for threshold in (80, 50))
    stacks.deploy("named", template(B=("AWS::Budgets::Budget", first)))
    assert stacks.deploy("named", template(B=("AWS::Budgets::Budget", second))) == "UPDATE_ROLLBACK_COMPLETE"
    assert "already exists" in stacks.failures("named")[0][1]
    for properties in (first, second):
        del properties["Budget"]["BudgetName"]
    stacks.deploy("free", template(B=("AWS::Budgets::Budget", first)))
    old = stacks.physical_id("free", "B")
    assert stacks.deploy("free", template(B=("AWS::Budgets::Budget", second))) == "UPDATE_COMPLETE"
    assert stacks.physical_id("free", "B") != old
    assert _budget(world, stacks.physical_id("free", "B")) == (10.0, [50.0])
