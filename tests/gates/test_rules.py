"""The project's own rules: nothing in a lab breaks one, and each sees the defect that it is for."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from tests.gates.finding import Subject
from tests.gates.own import own
from tests.gates.rules import RULES
from tests.gates.rules.network import environments_stay_apart
from tests.gates.small import (
    BREAKER,
    CALLER,
    FAKE_KEY,
    JOB,
    KEY,
    LISTENER,
    PASS,
    PIPELINE,
    REPOSITORY,
    RETAIN,
    SERVICE,
    SOURCE,
    TO_SERVICE,
    Template,
    approver,
    bucket_policy,
    build,
    document,
    entry,
    functions,
    ingress,
    made,
    policy,
    role,
    routed,
    without,
)
from tests.gates.test_rules_of_wholes import OF_WHOLES
from tests.gates.waivers import shipped, unexplained

from stratolab.infra.catalogue import find, stacks
from stratolab.testing.labs import SAMPLES, every_kind_of_lab, sample

INIT = {"LinuxParameters": {"InitProcessEnabled": True}}
BY_NUMBER = {rule.number: rule for rule in RULES}

# -- what we make -----------------------------------------------------------------------------------


@pytest.mark.timeout(300)
@pytest.mark.parametrize("lab", every_kind_of_lab(), ids=[*SAMPLES, "largest"])
def test_no_stack_of_a_lab_breaks_a_rule(lab: Any) -> None:
    for stack in stacks(lab):
        subject = Subject("sample", lab.lab.profile, stack)
        assert unexplained([(subject, one) for one in own(stack.template)], shipped()) == [], stack.key


def test_there_is_every_rule_once() -> None:
    assert [rule.number for rule in RULES] == [f"STR{number:02}" for number in range(1, len(RULES) + 1)]


# -- what they see ----------------------------------------------------------------------------------

WELL: list[tuple[str, Template]] = [
    (
        "STR02",
        made(
            "AWS::Lambda::Function",
            {"Environment": {"Variables": {"SECRET": {"Ref": "Arn"}, "TOKEN": "arn:s"}}},
        ),
    ),
    ("STR03", role(condition=SOURCE)),
    ("STR03", role(trusts="ec2.amazonaws.com")),
    ("STR04", role(PermissionsBoundary={"Ref": "FoundationBoundary"})),
    ("STR05", document(Action="*", Resource="arn:own/*")),
    ("STR06", bucket_policy(Principal="*", Action="s3:GetObject", Condition=CALLER)),
    ("STR06", bucket_policy(Principal={"AWS": "arn:x"}, Action="s3:GetObject")),
    ("STR07", document(**PASS, Condition=TO_SERVICE)),
    (
        "STR08",
        made(
            "AWS::EC2::Instance",
            {"MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}},
        ),
    ),
    ("STR09", made("AWS::Batch::JobDefinition", JOB)),
    ("STR10", ingress(22, "10.0.0.0/8")),
    ("STR10", entry(23, 3388)),
    ("STR10", entry(0, 65_535, egress=True)),
    ("STR11", made("AWS::S3::Bucket", **RETAIN)),
    ("STR11", made("AWS::SNS::Topic")),
    ("STR12", made("AWS::RDS::DBInstance", {"ManageMasterUserPassword": True})),
    ("STR13", routed("acme-dev-public-1")),
    ("STR14", made("AWS::ElasticLoadBalancingV2::Listener", LISTENER)),
    (
        "STR14",
        made(
            "AWS::ElasticLoadBalancingV2::Listener",
            {"Protocol": "HTTP", "DefaultActions": [{"Type": "redirect"}]},
        ),
    ),
    ("STR16", made("AWS::CodePipeline::Pipeline", PIPELINE)),
    ("STR16", approver("codebuild:StartBuild")),
    ("STR17", build("ImageBuild", "ecr:PutImage")),
    (
        "STR18",
        role(
            trusts="scheduler.amazonaws.com",
            condition={"ArnLike": {"aws:SourceArn": "arn:x:schedule-group/a"}},
        ),
    ),
    ("STR19", made("AWS::Logs::LogGroup", {"RetentionInDays": 30})),
    ("STR21", made("AWS::Budgets::Budget", {"NotificationsWithSubscribers": [{"Subscribers": [{}]}]})),
    ("STR22", made("AWS::KMS::Key", KEY)),
    ("STR23", made("AWS::IAM::User", {"UserName": "ana"})),
    ("STR25", made("AWS::ECR::Repository", REPOSITORY)),
    (
        "STR25",
        made("AWS::ECS::TaskDefinition", {"ContainerDefinitions": [{"Image": {"Ref": "MlflowImageDigest"}}]}),
    ),
    ("STR26", functions(Runtime="python3.13")),
    ("STR43", made("AWS::ECS::Service", SERVICE)),
]

WRONG: list[tuple[str, Template, str]] = [
    ("STR01", made("AWS::IAM::AccessKey"), "an access key"),
    (
        "STR01",
        {"Outputs": {"Key": {"Value": {"Fn::GetAtt": ["One", "SecretAccessKey"]}}}},
        "the secret of an access key",
    ),
    ("STR02", made("AWS::SSM::Parameter", {"Value": FAKE_KEY}), "a key or token"),
    (
        "STR02",
        made(
            "AWS::EC2::Instance", {"UserData": {"Fn::Base64": base64.b64encode(FAKE_KEY.encode()).decode()}}
        ),
        "a key or token",
    ),
    (
        "STR02",
        made("AWS::RDS::DBInstance", {"MasterUserPassword": "hunter2"}),
        "a literal where a secret is meant",
    ),
    (
        "STR02",
        made("AWS::Batch::JobDefinition", {"Environment": [{"Name": "DB_PASSWORD", "Value": "x"}]}),
        "holds its secret",
    ),
    ("STR02", {"Outputs": {"O": {"Value": "{{resolve:secretsmanager:a}}"}}}, "would be shown"),
    ("STR02", {"Parameters": {"DbPassword": {"Type": "String", "Default": "x"}}}, "as a plain parameter"),
    ("STR03", role(), "by any account"),
    ("STR04", role(), "has no boundary"),
    ("STR05", role(ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonS3FullAccess"]), "FullAccess"),
    ("STR05", document(Action="*", Resource="*"), "everything on everything"),
    ("STR06", bucket_policy(Principal="*", Action="s3:GetObject"), "for everyone"),
    (
        "STR06",
        role(trusts="x")["Resources"] and bucket_policy(Principal={"AWS": "*"}, Action="s3:*"),
        "for everyone",
    ),
    ("STR07", document(Action="iam:PassRole", Resource="*", Condition=TO_SERVICE), "any role"),
    ("STR07", document(**PASS), "any service"),
    ("STR07", document(Action="iam:*", Resource="arn:r"), "any service"),
    ("STR07", document(NotAction="s3:*", Resource="*"), "any role"),
    ("STR08", made("AWS::EC2::Instance"), "credentials"),
    (
        "STR08",
        made(
            "AWS::EC2::LaunchTemplate",
            {"LaunchTemplateData": {"MetadataOptions": {"HttpTokens": "required"}}},
        ),
        "credentials",
    ),
    ("STR10", ingress(443, "0.0.0.0/0"), "lets the world in"),
    ("STR10", ingress(22, "0.0.0.0/0"), "lets the world in"),
    (
        "STR10",
        made("AWS::EC2::SecurityGroup", {"SecurityGroupIngress": [{"CidrIpv6": "::/0"}]}),
        "lets the world in",
    ),
    ("STR10", entry(1024, 65_535), "port 3389"),
    ("STR11", made("AWS::S3::Bucket"), "DeletionPolicy is None"),
    ("STR11", made("AWS::KMS::Key", DeletionPolicy="Retain"), "UpdateReplacePolicy is None"),
    ("STR12", made("AWS::RDS::DBInstance", {"MasterUserPassword": {"Ref": "P"}}), "not managed"),
    ("STR13", routed("acme-dev-private-1"), "is not public"),
    ("STR13", made("AWS::EC2::Subnet", {"MapPublicIpOnLaunch": True}), "public addresses"),
    ("STR14", made("AWS::ElasticLoadBalancingV2::Listener", {"Protocol": "HTTPS"}), "old versions"),
    ("STR14", made("AWS::ElasticLoadBalancingV2::Listener", {"Protocol": "HTTP"}), "without TLS"),
    (
        "STR15",
        made("AWS::CloudFront::Distribution", {"DistributionConfig": {"Origins": [{"S3OriginConfig": {}}]}}),
        "as anybody could",
    ),
    (
        "STR15",
        bucket_policy(Principal={"Service": "cloudfront.amazonaws.com"}, Action="s3:GetObject"),
        "any distribution",
    ),
    (
        "STR16",
        made("AWS::CodePipeline::Pipeline", without(PIPELINE, "Stages", put=PIPELINE["Stages"][1:])),
        "before anybody",
    ),
    ("STR16", approver("codepipeline:PutApprovalResult"), "its own release"),
    (
        "STR43",
        made("AWS::ECS::TaskDefinition", {"ContainerDefinitions": [{"Name": "server"}]}),
        "leaves what its program forgets",
    ),
    (
        "STR43",
        made(
            "AWS::ECS::TaskDefinition",
            {
                "ContainerDefinitions": [
                    {"Name": "setup", "Essential": True, **INIT},
                    {
                        "Name": "server",
                        **INIT,
                        "DependsOn": [{"ContainerName": "setup", "Condition": "SUCCESS"}],
                    },
                ]
            },
        ),
        "before server begins",
    ),
    ("STR17", build("Tests", "ecr:PutImage"), "builds no image"),
    ("STR17", build("ImageBuild", "cloudformation:ExecuteChangeSet"), "can deploy"),
    ("STR17", build("ImageBuild", "ecr:PutImage", VpcConfig=None), "not the lab's"),
    ("STR17", build("ImageBuild", "ecr:PutImage", LogsConfig=None), "no log of the lab's"),
    ("STR17", build("ImageBuild", "ecr:PutImage", TimeoutInMinutes=None), "longer than eight hours"),
    ("STR17", build("ImageBuild", "ecr:PutImage", Visibility="PUBLIC_READ"), "to the world"),
    ("STR17", build("ImageBuild", "ecr:PutImage", Source={"Type": "S3"}), "whoever brings the source"),
    (
        "STR17",
        build(
            "ImageBuild", "ecr:PutImage", Environment={"PrivilegedMode": True, "Image": "x/standard:latest"}
        ),
        "no certain version",
    ),
    ("STR18", role(trusts="scheduler.amazonaws.com", condition=SOURCE), "any schedule"),
    ("STR19", made("AWS::Logs::LogGroup"), "for ever"),
    ("STR19", made("AWS::Lambda::Function"), "in passing"),
    (
        "STR20",
        made("AWS::SNS::Topic", {"Tags": [{"Key": "stratolab:lab", "Value": "a"}]}),
        "stratolab:environment",
    ),
    ("STR21", made("AWS::Budgets::Budget", {"NotificationsWithSubscribers": []}), "tells nobody"),
    ("STR22", made("AWS::KMS::Key", without(KEY, "EnableKeyRotation")), "never rotated"),
    ("STR22", made("AWS::KMS::Key", without(KEY, "PendingWindowInDays", put=3)), "within a week"),
    (
        "STR22",
        made("AWS::KMS::Key", {**KEY, "KeyPolicy": policy(Principal={"AWS": "*"}, Action="kms:*")}),
        "everyone may use",
    ),
    ("STR23", made("AWS::IAM::User", {"LoginProfile": {}}), "a password"),
    ("STR24", made("AWS::EC2::SecurityGroupIngress", {"SourceSecurityGroupId": "sg-1"}), "by its id"),
    ("STR25", made("AWS::ECR::Repository", without(REPOSITORY, "ImageTagMutability")), "another image"),
    ("STR25", made("AWS::ECR::Repository", without(REPOSITORY, "ImageScanningConfiguration")), "not scanned"),
    ("STR25", made("AWS::ECR::Repository", without(REPOSITORY, "LifecyclePolicy")), "for ever"),
    (
        "STR25",
        made("AWS::ECS::TaskDefinition", {"ContainerDefinitions": [{"Image": "mlflow:3"}]}),
        "can change",
    ),
    ("STR25", made("AWS::Lambda::Function", {"Code": {"ImageUri": "a:latest"}}), "can change"),
    ("STR26", functions(Role={"Fn::GetAtt": ["A", "Arn"]}), "shares its role"),
    ("STR26", functions(Runtime="python3.8"), "not supported"),
    ("STR26", functions(LoggingConfig={}), "without an end"),
    ("STR26", made("AWS::Lambda::Permission", {"Principal": "s3.amazonaws.com"}), "of any account"),
    ("STR43", made("AWS::ECS::Service"), "does not start"),
    ("STR43", made("AWS::ECS::Service", without(SERVICE, *BREAKER, "Rollback", put=False)), "does not start"),
    ("STR43", made("AWS::ECS::Service", {**SERVICE, "EnableExecuteCommand": True}), "a shell"),
    ("STR43", made("AWS::ElasticLoadBalancingV2::TargetGroup"), "does not answer"),
]
BATCH_DEFECTS = [
    (("ContainerProperties", "Privileged"), True, "is privileged"),
    (("ContainerProperties", "ReadonlyRootFilesystem"), None, "can change its image's files"),
    (("ContainerProperties", "User"), None, "runs as root"),
    (("ContainerProperties", "User"), "root", "runs as root"),
    (("Timeout",), None, "has no timeout"),
    (("RetryStrategy",), None, "is retried"),
    (("ContainerProperties", "Image"), "a:latest", "can change under it"),
    (("ContainerProperties", "JobRoleArn"), None, "has no role"),
    (("ContainerProperties", "LogConfiguration"), None, "has no log"),
    (("ContainerProperties", "LinuxParameters"), None, "what its program forgets"),
    (("PropagateTags",), False, "does not hand on its tags"),
]


@pytest.mark.parametrize(
    ("number", "template"), WELL, ids=[f"{number}-{index}" for index, (number, _) in enumerate(WELL)]
)
def test_what_is_well_is_left_alone(number: str, template: Template) -> None:
    assert list(BY_NUMBER[number].check(template)) == []


@pytest.mark.parametrize(
    ("number", "template", "told"),
    WRONG,
    ids=[f"{number}-{index}" for index, (number, _, _) in enumerate(WRONG)],
)
def test_what_is_wrong_is_seen(number: str, template: Template, told: str) -> None:
    found = list(BY_NUMBER[number].check(template))
    assert found, number
    assert re.search(told, " ".join(found)), found


@pytest.mark.parametrize(("path", "put", "told"), BATCH_DEFECTS, ids=[told for _, _, told in BATCH_DEFECTS])
def test_every_looseness_of_a_job_is_seen(path: tuple[str, ...], put: Any, told: str) -> None:
    (found,) = BY_NUMBER["STR09"].check(made("AWS::Batch::JobDefinition", without(JOB, *path, put=put)))
    assert told in found


def test_every_rule_was_seen_to_object() -> None:
    assert {number for number, _, _ in WRONG} | {"STR09"} | OF_WHOLES == set(BY_NUMBER)


def test_a_public_load_balancer_may_be_reached_on_443() -> None:
    template = ingress(443, "0.0.0.0/0")
    template["Resources"]["Lb"] = {
        "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Properties": {"Scheme": "internet-facing", "SecurityGroups": [{"Fn::GetAtt": ["G", "GroupId"]}]},
    }
    assert list(BY_NUMBER["STR10"].check(template)) == []
    template["Resources"]["Lb"]["Properties"]["Scheme"] = "internal"
    assert list(BY_NUMBER["STR10"].check(template))


def test_an_environment_that_takes_anothers_is_seen() -> None:
    made_ = stacks(sample("standard"))
    network = find(sample("standard"), "network.dev")
    crossed = [
        one
        if one.key != "network.dev"
        else type(one)(
            **{
                **{name: getattr(network, name) for name in network.__dataclass_fields__},
                "inputs": tuple(
                    type(taken)(taken.parameter, taken.type, taken.about, "network.prod", "JobGroup")
                    for taken in network.inputs[:1]
                ),
            }
        )
        for one in made_
    ]
    assert list(environments_stay_apart(crossed)) == ["network.dev: takes JobGroup of network.prod"]
