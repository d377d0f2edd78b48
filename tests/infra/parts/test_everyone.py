"""The guard that wants a second factor, decided call by call; and what everybody may do."""

from __future__ import annotations

import pytest
from tests.infra.policies import account, allowing, of_group, resources

STATEMENTS = of_group(account(), "PeopleGroup")
GUARD = next(one for one in STATEMENTS if one["Effect"] == "Deny")


def denied(call, context):
    """What IAM decides of the guard: `BoolIfExists` holds where the key is absent, too."""
    if call in GUARD["NotAction"]:
        return False
    wanted = GUARD["Condition"]["BoolIfExists"]
    return all(context.get(key, value) == value for key, value in wanted.items())


@pytest.mark.parametrize(
    ("context", "stopped"),
    [
        ({"aws:MultiFactorAuthPresent": "true"}, False),
        ({"aws:MultiFactorAuthPresent": "false"}, True),
        ({}, True),  # a long-lived key says nothing of a factor
        ({"aws:ViaAWSService": "true"}, False),  # CloudFormation, in somebody's name
        ({"aws:ViaAWSService": "false"}, True),
    ],
)
def test_nothing_goes_without_a_factor(context, stopped):
    for call in (
        "s3:GetObject",
        "sts:AssumeRole",
        "iam:CreateAccessKey",
        "batch:SubmitJob",
        "iam:ChangePassword",
    ):
        assert denied(call, context) is stopped


def test_a_factor_can_be_enrolled_without_one():
    for call in (
        "iam:CreateVirtualMFADevice",
        "iam:EnableMFADevice",
        "iam:ListMFADevices",
        "sts:GetSessionToken",
    ):
        assert not denied(call, {})
    assert denied("iam:DeactivateMFADevice", {})


def test_the_guard_is_of_the_form_that_holds():
    assert set(GUARD["Condition"]) == {"BoolIfExists"}
    assert GUARD["Resource"] == "*"


def test_everybody_acts_on_himself_only():
    for call in ("iam:EnableMFADevice", "iam:ChangePassword", "iam:DeactivateMFADevice"):
        (statement,) = allowing(STATEMENTS, call)
        assert resources(statement) == ["arn:aws:iam::ACCOUNT:user/stratolab/acme/people/${aws:username}"]


def test_a_factor_is_lost_with_it_only():
    (statement,) = allowing(STATEMENTS, "iam:DeactivateMFADevice")
    assert statement["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def test_keys_are_made_where_the_owner_allows_them_only():
    assert allowing(STATEMENTS, "iam:CreateAccessKey") == []
    (statement,) = allowing(of_group(account("bare"), "PeopleGroup"), "iam:CreateAccessKey")
    assert resources(statement) == ["arn:aws:iam::ACCOUNT:user/stratolab/acme/people/${aws:username}"]
