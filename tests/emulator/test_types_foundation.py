"""Buckets, keys, parameters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import ACCOUNT
from tests.emulator.types import MINE, OTHER_TAGS, OTHERS, TAGS, Case, Cases, World, live, own, policy

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

KEY_POLICY = policy("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
case = Cases()


def _bucket(world: World, ref: str) -> Any:
    s3 = world.client("s3")
    rule = s3.get_bucket_lifecycle_configuration(Bucket=ref)["Rules"][0]
    encryption = s3.get_bucket_encryption(Bucket=ref)["ServerSideEncryptionConfiguration"]["Rules"][0]
    return {
        "versions": s3.get_bucket_versioning(Bucket=ref)["Status"],
        "public": s3.get_public_access_block(Bucket=ref)["PublicAccessBlockConfiguration"][
            "BlockPublicPolicy"
        ],
        "key": encryption["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == world.key,
        "owner": s3.get_bucket_ownership_controls(Bucket=ref)["OwnershipControls"]["Rules"][0][
            "ObjectOwnership"
        ],
        "days": rule["Expiration"]["Days"],
        "aborted": rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"],
        "log": s3.get_bucket_logging(Bucket=ref)["LoggingEnabled"]["TargetBucket"],
        "events": "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=ref),
        "tags": own(s3.get_bucket_tagging(Bucket=ref)["TagSet"]),
    }


def _bucket_properties(days: int, versions: str, tags: Any) -> Any:
    return lambda world: {
        "BucketName": "the-bucket",
        "VersioningConfiguration": {"Status": versions},
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {
                    "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": world.key},
                    "BucketKeyEnabled": True,
                }
            ]
        },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "old",
                    "Status": "Enabled",
                    "ExpirationInDays": days,
                    "Prefix": "a/",
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                }
            ]
        },
        "LoggingConfiguration": {"DestinationBucketName": world.bucket, "LogFilePrefix": "logs/"},
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        "Tags": tags,
    }


def _bucket_state(days: int, versions: str, tags: Any) -> dict[str, Any]:
    return {
        "versions": versions,
        "public": True,
        "key": True,
        "owner": "BucketOwnerEnforced",
        "days": days,
        "aborted": 7,
        "log": "base-bucket",
        "events": True,
        "tags": tags,
    }


case(
    "AWS::S3::Bucket",
    _bucket_properties(30, "Enabled", TAGS),
    _bucket,
    _bucket_state(30, "Enabled", MINE),
    _bucket_properties(60, "Suspended", OTHER_TAGS),
    _bucket_state(60, "Suspended", OTHERS),
    "the-bucket",
    attributes={
        "Arn": "arn:aws:s3:::the-bucket",
        "RegionalDomainName": "the-bucket.s3.",
        "DomainName": "the-bucket",
    },
)


def _bucket_policy(effect: str) -> Any:
    return lambda world: {
        "Bucket": world.bucket,
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": effect,
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "s3:GetObject",
                    "Resource": f"arn:aws:s3:::{world.bucket}/*",
                }
            ],
        },
    }


case(
    "AWS::S3::BucketPolicy",
    _bucket_policy("Deny"),
    lambda world, _: json.loads(world.client("s3").get_bucket_policy(Bucket=world.bucket)["Policy"])[
        "Statement"
    ][0]["Effect"],
    "Deny",
    _bucket_policy("Allow"),
    "Allow",
    "base-bucket",
)


def _key(world: World, ref: str) -> Any:
    kms = world.client("kms")
    state = kms.describe_key(KeyId=ref)["KeyMetadata"]["KeyState"]
    if state == "PendingDeletion":
        return None
    return kms.get_key_rotation_status(KeyId=ref)["KeyRotationEnabled"], json.loads(
        kms.get_key_policy(KeyId=ref, PolicyName="default")["Policy"]
    ) == KEY_POLICY


case(
    "AWS::KMS::Key",
    lambda _: {"KeyPolicy": KEY_POLICY, "EnableKeyRotation": True, "PendingWindowInDays": 7, "Tags": TAGS},
    _key,
    (True, True),
    lambda _: {"KeyPolicy": KEY_POLICY, "EnableKeyRotation": False, "PendingWindowInDays": 7, "Tags": TAGS},
    (False, True),
    attributes={"Arn": "arn:aws:kms:", "KeyId": ""},
)
case(
    "AWS::KMS::Alias",
    lambda world: {"AliasName": "alias/the-key", "TargetKeyId": world.key.rpartition("/")[2]},
    lambda world, ref: world.client("kms").describe_key(KeyId=ref)["KeyMetadata"]["Arn"] == world.key,
    True,
    ref="alias/the-key",
)
case(
    "AWS::SSM::Parameter",
    lambda _: {
        "Name": "/lab/p",
        "Type": "String",
        "Value": "1",
        "Description": "d",
        "Tags": {"project": "x"},
    },
    lambda world, ref: world.client("ssm").get_parameter(Name=ref)["Parameter"]["Value"],
    "1",
    lambda _: {
        "Name": "/lab/p",
        "Type": "String",
        "Value": "2",
        "Description": "d",
        "Tags": {"project": "x"},
    },
    "2",
    "/lab/p",
    attributes={"Type": "String", "Value": ""},
)


@pytest.mark.parametrize("one", case, ids=str)
def test_its_life(one: Case, emulator: Emulator) -> None:
    live(one, emulator)
