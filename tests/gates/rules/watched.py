"""What must not be missing: closed buckets, flow logs, ACLs, a trail that runs and is watched, alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.gates.reading import listed, referred, resources, statements, text_of
from tests.gates.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gates.reading import Template

CLOSED = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}
ALARMS = 15
"""Metric filters that CIS 7.0 asks for, 5.1 to 5.15."""
PROTECTED = ("S3_DATA_EVENTS", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS")


def buckets_are_closed(template: Template) -> Iterator[str]:
    guarded = {
        referred(policy.get("Bucket", ""))
        for title, policy in resources(template, "AWS::S3::BucketPolicy")
        if any(_tls_only(one.body) for one in statements(template) if one.title == title)
    }
    for title, one in resources(template, "AWS::S3::Bucket"):
        block = one.get("PublicAccessBlockConfiguration", {})
        open_ = [key for key in CLOSED if block.get(key) is not True]
        if open_:
            yield f"{title}: {open_[0]} is not set"
        rules = one.get("OwnershipControls", {}).get("Rules", [])
        if [rule.get("ObjectOwnership") for rule in rules] != [
            "BucketOwnerEnforced"
        ] or "AccessControl" in one:
            yield f"{title}: has access lists"
        if not _encrypted(one):
            yield f"{title}: does not say how it is encrypted, and by which key"
        if one.get("VersioningConfiguration", {}).get("Status") != "Enabled":
            yield f"{title}: keeps no versions"
        if title not in guarded:
            yield f"{title}: takes what comes without TLS"


def _encrypted(bucket: dict[str, Any]) -> bool:
    rules = bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    said = [rule.get("ServerSideEncryptionByDefault", {}) for rule in rules]
    return bool(said) and all(
        one.get("SSEAlgorithm") == "AES256"
        or (one.get("SSEAlgorithm") == "aws:kms" and one.get("KMSMasterKeyID"))
        for one in said
    )


def _tls_only(statement: dict[str, Any]) -> bool:
    whole = statement.get("Effect") == "Deny" and listed(statement.get("Action")) == ["s3:*"]
    everybody = statement.get("Principal") in ("*", {"AWS": "*"})
    return (
        whole
        and everybody
        and statement.get("Condition") == TLS_ONLY
        and len(listed(statement["Resource"])) == 2
    )


def topics_speak_tls(template: Template) -> Iterator[str]:
    guarded = {
        referred(topic)
        for title, policy in resources(template, "AWS::SNS::TopicPolicy")
        if any(
            not one.allows and one.body.get("Condition") == TLS_ONLY
            for one in statements(template)
            if one.title == title
        )
        for topic in policy.get("Topics", [])
    }
    for title, _ in resources(template, "AWS::SNS::Topic"):
        if title not in guarded:
            yield f"{title}: takes what comes without TLS"


def locks_hold(template: Template) -> Iterator[str]:
    for title, one in resources(template, "AWS::S3::Bucket"):
        lock = one.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
        locked = one.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
        if bool(one.get("ObjectLockEnabled")) != (
            locked and lock.get("Mode") == "COMPLIANCE" and lock.get("Days", 0) > 0
        ):
            yield f"{title}: its lock does not hold"


def trails_run(template: Template) -> Iterator[str]:
    wanted = ("EnableLogFileValidation", "IncludeGlobalServiceEvents", "IsLogging", "IsMultiRegionTrail")
    for title, trail in resources(template, "AWS::CloudTrail::Trail"):
        for key in wanted:
            if trail.get(key) is not True:
                yield f"{title}: {key} is not set"
        for key in (
            "CloudWatchLogsLogGroupArn",
            "CloudWatchLogsRoleArn",
            "AdvancedEventSelectors",
            "S3BucketName",
        ):
            if not trail.get(key):
                yield f"{title}: has no {key}"
        if "Management" not in text_of(trail.get("AdvancedEventSelectors", [])):
            yield f"{title}: leaves out calls that change something"
        if not all(one.get("FieldSelectors") for one in trail.get("AdvancedEventSelectors", [])):
            yield f"{title}: does not say which calls it records"
        filters = [one for _, one in resources(template, "AWS::Logs::MetricFilter")]
        if len(filters) < ALARMS:
            yield f"{title}: is watched by {len(filters)} of {ALARMS} filters"

    trails = list(resources(template, "AWS::CloudTrail::Trail"))
    if not trails and any(True for _ in resources(template, "AWS::Logs::MetricFilter")):
        yield "Trail: is not there, and its filters count nothing"


def alarms_reach_somebody(template: Template) -> Iterator[str]:
    alarms = dict(resources(template, "AWS::CloudWatch::Alarm"))
    for title, alarm in alarms.items():
        if not alarm.get("AlarmActions") or alarm.get("ActionsEnabled") is False:
            yield f"{title}: tells nobody"
        if alarm.get("TreatMissingData") == "breaching":
            yield f"{title}: is always on"
    watched = {alarm.get("MetricName") for alarm in alarms.values()}
    for title, one in resources(template, "AWS::Logs::MetricFilter"):
        made = {part.get("MetricName") for part in one.get("MetricTransformations", [])}
        if not made or not made <= watched:
            yield f"{title}: counts what no alarm looks at"
    for title, one in resources(template, "AWS::Events::Rule"):
        if one.get("State", "ENABLED") != "ENABLED" or not one.get("Targets"):
            yield f"{title}: tells nobody"


def threats_are_looked_for(template: Template) -> Iterator[str]:
    detectors = list(resources(template, "AWS::GuardDuty::Detector"))
    for title, one in detectors:
        on = {part["Name"] for part in one.get("Features", []) if part.get("Status") == "ENABLED"}
        missing = set(PROTECTED) - on
        if one.get("Enable") is not True or missing:
            yield f"{title}: does not look at {', '.join(sorted(missing)) or 'anything'}"
        if "aws.guardduty" not in text_of([rule for _, rule in resources(template, "AWS::Events::Rule")]):
            yield f"{title}: what it finds reaches nobody"
    for title, hub in resources(template, "AWS::SecurityHub::Hub"):
        if hub.get("EnableDefaultStandards") is not True:
            yield f"{title}: checks nothing"
    for title, _ in resources(template, "AWS::AccessAnalyzer::Analyzer"):
        if "aws.access-analyzer" not in text_of(
            [rule for _, rule in resources(template, "AWS::Events::Rule")]
        ):
            yield f"{title}: what it finds reaches nobody"
    rules = text_of([rule for _, rule in resources(template, "AWS::Events::Rule")])
    if "aws.guardduty" in rules and not detectors:
        yield "ThreatsRule: waits for a detector that is not there"
    if "aws.access-analyzer" in rules and not list(resources(template, "AWS::AccessAnalyzer::Analyzer")):
        yield "ReachRule: waits for an analyzer that is not there"


def networks_are_watched(template: Template) -> Iterator[str]:
    watched = {referred(one.get("ResourceId", "")) for _, one in resources(template, "AWS::EC2::FlowLog")}
    for title, _ in resources(template, "AWS::EC2::VPC"):
        if title not in watched:
            yield f"{title}: nobody sees its traffic"
    for title, one in resources(template, "AWS::EC2::FlowLog"):
        if one.get("TrafficType") not in {"ALL", "REJECT"}:
            yield f"{title}: records only what was let in"


def networks_are_parted(template: Template) -> Iterator[str]:
    for kind, told in (("NetworkAcl", "network ACL, which lets everything pass"), ("RouteTable", "routes")):
        uses = resources(template, f"AWS::EC2::Subnet{kind}Association")
        placed = {referred(one["SubnetId"]) for _, one in uses}
        for title, _ in resources(template, "AWS::EC2::Subnet"):
            if title not in placed:
                yield f"{title}: has the default {told}"
    for title, group in resources(template, "AWS::EC2::SecurityGroup"):
        if not group.get("SecurityGroupEgress"):
            yield f"{title}: may reach everything"
    for title, one in resources(template, "AWS::EC2::VPCEndpoint"):
        if not one.get("PolicyDocument"):
            yield f"{title}: lets anybody's things through"
        if one.get("VpcEndpointType") == "Interface" and not one.get("SecurityGroupIds"):
            yield f"{title}: has the default group"


def firewalls_stand_and_count(template: Template) -> Iterator[str]:
    """A load balancer that the internet reaches has a firewall before it; none stands before nothing or uncounted."""
    standing = [one for _, one in resources(template, "AWS::WAFv2::WebACLAssociation")]
    guarded = {referred(one.get("ResourceArn", "")) for one in standing}
    used = {referred(one.get("WebACLArn", "")) for one in standing}
    for title, one in resources(template, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        if one.get("Scheme") == "internet-facing" and title not in guarded:
            yield f"{title}: has no firewall before it"
    for title, one in resources(template, "AWS::WAFv2::WebACL"):
        if one.get("Scope") == "REGIONAL" and title not in used:
            yield f"{title}: stands before nothing"
        for part in (one, *one.get("Rules", [])):
            seen = part.get("VisibilityConfig", {})
            if not (
                seen.get("CloudWatchMetricsEnabled") is True and seen.get("SampledRequestsEnabled") is True
            ):
                yield f"{title}: nobody sees what {part.get('Name')} stops"


WATCHED = (
    Rule("STR34", "buckets are closed, and speak TLS", buckets_are_closed),
    Rule("STR35", "trails run whole, and are watched", trails_run),
    Rule("STR36", "alarms reach somebody", alarms_reach_somebody),
    Rule("STR37", "threats are looked for, and told", threats_are_looked_for),
    Rule("STR38", "networks are watched", networks_are_watched),
    Rule("STR41", "networks are parted", networks_are_parted),
    Rule("STR40", "topics speak TLS", topics_speak_tls),
    Rule("STR39", "locks hold", locks_hold),
    Rule("STR47", "firewalls stand, and count", firewalls_stand_and_count),
)
