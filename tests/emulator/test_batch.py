"""Batch runs jobs: exit codes, logs, retries, arrays, dependencies, limits, credentials, events."""

from __future__ import annotations

import json
import os
import select
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.emulator.types import World, trust

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator.control import Emulator

DEADLINE = 90.0
FOREVER = ["sh", "-c", "echo started; exec sleep 600"]


@dataclass
class Lab:
    """A queue, and short words for what tests do with it."""

    emulator: Emulator
    queue: str
    world: World

    @property
    def batch(self) -> Any:
        return self.emulator.client("batch")

    def definition(
        self, command: list[str], name: str = "job", container: dict[str, Any] | None = None, **more: Any
    ) -> str:
        properties = {
            "image": "python:3.11",
            "command": command,
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}],
            **(container or {}),
        }
        made = self.batch.register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=properties, **more
        )
        return str(made["jobDefinitionArn"])

    def submit(self, definition: str, **more: Any) -> str:
        return str(
            self.batch.submit_job(jobName="j", jobQueue=self.queue, jobDefinition=definition, **more)["jobId"]
        )

    def job(self, identity: str) -> dict[str, Any]:
        return dict(self.batch.describe_jobs(jobs=[identity])["jobs"][0])

    def until(self, identity: str, *statuses: str) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE
        while (job := self.job(identity))["status"] not in statuses:
            assert time.monotonic() < deadline, job
            time.sleep(0.01)
        return job

    def ended(self, identity: str) -> dict[str, Any]:
        return self.until(identity, "SUCCEEDED", "FAILED")

    def output(self, job: dict[str, Any], group: str = "/aws/batch/job") -> list[str]:
        found = self.emulator.client("logs").get_log_events(
            logGroupName=group, logStreamName=job["container"]["logStreamName"], startFromHead=True
        )
        return [event["message"] for event in found["events"]]


@pytest.fixture
def lab(emulator: Emulator) -> Lab:
    return make_lab(emulator)


def make_lab(emulator: Emulator, cpus: int = 4) -> Lab:
    world, batch = World(emulator), emulator.client("batch")
    environment = batch.create_compute_environment(
        computeEnvironmentName="ce",
        type="MANAGED",
        state="ENABLED",
        serviceRole=world.role,
        computeResources={
            "type": "FARGATE",
            "maxvCpus": cpus,
            "subnets": world.subnets,
            "securityGroupIds": [world.group],
        },
    )["computeEnvironmentArn"]
    queue = batch.create_job_queue(
        jobQueueName="q",
        priority=1,
        state="ENABLED",
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
    )["jobQueueArn"]
    return Lab(emulator, str(queue), world)


def test_a_job_runs_with_its_environment_and_its_output_is_in_the_logs(lab: Lab) -> None:
    secret = lab.emulator.client("secretsmanager").create_secret(Name="pw", SecretString='{"word": "xyzzy"}')[
        "ARN"
    ]
    script = 'echo "$A $B $WORD $AWS_BATCH_JOB_ATTEMPT $AWS_BATCH_JQ_NAME $AWS_BATCH_CE_NAME"; echo wrong >&2'
    definition = lab.definition(
        ["sh", "-c", script],
        container={
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "secrets": [{"name": "WORD", "valueFrom": f"{secret}:word::"}],
        },
    )
    job = lab.ended(lab.submit(definition, containerOverrides={"environment": [{"name": "B", "value": "3"}]}))
    assert (job["status"], job["container"]["exitCode"], len(job["attempts"])) == ("SUCCEEDED", 0, 1)
    assert lab.output(job) == ["1 3 xyzzy 1 q ce", "wrong"]
    assert job["createdAt"] <= job["startedAt"] <= job["stoppedAt"]


def test_parameters_are_filled_in(lab: Lab) -> None:
    definition = lab.definition(["echo", "Ref::x", "Ref::y"], parameters={"x": "a", "y": "b"})
    job = lab.ended(lab.submit(definition, parameters={"y": "given"}))
    assert lab.output(job) == ["a given"]


def test_a_failed_job_is_tried_again(lab: Lab) -> None:
    definition = lab.definition(
        ["sh", "-c", 'test "$AWS_BATCH_JOB_ATTEMPT" = 3 || exit 7'], retryStrategy={"attempts": 3}
    )
    job = lab.ended(lab.submit(definition))
    assert job["status"] == "SUCCEEDED"
    assert [one["container"]["exitCode"] for one in job["attempts"]] == [7, 7, 0]
    assert len({one["container"]["logStreamName"] for one in job["attempts"]}) == 3


@pytest.mark.parametrize(
    ("rules", "attempts"),
    [
        ([{"onExitCode": "7", "action": "EXIT"}], 1),
        ([{"onExitCode": "8", "action": "EXIT"}], 3),
        ([{"onExitCode": "7*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}], 3),
        ([{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onExitCode": "*", "action": "EXIT"}], 1),
        ([{"onStatusReason": "Essential*", "onExitCode": "8", "action": "EXIT"}], 3),
    ],
)
def test_conditions_decide_about_another_attempt(lab: Lab, rules: Any, attempts: int) -> None:
    definition = lab.definition(
        ["sh", "-c", "exit 7"], retryStrategy={"attempts": 3, "evaluateOnExit": rules}
    )
    job = lab.ended(lab.submit(definition))
    assert (job["status"], len(job["attempts"])) == ("FAILED", attempts)


def test_an_interrupted_machine_is_told_apart(lab: Lab) -> None:
    rules = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    definition = lab.definition(
        ["sh", "-c", 'test "$AWS_BATCH_JOB_ATTEMPT" = 2 || exec sleep 600'],
        retryStrategy={"attempts": 2, "evaluateOnExit": rules},
    )
    identity = lab.submit(definition)
    lab.until(identity, "RUNNING")
    assert lab.emulator.interrupt(identity)
    job = lab.ended(identity)
    assert job["status"] == "SUCCEEDED"
    assert job["attempts"][0]["statusReason"].startswith("Host EC2 (instance i-")
    assert "exitCode" not in job["attempts"][0]["container"]


def test_a_program_that_is_not_there_is_a_failed_start(lab: Lab) -> None:
    lab.emulator.image("*", entrypoint=["/nonexistent/program"])
    job = lab.ended(lab.submit(lab.definition(["x"])))
    assert job["status"] == "FAILED"
    assert job["container"].get("reason", "").startswith("CannotStart") or job["container"]["exitCode"] in {
        126,
        127,
    }


def test_an_attempt_has_its_time(lab: Lab) -> None:
    lab.emulator.hurry(120)
    job = lab.ended(
        lab.submit(
            lab.definition(FOREVER, timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 3})
        )
    )
    assert (job["status"], job["statusReason"], len(job["attempts"])) == (
        "FAILED",
        "Job attempt duration exceeded timeout",
        1,
    )
    assert job["container"]["exitCode"] == 137
    with pytest.raises(ClientError, match="at least 60"):
        lab.definition(FOREVER, timeout={"attemptDurationSeconds": 59})


def test_terminating_and_cancelling(emulator: Emulator) -> None:
    lab = make_lab(emulator, cpus=1)
    script = "trap 'echo asked; exit 9' TERM; echo started; while :; do sleep 0.05; done"
    running = lab.submit(lab.definition(["sh", "-c", script], "long"))
    waiting = lab.submit(lab.definition(["true"]))
    lab.until(running, "RUNNING")
    assert lab.until(waiting, "RUNNABLE")["status"] == "RUNNABLE"
    lab.batch.cancel_job(jobId=running, reason="too late")
    lab.batch.cancel_job(jobId=waiting, reason="not wanted")
    assert lab.ended(waiting)["statusReason"] == "not wanted"
    while lab.output(lab.job(running)) != ["started"]:
        time.sleep(0.01)
    lab.batch.terminate_job(jobId=running, reason="enough")
    job = lab.ended(running)
    assert (job["status"], job["statusReason"], job["container"]["exitCode"]) == ("FAILED", "enough", 9)
    assert job["isTerminated"]
    assert lab.output(job) == ["started", "asked"]


def test_an_array(lab: Lab) -> None:
    definition = lab.definition(
        ["sh", "-c", 'echo "$AWS_BATCH_JOB_ARRAY_INDEX"; test "$AWS_BATCH_JOB_ARRAY_INDEX" != 2']
    )
    identity = lab.submit(definition, arrayProperties={"size": 4})
    job = lab.ended(identity)
    assert (job["status"], job["arrayProperties"]) == (
        "FAILED",
        {"size": 4, "statusSummary": {"SUCCEEDED": 3, "FAILED": 1}},
    )
    failed = lab.batch.list_jobs(arrayJobId=identity, jobStatus="FAILED")["jobSummaryList"]
    assert [(one["jobId"], one["container"]["exitCode"]) for one in failed] == [(f"{identity}:2", 1)]
    assert lab.output(lab.job(f"{identity}:1")) == ["1"]


def test_jobs_wait_for_others(lab: Lab, tmp_path: Path) -> None:
    note = tmp_path / "note"
    first = lab.submit(lab.definition(["sh", "-c", f"sleep 0.2; echo first >> {note}"], "first"))
    second = lab.submit(
        lab.definition(["sh", "-c", f"echo second >> {note}"], "second"), dependsOn=[{"jobId": first}]
    )
    assert lab.until(second, "PENDING", "RUNNABLE", "SUCCEEDED")["status"] == "PENDING"
    assert lab.ended(second)["status"] == "SUCCEEDED"
    assert note.read_text().split() == ["first", "second"]
    bad = lab.submit(lab.definition(["false"], "bad"))
    after = lab.submit(lab.definition(["true"]), dependsOn=[{"jobId": bad}])
    assert lab.ended(after)["statusReason"] == "Dependent Job failed"
    order = lab.definition(["sh", "-c", f"echo $AWS_BATCH_JOB_ARRAY_INDEX >> {note}"], "order")
    lab.ended(lab.submit(order, arrayProperties={"size": 3}, dependsOn=[{"type": "SEQUENTIAL"}]))
    assert note.read_text().split()[2:] == ["0", "1", "2"]


def test_a_queue_gives_up_on_jobs_that_can_never_start(lab: Lab) -> None:
    reason = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
    lab.batch.update_job_queue(
        jobQueue=lab.queue,
        jobStateTimeLimitActions=[
            {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}
        ],
    )
    big = {"resourceRequirements": [{"type": "VCPU", "value": "64"}, {"type": "MEMORY", "value": "512"}]}
    identity = lab.submit(lab.definition(["true"], container=big))
    assert lab.until(identity, "RUNNABLE")["status"] == "RUNNABLE"
    lab.emulator.hurry(100_000)
    assert lab.ended(identity)["statusReason"] == reason


def test_the_first_in_a_better_queue_goes_first(emulator: Emulator, tmp_path: Path) -> None:
    lab = make_lab(emulator, cpus=1)
    urgent = lab.batch.create_job_queue(
        jobQueueName="urgent",
        priority=9,
        state="ENABLED",
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "ce"}],
    )["jobQueueArn"]
    blocker = lab.submit(lab.definition(FOREVER, "blocker"))
    lab.until(blocker, "RUNNING")
    note = tmp_path / "note"
    say = lab.definition(["sh", "-c", f"echo $AWS_BATCH_JQ_NAME >> {note}"], "say")
    ordinary = lab.submit(say)
    time.sleep(0.05)
    better = lab.batch.submit_job(jobName="j", jobQueue=urgent, jobDefinition=say)["jobId"]
    lab.until(ordinary, "RUNNABLE")
    lab.until(better, "RUNNABLE")
    lab.batch.terminate_job(jobId=blocker, reason="go")
    lab.ended(ordinary)
    assert note.read_text().split() == ["urgent", "q"]


def test_a_job_acts_as_its_role(lab: Lab) -> None:
    lab.emulator.client("iam").create_role(
        RoleName="worker", AssumeRolePolicyDocument=json.dumps(trust("ecs-tasks"))
    )
    code = (
        "import boto3; s3 = boto3.client('s3'); s3.put_object(Bucket='base-bucket', Key='k', Body=b'1');"
        "print(boto3.client('sts').get_caller_identity()['Arn'])"
    )
    role = lab.emulator.client("iam").get_role(RoleName="worker")["Role"]["Arn"]
    assert lab.world.bucket
    job = lab.ended(lab.submit(lab.definition(["python", "-c", code], container={"jobRoleArn": role})))
    assert lab.output(job)[0].startswith("arn:aws:sts::111122223333:assumed-role/worker/")
    assert job["status"] == "SUCCEEDED"


def listen(lab: Lab, kind: str) -> Iterator[dict[str, Any]]:
    """Events of a kind from now on, for as long as a test waits."""
    sqs, events = lab.emulator.client("sqs"), lab.emulator.client("events")
    queue = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="jobs", EventPattern=json.dumps({"source": ["aws.batch"], "detail-type": [kind]}))
    events.put_targets(Rule="jobs", Targets=[{"Id": "q", "Arn": arn}])

    def heard() -> Iterator[dict[str, Any]]:
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                yield json.loads(message["Body"])

    return heard()


def test_each_state_is_told_by_an_event(lab: Lab) -> None:
    events = listen(lab, "Batch Job State Change")
    identity = lab.submit(lab.definition(["true"]))
    lab.ended(identity)
    seen: dict[str, str] = {}
    while "SUCCEEDED" not in seen:
        event = next(events)
        seen[event["detail"]["status"]] = event["detail"]["jobId"]
    assert seen == dict.fromkeys(("RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"), identity)


def test_a_blocked_queue_is_told_of_once(lab: Lab) -> None:
    events = listen(lab, "Batch Job Queue Blocked")
    big = {"resourceRequirements": [{"type": "VCPU", "value": "64"}, {"type": "MEMORY", "value": "512"}]}
    identity = lab.submit(lab.definition(["true"], container=big))
    event = next(events)
    assert (event["detail"]["jobId"], event["detail"]["status"]) == (identity, "RUNNABLE")
    assert event["resources"] == [event["detail"]["jobArn"], lab.queue]
    assert event["detail"]["statusReason"].startswith("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE")
    lab.batch.cancel_job(jobId=identity, reason="too large")
    job = lab.ended(identity)
    assert (job["statusReason"], job["isCancelled"]) == ("too large", True)


def test_a_reset_ends_running_jobs(lab: Lab, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    identity = lab.submit(lab.definition(["sh", "-c", f"echo $$ > {note}; exec sleep 600"]))
    lab.until(identity, "RUNNING")
    while not (note.exists() and note.read_text().strip()):
        time.sleep(0.01)
    handle = os.pidfd_open(int(note.read_text()))
    lab.emulator.reset()

    poll = select.poll()
    poll.register(handle, select.POLLIN)
    assert poll.poll(5000)
    os.close(handle)
    assert lab.batch.describe_jobs(jobs=[identity])["jobs"] == []


def test_what_is_in_use_is_not_deleted(lab: Lab) -> None:
    with pytest.raises(ClientError, match="not DISABLED"):
        lab.batch.delete_job_queue(jobQueue="q")
    lab.batch.update_compute_environment(computeEnvironment="ce", state="DISABLED")
    with pytest.raises(ClientError, match="JobQueue relationship"):
        lab.batch.delete_compute_environment(computeEnvironment="ce")
    with pytest.raises(ClientError, match="does not exist"):
        lab.submit("nowhere:1")
