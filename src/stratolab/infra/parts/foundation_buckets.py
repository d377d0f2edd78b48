"""The buckets of the foundation: what each is for, how long it keeps what, and which services write to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Join

from stratolab.infra.arns import ACCOUNT, own_bucket, own_objects, regional
from stratolab.infra.blocks.buckets import bucket, bucket_policy, expire, forget_old_versions, move_to_tiering
from stratolab.infra.blocks.policies import Statement, allow, from_source, service
from stratolab.infra.trail import trail_arn

if TYPE_CHECKING:
    from stratolab.config.labs.models import LabConfig

CODE, DELIVERY, DATA, ARTIFACTS, MODELS = (
    "CodeBucket",
    "DeliveryBucket",
    "DataBucket",
    "ArtifactsBucket",
    "ModelsBucket",
)
LOGS, AUDIT = "LogsBucket", "AuditBucket"


def all_buckets(lab: LabConfig, *, data_key: Any | None, logs_key: Any | None) -> list[Any]:
    """Every bucket with its policy."""
    return [
        *logs_bucket(lab),
        *audit_bucket(lab, logs_key),
        *code_bucket(lab, data_key),
        *delivery_bucket(lab, data_key),
        *kept_bucket(lab, DATA, "data", data_key),
        *kept_bucket(lab, ARTIFACTS, "artifacts", data_key),
        *kept_bucket(lab, MODELS, "models", data_key),
    ]


def logs_bucket(lab: LabConfig) -> list[Any]:
    """Access logs of buckets and load balancers, which cannot write to a bucket with a key of our own."""
    rules = [expire(lab.security.audit_days), forget_old_versions(1)]
    return [
        bucket(LOGS, lab.lab.name, "logs", key=None, rules=rules, logs_to=None),
        bucket_policy(LOGS, buckets_may_log(), load_balancers_may_log()),
    ]


def audit_bucket(lab: LabConfig, key: Any | None) -> list[Any]:
    """What the trail records, locked against everybody if the lab is hardened."""
    days = lab.security.audit_days
    rules = [expire(days), forget_old_versions(days if lab.security.object_lock else 1)]
    locked = days if lab.security.object_lock else 0
    return [
        bucket(AUDIT, lab.lab.name, "audit", key=key, rules=rules, logs_to=LOGS, locked_days=locked),
        bucket_policy(AUDIT, trail_may_look(lab.lab.name), trail_may_write(lab.lab.name)),
    ]


def code_bucket(lab: LabConfig, key: Any | None) -> list[Any]:
    """Templates and the code of functions. Only old versions go: a stack refers to what it was made from."""
    rules = [forget_old_versions(lab.buckets.old_versions)]
    return [bucket(CODE, lab.lab.name, "code", key=key, rules=rules, logs_to=LOGS), bucket_policy(CODE)]


def delivery_bucket(lab: LabConfig, key: Any | None) -> list[Any]:
    """What steps of pipelines hand to one another. It can be made again, so it goes after a while."""
    rules = [expire(lab.buckets.delivery), forget_old_versions(1)]
    return [
        bucket(DELIVERY, lab.lab.name, "delivery", key=key, rules=rules, logs_to=LOGS),
        bucket_policy(DELIVERY),
    ]


def kept_bucket(lab: LabConfig, title: str, purpose: str, key: Any | None) -> list[Any]:
    """What people work for: kept until someone deletes it, and old versions a while longer."""
    tiering = [move_to_tiering(lab.buckets.tiering)] if lab.buckets.tiering else []
    rules = [*tiering, forget_old_versions(lab.buckets.old_versions)]
    return [bucket(title, lab.lab.name, purpose, key=key, rules=rules, logs_to=LOGS), bucket_policy(title)]


# -- who writes -----------------------------------------------------------------------------------


def buckets_may_log() -> Statement:
    """S3 may write access logs of this account's buckets."""
    sources = [own_bucket(title) for title in (AUDIT, CODE, DELIVERY, DATA, ARTIFACTS, MODELS)]
    where = own_objects(LOGS, "s3/*")
    return allow("S3Logs", ["s3:PutObject"], where, who=service("logging.s3"), when=from_source(*sources))


def load_balancers_may_log() -> Statement:
    """Load balancers of this account and region may write access logs."""
    return allow(
        "LoadBalancerLogs",
        ["s3:PutObject"],
        own_objects(LOGS, "alb/*"),
        who=service("logdelivery.elasticloadbalancing"),
        when=from_source(regional("elasticloadbalancing", "loadbalancer/*")),
    )


def trail_may_look(lab: str) -> Statement:
    """CloudTrail asks whose bucket it is before it writes."""
    return allow(
        "TrailLooks",
        ["s3:GetBucketAcl"],
        own_bucket(AUDIT),
        who=service("cloudtrail"),
        when=from_source(trail_arn(lab)),
    )


def trail_may_write(lab: str) -> Statement:
    """CloudTrail may write what this lab's trail records."""
    when = from_source(trail_arn(lab))
    when["StringEquals"] = {**when["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}
    where = Join("", [own_bucket(AUDIT), "/AWSLogs/", ACCOUNT, "/*"])
    return allow("TrailWrites", ["s3:PutObject"], where, who=service("cloudtrail"), when=when)
