"""File systems, queues, distributions, user pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import ACCOUNT, REGION
from tests.emulator.types import TAGS, Case, Cases, live, policy

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

case = Cases()


case(
    "AWS::EFS::FileSystem",
    lambda world: {"Encrypted": True, "KmsKeyId": world.key, "FileSystemTags": TAGS},
    lambda world, ref: world.client("efs").describe_file_systems(FileSystemId=ref)["FileSystems"][0][
        "Encrypted"
    ],
    True,
    ref="fs-",
)
case(
    "AWS::EFS::MountTarget",
    lambda world: {
        "FileSystemId": world.files,
        "SubnetId": world.subnets[0],
        "SecurityGroups": [world.group],
    },
    lambda world, _: [
        one["SubnetId"] == world.subnets[0]
        for one in world.client("efs").describe_mount_targets(FileSystemId=world.files)["MountTargets"]
    ],
    [True],
)


case(
    "AWS::SQS::Queue",
    lambda _: {"QueueName": "q", "VisibilityTimeout": 60, "Tags": TAGS},
    lambda world, ref: world.client("sqs").get_queue_attributes(
        QueueUrl=ref, AttributeNames=["VisibilityTimeout"]
    )["Attributes"]["VisibilityTimeout"],
    "60",
    lambda _: {"QueueName": "q", "VisibilityTimeout": 90, "Tags": TAGS},
    "90",
    attributes={"Arn": "arn:aws:sqs:"},
)
case(
    "AWS::SQS::QueuePolicy",
    lambda world: {
        "Queues": [world.client("sqs").create_queue(QueueName="base")["QueueUrl"]],
        "PolicyDocument": policy("sqs:SendMessage", Principal={"AWS": ACCOUNT}),
    },
    lambda world, _: (
        "sqs:SendMessage"
        in world.client("sqs")
        .get_queue_attributes(
            QueueUrl=world.client("sqs").get_queue_url(QueueName="base")["QueueUrl"],
            AttributeNames=["Policy"],
        )["Attributes"]
        .get("Policy", "")
    ),
    True,
)
case(
    "AWS::CloudFront::Distribution",
    lambda _: {"DistributionConfig": _distribution("c")},
    lambda world, ref: world.client("cloudfront").get_distribution(Id=ref)["Distribution"][
        "DistributionConfig"
    ]["Comment"],
    "c",
    lambda _: {"DistributionConfig": _distribution("d")},
    "d",
    "E",
    attributes={"DomainName": ""},
)


def _distribution(comment: str) -> dict[str, Any]:
    return {
        "Enabled": True,
        "Comment": comment,
        "Origins": [
            {"Id": "o", "DomainName": "x.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        ],
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
    }


case(
    "AWS::CloudFront::OriginAccessControl",
    lambda _: {
        "OriginAccessControlConfig": {
            "Name": "oac",
            "OriginAccessControlOriginType": "s3",
            "SigningBehavior": "always",
            "SigningProtocol": "sigv4",
        }
    },
    lambda world, ref: world.client("cloudfront").get_origin_access_control(Id=ref)["OriginAccessControl"][
        "OriginAccessControlConfig"
    ]["SigningBehavior"],
    "always",
)
case(
    "AWS::CloudFront::Function",
    lambda _: {
        "Name": "cff",
        "AutoPublish": True,
        "FunctionCode": "function handler(event){return event.request;}",
        "FunctionConfig": {"Comment": "x", "Runtime": "cloudfront-js-2.0"},
    },
    lambda world, _: world.client("cloudfront").describe_function(Name="cff", Stage="LIVE")[
        "FunctionSummary"
    ]["Name"],
    "cff",
)
case(
    "AWS::Cognito::UserPool",
    lambda _: {"UserPoolName": "up", "MfaConfiguration": "OPTIONAL", "EnabledMfas": ["SOFTWARE_TOKEN_MFA"]},
    lambda world, ref: world.client("cognito-idp").describe_user_pool(UserPoolId=ref)["UserPool"]["Name"],
    "up",
    ref=f"{REGION}_",
)
case(
    "AWS::Cognito::UserPoolClient",
    lambda world: {"UserPoolId": world.pool, "GenerateSecret": True},
    lambda world, _: len(
        world.client("cognito-idp").list_user_pool_clients(UserPoolId=world.pool)["UserPoolClients"]
    ),
    1,
)


@pytest.mark.parametrize("one", case, ids=str)
def test_its_life(one: Case, emulator: Emulator) -> None:
    live(one, emulator)
