"""What sets off what: rotations call their function, rules and schedules reach queues and any API, functions run."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.emulator.stacks import Stacks, template
from tests.emulator.test_batch import Lab, make_lab
from tests.emulator.types import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.control import Emulator

DEADLINE = 90.0
ROTATE = """
import json
import boto3

def handler(event, context):
    secrets, secret, token = boto3.client("secretsmanager"), event["SecretId"], event["ClientRequestToken"]
    step = event["Step"]
    if step == "createSecret":
        value = json.dumps({"password": "rotated"})
        given = {"ClientRequestToken": token, "SecretString": value, "VersionStages": ["AWSPENDING"]}
        secrets.put_secret_value(SecretId=secret, **given)
    elif step == "testSecret" and %(fails)s:
        raise RuntimeError("the new password is not accepted")
    elif step == "finishSecret":
        stages = secrets.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, names in stages.items() if "AWSCURRENT" in names)
        secrets.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""


def until(look: Callable[[], Any]) -> Any:
    """Wait for something true."""
    deadline = time.monotonic() + DEADLINE
    while not (found := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def password(emulator: Emulator, secret: str, stage: str = "AWSCURRENT") -> str:
    value = emulator.client("secretsmanager").get_secret_value(SecretId=secret, VersionStage=stage)[
        "SecretString"
    ]
    return str(json.loads(value)["password"])


def test_a_rotation_calls_its_function_step_by_step(emulator: Emulator) -> None:
    world, stacks = World(emulator), Stacks(emulator)
    rotation = world.function("rotate", ROTATE % {"fails": False})
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": '{"password": "old"}'}}
    schedule = {
        "SecretId": {"Ref": "S"},
        "RotationLambdaARN": rotation,
        "RotationRules": {"AutomaticallyAfterDays": 30},
    }
    body = template(S=secret, R=("AWS::SecretsManager::RotationSchedule", schedule))
    assert stacks.deploy("s", body) == "CREATE_COMPLETE", stacks.failures("s")
    arn = stacks.physical_id("s", "S")
    until(lambda: password(emulator, arn) == "rotated")
    assert password(emulator, arn, "AWSPREVIOUS") == "old"
    described = emulator.client("secretsmanager").describe_secret(SecretId=arn)
    assert described["RotationEnabled"]
    assert described["RotationLambdaARN"] == rotation
    assert stacks.delete("s") == "DELETE_COMPLETE"


def test_a_rotation_that_fails_leaves_the_old_password(emulator: Emulator) -> None:
    world, secrets = World(emulator), emulator.client("secretsmanager")
    rotation = world.function("rotate", ROTATE % {"fails": True})
    arn = secrets.create_secret(Name="s", SecretString='{"password": "old"}')["ARN"]
    secrets.rotate_secret(
        SecretId=arn, RotationLambdaARN=rotation, RotationRules={"AutomaticallyAfterDays": 30}
    )
    until(lambda: "the new password is not accepted" in emulator.log())
    assert password(emulator, arn) == "old"
    assert password(emulator, arn, "AWSPENDING") == "rotated"
    with pytest.raises(ClientError, match="previous rotation isn't complete"):
        secrets.rotate_secret(SecretId=arn)


@pytest.fixture
def lab(emulator: Emulator) -> Lab:
    return make_lab(emulator)


def _jobs(lab: Lab) -> list[str]:
    found = lab.batch.list_jobs(jobQueue=lab.queue, jobStatus="SUCCEEDED")["jobSummaryList"]
    return [job["jobName"] for job in found]


def test_a_rule_submits_a_job(lab: Lab) -> None:
    events, definition = lab.emulator.client("events"), lab.definition(["true"])
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["my.app"]}))
    target = {
        "Id": "1",
        "Arn": lab.queue,
        "RoleArn": lab.world.role,
        "BatchParameters": {"JobDefinition": definition, "JobName": "by-rule"},
    }
    events.put_targets(Rule="r", Targets=[target])
    events.put_events(Entries=[{"Source": "my.app", "DetailType": "x", "Detail": "{}"}])
    until(lambda: _jobs(lab) == ["by-rule"])


def test_a_schedule_calls_any_api(lab: Lab) -> None:
    definition = lab.definition(["true"])
    wanted = json.dumps({"JobName": "by-schedule", "JobQueue": lab.queue, "JobDefinition": definition})
    lab.emulator.client("scheduler").create_schedule(
        Name="s",
        ScheduleExpression=f"at({datetime.now(UTC) - timedelta(seconds=1):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:batch:submitJob",
            "RoleArn": lab.world.role,
            "Input": wanted,
        },
    )
    until(lambda: _jobs(lab) == ["by-schedule"])


CUSTOM = """
import json, os, urllib.request
import boto3

def handler(event, context):
    wanted = event["ResourceProperties"]
    failed = wanted.get("Fail") == "yes"
    if event["RequestType"] != "Delete" and not failed:
        boto3.client("s3").put_object(Bucket=wanted["Bucket"], Key="made", Body=event["RequestType"].encode())
    if event["RequestType"] == "Delete":
        boto3.client("s3").delete_object(Bucket=wanted["Bucket"], Key="made")
    answer = {"Status": "FAILED" if failed else "SUCCESS", "Reason": "told to fail", "PhysicalResourceId": "it",
              **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
              "Data": {"Who": boto3.client("sts").get_caller_identity()["Arn"]}}
    body = json.dumps(answer).encode()
    where, headers = event["ResponseURL"], {"Content-Type": ""}
    urllib.request.urlopen(urllib.request.Request(where, data=body, method="PUT", headers=headers))
"""


def test_a_function_makes_a_custom_resource(emulator: Emulator) -> None:
    world, stacks = World(emulator), Stacks(emulator)
    arn = world.function("custom", CUSTOM)

    def body(number: int, fail: str = "no") -> dict[str, Any]:
        given = {"ServiceToken": arn, "Bucket": world.bucket, "Number": number, "Fail": fail}
        return template(X=("Custom::Thing", given), outputs={"Who": {"Value": {"Fn::GetAtt": ["X", "Who"]}}})

    def made() -> bytes:
        return bytes(emulator.client("s3").get_object(Bucket=world.bucket, Key="made")["Body"].read())

    assert stacks.deploy("c", body(1)) == "CREATE_COMPLETE", stacks.failures("c")
    assert made() == b"Create"
    assert stacks.outputs("c")["Who"].startswith("arn:aws:")
    assert stacks.deploy("c", body(2)) == "UPDATE_COMPLETE"
    assert made() == b"Update"
    assert stacks.deploy("c", body(3, "yes")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "told to fail" in stacks.failures("c")[-1][1]
    assert stacks.delete("c") == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="NoSuchKey"):
        made()


def test_a_custom_resource_can_be_answered_for(emulator: Emulator) -> None:
    stacks = Stacks(emulator)
    nobody = "arn:aws:lambda:eu-central-1:111122223333:function:nobody"
    emulator.answers("Custom::Thing", Who="a test")

    def body(number: int) -> dict[str, Any]:
        given = {"ServiceToken": nobody, "Number": number}
        return template(X=("Custom::Thing", given), outputs={"Who": {"Value": {"Fn::GetAtt": ["X", "Who"]}}})

    assert stacks.deploy("c", body(1)) == "CREATE_COMPLETE", stacks.failures("c")
    assert stacks.outputs("c") == {"Who": "a test"}
    assert stacks.deploy("c", body(2)) == "UPDATE_COMPLETE", stacks.failures("c")
    assert stacks.delete("c") == "DELETE_COMPLETE"
