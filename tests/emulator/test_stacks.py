"""The life of a stack: its events, its failures, what each state refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.emulator.stacks import CAPABILITIES, Stacks, template

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

VPC = ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"})
QUEUE = ("AWS::SQS::Queue", {})
NOWHERE = ("AWS::EC2::Subnet", {"VpcId": "vpc-0000", "CidrBlock": "10.0.1.0/24"})
LONG = 600.0


def subnet(cidr: str = "10.0.1.0/24") -> tuple[str, dict[str, Any]]:
    return ("AWS::EC2::Subnet", {"VpcId": {"Ref": "Net"}, "CidrBlock": cidr})


def parameter(value: str, name: str = "/a") -> tuple[str, dict[str, Any]]:
    return ("AWS::SSM::Parameter", {"Name": name, "Type": "String", "Value": value})


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return f"{caught.value.response['Error']['Code']}: {caught.value.response['Error']['Message']}"


# -- events -------------------------------------------------------------------------------------------


def test_a_creation_tells_each_step(stacks: Stacks) -> None:
    assert stacks.deploy("net", template(Net=VPC)) == "CREATE_COMPLETE"
    assert stacks.events("net") == [
        ("net", "REVIEW_IN_PROGRESS", ""),
        ("net", "CREATE_IN_PROGRESS", "User Initiated"),
        ("Net", "CREATE_IN_PROGRESS", ""),
        ("Net", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Net", "CREATE_COMPLETE", ""),
        ("net", "CREATE_COMPLETE", ""),
    ]


def test_an_update_tells_only_what_it_does(stacks: Stacks) -> None:
    stacks.deploy("net", template(Net=VPC, Sub=subnet(), P=parameter("1")))
    seen = len(stacks.events("net"))
    assert stacks.deploy("net", template(Net=VPC, P=parameter("2"), Q=QUEUE)) == "UPDATE_COMPLETE"
    assert [event[:2] for event in stacks.events("net")[seen:]] == [
        ("net", "UPDATE_IN_PROGRESS"),
        ("P", "UPDATE_IN_PROGRESS"),
        ("P", "UPDATE_COMPLETE"),
        ("Q", "CREATE_IN_PROGRESS"),
        ("Q", "CREATE_IN_PROGRESS"),
        ("Q", "CREATE_COMPLETE"),
        ("net", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Sub", "DELETE_IN_PROGRESS"),
        ("Sub", "DELETE_COMPLETE"),
        ("net", "UPDATE_COMPLETE"),
    ]
    found = stacks.client.describe_stack_resources(StackName="net")["StackResources"]
    assert {one["LogicalResourceId"]: one["ResourceStatus"] for one in found} == {
        "Net": "CREATE_COMPLETE",
        "P": "UPDATE_COMPLETE",
        "Q": "CREATE_COMPLETE",
    }


def test_a_replacement_makes_the_new_one_first(stacks: Stacks, emulator: Emulator) -> None:
    stacks.deploy("net", template(Net=VPC, Sub=subnet("10.0.1.0/24")))
    first = stacks.physical_id("net", "Sub")
    made = stacks.change("net", template(Net=VPC, Sub=subnet("10.0.2.0/24")))
    change = made["Changes"][0]["ResourceChange"]
    assert (change["LogicalResourceId"], change["Action"], change["Replacement"]) == ("Sub", "Modify", "True")
    seen = len(stacks.events("net"))
    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    assert stacks.settled("net") == "UPDATE_COMPLETE"
    assert stacks.physical_id("net", "Sub") != first
    statuses = [event[1] for event in stacks.events("net")[seen:]]
    assert statuses.index("UPDATE_COMPLETE") < statuses.index("DELETE_IN_PROGRESS")
    subnets = emulator.client("ec2").describe_subnets()["Subnets"]
    assert [one["CidrBlock"] for one in subnets if one["SubnetId"] == first] == []


# -- failure and rollback -----------------------------------------------------------------------------


def test_a_failed_creation_is_rolled_back_with_its_first_cause(stacks: Stacks, emulator: Emulator) -> None:
    body = template(Net=VPC, Bad={"Type": NOWHERE[0], "Properties": NOWHERE[1], "DependsOn": "Net"})
    assert stacks.deploy("net", body) == "ROLLBACK_COMPLETE"
    who, why = stacks.failures("net")[0]
    assert who == "Bad"
    assert "The vpc ID 'vpc-0000' does not exist" in why
    reasons = {status: reason for _, status, reason in stacks.events("net")}
    assert reasons["ROLLBACK_IN_PROGRESS"] == (
        "The following resource(s) failed to create: [Bad]. Rollback requested by user."
    )
    cidrs = [vpc["CidrBlock"] for vpc in emulator.client("ec2").describe_vpcs()["Vpcs"]]
    assert "10.0.0.0/16" not in cidrs


def test_a_failed_update_puts_everything_back(stacks: Stacks, emulator: Emulator) -> None:
    stacks.deploy("net", template(P=parameter("1")))
    emulator.fault(type="AWS::SQS::Queue", step="create", reason="no room")
    body = template(P=parameter("2"), Q={"Type": "AWS::SQS::Queue", "DependsOn": "P"})
    assert stacks.deploy("net", body) == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.failures("net") == [("Q", "no room")]
    found = emulator.client("ssm").get_parameter(Name="/a")["Parameter"]
    assert found["Value"] == "1"
    assert (
        stacks.client.get_template(StackName="net")["TemplateBody"]["Resources"]["P"]["Properties"]["Value"]
        == "1"
    )


def test_a_rollback_that_fails_can_be_continued(stacks: Stacks, emulator: Emulator) -> None:
    stacks.deploy("net", template(P=parameter("1")))
    emulator.fault(type="AWS::SQS::Queue", step="create", reason="no room")
    made = stacks.change("net", template(P=parameter("2"), Q={"Type": "AWS::SQS::Queue", "DependsOn": "P"}))
    emulator.fault(type="AWS::SSM::Parameter", step="update", reason="", seconds=0)
    emulator.fault(type="AWS::SSM::Parameter", step="update", reason="stuck")
    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    assert stacks.settled("net") == "UPDATE_ROLLBACK_FAILED"
    assert "can not be updated" in refusal(
        stacks.client.update_stack, StackName="net", TemplateBody=json.dumps(template(Q=QUEUE))
    )
    stacks.client.continue_update_rollback(StackName="net")
    assert stacks.settled("net") == "UPDATE_ROLLBACK_COMPLETE"


def test_values_are_checked_when_they_are_known(stacks: Stacks) -> None:
    body = {
        "Parameters": {"Days": {"Type": "Number", "Default": 6}},
        **template(Logs=("AWS::Logs::LogGroup", {"RetentionInDays": {"Ref": "Days"}})),
    }
    assert stacks.deploy("logs", body) == "ROLLBACK_COMPLETE"
    ((_, why),) = stacks.failures("logs")
    assert why.startswith(
        "Properties validation failed for resource of type AWS::Logs::LogGroup with message:"
    )
    assert "#/RetentionInDays" in why


def test_a_property_that_does_not_exist_is_refused(stacks: Stacks) -> None:
    assert stacks.deploy("net", template(Q=("AWS::SQS::Queue", {"Colour": "blue"}))) == "ROLLBACK_COMPLETE"
    assert "extraneous key [Colour] is not permitted" in stacks.failures("net")[0][1]


# -- what a state refuses -----------------------------------------------------------------------------


def test_a_stack_that_was_never_made_can_only_be_deleted(stacks: Stacks) -> None:
    stacks.deploy("net", template(Bad=NOWHERE))
    client, body = stacks.client, json.dumps(template(Q=QUEUE))
    told = refusal(client.update_stack, StackName="net", TemplateBody=body)
    assert told.startswith("ValidationError: Stack:arn:aws:cloudformation:")
    assert told.endswith("is in ROLLBACK_COMPLETE state and can not be updated.")
    for kind, words in {
        "UPDATE": "is in ROLLBACK_COMPLETE state and can not be updated.",
        "CREATE": "AlreadyExistsException: Stack [net] already exists and cannot be created again",
    }.items():
        told = refusal(
            client.create_change_set,
            StackName="net",
            ChangeSetName="c",
            ChangeSetType=kind,
            TemplateBody=body,
        )
        assert words in told
    assert refusal(client.create_stack, StackName="net", TemplateBody=body) == (
        "AlreadyExistsException: Stack [net] already exists"
    )
    assert stacks.delete("net") == "DELETE_COMPLETE"
    assert stacks.deploy("net", template(Q=QUEUE)) == "CREATE_COMPLETE"


def test_a_busy_stack_refuses(stacks: Stacks, emulator: Emulator) -> None:
    stacks.deploy("net", template(Q=QUEUE))
    emulator.fault(type="AWS::SSM::Parameter", step="create", reason="", seconds=LONG)
    body = template(Q=QUEUE, P=parameter("1"))
    made = stacks.change("net", body)
    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    assert stacks.status("net") == "UPDATE_IN_PROGRESS"
    assert "in its current status" in refusal(
        stacks.client.execute_change_set, ChangeSetName=made["ChangeSetId"]
    )
    assert "is in UPDATE_IN_PROGRESS state and can not be updated." in refusal(
        stacks.client.update_stack, StackName="net", TemplateBody=json.dumps(body)
    )
    assert "cannot be deleted while in status UPDATE_IN_PROGRESS" in refusal(
        stacks.client.delete_stack, StackName="net"
    )


def test_a_creation_can_be_called_off(stacks: Stacks, emulator: Emulator) -> None:
    emulator.fault(type="AWS::SQS::Queue", step="create", reason="", seconds=3.0)
    made = stacks.change(
        "net",
        template(
            Q=QUEUE, P={**dict(zip(("Type", "Properties"), parameter("1"), strict=True)), "DependsOn": "Q"}
        ),
        "CREATE",
    )
    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    assert stacks.delete("net") == "DELETE_COMPLETE"
    assert emulator.client("sqs").list_queues().get("QueueUrls", []) == []
    assert emulator.client("ssm").describe_parameters()["Parameters"] == []


def test_termination_protection(stacks: Stacks) -> None:
    stacks.deploy("net", template(Q=QUEUE))
    client = stacks.client
    client.update_termination_protection(StackName="net", EnableTerminationProtection=True)
    assert "cannot be deleted while TerminationProtection is enabled" in refusal(
        client.delete_stack, StackName="net"
    )
    client.update_termination_protection(StackName="net", EnableTerminationProtection=False)
    assert stacks.delete("net") == "DELETE_COMPLETE"


def test_iam_must_be_acknowledged(stacks: Stacks) -> None:
    role = {
        "RoleName": "r",
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        },
    }
    body = json.dumps(template(R=("AWS::IAM::Role", role)))
    for given in ([], ["CAPABILITY_IAM"]):
        assert refusal(stacks.client.create_stack, StackName="r", TemplateBody=body, Capabilities=given) == (
            "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]"
        )
    stacks.client.create_stack(StackName="r", TemplateBody=body, Capabilities=CAPABILITIES)
    assert stacks.settled("r") == "CREATE_COMPLETE"


def test_a_template_has_its_limits(stacks: Stacks) -> None:
    many = template(
        **{f"H{number}": ("AWS::CloudFormation::WaitConditionHandle", {}) for number in range(501)}
    )
    told = refusal(
        stacks.client.create_stack, StackName="big", TemplateBody=json.dumps(many, separators=(",", ":"))
    )
    assert "Number of resources, 501, is greater than maximum allowed, 500" in told
    long = json.dumps(template(Q=QUEUE) | {"Description": "x" * 51_200})
    assert "templateBody" in refusal(stacks.client.create_stack, StackName="big", TemplateBody=long)


# -- deletion -----------------------------------------------------------------------------------------


def test_a_full_bucket_is_not_deleted(stacks: Stacks, emulator: Emulator) -> None:
    stacks.deploy("data", template(B=("AWS::S3::Bucket", {}), Q=QUEUE))
    bucket, s3 = stacks.physical_id("data", "B"), emulator.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert stacks.delete("data") == "DELETE_FAILED"
    failed = stacks.failures("data")
    assert failed[0][0] == "B"
    assert "The bucket you tried to delete is not empty" in failed[0][1]
    left = stacks.client.describe_stack_resources(StackName="data")["StackResources"]
    assert [one["LogicalResourceId"] for one in left] == ["B"]
    s3.delete_object(Bucket=bucket, Key="a")
    assert stacks.delete("data") == "DELETE_COMPLETE"


def test_old_versions_keep_a_bucket_too(stacks: Stacks, emulator: Emulator) -> None:
    stacks.deploy("data", template(B=("AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "Enabled"}})))
    bucket, s3 = stacks.physical_id("data", "B"), emulator.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3.delete_object(Bucket=bucket, Key="a")
    assert stacks.delete("data") == "DELETE_FAILED"


def test_what_is_to_be_kept_is_kept(stacks: Stacks, emulator: Emulator) -> None:
    kept = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}
    stacks.deploy("data", template(B=kept))
    bucket = stacks.physical_id("data", "B")
    assert stacks.delete("data") == "DELETE_COMPLETE"
    assert [one["Name"] for one in emulator.client("s3").list_buckets()["Buckets"]] == [bucket]
    assert stacks.deploy("data", template(B=kept)) == "CREATE_COMPLETE"
    assert stacks.physical_id("data", "B") != bucket


# -- stack policies -----------------------------------------------------------------------------------

PROTECTED = {
    "Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": ["Update:Delete", "Update:Replace"],
            "Principal": "*",
            "Resource": "LogicalResourceId/P",
        },
    ]
}


def test_a_stack_policy_denies(stacks: Stacks, emulator: Emulator) -> None:
    stacks.deploy("s", template(P=parameter("1"), Q=QUEUE))
    stacks.client.set_stack_policy(StackName="s", StackPolicyBody=json.dumps(PROTECTED))
    assert stacks.deploy("s", template(P=parameter("2"), Q=QUEUE)) == "UPDATE_COMPLETE"
    assert stacks.deploy("s", template(Q=QUEUE)) == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.failures("s")[-1] == (
        "P",
        (
            "Action denied by stack policy: Statement [#2] does not allow [Update:Delete, Update:Replace] for "
            "resource [LogicalResourceId/P]"
        ),
    )
    assert stacks.deploy("s", template(P=parameter("2", "/b"), Q=QUEUE)) == "UPDATE_ROLLBACK_COMPLETE"
    assert emulator.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "2"


def test_a_stack_policy_without_an_allow_denies_all_and_can_be_set_aside(stacks: Stacks) -> None:
    stacks.deploy("s", template(P=parameter("1")))
    only = {
        "Statement": [
            {
                "Effect": "Deny",
                "Action": "Update:*",
                "Principal": "*",
                "Resource": "*",
                "Condition": {"StringEquals": {"ResourceType": ["AWS::RDS::DBInstance"]}},
            }
        ]
    }
    stacks.client.set_stack_policy(StackName="s", StackPolicyBody=json.dumps(only))
    assert stacks.deploy("s", template(P=parameter("2"))) == "UPDATE_ROLLBACK_COMPLETE"
    override = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}
    stacks.client.update_stack(
        StackName="s",
        TemplateBody=json.dumps(template(P=parameter("2"))),
        StackPolicyDuringUpdateBody=json.dumps(override),
    )
    assert stacks.settled("s") == "UPDATE_COMPLETE"
