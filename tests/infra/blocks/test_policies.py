from __future__ import annotations

from stratolab.infra.blocks import keys, roles, topics
from stratolab.infra.blocks.policies import (
    all_but,
    allow,
    deny,
    document,
    from_source,
    from_this_account,
    managed,
    service,
)

MINE = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def rendered(value):
    if isinstance(value, dict):
        return {key: rendered(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rendered(part) for part in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


def test_statements_are_sorted_and_short():
    made = document(
        allow("A", ["s3:Put", "s3:Get"], "arn:b"), deny("B", ["s3:*"], ["arn:b", "arn:c"], when={"Bool": {}})
    )
    assert made["Statement"] == [
        {"Sid": "A", "Effect": "Allow", "Action": ["s3:Get", "s3:Put"], "Resource": "arn:b"},
        {
            "Sid": "B",
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": ["arn:b", "arn:c"],
            "Condition": {"Bool": {}},
        },
    ]
    assert all_but("Deny", "C", ["iam:B", "iam:A"])["NotAction"] == ["iam:A", "iam:B"]


def test_a_policy_lies_in_the_services_path_or_the_given_one():
    assert managed("P", "acme", "x").Path == "/stratolab/acme/service/"
    assert managed("P", "acme", "x", path="/a/").Path == "/a/"
    assert "Description" not in managed("P", "acme", "x").to_dict()["Properties"]


def test_services_act_for_this_account():
    assert rendered(from_this_account()) == MINE
    assert rendered(from_source("arn:a", "arn:b")) == {
        **MINE,
        "ArnLike": {"aws:SourceArn": ["arn:a", "arn:b"]},
    }
    assert service("ecs-tasks") == {"Service": "ecs-tasks.amazonaws.com"}


def role(trusts, **options):
    made = roles.service_role(
        "R", "acme", "x", "about", trusts=trusts, boundary="arn:b", policies=["arn:p"], **options
    )
    return rendered(made.to_dict()["Properties"])


def test_a_role_is_trusted_by_one_service_for_this_account():
    made = role("lambda", sources=["arn:f"])
    (trust,) = made["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert trust["Condition"] == {**MINE, "ArnLike": {"aws:SourceArn": "arn:f"}}
    assert "Resource" not in trust
    assert (made["PermissionsBoundary"], made["Path"]) == ("arn:b", "/stratolab/acme/service/")


def test_a_service_that_cannot_say_for_whom_it_acts_is_not_asked():
    (trust,) = role("ec2")["AssumeRolePolicyDocument"]["Statement"]
    assert "Condition" not in trust
    assert role("batch")["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] == MINE


def test_a_key_is_rotated_and_lent_to_aws_only():
    key, alias = keys.key("K", "acme", "data", "about", keys.logs_may("acme"))
    made = rendered(key.to_dict())
    assert made["Properties"]["EnableKeyRotation"] is True
    assert made["Properties"]["PendingWindowInDays"] == 30
    assert made["DeletionPolicy"] == "RetainExceptOnCreate"
    account, grants, logs = made["Properties"]["KeyPolicy"]["Statement"]
    assert account["Principal"]["AWS"]["Fn::Sub"].endswith(":root")
    assert (grants["Effect"], grants["Action"]) == ("Deny", "kms:CreateGrant")
    assert grants["Condition"] == {
        "BoolIfExists": {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}
    }
    assert "/stratolab/acme/" in str(logs["Condition"])
    assert alias.AliasName == "alias/stratolab/acme/data"


def test_a_topic_takes_from_named_services_over_tls():
    topic, policy, mail = topics.topic(
        "T", "acme", "alarms", "about", key="arn:k", writers={"cloudwatch": "arn:a"}, mail=["a@b.example"]
    )
    assert topic.KmsMasterKeyId == "arn:k"
    tls, writes = rendered(policy.PolicyDocument)["Statement"]
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert writes["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert writes["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:a"}
    assert (mail.Protocol, mail.Endpoint) == ("email", "a@b.example")
