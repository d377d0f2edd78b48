"""The boundary, decided call by call as IAM does: an explicit deny, else an allow, else no."""

from __future__ import annotations

import fnmatch

import pytest
from tests.infra.policies import listed, names_call, text

from stratolab.infra.blocks import boundary

ROLE = "arn:aws:iam::ACCOUNT:role/stratolab/acme/service/x"
ITSELF = "arn:aws:iam::ACCOUNT:policy/stratolab/acme/acme-boundary"
WITHIN = {"iam:PermissionsBoundary": ITSELF}
STATEMENTS = boundary.boundary("Boundary", "acme").to_dict()["Properties"]["PolicyDocument"]["Statement"]


def plain(value):
    """A condition's values as texts."""
    return [text(one.to_dict() if hasattr(one, "to_dict") else one) for one in listed(value)]


def holds(condition, context):
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            met = context.get(key) in plain(wanted)
            if met != (operator == "StringEquals"):
                return False
    return True


def decided(call, resource, **context):
    """`denied`, `allowed` or `no`: what the boundary lets through of what other policies allow."""
    applying = [
        one
        for one in STATEMENTS
        if names_call(one, call)
        and any(fnmatch.fnmatchcase(resource, pattern) for pattern in plain(one["Resource"]))
        and holds(one.get("Condition", {}), {key.replace("__", ":"): value for key, value in context.items()})
    ]
    if any(one["Effect"] == "Deny" for one in applying):
        return "denied"
    return "allowed" if applying else "no"


def passing(service):
    return {"iam__PassedToService": f"{service}.amazonaws.com"}


BOUNDED = {"iam__PermissionsBoundary": ITSELF}

DECISIONS = [
    ("make a role within the boundary", "iam:CreateRole", ROLE, BOUNDED, "allowed"),
    ("make a role without it", "iam:CreateRole", ROLE, {}, "denied"),
    (
        "make a role within another one",
        "iam:CreateRole",
        ROLE,
        {"iam__PermissionsBoundary": "arn:own"},
        "denied",
    ),
    ("make a role elsewhere", "iam:CreateRole", "arn:aws:iam::ACCOUNT:role/x", BOUNDED, "no"),
    ("make a person's role", "iam:CreateRole", ROLE.replace("service", "people"), BOUNDED, "no"),
    ("widen a role within the boundary", "iam:AttachRolePolicy", ROLE, BOUNDED, "allowed"),
    ("widen any other", "iam:AttachRolePolicy", ROLE, {}, "denied"),
    ("take the boundary off", "iam:DeleteRolePermissionsBoundary", ROLE, {}, "denied"),
    ("put another boundary on", "iam:PutRolePermissionsBoundary", ROLE, {}, "denied"),
    ("change the boundary", "iam:CreatePolicyVersion", ITSELF, {}, "denied"),
    ("go back to an older boundary", "iam:SetDefaultPolicyVersion", ITSELF, {}, "denied"),
    ("change whom a role trusts", "iam:UpdateAssumeRolePolicy", ROLE, {}, "no"),
    (
        "hand over a foreign role",
        "iam:PassRole",
        "arn:aws:iam::ACCOUNT:role/OrgAdmin",
        passing("ecs-tasks"),
        "no",
    ),
    ("hand over to who is not foreseen", "iam:PassRole", ROLE, passing("glue"), "no"),
    ("hand over to containers", "iam:PassRole", ROLE, passing("ecs-tasks"), "allowed"),
    ("make a user", "iam:CreateUser", "arn:aws:iam::ACCOUNT:user/x", {}, "denied"),
    ("make a key", "iam:CreateAccessKey", "arn:aws:iam::ACCOUNT:user/x", {}, "denied"),
    ("stop the trail", "cloudtrail:StopLogging", "arn:aws:cloudtrail:REGION:ACCOUNT:trail/t", {}, "denied"),
    ("destroy a key", "kms:ScheduleKeyDeletion", "arn:aws:kms:REGION:ACCOUNT:key/k", {}, "denied"),
    ("leave the organisation", "organizations:LeaveOrganization", "*", {}, "no"),
    ("submit a job", "batch:SubmitJob", "arn:aws:batch:REGION:ACCOUNT:job-queue/q", {}, "allowed"),
    ("read an object", "s3:GetObject", "arn:aws:s3:::b/k", {}, "allowed"),
]


@pytest.mark.parametrize(
    ("call", "resource", "context", "wanted"),
    [one[1:] for one in DECISIONS],
    ids=[one[0] for one in DECISIONS],
)
def test_what_a_role_can_come_to_do(call, resource, context, wanted):
    assert decided(call, resource, **context) == wanted


def test_its_arn_is_the_one_that_policies_ask_for():
    made = boundary.boundary("Boundary", "acme")
    assert text(boundary.arn("acme").to_dict()).endswith(f"policy{made.Path}{made.ManagedPolicyName}")
    assert text(boundary.arn("acme").to_dict()) == ITSELF
