"""How far grants reach: stars in actions and resources, conditions, and the denials that everything rests on."""

from __future__ import annotations

import fnmatch
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.gates.reading import listed, referred, resources, statements, text_of
from tests.gates.rules.rule import Rule
from tests.infra.policies import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gates.reading import Statement, Template

OF_IDENTITIES = {
    "AWS::IAM::Group",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
}
LOOKS = re.compile(r"[a-z0-9-]+:(BatchGet|Describe|Detect|Get|List|View)")
REVEALS = re.compile(
    r"(kms:Decrypt|s3:Get|secretsmanager:(BatchGet|Get)|ssm:Get|logs:(Filter|GetLog|Start)|dynamodb:|rds-data:|"
    r"codecommit:(BatchGet|Get)|ecr:(BatchGet|GetDownload)|lambda:GetFunction$|sts:)"
)
"""Calls that look, and what they see is what is kept."""
WITHOUT_LABS_NAME = re.compile(r"arn:aws:[a-z0-9-]+:[^:]*:[^:]*:([a-z-]+[/:])?\*$")
"""An ARN with a star for all of a type: keys, certificates, jobs."""


def stars_only_where_aws_has_no_less(template: Template) -> Iterator[str]:
    for one in _grants(template):
        if "*" not in one.resources or one.title == "Boundary":
            continue
        through = "aws:calledvia" in one.conditions
        for action in one.actions:
            seen = _only_looks(action) or action in SEEN_WHOLE
            if narrows(action) and not seen and not (through and action in CHANGED_THROUGH):
                yield f"{one.title}: {one.body.get('Sid')} allows {action} on everything"
            if not narrows(action) and not (seen or action in SET_BY_HAND or one.body.get("Condition")):
                yield f"{one.title}: {one.body.get('Sid')} allows {action} by hand"


def _only_looks(action: str) -> bool:
    verb = LOOKS.match(action)
    return bool(
        verb and not REVEALS.match(action) and (verb[1] in {"Describe", "List"} or not narrows(action))
    )


def actions_are_named(template: Template) -> Iterator[str]:
    for one in _grants(template):
        if "NotAction" in one.body and one.title != "Boundary":
            yield f"{one.title}: {one.body.get('Sid')} allows all but a few"
        for action in one.actions:
            if "*" in action and not LOOKS.match(action):
                yield f"{one.title}: {one.body.get('Sid')} allows {action}"


def changes_of_a_whole_type_have_a_condition(template: Template) -> Iterator[str]:
    for one in _grants(template):
        if one.body.get("Condition") or one.title == "Boundary":
            continue
        wide = [text(where) for where in one.resources if WITHOUT_LABS_NAME.match(text(where))]
        changing = [action for action in one.actions if not LOOKS.match(action) and not _own_to_make(action)]
        if wide and changing:
            yield f"{one.title}: {one.body.get('Sid')} allows {changing[0]} on {wide[0]} without a condition"


def deployers_go_through_cloudformation(template: Template) -> Iterator[str]:
    """What makes or changes identities is never done by hand, but for passwords and factors of the lab's people."""
    for one in _grants(template):
        if template["Resources"][one.title]["Type"] != "AWS::IAM::ManagedPolicy" or one.title == "Boundary":
            continue
        changing = [
            action
            for action in one.actions
            if action.startswith("iam:") and not LOOKS.match(action) and action not in BY_HAND
        ]
        if changing and "aws:calledvia" not in one.conditions:
            yield f"{one.title}: {one.body.get('Sid')} allows {changing[0]} by hand"
        factor = {"iam:DeactivateMFADevice", "codepipeline:PutApprovalResult"} & set(one.actions)
        helps = "people/*" in text_of(one.body["Resource"])
        if factor and not helps and "aws:multifactorauthpresent" not in one.conditions:
            yield f"{one.title}: {one.body.get('Sid')} asks for no second factor"
        if {"iam:CreateRole", "iam:PutRolePolicy"} & set(one.actions) and (
            "iam:permissionsboundary" not in one.conditions
        ):
            yield f"{one.title}: {one.body.get('Sid')} makes roles without the boundary"


def makers_go_through_cloudformation(template: Template) -> Iterator[str]:
    """What stacks are made of is made, changed and deleted by nobody's hand, so that its template tells the truth."""
    attached = {
        text(one)
        for _, group in resources(template, "AWS::IAM::Group")
        for one in group.get("ManagedPolicyArns", [])
    }
    for one in _grants(template):
        if one.title not in attached or "aws:calledvia" in one.conditions:
            continue
        for action in one.actions:
            if MAKES.match(action) and action not in MADE_BY_HAND:
                yield f"{one.title}: {one.body.get('Sid')} allows {action} by hand"


def parts_of_buckets_are_listed(template: Template) -> Iterator[str]:
    """Who is given a listing and no more is told of which part of which bucket."""
    for one in _grants(template):
        if one.actions != ["s3:ListBucket"]:
            continue
        if "*" in one.resources or "s3:prefix" not in one.conditions:
            yield f"{one.title}: {one.body.get('Sid')} lists whole buckets"


def services_come_from_this_account(template: Template) -> Iterator[str]:
    known = {"aws:sourceaccount", "aws:sourcearn", "kms:encryptioncontext:aws:logs:arn", "kms:calleraccount"}
    for one in statements(template):
        place = template["Resources"][one.title]["Type"]
        if one.place == "AssumeRolePolicyDocument" and not set(one.actions) <= TRUSTED_CALLS:
            yield f"{one.title}: its trust is for more than taking it on"
        if place in {"AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"} and one.allows:
            if "*" in one.resources:
                yield f"{one.title}: {one.body.get('Sid')} is about more than its own"
            if any(action.endswith("*") for action in one.actions):
                yield f"{one.title}: {one.body.get('Sid')} allows {one.actions[0]}"
        owners = [text(value) for _, value in one.principals]
        if one.place == "KeyPolicy" and one.allows and "kms:*" in one.actions:
            others = [owner for owner in owners if not owner.endswith(":root")]
            if others:
                yield f"{one.title}: {one.body.get('Sid')} owns the key"
        by_services = [value for kind, value in one.principals if kind == "Service"]
        trust = one.place == "AssumeRolePolicyDocument"
        if one.allows and by_services and not trust and not known & one.conditions.keys():
            yield f"{one.title}: {by_services[0]} may be sent here by any account"
        if one.allows and one.body.get("Principal") and "NotPrincipal" in one.body:
            yield f"{one.title}: allows all but a few principals"


TRUSTED_CALLS = {"sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"}
SEEN_WHOLE = {
    "budgets:ViewBudget",
    "ce:GetCostAndUsage",
    "ce:GetCostForecast",
    "cloudformation:GetTemplateSummary",
    "guardduty:GetFindings",
    "logs:GetQueryResults",
    "securityhub:GetFindings",
    "servicequotas:GetServiceQuota",
    "sns:GetSubscriptionAttributes",
}
"""Looks about the whole account. Results of a query are had by an id that its starter knows."""
CHANGED_THROUGH = {"sns:SetSubscriptionAttributes", "sns:Unsubscribe"}
"""Changes of what has no name of its own, which CloudFormation alone makes."""
SET_BY_HAND = {
    "ce:UpdateCostAllocationTagsStatus",
    "cloudformation:ValidateTemplate",
    "ec2:EnableEbsEncryptionByDefault",
    "ec2:EnableImageBlockPublicAccess",
    "ec2:EnableSnapshotBlockPublicAccess",
    "ec2:ModifyInstanceMetadataDefaults",
    "ecr:GetAuthorizationToken",
    "ecs:DiscoverPollEndpoint",
    "ecs:PutAccountSettingDefault",
    "iam:CreateAccountAlias",
    "iam:DeleteAccountAlias",
    "iam:GenerateCredentialReport",
    "iam:UpdateAccountPasswordPolicy",
    "s3:GetAccountPublicAccessBlock",
    "s3:PutAccountPublicAccessBlock",
}
"""What is done without CloudFormation and AWS cannot narrow: settings of an account, a token that opens nothing."""
MAKES = re.compile(r"[a-z0-9-]+:(Create|Delete|Disable|Modify)")
MADE_BY_HAND = {
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "ec2:DisableEbsEncryptionByDefault",
    "ec2:DisableImageBlockPublicAccess",
    "ec2:DisableSnapshotBlockPublicAccess",
    "ec2:ModifyInstanceMetadataDefaults",
    "iam:CreateAccessKey",
    "iam:CreateAccountAlias",
    "iam:CreateLoginProfile",
    "iam:CreateVirtualMFADevice",
    "iam:DeleteAccessKey",
    "iam:DeleteAccountAlias",
    "iam:DeleteAccountPasswordPolicy",
    "iam:DeleteLoginProfile",
    "s3:DeleteObject",
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "signin:CreateOAuth2Token",
    "sqs:DeleteMessage",
}
"""What people make, change and delete themselves: stacks, settings, passwords, objects, secrets, messages."""
BOUNDARY_DENIES = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "config:DeleteConfigurationRecorder",
    "config:StopConfigurationRecorder",
    "guardduty:DeleteDetector",
    "guardduty:UpdateDetector",
    "iam:AddUserToGroup",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:CreateUser",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateLoginProfile",
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
    "securityhub:DisableSecurityHub",
)
UNBOUNDED = ("iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
WITHOUT_FACTOR = {
    "iam:CreateVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:GetMFADevice",
    "iam:GetUser",
    "iam:ListMFADevices",
    "iam:ListVirtualMFADevices",
    "iam:ResyncMFADevice",
    "sts:GetSessionToken",
}
BY_HAND = {
    "iam:ChangePassword",
    "iam:CreateAccessKey",
    "iam:CreateAccountAlias",
    "iam:CreateLoginProfile",
    "iam:CreateVirtualMFADevice",
    "iam:DeactivateMFADevice",
    "iam:DeleteAccessKey",
    "iam:DeleteAccountAlias",
    "iam:DeleteAccountPasswordPolicy",
    "iam:DeleteLoginProfile",
    "iam:EnableMFADevice",
    "iam:GenerateCredentialReport",
    "iam:PassRole",
    "iam:ResyncMFADevice",
    "iam:UpdateAccessKey",
    "iam:UpdateAccountPasswordPolicy",
    "iam:UpdateLoginProfile",
}
NO_FACTOR = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false", "aws:ViaAWSService": "false"}}


def the_boundary_denies(template: Template) -> Iterator[str]:
    if "Boundary" not in template.get("Resources", {}):
        return
    own = [one for one in statements(template) if one.title == "Boundary"]
    denies = [one for one in own if not one.allows]
    for call in BOUNDARY_DENIES:
        if not any(_names(one, call) and not one.body.get("Condition") for one in denies):
            yield f"Boundary: lets {call} pass"
    for call in UNBOUNDED:
        if not any(_names(one, call) and "iam:permissionsboundary" in one.conditions for one in denies):
            yield f"Boundary: lets {call} pass for a role without it"
    for one in own:
        left_out = set(listed(one.body.get("NotAction", ["account:*", "iam:*", "organizations:*"])))
        if one.allows and not {"account:*", "iam:*", "organizations:*"} <= left_out:
            yield "Boundary: lets identities and the organisation be changed"
        narrow = all("role/stratolab/" in text(where) for where in one.resources)
        if one.allows and any(action.startswith("iam:") for action in one.actions) and not narrow:
            yield "Boundary: lets roles of others be changed"
        wide = {"*", "account:*", "iam:*", "organizations:*"} & set(one.actions)
        if one.allows and wide:
            yield f"Boundary: allows {min(wide)}"


def people_need_a_second_factor(template: Template) -> Iterator[str]:
    denials = [one for one in statements(template) if not one.allows and not one.body.get("Principal")]
    guards = {one.title for one in denials if _asks_for_a_factor(one)}
    roles = {
        one.title for one in denials if "sts:AssumeRole" in one.actions and not one.body.get("Condition")
    }
    attached = {
        title: {text(policy) for policy in group.get("ManagedPolicyArns", [])}
        for title, group in resources(template, "AWS::IAM::Group")
    }
    for title, policies in attached.items():
        deploys = any(
            one.title in policies and "cloudformation:ExecuteChangeSet" in one.actions
            for one in statements(template)
        )
        if deploys and not policies & roles:
            yield f"{title}: may take on roles of services"
    for title, user in resources(template, "AWS::IAM::User"):
        groups = {referred(group) for group in user.get("Groups", [])}
        if not any(attached.get(group, set()) & guards for group in groups):
            yield f"{title}: works without a second factor"
        if user.get("Policies") or user.get("ManagedPolicyArns"):
            yield f"{title}: has rights of his own, beside his groups"
    if attached and not guards:
        yield "PeopleGroup: works without a second factor"


def _asks_for_a_factor(denial: Statement) -> bool:
    spared = set(listed(denial.body.get("NotAction", ["*"])))
    return spared <= WITHOUT_FACTOR and denial.body.get("Condition") == NO_FACTOR and "*" in denial.resources


# -- parts ----------------------------------------------------------------------------------------


@cache
def _reference() -> dict[str, Any]:
    """Every action with the types of resources that it can be narrowed to, as cfn-lint ships it."""
    import cfnlint  # noqa: PLC0415 - half a second

    file = Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs" / "Policies.json"
    return json.loads(file.read_text(encoding="utf-8"))


@cache
def narrows(action: str) -> bool:
    """Whether any action of this name or pattern can be narrowed to a resource; unknown ones can."""
    service, _, name = action.partition(":")
    known = _reference().get(service, {}).get("Actions", {})
    named = [part for call, part in known.items() if fnmatch.fnmatchcase(call, name.lower())]
    return not named or any(part.get("Resources") for part in named)


def _grants(template: Template) -> Iterator[Statement]:
    """What identities are allowed."""
    for one in statements(template):
        kind = template["Resources"][one.title]["Type"]
        if one.allows and kind in OF_IDENTITIES and one.place != "AssumeRolePolicyDocument":
            yield one


def _own_to_make(action: str) -> bool:
    """What belongs to nobody until somebody takes it."""
    return action == "iam:CreateVirtualMFADevice" or action.startswith("signin:")


def _names(one: Statement, call: str) -> bool:
    return any(fnmatch.fnmatchcase(call, action) for action in one.actions)


GRANTS = (
    Rule("STR27", "a star stands only where AWS has nothing narrower", stars_only_where_aws_has_no_less),
    Rule("STR28", "actions are named", actions_are_named),
    Rule("STR29", "identities are changed through CloudFormation", deployers_go_through_cloudformation),
    Rule("STR30", "changing a whole type has a condition", changes_of_a_whole_type_have_a_condition),
    Rule("STR31", "services come for this account", services_come_from_this_account),
    Rule("STR32", "the boundary denies what raises anybody", the_boundary_denies),
    Rule("STR33", "people need a second factor", people_need_a_second_factor),
    Rule("STR44", "what stacks are made of is made through CloudFormation", makers_go_through_cloudformation),
    Rule("STR45", "parts of buckets are listed, not the whole", parts_of_buckets_are_listed),
)
