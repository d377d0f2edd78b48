"""What outlived its stack is taken into the next one (row P5): shown by the plan, with all that it holds."""

from __future__ import annotations

import json

import pytest
from tests.deploy.conftest import bucket, stack, topic

from stratolab.core.errors import RemoteError
from stratolab.deploy import kept, teardown
from stratolab.deploy.models import Began, Effect
from stratolab.deploy.states import Step

RETAINED = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
MADE_UP = {"SecretStringTemplate": '{"user": "a"}', "GenerateStringKey": "password"}


def secret(name, **properties):
    return {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": name, **properties}, **RETAINED}


def images(name):
    properties = {"RepositoryName": name, "EncryptionConfiguration": {"EncryptionType": "KMS"}}
    return {"Type": "AWS::ECR::Repository", "Properties": properties, **RETAINED}


def source(name):
    return {"Type": "AWS::CodeCommit::Repository", "Properties": {"RepositoryName": name}, **RETAINED}


@pytest.fixture
def project():
    """Everything that outlives its stack, and something that does not."""
    return stack(
        "project",
        {
            "Topic": topic("acme-news"),
            "Token": secret("acme/ws/token", Description="a token", GenerateSecretString=MADE_UP),
            "Images": images("acme/ws"),
            "Source": source("acme-ws"),
        },
    )


def taken_down(account, *keys):
    plan = teardown.plan("acme", account.cloud.region, "", account.tools)
    chosen = [one for one in plan.stacks if not keys or one.name in keys]
    return teardown.remove(
        chosen,
        account.tools,
        consent=frozenset((one.key, change.logical) for one in chosen for change in one.changes),
    )


def value(emulator):
    return emulator.client("secretsmanager").get_secret_value(SecretId="acme/ws/token")["SecretString"]


def taken_in(account):
    return [one.means for one in account.told if isinstance(one, Began) and one.step is Step.TAKE_IN]


def test_a_stack_that_comes_back_has_what_it_left(account, emulator, project):
    account.up([project])
    before = value(emulator)
    left = taken_down(account)
    assert sorted(one.type for one in left) == [
        "AWS::CodeCommit::Repository",
        "AWS::ECR::Repository",
        "AWS::SecretsManager::Secret",
    ]
    (planned,) = account.plan([project]).stacks
    effects = {change.logical: change.effect for change in planned.changes}
    assert effects == {
        "Topic": Effect.CREATE,
        "Token": Effect.IMPORT,
        "Images": Effect.IMPORT,
        "Source": Effect.IMPORT,
    }
    done = account.up([project])
    assert done.errors == {}
    assert value(emulator) == before
    (told,) = taken_in(account)
    assert told.startswith("Token (AWS::SecretsManager::Secret)")
    assert account.plan([project]).quiet
    there = account.cloud.find("acme-project")
    assert there.tags == project.tags
    assert {one.logical for one in account.cloud.resources("acme-project")} == {
        "Topic",
        "Token",
        "Images",
        "Source",
    }


def test_a_stack_that_stands_takes_back_what_left_it(account, emulator):
    both = stack(
        "project", {"Topic": topic("acme-news"), "Token": secret("acme/ws/token", SecretString="kept")}
    )
    alone = stack("project", {"Topic": topic("acme-news")})
    account.up([both])
    account.up([alone])
    assert value(emulator) == "kept"
    (planned,) = account.plan([both]).stacks
    assert [(one.logical, one.effect) for one in planned.changes] == [("Token", Effect.IMPORT)]
    assert account.up([both]).errors == {}
    assert value(emulator) == "kept"
    assert account.plan([both]).quiet


def test_what_belongs_to_another_stack_stays_there(account):
    account.up([stack("one", {"Token": secret("acme/ws/token")})])
    done = account.up([stack("two", {"Token": secret("acme/ws/token")})])
    assert "already exists in stack" in str(done.errors["two"])
    assert account.statuses()["acme-one"] == "CREATE_COMPLETE"


def test_an_import_that_fails_is_told_and_can_be_tried_again(account, emulator, project):
    account.up([project])
    taken_down(account)
    emulator.client("ecr").delete_repository(repositoryName="acme/ws")
    found = kept.find(project.template, {}, account.tools.existing)
    assert [one.logical for one in found] == ["Token", "Source"]
    assert account.up([project]).errors == {}


def test_a_change_set_that_was_left_is_no_obstacle(account, emulator, project):
    account.up([project])
    taken_down(account)
    emulator.client("cloudformation").create_change_set(
        StackName="acme-project",
        ChangeSetName="left",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": {"B": bucket("acme-b")}}),
    )
    assert account.statuses() == {}
    assert account.up([project]).errors == {}


def test_the_import_asks_for_plain_values_alone():
    wanted = stack(
        "project",
        {
            "Token": secret("acme/t", KmsKeyId={"Ref": "Key"}, Tags=[{"Key": "a", "Value": "b"}])
            | {"DependsOn": "Key"}
        },
    )
    found = [kept.Kept("Token", "AWS::SecretsManager::Secret", {"Id": "arn"})]
    asked = kept.importing(wanted, {}, found)
    assert asked.template == {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {"Token": secret("acme/t")},
    }


def test_what_may_not_be_looked_at_is_left_to_aws(account, emulator):
    account.up([stack("one", {"Images": images("acme/ws")})])
    look = {"RepositoryName": "acme/ws"}
    assert account.tools.existing.find("AWS::ECR::Repository", look) == look
    emulator.fault(call="ecr:DescribeRepositories", code="AccessDeniedException", reason="no")
    assert account.tools.existing.find("AWS::ECR::Repository", look) is None


def test_a_deleted_secret_is_none(account, emulator):
    secrets = emulator.client("secretsmanager")
    secrets.create_secret(Name="acme/ws/token", SecretString="x")
    existing = account.tools.existing
    assert existing.find("AWS::SecretsManager::Secret", {"Name": "acme/ws/token"})
    assert existing.find("AWS::SecretsManager::Secret", {"Name": {"Ref": "Name"}}) is None
    secrets.delete_secret(SecretId="acme/ws/token")
    assert existing.find("AWS::SecretsManager::Secret", {"Name": "acme/ws/token"}) is None
    with pytest.raises(RemoteError):
        raise account.up([stack("one", {"Token": secret("acme/ws/token")})]).errors["one"]
