"""Identities: keys, trust, boundaries, what policies hand out."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

from tests.gates.reading import Statement, listed, resources, statements, text_of, texts
from tests.gates.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gates.reading import Template

WITHOUT_SOURCE = {"ec2.amazonaws.com"}
"""Services that cannot say for whom they act."""
CALLER_KEYS = {"aws:principalaccount", "aws:principalorgid", "kms:calleraccount"}
"""Conditions that say who calls. (Those on the source say for whom a service calls, and nothing of other callers.)"""
TOO_WIDE = ("AdministratorAccess", "PowerUserAccess", "FullAccess")
AWS_BUCKETS = {
    "s3:GetObject": "-starport-layer-bucket/",
    "s3:PutObject": ":s3:::cloudformation-custom-resource-response-",
}
"""AWS's own buckets, for which AWS signs the calls: images' layers to be read, answers to CloudFormation."""


def no_access_keys(template: Template) -> Iterator[str]:
    for title, _ in resources(template, "AWS::IAM::AccessKey"):
        yield f"{title}: an access key in a template"
    for path, text in texts(template):
        if path[-2:-1] == ("Fn::GetAtt",) and text == "SecretAccessKey":
            yield f"{path[1]}: reads the secret of an access key"


def services_act_for_this_account(template: Template) -> Iterator[str]:
    for one in _trusts(template):
        services = {value for kind, value in one.principals if kind == "Service"} - WITHOUT_SOURCE
        if services and "aws:sourceaccount" not in one.conditions:
            yield f"{one.title}: {', '.join(sorted(services))} may be sent here by any account"


def roles_have_the_boundary(template: Template) -> Iterator[str]:
    for title, role in resources(template, "AWS::IAM::Role"):
        if "boundary" not in text_of(role.get("PermissionsBoundary", "")).lower():
            yield f"{title}: has no boundary"


def no_full_access(template: Template) -> Iterator[str]:
    for title, properties in resources(template):
        for policy in listed(properties.get("ManagedPolicyArns", [])):
            if any(word in text_of(policy) for word in TOO_WIDE):
                yield f"{title}: {text_of(policy)}"
    for one in statements(template):
        if one.allows and "*" in one.actions and "*" in one.resources and not _is_of_endpoint(one, template):
            yield f"{one.title}: allows everything on everything"


def not_for_everyone(template: Template) -> Iterator[str]:
    for one in statements(template):
        known = one.conditions.keys() & CALLER_KEYS
        aws = AWS_BUCKETS.get(one.actions[0]) if len(one.actions) == 1 else None
        of_aws = aws is not None and all(aws in text_of(where) for where in one.resources)
        if one.allows and one.everyone and not known and not of_aws:
            yield f"{one.title}: {one.body.get('Sid', one.place)} is for everyone"


def roles_are_handed_to_named_services(template: Template) -> Iterator[str]:
    for one in statements(template):
        if not one.allows or not _gives(one, "iam:PassRole") or _is_of_endpoint(one, template):
            continue
        if "*" in one.resources or not one.resources:
            yield f"{one.title}: hands over any role"
        if "iam:passedtoservice" not in one.conditions:
            yield f"{one.title}: hands roles to any service"


def schedules_act_for_their_group(template: Template) -> Iterator[str]:
    for one in _trusts(template):
        if ("Service", "scheduler.amazonaws.com") not in one.principals:
            continue
        if ":schedule-group/" not in text_of(one.conditions.get("aws:sourcearn", "")):
            yield f"{one.title}: any schedule of the account may use it"


def no_passwords(template: Template) -> Iterator[str]:
    for title, user in resources(template, "AWS::IAM::User"):
        if "LoginProfile" in user:
            yield f"{title}: a password in a template"


def _trusts(template: Template) -> list[Statement]:
    return [one for one in statements(template) if one.place == "AssumeRolePolicyDocument" and one.allows]


def _gives(statement: Statement, call: str) -> bool:
    """Whether a statement is about a call, by a name, a pattern, or by not leaving it out."""
    if "NotAction" in statement.body:
        left_out = listed(statement.body["NotAction"])
        return not any(fnmatch.fnmatchcase(call.lower(), str(one).lower()) for one in left_out)
    return any(fnmatch.fnmatchcase(call.lower(), one.lower()) for one in statement.actions)


def _is_of_endpoint(statement: Statement, template: dict[str, Any]) -> bool:
    """An endpoint's policy narrows what identities may do; it gives nothing."""
    return bool(template["Resources"][statement.title]["Type"] == "AWS::EC2::VPCEndpoint")


IDENTITY = (
    Rule("STR01", "no access keys", no_access_keys),
    Rule("STR03", "services act for this account only", services_act_for_this_account),
    Rule("STR04", "every role has the boundary", roles_have_the_boundary),
    Rule("STR05", "no *FullAccess", no_full_access),
    Rule("STR06", "nothing is allowed to everyone", not_for_everyone),
    Rule("STR07", "roles are handed to named services only", roles_are_handed_to_named_services),
    Rule("STR18", "schedules act for their group only", schedules_act_for_their_group),
    Rule("STR23", "no passwords", no_passwords),
)
