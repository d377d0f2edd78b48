"""What the lab's people and roles may do, decided by the IAM oracle over the very policies of the templates.

Operators deploy what their segment's stacks are made of, and nothing of another's; nobody raises himself; without a
second factor nobody does anything but getting one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.gates.oracle import (
    ACCOUNT,
    ALLOWED,
    BY_CLOUDFORMATION,
    DENIED,
    NOT_ALLOWED,
    OWN,
    REGION,
    WITH_FACTOR,
    Question,
    attached,
    decide,
    roles,
)
from tests.gates.reading import listed
from tests.gates.scanners import HOW_TO_GET_THEM, ToolError, there

from stratolab.infra import segments
from stratolab.infra.catalogue import stacks
from stratolab.infra.parts import deployers
from stratolab.infra.parts import operators as operating
from stratolab.infra.parts.people import group_title
from stratolab.infra.permissions import Call, shipped
from stratolab.testing.labs import sample

if TYPE_CHECKING:
    from stratolab.infra.segments import Segment

LAB = "hardened"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/stratolab/acme/acme-boundary"
ROLES = f"arn:aws:iam::{ACCOUNT}:role/stratolab/acme/service/"
PEOPLE = f"arn:aws:iam::{ACCOUNT}:user/stratolab/acme/people/"
EVERY = (segments.OWNER, *segments.OPERATORS)
operators = pytest.mark.parametrize("segment", segments.OPERATORS, ids=lambda segment: segment.group)
"""Those of one segment. Admins have the policies of all."""
every_segment = pytest.mark.parametrize("segment", EVERY, ids=lambda segment: segment.group)

pytestmark = [pytest.mark.gates, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def _tools() -> None:
    if not there():
        pytest.skip(f"the gates' tools are not there: {HOW_TO_GET_THEM}")


def group(segment: Segment) -> tuple[str, ...]:
    return attached(LAB, group_title(segment.group))


def types(segment: Segment) -> set[str]:
    """What the segment's stacks are made of."""
    return {
        one["Type"]
        for stack in stacks(sample(LAB))
        if stack.concern in segment.concerns
        for one in stack.template["Resources"].values()
    }


def calls(segment: Segment) -> list[Call]:
    """What CloudFormation calls to make, change and delete those stacks, and the lab's deployers are to be allowed."""
    known = deployers.reach("acme").things
    return [call for call in shipped().calls(types(segment)) if call.service in known]


SLR = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/vpc-flow-logs.amazonaws.com/AWSServiceRoleForX"


def place(call: str) -> str:
    """What a call is about, where that is nothing of the lab's."""
    return SLR if call == "iam:CreateServiceLinkedRole" else ""


def within(call: str) -> dict[str, Any]:
    """The context in which CloudFormation makes a call for a deployer."""
    more: dict[str, Any] = {"iam:CreateRole": {"iam:PermissionsBoundary": BOUNDARY}}.get(call, {})
    if call in {"iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"}:
        more = {"iam:PermissionsBoundary": BOUNDARY}
    return {**BY_CLOUDFORMATION, **more}


def refused(asked: list[Question]) -> list[str]:
    answers = decide(LAB, asked)
    return [
        f"{one.action} {one.resource}".strip()
        for one, answer in zip(asked, answers, strict=True)
        if answer != ALLOWED
    ]


def granted(asked: list[Question]) -> list[str]:
    answers = decide(LAB, asked)
    return [
        f"{one.action} {one.resource}".strip()
        for one, answer in zip(asked, answers, strict=True)
        if answer == ALLOWED
    ]


# -- deployers --------------------------------------------------------------------------------------

WITHHELD = {
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
}
"""Calls that handlers name and nobody is given, since they raise who has them."""
NOT_OURS = {"lambda:GetCodeSigningConfig", "lambda:GetLayerVersion", "lambda:PassCapacityProvider"}
"""Calls that handlers name for what our resources do not have."""


@every_segment
def test_a_deployer_may_do_what_his_stacks_need(segment: Segment) -> None:
    needed = [call.name for call in calls(segment) if call.name not in {*WITHHELD, *NOT_OURS, "iam:PassRole"}]
    if segment != segments.OWNER:
        needed = [call for call in needed if not deployers._OF_PEOPLE.search(call)]
    asked = [Question(group(segment), call, place(call), within(call)) for call in needed]
    assert refused(asked) == []


@operators
def test_a_deployer_may_do_nothing_that_only_others_need(segment: Segment) -> None:
    own = {call.name for call in calls(segment)}
    others = {call.name: call for other in EVERY if other is not segment for call in calls(other)}
    own |= daily(segment)  # what he does by hand stands in lists of its own
    foreign = [
        name for name, call in others.items() if name not in own and call.level not in {"list", "read"}
    ]
    asked = [Question(group(segment), call, context=within(call)) for call in sorted(foreign)]
    assert granted(asked) == []


@every_segment
def test_a_deployer_drives_the_stacks_of_his_segment_only(segment: Segment) -> None:
    for other in EVERY:
        asked = [
            Question(group(segment), f"cloudformation:{verb}", _stack(concern), WITH_FACTOR)
            for concern in other.concerns
            for verb in ("CreateChangeSet", "ExecuteChangeSet", "DeleteStack")
        ]
        own = segment in {other, segments.OWNER}
        assert refused(asked) == ([] if own else [f"{one.action} {one.resource}" for one in asked])


def daily(segment: Segment) -> set[str]:
    """What people of a segment do by hand, by the lists of `infra.parts.operators`; admins do everybody's."""
    lists = EVERY if segment == segments.OWNER else (segment,)
    return {
        call
        for one in lists
        for statement in operating.daily("acme", one)
        for call in listed(statement["Action"])
    }


@every_segment
def test_a_deployer_makes_nothing_by_hand(segment: Segment) -> None:
    changing = [call.name for call in calls(segment) if call.level not in {"list", "read"}]
    by_hand = {"iam:PassRole", "s3:PutObject", *daily(segment)}
    asked = [Question(group(segment), call, context=WITH_FACTOR) for call in changing if call not in by_hand]
    assert granted(asked) == []


@every_segment
def test_a_deployer_touches_nothing_of_another_lab(segment: Segment) -> None:
    other = {key: value.replace("acme", "rival") for key, value in OWN.items()}
    named = {"cloudwatch", "events", "iam", "logs", "s3", "sns", "ssm", "budgets", "cloudtrail"}
    changing = [
        call.name
        for call in calls(segment)
        if call.level not in {"list", "read"} and call.narrows and call.service in named
    ]
    machines = {"ssm:AddTagsToResource", "ssm:RemoveTagsFromResource"}  # of EC2, which have no names
    asked = [
        Question(group(segment), call, context=within(call)) for call in changing if call not in machines
    ]
    answers = decide(LAB, asked, names=other)
    assert [one.action for one, answer in zip(asked, answers, strict=True) if answer == ALLOWED] == []


def _stack(concern: str) -> str:
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/acme-{concern}-prod/0a1b"


# -- nobody raises himself --------------------------------------------------------------------------

OUTSIDE = f"arn:aws:iam::{ACCOUNT}:role/organisation-admin"
OTHER_BOUNDARY = {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/own"}
ADMINISTRATOR = {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}
RAISES: list[tuple[str, str, dict[str, Any]]] = [
    ("iam:CreateRole", f"{ROLES}x", {}),
    ("iam:CreateRole", f"{ROLES}x", OTHER_BOUNDARY),
    ("iam:CreateRole", OUTSIDE, {"iam:PermissionsBoundary": BOUNDARY}),
    ("iam:AttachRolePolicy", f"{ROLES}x", ADMINISTRATOR),
    ("iam:AttachRolePolicy", OUTSIDE, ADMINISTRATOR),
    ("iam:PutRolePolicy", f"{ROLES}x", {}),
    ("iam:UpdateAssumeRolePolicy", f"{ROLES}x", {}),
    ("iam:DeleteRolePermissionsBoundary", f"{ROLES}x", {}),
    ("iam:PutRolePermissionsBoundary", f"{ROLES}x", OTHER_BOUNDARY),
    ("iam:CreatePolicyVersion", BOUNDARY, {}),
    ("iam:SetDefaultPolicyVersion", BOUNDARY, {}),
    ("iam:DeletePolicy", BOUNDARY, {}),
    ("iam:CreateAccessKey", f"{PEOPLE}olga", {}),
    ("iam:CreateLoginProfile", f"{PEOPLE}olga", {}),
    ("iam:UpdateLoginProfile", f"{PEOPLE}olga", {}),
    ("iam:AttachUserPolicy", f"{PEOPLE}ana", ADMINISTRATOR),
    ("iam:PutUserPolicy", f"{PEOPLE}ana", {}),
    ("iam:AddUserToGroup", f"arn:aws:iam::{ACCOUNT}:group/stratolab/acme/people/acme-admins", {}),
    ("iam:PutGroupPolicy", f"arn:aws:iam::{ACCOUNT}:group/stratolab/acme/people/acme-people", {}),
    ("iam:CreateUser", f"{PEOPLE}x", {}),
    ("iam:PassRole", OUTSIDE, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}),
    ("iam:PassRole", OUTSIDE, {"iam:PassedToService": "cloudformation.amazonaws.com"}),
    ("iam:PassRole", f"{ROLES}x", {"iam:PassedToService": "sagemaker.amazonaws.com"}),
    ("sts:AssumeRole", f"{ROLES}x", {}),
    ("sts:AssumeRole", OUTSIDE, {}),
    ("lambda:UpdateFunctionCode", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:acme-x1", {}),
    ("ssm:SendCommand", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1", {}),
    ("kms:PutKeyPolicy", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k1", {}),
    ("kms:CreateGrant", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k1", {}),
    (
        "secretsmanager:GetSecretValue",
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:acme/people/bo/x",
        {},
    ),
    ("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/acme-audit", {}),
    ("s3:PutBucketPolicy", "arn:aws:s3:::acme-data-1", {}),
    ("s3:DeleteObjectVersion", "arn:aws:s3:::acme-audit-1/x", {}),
    ("guardduty:DeleteDetector", f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/d", {}),
    ("organizations:LeaveOrganization", "*", {}),
    ("account:CloseAccount", "*", {}),
]
"""Ways up that are known, each with the context in which it would work."""
MAY_WITH_FACTOR = {("admins", "iam:CreateLoginProfile"), ("admins", "iam:UpdateLoginProfile")}
GROUPS = [*(segment.group for segment in EVERY), "data-scientists"]


@pytest.mark.parametrize("name", GROUPS)
def test_nobody_raises_himself_by_hand(name: str) -> None:
    who = attached(LAB, group_title(name))
    asked = [
        Question(who, action, resource, {**WITH_FACTOR, **context})
        for action, resource, context in RAISES
        if (name, action) not in MAY_WITH_FACTOR
    ]
    assert granted(asked) == []


@operators
def test_no_operator_raises_himself_by_a_template(segment: Segment) -> None:
    """What he has CloudFormation do in his name is no more than his stacks need, and never people or keys."""
    own = {call.name for call in calls(segment)}
    asked = [
        Question(group(segment), action, resource, {**BY_CLOUDFORMATION, **context})
        for action, resource, context in RAISES
        if action.startswith("iam:") or action not in own
    ]
    assert granted(asked) == []


# -- roles, below their boundary --------------------------------------------------------------------

ROLE_RAISES = [
    (action, resource, context)
    for action, resource, context in RAISES
    if action.startswith(("iam:", "sts:", "organizations:", "account:", "cloudtrail:", "guardduty:"))
]
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.mark.parametrize("role", sorted(roles(LAB)))
def test_no_role_raises_itself(role: str) -> None:
    principal = f"{ROLES}acme-x"
    asked = [
        Question(roles(LAB)[role], action, resource, context, "Boundary", principal)
        for action, resource, context in RAISES
    ]
    assert granted(asked) == []


# -- people -----------------------------------------------------------------------------------------

PHONE = f"arn:aws:iam::{ACCOUNT}:mfa/ana"
BY_PERSON: list[tuple[str, str, str, str, str]] = [
    # action, on what: with a factor, without one, with a key that does not say
    ("iam:EnableMFADevice", f"{PEOPLE}ana", ALLOWED, ALLOWED, ALLOWED),
    ("iam:CreateVirtualMFADevice", PHONE, ALLOWED, ALLOWED, ALLOWED),
    ("iam:DeactivateMFADevice", f"{PEOPLE}ana", ALLOWED, DENIED, DENIED),
    ("iam:ChangePassword", f"{PEOPLE}ana", ALLOWED, DENIED, DENIED),
    ("iam:EnableMFADevice", f"{PEOPLE}bo", NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED),
    ("iam:CreateAccessKey", f"{PEOPLE}ana", NOT_ALLOWED, DENIED, DENIED),
    ("sts:AssumeRole", OUTSIDE, NOT_ALLOWED, DENIED, DENIED),
    ("s3:GetObject", "arn:aws:s3:::FoundationDataBucket/x", ALLOWED, DENIED, DENIED),
    ("s3:PutObject", "arn:aws:s3:::FoundationDataBucket/x", ALLOWED, DENIED, DENIED),
    ("s3:PutObject", "arn:aws:s3:::FoundationModelsBucket/x", NOT_ALLOWED, DENIED, DENIED),
    ("s3:DeleteObjectVersion", "arn:aws:s3:::FoundationDataBucket/x", NOT_ALLOWED, DENIED, DENIED),
    ("s3:DeleteBucket", "arn:aws:s3:::FoundationDataBucket", NOT_ALLOWED, DENIED, DENIED),
    ("batch:SubmitJob", f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/acme-dev-x", ALLOWED, DENIED, DENIED),
    ("batch:SubmitJob", f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/acme-prod-x", NOT_ALLOWED, DENIED, DENIED),
    ("batch:TerminateJob", f"arn:aws:batch:{REGION}:{ACCOUNT}:job/j", NOT_ALLOWED, DENIED, DENIED),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:acme/people/ana/x-1",
     ALLOWED, DENIED, DENIED),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:acme/people/bo/x-1",
     NOT_ALLOWED, DENIED, DENIED),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:acme/churn/x-1",
     NOT_ALLOWED, DENIED, DENIED),
    ("cloudformation:ExecuteChangeSet", _stack("network"), NOT_ALLOWED, DENIED, DENIED),
    ("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k1", NOT_ALLOWED, DENIED, DENIED),
]  # fmt: skip
SESSIONS = ({"aws:MultiFactorAuthPresent": "true"}, {"aws:MultiFactorAuthPresent": "false"}, {})


def test_what_a_data_scientist_may_do_with_and_without_a_second_factor() -> None:
    who = attached(LAB, "DataScientistsGroup")
    asked = [
        Question(who, action, resource, {"aws:username": "ana", "aws:ViaAWSService": "false", **session})
        for action, resource, *_ in BY_PERSON
        for session in SESSIONS
    ]
    answers = decide(LAB, asked)
    table = [
        (action, resource, *answers[3 * row : 3 * row + 3])
        for row, (action, resource, *_) in enumerate(BY_PERSON)
    ]
    assert table == BY_PERSON


_BUILD = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/acme-image"
_JOB = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/acme"
BY_MEMBER: list[tuple[str, str, dict[str, str], str]] = [
    # of world-series: action, on what, with which keys
    ("codebuild:StartBuild", f"{_BUILD}-world-series", {}, ALLOWED),
    ("codebuild:StartBuild", f"{_BUILD}-world-series", {"codebuild:source.buildspec": "x"}, NOT_ALLOWED),
    ("codebuild:StartBuild", f"{_BUILD}-world-series", {"codebuild:environment.image": "x"}, NOT_ALLOWED),
    ("codebuild:StartBuild", f"{_BUILD}-world-series", {"codebuild:serviceRole": "x"}, NOT_ALLOWED),
    ("codebuild:StartBuild", f"{_BUILD}-churn", {}, NOT_ALLOWED),
    ("codebuild:UpdateProject", f"{_BUILD}-world-series", {}, NOT_ALLOWED),
    ("s3:PutObject", "arn:aws:s3:::FoundationDeliveryBucket/images/world-series/x.zip", {}, ALLOWED),
    ("s3:PutObject", "arn:aws:s3:::FoundationDeliveryBucket/images/churn/x.zip", {}, NOT_ALLOWED),
    ("ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/acme/world-series", {}, NOT_ALLOWED),
    ("batch:SubmitJob", f"{_JOB}-dev-fargate-world-series:3", {}, ALLOWED),
    ("batch:SubmitJob", f"{_JOB}-prod-fargate-world-series:3", {}, NOT_ALLOWED),
    ("batch:SubmitJob", f"{_JOB}-dev-fargate-churn:3", {}, NOT_ALLOWED),
    ("batch:RegisterJobDefinition", f"{_JOB}-dev-fargate-world-series", {}, NOT_ALLOWED),
]


def test_what_a_member_of_a_project_may_do_with_its_images_and_jobs() -> None:
    who = attached(LAB, "ProjectWorldSeriesGroup")
    asked = [
        Question(who, action, resource, {**WITH_FACTOR, **keys}) for action, resource, keys, _ in BY_MEMBER
    ]
    answers = decide(LAB, asked)
    found = [(*row[:3], answer) for row, answer in zip(BY_MEMBER, answers, strict=True)]
    assert found == BY_MEMBER


BY_BUILD: list[tuple[str, str, str]] = [
    ("ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/acme/churn", NOT_ALLOWED),
    ("ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/acme/lab.mlflow", NOT_ALLOWED),
    ("s3:GetObject", "arn:aws:s3:::FoundationDeliveryBucket/images/world-series/x.zip", ALLOWED),
    ("s3:GetObject", "arn:aws:s3:::FoundationDeliveryBucket/images/churn/x.zip", NOT_ALLOWED),
    ("s3:PutObject", "arn:aws:s3:::FoundationDeliveryBucket/images/world-series/x.zip", NOT_ALLOWED),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:acme/world-series/x-1",
     NOT_ALLOWED),
    ("codebuild:StartBuild", f"{_BUILD}-churn", NOT_ALLOWED),
]  # fmt: skip


def test_what_a_build_of_a_project_may_do() -> None:
    """Whoever builds is root beside Docker, so the role is the fence."""
    (own,) = [one for one in roles(LAB) if one.endswith("world-series/ImageRole")]
    asked = [
        Question(roles(LAB)[own], action, resource, {}, "Boundary", f"{ROLES}acme-x")
        for action, resource, _ in BY_BUILD
    ]
    answers = decide(LAB, asked)
    found = [(*row[:2], answer) for row, answer in zip(BY_BUILD, answers, strict=True)]
    assert found == BY_BUILD


@pytest.mark.parametrize("name", GROUPS)
def test_nobody_works_without_a_second_factor(name: str) -> None:
    who = attached(LAB, group_title(name))
    actions = (
        "s3:GetObject",
        "cloudformation:ExecuteChangeSet",
        "iam:CreateAccessKey",
        "sts:AssumeRole",
        "ec2:DescribeVpcs",
    )
    for session in SESSIONS[1:]:
        context = {"aws:username": "ana", "aws:ViaAWSService": "false", **session}
        answers = decide(LAB, [Question(who, action, context=context) for action in actions])
        assert set(answers) == {DENIED}, session


def test_a_job_is_stopped_where_things_are_tried_out_only() -> None:
    who, job = attached(LAB, "DataScientistsGroup"), f"arn:aws:batch:{REGION}:{ACCOUNT}:job/j"
    of_lab = {"aws:ResourceTag/stratolab:lab": "acme"}
    asked = [
        Question(
            who,
            "batch:TerminateJob",
            job,
            {**WITH_FACTOR, **of_lab, "aws:ResourceTag/stratolab:environment": name},
        )
        for name in ("dev", "stage", "prod")
    ]
    assert decide(LAB, asked) == [ALLOWED, ALLOWED, NOT_ALLOWED]


# -- the boundary, over a role that is allowed everything -------------------------------------------


def test_the_boundary_stops_a_role_that_is_allowed_everything() -> None:
    asked = [
        Question(("everything",), action, resource, context, "Boundary", f"{ROLES}acme-x")
        for action, resource, context in ROLE_RAISES
        if action != "sts:AssumeRole"  # the ceiling leaves that to the other role's trust
    ]
    answers = decide(LAB, asked, more={"everything": EVERYTHING})
    assert [one.action for one, answer in zip(asked, answers, strict=True) if answer == ALLOWED] == []


def test_an_action_that_is_not_there_is_told() -> None:
    with pytest.raises(ToolError, match="IAM knows no s3:GetObjekt"):
        decide(LAB, [Question(attached(LAB, "AdminsGroup"), "s3:GetObjekt")])
