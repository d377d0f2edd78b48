"""The audit trail, and alarms on what it records: one metric filter and one alarm for each line of a table.

The lines are those of the CIS AWS Foundations Benchmark 7.0, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref
from troposphere.cloudtrail import (
    AdvancedEventSelector,
    AdvancedFieldSelector,
    Trail,
)
from troposphere.cloudwatch import Alarm
from troposphere.logs import MetricFilter, MetricTransformation

from stratolab.infra import names
from stratolab.infra.arns import bucket
from stratolab.infra.blocks.logs import log_group
from stratolab.infra.blocks.policies import Statement, allow, managed
from stratolab.infra.blocks.roles import service_role
from stratolab.infra.trail import trail_arn, trail_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.config.labs.models import LabConfig

ALARM_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Watched:
    """Something that must not happen unseen: its number in the benchmark, and how the trail writes of it."""

    number: str
    name: str
    about: str
    pattern: str


def _any(*events: str, source: str = "") -> str:
    """A pattern for any of these calls."""
    calls = " || ".join(f"($.eventName = {event})" for event in events)
    return f"{{ ($.eventSource = {source}.amazonaws.com) && ({calls}) }}" if source else f"{{ {calls} }}"


WATCHED = (
    Watched(
        "5.1",
        "unauthorized-calls",
        "A call was refused",
        '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    ),
    Watched(
        "5.2",
        "console-without-mfa",
        "Somebody signed in without a second factor",
        '{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != "Yes") '
        '&& ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
    ),
    Watched(
        "5.3",
        "root-use",
        "The root user did something",
        '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) '
        '&& ($.eventType != "AwsServiceEvent") }',
    ),
    Watched(
        "5.4",
        "iam-changes",
        "A policy or its attachment was changed",
        _any(
            *(
                f"{verb}{of}Policy"
                for verb in ("Delete", "Put", "Attach", "Detach")
                for of in ("Group", "Role", "User")
            ),
            "CreatePolicy",
            "DeletePolicy",
            "CreatePolicyVersion",
            "DeletePolicyVersion",
        ),
    ),
    Watched(
        "5.5",
        "trail-changes",
        "The audit trail was changed",
        _any("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"),
    ),
    Watched(
        "5.6",
        "console-failures",
        "Signing in failed",
        '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    ),
    Watched(
        "5.7",
        "key-deletion",
        "A key was disabled or is to be deleted",
        _any("DisableKey", "ScheduleKeyDeletion", source="kms"),
    ),
    Watched(
        "5.8",
        "bucket-policy-changes",
        "Who may use a bucket was changed",
        _any(
            "PutBucketAcl",
            "PutBucketPolicy",
            "PutBucketCors",
            "PutBucketLifecycle",
            "PutBucketReplication",
            "DeleteBucketPolicy",
            "DeleteBucketCors",
            "DeleteBucketLifecycle",
            "DeleteBucketReplication",
            source="s3",
        ),
    ),
    Watched(
        "5.9",
        "config-changes",
        "The recorder of configurations was changed",
        _any(
            "StopConfigurationRecorder",
            "DeleteDeliveryChannel",
            "PutDeliveryChannel",
            "PutConfigurationRecorder",
            source="config",
        ),
    ),
    Watched(
        "5.10",
        "security-group-changes",
        "A security group was changed",
        _any(
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
            "CreateSecurityGroup",
            "DeleteSecurityGroup",
        ),
    ),
    Watched(
        "5.11",
        "acl-changes",
        "A network ACL was changed",
        _any(
            "CreateNetworkAcl",
            "CreateNetworkAclEntry",
            "DeleteNetworkAcl",
            "DeleteNetworkAclEntry",
            "ReplaceNetworkAclEntry",
            "ReplaceNetworkAclAssociation",
        ),
    ),
    Watched(
        "5.12",
        "gateway-changes",
        "A way to the internet was changed",
        _any(
            "CreateCustomerGateway",
            "DeleteCustomerGateway",
            "AttachInternetGateway",
            "CreateInternetGateway",
            "DeleteInternetGateway",
            "DetachInternetGateway",
        ),
    ),
    Watched(
        "5.13",
        "route-changes",
        "A route was changed",
        _any(
            "CreateRoute",
            "CreateRouteTable",
            "ReplaceRoute",
            "ReplaceRouteTableAssociation",
            "DeleteRouteTable",
            "DeleteRoute",
            "DisassociateRouteTable",
            source="ec2",
        ),
    ),
    Watched(
        "5.14",
        "network-changes",
        "A network was changed",
        _any(
            "CreateVpc",
            "DeleteVpc",
            "ModifyVpcAttribute",
            "AcceptVpcPeeringConnection",
            "CreateVpcPeeringConnection",
            "DeleteVpcPeeringConnection",
            "RejectVpcPeeringConnection",
        ),
    ),
    Watched(
        "5.15",
        "organization-changes",
        "The organisation was changed",
        _any(
            "AcceptHandshake",
            "AttachPolicy",
            "CreateAccount",
            "CreateOrganizationalUnit",
            "CreatePolicy",
            "DeclineHandshake",
            "DeleteOrganization",
            "DeleteOrganizationalUnit",
            "DeletePolicy",
            "DetachPolicy",
            "DisablePolicyType",
            "EnablePolicyType",
            "InviteAccountToOrganization",
            "LeaveOrganization",
            "MoveAccount",
            "RemoveAccountFromOrganization",
            "UpdateOrganizationalUnit",
            "UpdatePolicy",
            source="organizations",
        ),
    ),
)


def trail(
    lab: LabConfig, *, audit_bucket: Any, key: Any | None, boundary: Any, watched_buckets: Sequence[Any]
) -> list[Any]:
    """The trail of all regions, with a log group that alarms can look at. `watched_buckets` are recorded by object."""
    name = lab.lab.name
    return [
        log_group("TrailLogGroup", name, "trail", days=lab.security.log_days, key=key),
        managed("TrailPolicy", name, "trail", write_trail()),
        service_role(
            "TrailRole",
            name,
            "trail",
            "Writes the audit trail to its log group",
            trusts="cloudtrail",
            boundary=boundary,
            policies=[Ref("TrailPolicy")],
            sources=[trail_arn(name)],
        ),
        Trail(
            "Trail",
            TrailName=trail_name(name),
            S3BucketName=audit_bucket,
            IsLogging=True,
            IsMultiRegionTrail=True,
            IncludeGlobalServiceEvents=True,
            EnableLogFileValidation=True,
            CloudWatchLogsLogGroupArn=GetAtt("TrailLogGroup", "Arn"),
            CloudWatchLogsRoleArn=GetAtt("TrailRole", "Arn"),
            AdvancedEventSelectors=[_management(), *_objects(watched_buckets)],
            **({"KMSKeyId": key} if key is not None else {}),
        ),
    ]


def alarms(lab: str, topic: str) -> list[Any]:
    """A metric filter and an alarm for everything that is watched."""
    return [part for one in WATCHED for part in _alarm(one, lab, topic)]


def write_trail() -> Statement:
    """Write to the one log group."""
    return allow("WriteTrail", ["logs:CreateLogStream", "logs:PutLogEvents"], GetAtt("TrailLogGroup", "Arn"))


def _alarm(watched: Watched, lab: str, topic: str) -> list[Any]:
    title = "".join(map(str.capitalize, watched.name.split("-")))
    metric = {"MetricName": watched.name, "MetricNamespace": f"stratolab/{lab}/audit"}
    return [
        MetricFilter(
            f"{title}Filter",
            LogGroupName=Ref("TrailLogGroup"),
            FilterPattern=watched.pattern,
            MetricTransformations=[MetricTransformation(**metric, MetricValue="1")],
        ),
        Alarm(
            f"{title}Alarm",
            AlarmName=names.named("alarm", lab, watched.name),
            AlarmDescription=f"{watched.about} (CIS {watched.number})",
            Namespace=metric["MetricNamespace"],
            MetricName=watched.name,
            Statistic="Sum",
            Period=ALARM_SECONDS,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[Ref(topic)],
        ),
    ]


def _management() -> Any:
    return AdvancedEventSelector(
        Name="Calls that change or show how things are set",
        FieldSelectors=[AdvancedFieldSelector(Field="eventCategory", Equals=["Management"])],
    )


def _objects(watched: Sequence[Any]) -> list[Any]:
    if not watched:
        return []
    return [
        AdvancedEventSelector(
            Name="Objects read and written in the lab's buckets",
            FieldSelectors=[
                AdvancedFieldSelector(Field="eventCategory", Equals=["Data"]),
                AdvancedFieldSelector(Field="resources.type", Equals=["AWS::S3::Object"]),
                AdvancedFieldSelector(Field="resources.ARN", StartsWith=[bucket(name) for name in watched]),
            ],
        )
    ]
