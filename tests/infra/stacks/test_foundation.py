from __future__ import annotations

import pytest
from tests.infra.policies import allowing, listed, of_role, resources

from stratolab.infra.catalogue import find
from stratolab.testing.labs import sample

ROLES = [
    "EcsExecutionRole",
    "BatchExecutionRole",
    "CodebuildRole",
    "CodepipelineRole",
    "SchedulerRole",
    "LambdaRole",
]


def stack(name="standard"):
    return find(sample(name), "foundation")


def of_type(name, kind):
    return {
        title: one["Properties"]
        for title, one in stack(name).template["Resources"].items()
        if one["Type"] == kind
    }


def test_every_use_has_its_bucket():
    """R25."""
    purposes = {
        one["BucketName"]["Fn::Join"][1][1] for one in of_type("standard", "AWS::S3::Bucket").values()
    }
    assert purposes == {"code", "delivery", "data", "artifacts", "models", "logs", "audit"}


@pytest.mark.parametrize(("name", "keys"), [("lab", 0), ("standard", 1), ("hardened", 3)])
def test_keys_by_profile(name, keys):
    assert len(of_type(name, "AWS::KMS::Key")) == keys
    outputs = {one.name for one in stack(name).outputs}
    assert ({"DataKey", "LogsKey", "SecretsKey"} <= outputs) == bool(keys)


def test_only_the_logs_bucket_has_no_log_of_its_own():
    plain = {
        title
        for title, one in of_type("standard", "AWS::S3::Bucket").items()
        if "LoggingConfiguration" not in one
    }
    assert plain == {"LogsBucket"}


def test_the_logs_bucket_has_no_key_of_ours():
    """Load balancers and S3 itself could not write to it."""
    (rule,) = of_type("hardened", "AWS::S3::Bucket")["LogsBucket"]["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_there_is_a_role_for_each_service():
    """R15."""
    assert list(of_type("standard", "AWS::IAM::Role")) == ROLES


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reaches_the_labs_own_things_only(role):
    """What AWS allows for all or nothing only looks, or gives a token that opens nothing."""
    everywhere = {"ecr:GetAuthorizationToken"}
    for statement in of_role(stack(), role):
        if resources(statement) == ["*"]:
            actions = set(listed(statement["Action"]))
            assert actions <= everywhere or all(one.startswith("ec2:Describe") for one in actions), statement


@pytest.mark.parametrize("role", ROLES)
def test_no_role_deploys_or_approves(role):
    for call in (
        "cloudformation:CreateChangeSet",
        "codepipeline:PutApprovalResult",
        "iam:PassRole",
        "iam:CreateRole",
    ):
        assert allowing(of_role(stack(), role), call) == []


def test_a_schedule_starts_jobs_pipelines_and_functions_of_the_lab():
    statements = of_role(stack(), "SchedulerRole")
    for call in ("batch:SubmitJob", "codepipeline:StartPipelineExecution", "lambda:InvokeFunction"):
        (statement,) = allowing(statements, call)
        assert all("acme-" in one for one in resources(statement))


def test_what_is_kept_is_kept_for_as_long_as_the_options_say():
    def rules(name, title):
        return {
            one["Id"]: one
            for one in of_type(name, "AWS::S3::Bucket")[title]["LifecycleConfiguration"]["Rules"]
        }

    assert rules("lab", "AuditBucket")["expire"]["ExpirationInDays"] == 90
    assert rules("hardened", "AuditBucket")["expire"]["ExpirationInDays"] == 731
    assert "expire" not in rules("standard", "DataBucket")
    assert "tier" in rules("standard", "DataBucket")
    assert "tier" not in rules("bare", "DataBucket")
    assert "expire" not in rules("standard", "CodeBucket")
