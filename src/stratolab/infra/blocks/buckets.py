"""Buckets that are safe as they come: encrypted, versioned, closed to the public, TLS only, with access logs.

What they hold outlives their stack, unless its creation failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Ref
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    DefaultRetention,
    EventBridgeConfiguration,
    LifecycleConfiguration,
    LifecycleRule,
    LifecycleRuleTransition,
    LoggingConfiguration,
    NoncurrentVersionExpiration,
    NotificationConfiguration,
    ObjectLockConfiguration,
    ObjectLockRule,
    OwnershipControls,
    OwnershipControlsRule,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)

from stratolab.infra import names
from stratolab.infra.arns import own_bucket, own_objects
from stratolab.infra.blocks.policies import Statement, deny, document

if TYPE_CHECKING:
    from collections.abc import Sequence

ABORT_DAYS = 7  # an upload in parts that was given up costs like the object it never became


def bucket(
    title: str,
    lab: str,
    purpose: str,
    *,
    key: Any | None,
    rules: Sequence[Any],
    logs_to: str | None,
    locked_days: int = 0,
) -> Any:
    """A bucket. `key` is the ARN of its key, S3's own without; `logs_to` the title of the bucket of access logs.

    With `locked_days` no version can be deleted for so long, by nobody at all.
    """
    return Bucket(
        title,
        BucketName=names.bucket(lab, purpose),
        BucketEncryption=_encryption(key),
        LifecycleConfiguration=LifecycleConfiguration(Rules=[_abort(), *rules]),
        # Costs nothing, and lets a rule start work when an object arrives.
        NotificationConfiguration=NotificationConfiguration(
            EventBridgeConfiguration=EventBridgeConfiguration(EventBridgeEnabled=True)
        ),
        OwnershipControls=OwnershipControls(
            Rules=[OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
        ),
        PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        ),
        VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
        **({"LoggingConfiguration": _logging(logs_to, purpose)} if logs_to else {}),
        **(_lock(locked_days) if locked_days else {}),
    )


def bucket_policy(title: str, *statements: Statement) -> Any:
    """The policy of the bucket with this title: nothing without TLS, and these statements."""
    return BucketPolicy(
        f"{title}Policy",
        Bucket=Ref(title),
        PolicyDocument=document(tls_only(title), *statements),
    )


def tls_only(title: str) -> Statement:
    """Deny whatever comes without TLS, in the one form that all rules for it recognise."""
    return deny(
        "TlsOnly",
        ["s3:*"],
        [own_bucket(title), own_objects(title)],
        who={"AWS": "*"},
        when={"Bool": {"aws:SecureTransport": "false"}},
    )


# -- life-cycle -----------------------------------------------------------------------------------


def expire(days: int) -> Any:
    """Delete objects after so many days."""
    return LifecycleRule(Id="expire", Status="Enabled", ExpirationInDays=days)


def forget_old_versions(days: int) -> Any:
    """Delete versions so many days after they were overwritten or deleted."""
    return LifecycleRule(
        Id="forget-old-versions",
        Status="Enabled",
        NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=days),
        ExpiredObjectDeleteMarker=True,
    )


def move_to_tiering(days: int) -> Any:
    """Let S3 move what nobody reads to cheaper storage, and back when it is read."""
    transition = LifecycleRuleTransition(StorageClass="INTELLIGENT_TIERING", TransitionInDays=days)
    return LifecycleRule(Id="tier", Status="Enabled", Transitions=[transition])


def _abort() -> Any:
    return LifecycleRule(
        Id="abort-uploads",
        Status="Enabled",
        AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=ABORT_DAYS),
    )


# -- parts ----------------------------------------------------------------------------------------


def _encryption(key: Any | None) -> Any:
    by_default = (
        ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms", KMSMasterKeyID=key)
        if key is not None
        else ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
    )
    # A bucket key asks KMS once a while instead of once an object: a hundredth of the price.
    rule = ServerSideEncryptionRule(
        BucketKeyEnabled=key is not None, ServerSideEncryptionByDefault=by_default
    )
    return BucketEncryption(ServerSideEncryptionConfiguration=[rule])


def _logging(logs_to: str, purpose: str) -> Any:
    return LoggingConfiguration(DestinationBucketName=Ref(logs_to), LogFilePrefix=f"s3/{purpose}/")


def _lock(days: int) -> dict[str, Any]:
    rule = ObjectLockRule(DefaultRetention=DefaultRetention(Mode="COMPLIANCE", Days=days))
    locked = ObjectLockConfiguration(ObjectLockEnabled="Enabled", Rule=rule)
    return {"ObjectLockEnabled": True, "ObjectLockConfiguration": locked}
