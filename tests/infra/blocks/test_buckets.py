from __future__ import annotations

import pytest

from stratolab.infra.blocks.buckets import bucket, bucket_policy, expire, forget_old_versions, move_to_tiering
from stratolab.infra.blocks.policies import allow


def made(**options):
    given = {"key": None, "rules": [], "logs_to": None, **options}
    return bucket("DataBucket", "acme", "data", **given).to_dict()


def test_a_bucket_is_closed_versioned_and_outlives_its_stack():
    one = made()
    assert (one["DeletionPolicy"], one["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    properties = one["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def encryption(one):
    (rule,) = one["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    return rule["ServerSideEncryptionByDefault"], rule["BucketKeyEnabled"]


def test_it_is_encrypted_with_the_given_key_or_s3s_own():
    assert encryption(made()) == ({"SSEAlgorithm": "AES256"}, False)
    assert encryption(made(key="arn:k")) == ({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:k"}, True)


def test_access_logs_go_to_the_given_bucket():
    assert "LoggingConfiguration" not in made()["Properties"]
    assert made(logs_to="LogsBucket")["Properties"]["LoggingConfiguration"] == {
        "DestinationBucketName": {"Ref": "LogsBucket"},
        "LogFilePrefix": "s3/data/",
    }


def test_a_lock_is_for_everybody():
    assert "ObjectLockEnabled" not in made()["Properties"]
    locked = made(locked_days=90)["Properties"]
    assert locked["ObjectLockConfiguration"]["Rule"] == {
        "DefaultRetention": {"Mode": "COMPLIANCE", "Days": 90}
    }
    assert locked["ObjectLockEnabled"] is True


def test_every_bucket_ends_uploads_that_were_given_up():
    rules = made(rules=[expire(30), forget_old_versions(90), move_to_tiering(60)])["Properties"][
        "LifecycleConfiguration"
    ]["Rules"]
    assert [one["Id"] for one in rules] == ["abort-uploads", "expire", "forget-old-versions", "tier"]
    assert rules[0]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert rules[1]["ExpirationInDays"] == 30
    assert rules[3]["Transitions"] == [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 60}]


def test_nothing_comes_without_tls():
    """In the one form that Control Tower's rule S3.PR.8 recognises."""
    policy = bucket_policy("DataBucket", allow("More", ["s3:GetObject"], "*")).to_dict()["Properties"]
    first, more = policy["PolicyDocument"]["Statement"]
    assert first == {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [
            {"Fn::GetAtt": ["DataBucket", "Arn"]},
            {"Fn::Join": ["", [{"Fn::GetAtt": ["DataBucket", "Arn"]}, "/*"]]},
        ],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert more["Sid"] == "More"
    assert policy["Bucket"] == {"Ref": "DataBucket"}


@pytest.mark.parametrize("days", [1, 3653])
def test_old_versions_and_their_markers_go(days):
    rule = forget_old_versions(days).to_dict()
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": days}
    assert rule["ExpiredObjectDeleteMarker"] is True
