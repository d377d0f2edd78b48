from __future__ import annotations

import re

from tests.infra.policies import account

from stratolab.infra.catalogue import find
from stratolab.infra.parts.audit import WATCHED
from stratolab.testing.labs import sample


def of_type(stack, kind):
    return {
        title: one["Properties"] for title, one in stack.template["Resources"].items() if one["Type"] == kind
    }


def test_the_watched_are_the_fifteen_of_the_benchmark():
    assert [one.number for one in WATCHED] == [f"5.{number}" for number in range(1, 16)]
    assert len({one.name for one in WATCHED}) == 15


def test_patterns_are_closed():
    for one in WATCHED:
        assert re.fullmatch(r"\{ .+ \}", one.pattern)
        assert one.pattern.count("(") == one.pattern.count(")")
        assert len(one.pattern) <= 1024  # characters that a filter takes


def test_each_has_a_filter_and_an_alarm_that_mails():
    stack = account()
    filters, alarms = of_type(stack, "AWS::Logs::MetricFilter"), of_type(stack, "AWS::CloudWatch::Alarm")
    assert len(filters) == len(alarms) == 15
    metrics = {one["MetricTransformations"][0]["MetricName"] for one in filters.values()}
    assert {one["MetricName"] for one in alarms.values()} == metrics
    assert all(one["AlarmActions"] == [{"Ref": "Alarms"}] for one in alarms.values())
    mails = of_type(stack, "AWS::SNS::Subscription").values()
    assert {one["Endpoint"] for one in mails} == {"owner@example.com", "second@example.com"}


def test_objects_are_recorded_by_option():
    (plain,) = of_type(account("standard"), "AWS::CloudTrail::Trail").values()
    (more,) = of_type(account("hardened"), "AWS::CloudTrail::Trail").values()
    assert len(plain["AdvancedEventSelectors"]) == 1
    assert len(more["AdvancedEventSelectors"]) == 2


def test_a_lab_may_do_without_a_trail():
    assert of_type(account("bare"), "AWS::CloudTrail::Trail") == {}
    assert of_type(account("bare"), "AWS::CloudWatch::Alarm") == {}


def test_what_watches_follows_the_options():
    kinds = {
        name: {one["Type"].split("::")[1] for one in account(name).template["Resources"].values()}
        for name in ("lab", "standard", "hardened", "bare")
    }
    watching = {"GuardDuty", "AccessAnalyzer", "SecurityHub"}
    assert {name: kinds[name] & watching for name in kinds} == {
        "lab": {"AccessAnalyzer"},
        "standard": {"GuardDuty", "AccessAnalyzer"},
        "hardened": watching,
        "bare": set(),
    }


def test_the_audit_bucket_is_locked_by_option():
    locked = {
        name: "ObjectLockConfiguration"
        in of_type(find(sample(name), "foundation"), "AWS::S3::Bucket")["AuditBucket"]
        for name in ("lab", "standard", "hardened")
    }
    assert locked == {"lab": False, "standard": False, "hardened": True}
