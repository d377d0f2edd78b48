"""What a deployer may do: change the lab's stacks by way of CloudFormation, and look at what they are made of.

Every call that a change needs is allowed when CloudFormation makes it in the deployer's name, on the lab's own things
where AWS can tell them apart, and never by hand. Which calls those are follows from the types of resources in the
stacks of the deployer's segment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import Sub

from stratolab.infra import names
from stratolab.infra.arns import HERE, bucket, everywhere, objects, regional
from stratolab.infra.blocks import boundary
from stratolab.infra.blocks.policies import SIZE_MOST, Statement, allow, deny
from stratolab.infra.parts.packing import size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stratolab.infra.permissions import Call
    from stratolab.infra.segments import Segment

THROUGH = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}
"""The condition that CloudFormation makes a call in somebody's name."""

REVEALING = frozenset(
    {
        "kms:Decrypt",
        "s3:GetObject",
        "secretsmanager:GetRandomPassword",
        "secretsmanager:GetSecretValue",
        "ssm:GetParameterHistory",
    }
)
"""Calls that read what is kept, and not what keeps it, or make it up: no look-around allows them."""
_BOUNDED = frozenset(
    {"iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"}
)
_NEVER = frozenset(
    {
        "cloudwatch:GetMetricData",  # what handlers look at when a deployment has alarms, which ours have not
        "iam:CreateAccessKey",
        "iam:CreateLoginProfile",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DeleteUserPermissionsBoundary",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateLoginProfile",
        "lambda:GetCodeSigningConfig",  # of functions with signatures, layers, machines of their own: ours have none
        "lambda:GetLayerVersion",
        "lambda:PassCapacityProvider",
    }
)
_OF_PEOPLE = re.compile("User|Group|LoginProfile|AccessKey|MFADevice")
_LINKED = "iam:CreateServiceLinkedRole"
_STACK_CALLS = (
    "CancelUpdateStack",
    "ContinueUpdateRollback",
    "CreateChangeSet",
    "DeleteChangeSet",
    "DeleteStack",
    "Describe*",
    "Detect*",
    "ExecuteChangeSet",
    "GetTemplate*",
    "List*",
    "RollbackStack",
    "TagResource",
    "UpdateTerminationProtection",
)


@dataclass(frozen=True, slots=True)
class Reach:
    """The lab's own things, by service: what a deployer may change. Calls of other services are not allowed at all."""

    things: dict[str, tuple[Any, ...]]
    regions: tuple[str, ...] = (HERE,)
    people: bool = False
    """Whether users and groups are among them."""

    def of(self, calls: Iterable[Call]) -> list[Any]:
        """The things that these calls can be about."""
        services = dict.fromkeys(call.service for call in calls)
        return [thing for service in services for thing in self.things[service]]


def reach(lab: str, *, people: bool = False, also_in: str | None = None) -> Reach:
    """How far a deployer of this lab reaches.

    With `people`, to users and groups and their policies too; with `also_in`, to the lab's stacks and topics in another
    region besides.
    """
    regions = (HERE, also_in) if also_in else (HERE,)
    service = [
        everywhere("iam", f"{kind}{names.service_path(lab)}*")
        for kind in ("role", "policy", "instance-profile")
    ]
    whole = [
        everywhere("iam", f"{kind}{names.iam_path(lab)}*") for kind in ("role", "policy", "user", "group")
    ]
    return Reach(
        {
            "access-analyzer": (regional("access-analyzer", f"analyzer/{lab}-*"),),
            "application-autoscaling": (regional("application-autoscaling", "scalable-target/*"),),
            "acm": (regional("acm", "certificate/*"),),
            "autoscaling": (regional("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{lab}-*"),),
            "batch": tuple(
                regional("batch", f"{what}/{lab}-*")
                for what in ("compute-environment", "job-definition", "job-queue")
            ),
            "budgets": (everywhere("budgets", f"budget/{lab}-*"),),
            "cloudtrail": (regional("cloudtrail", f"trail/{lab}-*"),),
            "cloudwatch": (regional("cloudwatch", f"alarm:{lab}-*"),),
            "codebuild": (regional("codebuild", f"project/{lab}-*"),),
            "codecommit": (regional("codecommit", f"{lab}-*"),),
            "ec2": (regional("ec2", "*"),),
            "ecr": (regional("ecr", f"repository/{lab}/*"),),
            "ecs": tuple(
                regional("ecs", f"{what}/{lab}-*") for what in ("cluster", "service", "task-definition")
            ),
            "elasticloadbalancing": tuple(
                regional("elasticloadbalancing", f"{what}/{lab}-*")
                for what in ("listener-rule/*", "listener/*", "loadbalancer", "loadbalancer/*", "targetgroup")
            ),
            "events": (regional("events", f"rule/{lab}-*"),),
            "guardduty": (regional("guardduty", "detector/*"),),
            "iam": tuple(whole if people else service),
            "kms": (regional("kms", "key/*"), regional("kms", f"alias/stratolab/{lab}/*")),
            "lambda": (
                regional("lambda", f"function:{lab}-*"),
                regional("lambda", "event-source-mapping:*"),
            ),
            "logs": (
                regional("logs", f"log-group:{names.pathed('log group', lab)}/*"),
                regional("logs", f"log-group:{names.RDS_LOGS}{lab}-*"),
                regional("logs", f"log-group:{names.FIREWALL_LOGS}{lab}-*"),
            ),
            "rds": tuple(regional("rds", f"{what}:{lab}-*") for what in ("db", "pg", "snapshot", "subgrp")),
            "route53": tuple(
                Sub(f"arn:${{AWS::Partition}}:route53:::{what}/*")
                for what in ("change", "hostedzone", "queryloggingconfig")
            ),
            "s3": (Sub(f"arn:${{AWS::Partition}}:s3:::{lab}-*"),),
            "secretsmanager": (
                regional("secretsmanager", f"secret:{lab}/*"),
                regional("secretsmanager", "secret:rds!db-*"),
            ),
            "securityhub": (regional("securityhub", "hub/default"),),
            "sns": tuple(regional("sns", f"{lab}-*", region=region) for region in regions),
            "sqs": (regional("sqs", f"{lab}-*"),),
            "ssm": (regional("ssm", f"parameter{names.pathed('parameter', lab)}/*"),),
            "wafv2": tuple(
                regional("wafv2", f"regional/{what}/{lab}-*/*") for what in ("ipset", "rulegroup", "webacl")
            ),
        },
        regions,
        people,
    )


def deploy(
    lab: str, segment: Segment, calls: Sequence[Call], *, trusted: Sequence[str], within: Reach, code: Any
) -> list[Statement]:
    """What deployers of a segment may do. `calls` are those of its types, `trusted` the services of its roles."""
    known = [call for call in calls if call.service in within.things and call.name not in _NEVER]
    plain = [call for call in known if call.service != "iam"]
    return [
        *drive_stacks(lab, segment, within),
        bring_templates(code),
        foresee(),
        read_what_aws_publishes(),
        *look(known, within),
        *change_own(plain, within),
        *change_what_has_no_name(plain),
        *make_bounded_roles(lab, known),
        *have_roles_of_services(known),
        *keep_identities(known, within),
        *hand_over_roles(lab, trusted),
    ]


def drive_stacks(lab: str, segment: Segment, within: Reach) -> list[Statement]:
    """Plan, make, change and take down the segment's stacks."""
    stacks = [
        regional("cloudformation", f"stack/{names.stack(lab, concern)}*", region=region)
        for region in within.regions
        for concern in segment.concerns
    ]
    anywhere = ["cloudformation:DescribeStackDriftDetectionStatus", "cloudformation:ListStacks"]
    return [
        allow("DriveStacks", [f"cloudformation:{call}" for call in _STACK_CALLS], stacks),
        allow(
            "FindStacks",
            [*anywhere, "cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate"],
            "*",
        ),
    ]


def bring_templates(code: Any) -> Statement:
    """Put templates where CloudFormation reads them, and the code of functions beside them."""
    return allow(
        "BringTemplates", ["s3:GetObject", "s3:ListBucket", "s3:PutObject"], [bucket(code), objects(code)]
    )


def foresee() -> Statement:
    """See before a change what it would fail on and cost: quotas and their uses, roles of services, prices."""
    counts = ["ec2:Describe*", "iam:GetAccountSummary", "iam:ListRoles", "pricing:GetProducts"]
    quotas = ["servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota"]
    return allow("Foresee", [*counts, *quotas], "*")


def read_what_aws_publishes() -> Statement:
    """Read AWS's own public parameters, which name its newest images."""
    where = Sub("arn:${AWS::Partition}:ssm:${AWS::Region}::parameter/aws/service/*")
    return allow("ReadWhatAwsPublishes", ["ssm:GetParameters"], where)


def look(calls: Sequence[Call], within: Reach) -> list[Statement]:
    """See what there is, where AWS allows that for all or nothing, and how the lab's own things are set."""
    around = [call for call in calls if _looks(call) and not call.narrows]
    anyway = set(shortened(around))
    own = [call for call in calls if _looks(call) and call.narrows and _short(call) not in anyway]
    return [*_may("LookAround", around, "*"), *_with_own("LookAtOwn", own, within)]


def change_own(calls: Sequence[Call], within: Reach) -> list[Statement]:
    """Change the lab's own things by way of CloudFormation."""
    changes = [call for call in calls if not _looks(call) and call.narrows]
    return _with_own("ChangeOwn", changes, within, when=THROUGH)


def change_what_has_no_name(calls: Sequence[Call]) -> list[Statement]:
    """Make what has no name before it is made, by way of CloudFormation."""
    return _may(
        "ChangeUnnamed", [call for call in calls if not _looks(call) and not call.narrows], "*", when=THROUGH
    )


def make_bounded_roles(lab: str, calls: Sequence[Call]) -> list[Statement]:
    """Make roles and give them policies, if they have the lab's boundary."""
    when = {**THROUGH, "StringEquals": {"iam:PermissionsBoundary": boundary.arn(lab)}}
    return _may(
        "MakeBoundedRoles", [call for call in calls if call.name in _BOUNDED], boundary.roles(lab), when=when
    )


def have_roles_of_services(calls: Sequence[Call]) -> list[Statement]:
    """Let a service make the role that AWS has written for it, on its first use in an account."""
    made = [call for call in calls if call.name == _LINKED]
    return _may("RolesOfServices", made, everywhere("iam", "role/aws-service-role/*"), when=THROUGH)


def keep_identities(calls: Sequence[Call], within: Reach) -> list[Statement]:
    """Change roles and policies (for admins: people and groups too) by way of CloudFormation."""
    apart = {*_BOUNDED, _LINKED, "iam:PassRole"}
    kept = [call for call in calls if call.service == "iam" and not _looks(call) and call.name not in apart]
    if not within.people:
        kept = [call for call in kept if not _OF_PEOPLE.search(call.name)]
    return _may("KeepIdentities", kept, within.of(kept), when=THROUGH)


def hand_over_roles(lab: str, trusted: Sequence[str]) -> list[Statement]:
    """Hand the lab's roles to the services that they are for."""
    if not trusted:
        return []
    when = {"StringEquals": {"iam:PassedToService": sorted(trusted)}}
    return [allow("HandOverRoles", ["iam:PassRole"], boundary.roles(lab), when=when)]


def never_take_on_service_roles(lab: str) -> Statement:
    """Nobody takes on a service's role, even one that trusts him: a deployer would be free of these limits."""
    return deny("NeverServiceRoles", ["sts:AssumeRole"], boundary.roles(lab))


# -- parts ------------------------------------------------------------------------------------------


def _looks(call: Call) -> bool:
    return call.level in {"list", "read"} and call.name not in REVEALING


def _may(
    sid: str, calls: Sequence[Call], where: Any, *, when: dict[str, Any] | None = None
) -> list[Statement]:
    """A statement, if there is anything in it."""
    return [allow(sid, shortened(calls), where, when=when)] if calls else []


def _with_own(
    sid: str, calls: Sequence[Call], within: Reach, *, when: dict[str, Any] | None = None
) -> list[Statement]:
    """A statement about the lab's own things; one for each service where it would be too long for a policy."""
    whole = _may(sid, calls, within.of(calls), when=when)
    if not whole or size(*whole) <= SIZE_MOST:
        return whole
    services = dict.fromkeys(call.service for call in calls)
    return [
        statement
        for service in services
        for own in [[call for call in calls if call.service == service]]
        for statement in _may(f"{sid}Of{_title(service)}", own, within.of(own), when=when)
    ]


def _title(service: str) -> str:
    return "".join(part.capitalize() for part in service.split("-"))


def shortened(calls: Sequence[Call]) -> list[str]:
    """The calls' names, with `Describe*` and `List*` for those that only look: a policy has 6,144 characters."""
    return sorted(set(map(_short, calls)))


def _short(call: Call) -> str:
    for verb in ("Describe", "List"):
        beginning = f"{call.service}:{verb}"
        if _looks(call) and call.name.startswith(beginning):
            return f"{beginning}*"
    return call.name
