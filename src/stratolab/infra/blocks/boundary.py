"""The permissions boundary: what no role of the lab can do or come to do, whatever policy someone attaches to it.

Every role of the lab has it, so a role that may make roles can make none that may do more than itself. The seven
statements were decided against thirteen attacks and uses by a policy simulator.
"""

from __future__ import annotations

from typing import Any

from stratolab.infra import names
from stratolab.infra.arns import everywhere
from stratolab.infra.blocks.policies import Statement, all_but, allow, deny, managed

NAME = "boundary"
PASSED_TO = ("batch", "codebuild", "codepipeline", "ecs", "ecs-tasks", "lambda", "scheduler")
"""Services that a role of the lab may hand a role of the lab to."""

_MAKE_ROLES = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
)
_KEEP_ROLES = (
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:Get*",
    "iam:List*",
    "iam:TagRole",
)
_POLICY_VERSIONS = (
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
)
_PEOPLE = (
    "iam:AddUserToGroup",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateUser",
    "iam:PutUserPolicy",
    "iam:UpdateLoginProfile",
)
_AUDIT = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "config:DeleteConfigurationRecorder",
    "config:StopConfigurationRecorder",
    "guardduty:DeleteDetector",
    "guardduty:UpdateDetector",
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
    "securityhub:DisableSecurityHub",
)


def boundary(title: str, lab: str) -> Any:
    """The lab's boundary as a managed policy."""
    return managed(
        title,
        lab,
        NAME,
        everything_but_identities(),
        own_roles(lab),
        hand_over_own_roles(lab),
        never_change_this_policy(lab),
        never_take_it_off(),
        never_make_a_role_without_it(lab),
        never_make_people_or_keys(),
        never_blind_the_audit(),
        path=names.iam_path(lab),
    )


def arn(lab: str) -> Any:
    """The boundary's ARN, for policies that ask for it by name."""
    return everywhere("iam", f"policy{names.iam_path(lab)}{names.named('policy', lab, NAME)}")


def roles(lab: str) -> Any:
    """The ARN of all roles of the lab's services and projects."""
    return everywhere("iam", f"role{names.service_path(lab)}*")


def everything_but_identities() -> Statement:
    """The ceiling: services, but not the organisation, the account and identities."""
    return all_but("Allow", "Ceiling", ["account:*", "iam:*", "organizations:*"])


def own_roles(lab: str) -> Statement:
    """Roles of the lab can be made and kept; their trust cannot be changed, which would let others in."""
    return allow("OwnRoles", [*_MAKE_ROLES, *_KEEP_ROLES], roles(lab))


def hand_over_own_roles(lab: str) -> Statement:
    """A role of the lab can be handed to services that the lab uses."""
    when = {"StringEquals": {"iam:PassedToService": [f"{name}.amazonaws.com" for name in PASSED_TO]}}
    return allow("HandOverOwnRoles", ["iam:PassRole"], roles(lab), when=when)


def never_change_this_policy(lab: str) -> Statement:
    """The boundary itself stays as it is."""
    return deny("KeepThisPolicy", _POLICY_VERSIONS, arn(lab))


def never_take_it_off() -> Statement:
    """No role or user loses its boundary."""
    return deny(
        "KeepBoundaries", ["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"], "*"
    )


def never_make_a_role_without_it(lab: str) -> Statement:
    """What makes or widens a role works only on roles with this boundary."""
    return deny(
        "OnlyWithin", _MAKE_ROLES, "*", when={"StringNotEquals": {"iam:PermissionsBoundary": arn(lab)}}
    )


def never_make_people_or_keys() -> Statement:
    """No role makes a user, a password or an access key."""
    return deny("NoPeopleOrKeys", _PEOPLE, "*")


def never_blind_the_audit() -> Statement:
    """Nothing that records or watches is stopped, and no key is destroyed."""
    return deny("KeepTheAudit", _AUDIT, "*")
