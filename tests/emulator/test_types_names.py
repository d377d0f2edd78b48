"""Names, certificates, functions, rules, secrets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import ACCOUNT
from tests.emulator.stacks import Stacks, template
from tests.emulator.types import OTHER_TAGS, TAGS, Case, Cases, World, live

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

case = Cases()


case(
    "AWS::Route53::HostedZone",
    lambda _: {"Name": "lab.example", "HostedZoneConfig": {"Comment": "c"}, "HostedZoneTags": TAGS},
    lambda world, ref: (
        world.client("route53").get_hosted_zone(Id=ref)["HostedZone"]["Name"],
        world.client("route53").list_tags_for_resource(ResourceType="hostedzone", ResourceId=ref)[
            "ResourceTagSet"
        ]["Tags"],
    ),
    ("lab.example.", TAGS),
    lambda _: {"Name": "lab.example", "HostedZoneConfig": {"Comment": "d"}, "HostedZoneTags": OTHER_TAGS},
    ("lab.example.", OTHER_TAGS),
    "Z",
)


def _record(address: str) -> Any:
    return lambda world: {
        "HostedZoneId": world.zone,
        "Name": "www.base.example",
        "Type": "A",
        "TTL": "60",
        "ResourceRecords": [address],
    }


case(
    "AWS::Route53::RecordSet",
    _record("10.0.0.1"),
    lambda world, _: [
        one["ResourceRecords"][0]["Value"]
        for one in world.client("route53").list_resource_record_sets(HostedZoneId=world.zone)[
            "ResourceRecordSets"
        ]
        if one["Type"] == "A"
    ],
    ["10.0.0.1"],
    _record("10.0.0.2"),
    ["10.0.0.2"],
)
case(
    "AWS::CertificateManager::Certificate",
    lambda world: {
        "DomainName": "base.example",
        "ValidationMethod": "DNS",
        "Tags": TAGS,
        "DomainValidationOptions": [{"DomainName": "base.example", "HostedZoneId": world.zone}],
    },
    lambda world, ref: world.client("acm").describe_certificate(CertificateArn=ref)["Certificate"][
        "DomainName"
    ],
    "base.example",
    ref="arn:aws:acm:",
)


def _function(world: World, ref: str) -> Any:
    found = world.client("lambda").get_function_configuration(FunctionName=ref)
    answer = world.client("lambda").invoke(FunctionName=ref, Payload=b"{}")["Payload"].read()
    return found["Timeout"], found["VpcConfig"]["SubnetIds"] == world.subnets, json.loads(answer)


def _function_properties(seconds: int, answer: int) -> Any:
    return lambda world: {
        "FunctionName": "fn",
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": world.role,
        "Timeout": seconds,
        "Code": {
            "ZipFile": f"import os\ndef handler(event, context):\n    return [{answer}, os.environ['AA']]\n"
        },
        "Environment": {"Variables": {"AA": "b"}},
        "VpcConfig": {"SubnetIds": world.subnets, "SecurityGroupIds": [world.group]},
        "ReservedConcurrentExecutions": 1,
        "KmsKeyArn": world.key,
        "DeadLetterConfig": {"TargetArn": world.topic},
        "TracingConfig": {"Mode": "Active"},
        "Tags": TAGS,
    }


case(
    "AWS::Lambda::Function",
    _function_properties(7, 1),
    _function,
    (7, True, [1, "b"]),
    _function_properties(9, 2),
    (9, True, [2, "b"]),
    "fn",
    attributes={"Arn": "arn:aws:lambda:"},
)


case(
    "AWS::Lambda::Permission",
    lambda world: {
        "FunctionName": world.function("base", "def handler(event, context):\n    return 1\n"),
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceAccount": ACCOUNT,
    },
    lambda world, _: json.loads(world.client("lambda").get_policy(FunctionName="base")["Policy"])[
        "Statement"
    ][0]["Principal"],
    {"Service": "events.amazonaws.com"},
)


def _mapping(size: int, tag: str, *, first: bool = False) -> Any:
    def properties(world: World) -> dict[str, Any]:
        sqs = world.client("sqs")
        if first:
            world.function("base", "def handler(event, context):\n    return 1\n")
        url = sqs.create_queue(QueueName="base")["QueueUrl"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        return {
            "FunctionName": "base",
            "EventSourceArn": told["QueueArn"],
            "BatchSize": size,
            "MaximumBatchingWindowInSeconds": 1,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": 2},
            "Tags": [{"Key": "project", "Value": tag}],
        }

    return properties


def _mapped(world: World, ref: str) -> tuple[int, int, str]:
    functions = world.client("lambda")
    found = functions.get_event_source_mapping(UUID=ref)
    tags = functions.list_tags(Resource=found["EventSourceMappingArn"])["Tags"]
    return found["BatchSize"], found["ScalingConfig"]["MaximumConcurrency"], tags["project"]


case(
    "AWS::Lambda::EventSourceMapping",
    _mapping(10, "x", first=True),
    _mapped,
    (10, 2, "x"),
    _mapping(20, "y"),
    (20, 2, "y"),
)


def _rule(pattern: str) -> Any:
    return lambda world: {
        "Name": "on",
        "EventPattern": {"source": [pattern]},
        "State": "ENABLED",
        "Description": "d",
        "Targets": [{"Id": "a", "Arn": world.topic}],
    }


case(
    "AWS::Events::Rule",
    _rule("aws.batch"),
    lambda world, ref: (
        json.loads(world.client("events").describe_rule(Name=ref)["EventPattern"])["source"],
        [one["Id"] for one in world.client("events").list_targets_by_rule(Rule=ref)["Targets"]],
    ),
    (["aws.batch"], ["a"]),
    _rule("aws.ecs"),
    (["aws.ecs"], ["a"]),
    "on",
    attributes={"Arn": "arn:aws:events:"},
)


def _secret(world: World, ref: str) -> Any:
    value = json.loads(world.client("secretsmanager").get_secret_value(SecretId=ref)["SecretString"])
    word = value["password"]
    return value["username"], len(word), word.isalnum(), not set("abc") & set(word)


def _secret_properties(length: int) -> Any:
    return lambda world: {
        "Name": "db",
        "Description": "d",
        "KmsKeyId": world.key,
        "Tags": TAGS,
        "GenerateSecretString": {
            "SecretStringTemplate": '{"username": "master"}',
            "GenerateStringKey": "password",
            "PasswordLength": length,
            "ExcludePunctuation": True,
            "ExcludeCharacters": "abc",
        },
    }


case(
    "AWS::SecretsManager::Secret",
    _secret_properties(40),
    _secret,
    ("master", 40, True, True),
    _secret_properties(20),
    ("master", 20, True, True),
    "arn:aws:secretsmanager:",
    attributes={"Id": "arn:aws:secretsmanager:"},
)


def _secret_policy(action: str) -> Any:
    return lambda world: {
        "SecretId": world.secret,
        "ResourcePolicy": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}],
        },
    }


case(
    "AWS::SecretsManager::ResourcePolicy",
    _secret_policy("secretsmanager:DeleteSecret"),
    lambda world, _: json.loads(
        world.client("secretsmanager").get_resource_policy(SecretId=world.secret)["ResourcePolicy"]
    )["Statement"][0]["Action"],
    "secretsmanager:DeleteSecret",
    _secret_policy("secretsmanager:PutSecretValue"),
    "secretsmanager:PutSecretValue",
    "arn:aws:secretsmanager:",
)


@pytest.mark.parametrize("one", case, ids=str)
def test_its_life(one: Case, emulator: Emulator) -> None:
    live(one, emulator)


def test_a_certificate_proves_its_domain_by_itself(emulator: Emulator) -> None:
    world = World(emulator)
    (found,) = [one for one in case if one.type == "AWS::CertificateManager::Certificate"]
    assert Stacks(emulator).deploy("c", template(C=(found.type, found.make(world)))) == "CREATE_COMPLETE"
    kinds = [
        one["Type"]
        for one in world.client("route53").list_resource_record_sets(HostedZoneId=world.zone)[
            "ResourceRecordSets"
        ]
    ]
    assert "CNAME" in kinds
