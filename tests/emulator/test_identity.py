"""Who may do what: second factors, passed roles, tags, kinds of machines, queues. Decisions are those AWS documents."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.emulator.control import ACCOUNT
from tests.emulator.people import allow, device_of, session, totp, user
from tests.emulator.types import World, trust

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

DENIALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def is_denied(call: Any, **parameters: Any) -> bool:
    try:
        call(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIALS:
            raise
        return True
    return False


# -- second factors -----------------------------------------------------------------------------------

GUARD = {
    "Effect": "Deny",
    "NotAction": ["sts:GetSessionToken", "iam:*MFA*"],
    "Resource": "*",
    "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
}


def test_a_session_with_a_second_factor_opens_what_a_key_alone_does_not(guarded_emulator: Emulator) -> None:
    key = user(guarded_emulator, "mia", allow("s3:*"), GUARD)
    serial, seed = device_of(guarded_emulator, "mia")
    assert is_denied(guarded_emulator.client("s3", key=key).list_buckets)
    assert is_denied(guarded_emulator.client("s3", key=session(guarded_emulator, key)).list_buckets)
    opened = session(guarded_emulator, key, SerialNumber=serial, TokenCode=totp(seed, 1))
    assert not is_denied(guarded_emulator.client("s3", key=opened).list_buckets)


def test_codes_are_good_once_and_only_the_devices_own(guarded_emulator: Emulator) -> None:
    key, other = user(guarded_emulator, "mia", GUARD), user(guarded_emulator, "mo", GUARD)
    serial, seed = device_of(guarded_emulator, "mia")
    sts = guarded_emulator.client("sts", key=key)
    assert is_denied(sts.get_session_token, SerialNumber=serial, TokenCode="000000")
    assert is_denied(sts.get_session_token, SerialNumber=serial, TokenCode=totp(seed, -20))
    code = totp(seed, 1)
    assert is_denied(
        guarded_emulator.client("sts", key=other).get_session_token, SerialNumber=serial, TokenCode=code
    )
    assert not is_denied(sts.get_session_token, SerialNumber=serial, TokenCode=code)
    assert is_denied(sts.get_session_token, SerialNumber=serial, TokenCode=code)


def test_a_device_is_enabled_by_two_codes_in_a_row(guarded_emulator: Emulator) -> None:
    iam = guarded_emulator.client("iam")
    iam.create_user(UserName="mia")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="mia")["VirtualMFADevice"]
    with pytest.raises(ClientError, match="InvalidAuthenticationCode"):
        iam.enable_mfa_device(
            UserName="mia",
            SerialNumber=made["SerialNumber"],
            AuthenticationCode1="123456",
            AuthenticationCode2="654321",
        )


def test_a_role_may_ask_for_the_second_factor(guarded_emulator: Emulator) -> None:
    key = user(guarded_emulator, "mia", allow("sts:AssumeRole"))
    serial, seed = device_of(guarded_emulator, "mia")
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            }
        ],
    }
    role = guarded_emulator.client("iam").create_role(
        RoleName="deployer", AssumeRolePolicyDocument=json.dumps(document)
    )
    wanted = {"RoleArn": role["Role"]["Arn"], "RoleSessionName": "here"}
    sts = guarded_emulator.client("sts", key=key)
    assert is_denied(sts.assume_role, **wanted)
    assert not is_denied(sts.assume_role, **wanted, SerialNumber=serial, TokenCode=totp(seed, 1))


# -- passed roles -------------------------------------------------------------------------------------


@pytest.fixture
def roles(guarded_emulator: Emulator) -> tuple[str, str]:
    """A role that may be passed, and one that may not."""
    iam = guarded_emulator.client("iam")
    made = [
        iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(trust("lambda", "ecs-tasks", "ec2"))
        )
        for name in ("worker", "admin")
    ]
    return made[0]["Role"]["Arn"], made[1]["Role"]["Arn"]


def test_a_role_is_passed_only_where_it_is_allowed(
    guarded_emulator: Emulator, roles: tuple[str, str]
) -> None:
    mine, admin = roles
    to = {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"]}}
    key = user(
        guarded_emulator,
        "ann",
        allow("lambda:*", "batch:*", "ecs:*", "scheduler:*", "cloudformation:*"),
        allow("iam:PassRole", on=mine, when=to),
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("i.py", "def h(e, c): pass")

    def denied(service: str, call: str, **parameters: Any) -> bool:
        return is_denied(getattr(guarded_emulator.client(service, key=key), call), **parameters)

    function = {
        "FunctionName": "f",
        "Runtime": "python3.12",
        "Handler": "i.h",
        "Code": {"ZipFile": packed.getvalue()},
    }
    assert not denied("lambda", "create_function", **function, Role=mine)
    assert denied("lambda", "update_function_configuration", FunctionName="f", Role=admin)
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
    for role, expected in ((mine, False), (admin, True)):
        for which in ("jobRoleArn", "executionRoleArn"):
            container = {"image": "x", "command": ["x"], which: role, "resourceRequirements": needs}
            assert (
                denied(
                    "batch",
                    "register_job_definition",
                    jobDefinitionName="j",
                    type="container",
                    containerProperties=container,
                )
                == expected
            )
        containers = [{"name": "a", "image": "b", "memory": 128}]
        assert (
            denied(
                "ecs",
                "register_task_definition",
                family="f",
                taskRoleArn=role,
                containerDefinitions=containers,
            )
            == expected
        )
    # the role may be passed, but not to this service
    target = {"Arn": "arn:aws:sqs:eu-central-1:111122223333:q", "RoleArn": mine}
    assert denied(
        "scheduler",
        "create_schedule",
        Name="s",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )
    body = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    assert denied("cloudformation", "create_stack", StackName="s", TemplateBody=body, RoleARN=admin)
    assert not denied("cloudformation", "create_stack", StackName="s", TemplateBody=body)


# -- tags and kinds of machines -----------------------------------------------------------------------


def machine(world: World, **tags: str) -> str:
    listed = (
        [{"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]
        if tags
        else []
    )
    made = world.client("ec2").run_instances(
        ImageId=world.image, MinCount=1, MaxCount=1, InstanceType="t3.micro", TagSpecifications=listed
    )
    return str(made["Instances"][0]["InstanceId"])


def test_tags_decide_about_machines(guarded_emulator: Emulator) -> None:
    world = World(guarded_emulator)
    mine, other = machine(world, owner="me"), machine(world)
    for key in ("aws:ResourceTag/owner", "ec2:ResourceTag/owner"):
        name = key.partition(":")[0]
        ec2 = guarded_emulator.client(
            "ec2",
            key=user(guarded_emulator, name, allow("ec2:StopInstances", when={"StringEquals": {key: "me"}})),
        )
        assert not is_denied(ec2.stop_instances, InstanceIds=[mine])
        assert is_denied(ec2.stop_instances, InstanceIds=[other])
        assert is_denied(ec2.stop_instances, InstanceIds=[mine, other])


def test_new_things_must_be_tagged(guarded_emulator: Emulator) -> None:
    key = user(
        guarded_emulator,
        "ann",
        allow("ec2:CreateVolume", when={"StringEquals": {"aws:RequestTag/project": "x"}}),
    )
    ec2, wanted = guarded_emulator.client("ec2", key=key), {"AvailabilityZone": "eu-central-1a", "Size": 1}
    for value, expected in (("x", False), ("y", True)):
        tags = [{"ResourceType": "volume", "Tags": [{"Key": "project", "Value": value}]}]
        assert is_denied(ec2.create_volume, **wanted, TagSpecifications=tags) == expected
    assert is_denied(ec2.create_volume, **wanted)


def test_the_kind_of_machine_decides_and_only_about_the_machine(guarded_emulator: Emulator) -> None:
    world, small = World(guarded_emulator), {"StringEquals": {"ec2:InstanceType": "t3.micro"}}
    around = [
        f"arn:aws:ec2:*:*:{kind}/*" for kind in ("volume", "network-interface", "subnet", "security-group")
    ]
    right = user(
        guarded_emulator,
        "ann",
        allow("ec2:RunInstances", on="arn:aws:ec2:*:*:instance/*", when=small),
        allow("ec2:RunInstances", on=[*around, "arn:aws:ec2:*::image/*"]),
    )
    wanted = {"ImageId": world.image, "MinCount": 1, "MaxCount": 1}
    ec2 = guarded_emulator.client("ec2", key=right)
    assert not is_denied(ec2.run_instances, **wanted, InstanceType="t3.micro")
    assert is_denied(ec2.run_instances, **wanted, InstanceType="p4d.24xlarge")
    # a subnet has no instance type: the condition on everything lets nothing through
    wrong = user(guarded_emulator, "bob", allow("ec2:RunInstances", when=small))
    assert is_denied(
        guarded_emulator.client("ec2", key=wrong).run_instances, **wanted, InstanceType="t3.micro"
    )


# -- queues -------------------------------------------------------------------------------------------


def test_a_scientist_submits_to_one_queue_and_ends_only_own_jobs(guarded_emulator: Emulator) -> None:
    world, root = World(guarded_emulator), guarded_emulator.client("batch")
    environment = root.create_compute_environment(
        computeEnvironmentName="ce",
        type="MANAGED",
        serviceRole=world.role,
        computeResources={
            "type": "FARGATE",
            "maxvCpus": 4,
            "subnets": world.subnets,
            "securityGroupIds": [world.group],
        },
    )["computeEnvironmentArn"]
    order = [{"order": 1, "computeEnvironment": environment}]
    mine, other = (
        root.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)["jobQueueArn"]
        for name in ("a", "b")
    )
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
    train, secret = (
        root.register_job_definition(
            jobDefinitionName=name,
            type="container",
            containerProperties={"image": "x", "command": ["sleep", "60"], "resourceRequirements": needs},
        )["jobDefinitionArn"]
        for name in ("train", "secret")
    )
    own = {"StringEquals": {"aws:ResourceTag/owner": "ann"}}
    key = user(
        guarded_emulator,
        "ann",
        allow("batch:SubmitJob", on=[mine, f"{train.rpartition(':')[0]}:*"]),
        allow("batch:TerminateJob", when=own),
    )
    batch = guarded_emulator.client("batch", key=key)
    assert not is_denied(batch.submit_job, jobName="j", jobQueue=mine, jobDefinition=train)
    assert not is_denied(batch.submit_job, jobName="j", jobQueue="a", jobDefinition="train")
    assert is_denied(batch.submit_job, jobName="j", jobQueue=other, jobDefinition=train)
    assert is_denied(batch.submit_job, jobName="j", jobQueue=mine, jobDefinition=secret)
    jobs = [
        root.submit_job(jobName="j", jobQueue=mine, jobDefinition=train, tags={"owner": owner})["jobId"]
        for owner in ("ann", "bob")
    ]
    assert [is_denied(batch.terminate_job, jobId=job, reason="r") for job in jobs] == [False, True]
