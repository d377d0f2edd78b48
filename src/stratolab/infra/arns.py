"""ARNs of this account and region, and the few pseudo-parameters that templates share."""

from __future__ import annotations

from typing import Any

from troposphere import AWS_ACCOUNT_ID, AWS_PARTITION, AWS_REGION, GetAtt, Join, Ref, Sub

ACCOUNT = Ref(AWS_ACCOUNT_ID)
PARTITION = Ref(AWS_PARTITION)
REGION = Ref(AWS_REGION)


HERE = "${AWS::Region}"
"""The stack's own region, within the text of an ARN."""


def regional(service: str, resource: str, *, region: str = HERE) -> Any:
    """The ARN of something in this account, and in the stack's region or another."""
    return Sub(f"arn:${{AWS::Partition}}:{service}:{region}:${{AWS::AccountId}}:{resource}")


def everywhere(service: str, resource: str) -> Any:
    """The ARN of something in this account that belongs to no region, such as a role."""
    return Sub(f"arn:${{AWS::Partition}}:{service}::${{AWS::AccountId}}:{resource}")


def objects(bucket: Any, prefix: str = "*") -> Any:
    """The ARN of a bucket's objects, for a bucket that another stack made: its name is all that is known."""
    return Sub("arn:${AWS::Partition}:s3:::${Bucket}/" + prefix, Bucket=bucket)


def bucket(name: Any) -> Any:
    """The ARN of a bucket that another stack made."""
    return Sub("arn:${AWS::Partition}:s3:::${Bucket}", Bucket=name)


def own_bucket(title: str) -> Any:
    """The ARN of a bucket of the same template."""
    return GetAtt(title, "Arn")


def own_objects(title: str, prefix: str = "*") -> Any:
    """The ARN of objects in a bucket of the same template, in the form that Control Tower's rules can read."""
    return Join("", [GetAtt(title, "Arn"), f"/{prefix}"])
