"""Encryption keys of the lab's own: rotated yearly, used for this account only, never lost by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Ref, Sub
from troposphere.kms import Alias, Key

from stratolab.infra import names
from stratolab.infra.arns import everywhere, regional
from stratolab.infra.blocks.policies import (
    Statement,
    allow,
    deny,
    document,
    from_source,
    from_this_account,
    service,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DELETION_DAYS = 30  # the longest that KMS waits; what a key encrypted is gone with it
_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def key(title: str, lab: str, use: str, about: str, *statements: Statement) -> list[Any]:
    """A key with its alias. The account's own policies say who may use it, and `statements` which services may."""
    return [
        Key(
            title,
            Description=about,
            EnableKeyRotation=True,
            PendingWindowInDays=DELETION_DAYS,
            KeyPolicy=document(_account_decides(), _grants_by_services_only(), *statements),
            DeletionPolicy="RetainExceptOnCreate",
            UpdateReplacePolicy="Retain",
        ),
        Alias(f"{title}Alias", AliasName=names.alias(lab, use), TargetKeyId=Ref(title)),
    ]


def logs_may(lab: str) -> Statement:
    """CloudWatch Logs may encrypt the lab's log groups."""
    beginnings = (f"/stratolab/{lab}/", f"{names.FIREWALL_LOGS}{lab}-", f"{names.RDS_LOGS}{lab}-")
    groups = [regional("logs", f"log-group:{beginning}*") for beginning in beginnings]
    return allow(
        "LogGroups",
        _USE,
        "*",
        who={"Service": Sub("logs.${AWS::Region}.amazonaws.com")},
        when={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )


def trail_may(trail: Any) -> Statement:
    """CloudTrail may encrypt what this trail writes."""
    return allow(
        "Trail",
        ["kms:DescribeKey", "kms:GenerateDataKey*"],
        "*",
        who=service("cloudtrail"),
        when=from_source(trail),
    )


def notices_may(services: Sequence[str]) -> Statement:
    """Services that send notices to an encrypted topic may encrypt them."""
    return allow(
        "Notices",
        ["kms:Decrypt", "kms:GenerateDataKey*"],
        "*",
        who=service(*services),
        when=from_this_account(),
    )


def _account_decides() -> Statement:
    return allow("AccountDecides", ["kms:*"], "*", who={"AWS": everywhere("iam", "root")})


def _grants_by_services_only() -> Statement:
    """A grant outlives the right of who made it, so only services make grants, and only for AWS's own resources."""
    others = {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}
    return deny(
        "GrantsByServicesOnly", ["kms:CreateGrant"], "*", who={"AWS": "*"}, when={"BoolIfExists": others}
    )
