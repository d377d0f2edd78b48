from __future__ import annotations

import pytest
from tests.infra.policies import account, allowing, of_group, resources

ALL = of_group(account(), "DataScientistsGroup")
MEMBERS = of_group(account(), "ProjectWorldSeriesGroup")


def test_jobs_run_where_things_are_tried_out():
    (statement,) = allowing(ALL, "batch:SubmitJob")
    assert {one.rpartition(":")[2] for one in resources(statement)} == {
        "job-queue/acme-dev-*",
        "job-queue/acme-stage-*",
    }


def test_jobs_are_those_of_ones_own_projects():
    """A job has its project's role, and reads its secrets: who may submit it may do what it may."""
    (statement,) = allowing(MEMBERS, "batch:SubmitJob")
    assert {one.rpartition("job-definition/")[2] for one in resources(statement)} == {
        f"acme-{environment}-{sort}-world-series{end}"
        for environment in ("dev", "stage")
        for sort in ("fargate", "machines")
        for end in ("", ":*")
    }


@pytest.mark.parametrize(
    "call",
    [
        "s3:DeleteObjectVersion",
        "s3:PutBucketPolicy",
        "codepipeline:PutApprovalResult",
        "codepipeline:StartPipelineExecution",
        "iam:CreateUser",
        "ec2:RunInstances",
        "cloudformation:CreateChangeSet",
        "secretsmanager:DeleteSecret",
    ],
)
def test_what_they_may_not(call):
    assert allowing([*ALL, *MEMBERS], call) == []


def test_secrets_are_ones_own_or_the_projects():
    assert [resources(one) for one in allowing(ALL, "secretsmanager:GetSecretValue")] == [
        ["arn:aws:secretsmanager:REGION:ACCOUNT:secret:acme/people/${aws:username}/*"]
    ]
    assert [resources(one) for one in allowing(MEMBERS, "secretsmanager:GetSecretValue")] == [
        ["arn:aws:secretsmanager:REGION:ACCOUNT:secret:acme/world-series/*"]
    ]


def test_models_are_read_and_data_is_worked_with():
    assert {one for statement in allowing(ALL, "s3:PutObject") for one in resources(statement)} == {
        f"arn:aws:s3:::Foundation{name}Bucket{tail}" for name in ("Data", "Artifacts") for tail in ("", "/*")
    }
    assert any(
        "FoundationModelsBucket" in one
        for statement in allowing(ALL, "s3:GetObject")
        for one in resources(statement)
    )


def test_a_project_is_its_members():
    """R11: its repositories, its secrets, a view of its pipelines; nothing of another one's."""
    for call in ("codecommit:GitPush", "ecr:BatchGetImage", "codepipeline:GetPipelineState"):
        (statement,) = allowing(MEMBERS, call)
        assert all("world-series" in one for one in resources(statement))
        assert allowing(ALL, call) == []


def test_people_are_in_the_groups_that_their_tables_name():
    resources_ = account().template["Resources"]
    users = {
        one["Properties"]["UserName"]: one["Properties"]
        for one in resources_.values()
        if one["Type"] == "AWS::IAM::User"
    }
    assert [group["Ref"] for group in users["ana"]["Groups"]] == [
        "PeopleGroup",
        "DataScientistsGroup",
        "ProjectWorldSeriesGroup",
        "ProjectChurnGroup",
    ]
    assert all(one["Groups"][0] == {"Ref": "PeopleGroup"} for one in users.values())
    assert not any({"LoginProfile", "Policies", "ManagedPolicyArns"} & set(one) for one in users.values())


def test_a_person_keeps_his_place_when_another_comes():
    titles = {one["Properties"]["UserName"]: title for title, one in account().template["Resources"].items()
              if one["Type"] == "AWS::IAM::User"}  # fmt: skip
    other = {one["Properties"]["UserName"]: title for title, one in account("elsewhere").template["Resources"].items()
             if one["Type"] == "AWS::IAM::User"}  # fmt: skip
    assert other["olga"] == titles["olga"]
