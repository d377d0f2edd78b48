"""What deployers may do, and what no deployer can come to do."""

from __future__ import annotations

import pytest
from tests.infra.policies import account, allowing, denying, listed, of_group, resources

from stratolab.infra import segments
from stratolab.infra.parts import deployers
from stratolab.infra.permissions import Call

OPERATORS = [
    f"{''.join(map(str.capitalize, segment.group.split('-')))}Group" for segment in segments.OPERATORS
]
EVERY = [*OPERATORS, "AdminsGroup"]
SERVICE = "arn:aws:iam::ACCOUNT:role/stratolab/acme/service/*"
THROUGH = "aws:CalledVia"

every_group = pytest.mark.parametrize("group", EVERY)
operators = pytest.mark.parametrize("group", OPERATORS)

ESCALATIONS = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:CreateUser",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
)


def conditions(statement):
    return {key for part in statement.get("Condition", {}).values() for key in part}


@every_group
def test_whatever_makes_or_changes_a_thing_goes_through_cloudformation(group):
    """But for the few calls that are somebody's daily work, which are listed by name elsewhere."""
    changing = ("ec2:CreateVpc", "ec2:AuthorizeSecurityGroupIngress", "s3:PutBucketPolicy", "kms:PutKeyPolicy",
                "iam:CreateRole", "iam:CreatePolicy", "logs:DeleteLogGroup", "cloudtrail:StopLogging")  # fmt: skip
    statements = of_group(account(), group)
    for call in changing:
        for statement in allowing(statements, call):
            assert THROUGH in conditions(statement), (call, statement["Sid"])


@operators
def test_no_operator_can_raise_himself(group):
    statements = of_group(account(), group)
    for call in ESCALATIONS:
        for statement in allowing(statements, call):
            assert call == "iam:CreatePolicyVersion", call
            assert all("/stratolab/acme/service/" in one for one in resources(statement)), (
                call,
                statement["Sid"],
            )
            assert THROUGH in conditions(statement)


@every_group
def test_roles_are_made_within_the_boundary_only(group):
    for call in (
        "iam:CreateRole",
        "iam:AttachRolePolicy",
        "iam:PutRolePolicy",
        "iam:PutRolePermissionsBoundary",
    ):
        for statement in allowing(of_group(account(), group), call):
            assert conditions(statement) == {THROUGH, "iam:PermissionsBoundary"}
            assert resources(statement) == [SERVICE]


@every_group
def test_a_role_is_handed_to_named_services_only(group):
    for statement in allowing(of_group(account(), group), "iam:PassRole"):
        assert resources(statement) == [SERVICE]
        passed = listed(statement["Condition"]["StringEquals"]["iam:PassedToService"])
        assert passed
        assert all(one.endswith(".amazonaws.com") for one in passed)


@every_group
def test_nobody_takes_on_a_services_role(group):
    assert next(resources(one) for one in denying(of_group(account(), group), "sts:AssumeRole")) == [SERVICE]


@pytest.mark.parametrize(
    ("group", "own", "foreign"),
    [
        ("OperatorsNetworkGroup", "acme-network*", "acme-foundation*"),
        ("OperatorsBatchGroup", "acme-compute*", "acme-network*"),
        ("OperatorsServicesGroup", "acme-tracking*", "acme-account*"),
        ("OperatorsDeliveryGroup", "acme-pipeline*", "acme-account*"),
    ],
)
def test_a_segment_drives_its_own_stacks(group, own, foreign):
    (statement,) = allowing(of_group(account(), group), "cloudformation:ExecuteChangeSet")
    stacks = [one.rpartition(":stack/")[2] for one in resources(statement)]
    assert own in stacks
    assert foreign not in stacks


def test_admins_drive_the_stack_in_the_other_region_too():
    (statement,) = [
        one
        for one in allowing(of_group(account("elsewhere"), "AdminsGroup"), "cloudformation:ExecuteChangeSet")
        if any("acme-spending" in where for where in resources(one))
    ]
    assert "arn:aws:cloudformation:us-east-1:ACCOUNT:stack/acme-spending*" in resources(statement)


def test_what_no_template_needs_nobody_may_call():
    statements = of_group(account(), "OperatorsNetworkGroup")
    for call in (
        "s3:CreateBucket",
        "s3:PutBucketPolicy",
        "ec2:RunInstances",
        "ecs:CreateCluster",
        "kms:CreateKey",
    ):
        assert allowing(statements, call) == [], call
    assert allowing(statements, "ec2:CreateVpc")
    assert allowing(of_group(account(), "OperatorsBatchGroup"), "ec2:CreateVpc") == []


def test_looking_reveals_nothing_that_is_kept():
    for group in EVERY:
        for call in deployers.REVEALING - {"s3:GetObject", "kms:Decrypt"}:
            assert all(THROUGH in conditions(one) for one in allowing(of_group(account(), group), call)), (
                group,
                call,
            )
        for statement in allowing(of_group(account(), group), "s3:GetObject"):
            assert all("FoundationCodeBucket" in one for one in resources(statement)), group


def test_lists_are_shortened_to_what_only_looks():
    calls = [
        Call("ec2:DescribeVpcs", "list", narrows=False),
        Call("ec2:DescribeSubnets", "list", narrows=False),
        Call("kms:Decrypt", "write", narrows=True),
        Call("s3:ListBucket", "list", narrows=True),
        Call("ec2:GetConsoleOutput", "read", narrows=True),
    ]
    assert deployers.shortened(calls) == ["ec2:Describe*", "ec2:GetConsoleOutput", "kms:Decrypt", "s3:List*"]
