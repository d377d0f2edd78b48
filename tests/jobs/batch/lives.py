"""Jobs of Batch, told by events: as Batch sends them, and any life that a job may have, for Hypothesis."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

Event = dict[str, Any]
BEGIN = 1_760_000_000
QUEUE = "arn:aws:batch:eu-west-1:123456789012:job-queue/acme-dev-small-fargate"
ENDS: dict[str, dict[str, Any]] = {
    "done": {"exitCode": 0},
    "exit": {"exitCode": 3},
    "killed": {"exitCode": 137},
    "memory": {"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"},
    "image": {"reason": "CannotPullContainerError: pull image manifest has been retried 1 time(s)"},
    "spot": {},
    "late": {"exitCode": 137},
}
STATUS_REASONS = {
    "spot": "Host EC2 (instance i-0123456789abcdef0) terminated.",
    "late": "Job attempt duration exceeded timeout",
    "image": "Task failed to start",
}


def event(
    job: str,
    status: str,
    at: float,
    *,
    number: str = "",
    blocked: bool = False,
    container: dict[str, Any] | None = None,
    **detail: Any,
) -> Event:
    """An event as EventBridge delivers it. Its time has whole seconds."""
    time = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "version": "0",
        "id": number or str(uuid.uuid4()),
        "detail-type": "Batch Job Queue Blocked" if blocked else "Batch Job State Change",
        "source": "aws.batch",
        "account": "123456789012",
        "time": time,
        "region": "eu-west-1",
        "resources": [f"arn:aws:batch:eu-west-1:123456789012:job/{job}"],
        "detail": {
            "jobArn": f"arn:aws:batch:eu-west-1:123456789012:job/{job}",
            "jobName": "train",
            "jobId": job,
            "jobQueue": QUEUE,
            "status": status,
            "attempts": [],
            "createdAt": BEGIN * 1000,
            "retryStrategy": {"attempts": 3, "evaluateOnExit": []},
            "dependsOn": [],
            "jobDefinition": "arn:aws:batch:eu-west-1:123456789012:job-definition/train:7",
            "parameters": {},
            "tags": {},
            "propagateTags": False,
            "platformCapabilities": ["FARGATE"],
            "container": {
                "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/train:1",
                "command": ["python", "train.py"],
                "jobRoleArn": "arn:aws:iam::123456789012:role/stratolab/acme/service/acme-dev-job",
                "environment": [{"name": "PASSWORD", "value": "hunter2"}],
                "resourceRequirements": [
                    {"type": "VCPU", "value": "0.25"},
                    {"type": "MEMORY", "value": "512"},
                ],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/stratolab/acme/dev/jobs"},
                },
                "secrets": [],
                **(container or {}),
            },
            **detail,
        },
    }


def attempt(began: float, ended: float, end: str, stream: str) -> dict[str, Any]:
    return {
        "container": {**ENDS[end], "logStreamName": stream},
        "startedAt": int(began * 1000),
        "stoppedAt": int(ended * 1000),
        "statusReason": STATUS_REASONS.get(end, "Essential container in task exited"),
    }


def life(job: str, ends: list[str], *, waits: list[int], blocked: bool = False, **detail: Any) -> list[Event]:
    """All events of a job, in their order: an attempt for each of `ends`; `waits` are seconds between events."""
    pauses, at = itertools.cycle(waits), float(BEGIN)
    told = [event(job, "SUBMITTED", at, **detail)]
    attempts: list[dict[str, Any]] = []
    for index, end in enumerate(ends):
        stream, began = f"train/default/{job}-{index}", at
        facts: dict[str, Any] = {"attempts": list(attempts), **detail}
        told.append(event(job, "RUNNABLE", at := at + next(pauses), **facts))
        if blocked:
            facts["statusReason"] = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - too large"
            told.append(event(job, "RUNNABLE", at := at + next(pauses), blocked=True, **facts))
            facts.pop("statusReason")
        running = {"container": {"logStreamName": stream}}
        told.append(event(job, "STARTING", at := at + next(pauses), **running, **facts))
        began, facts["startedAt"] = at, int((at := at + next(pauses)) * 1000)
        told.append(event(job, "RUNNING", at, **running, **facts))
        attempts.append(attempt(began, at := at + next(pauses), end, stream))
    last = ends[-1]
    told.append(
        event(
            job,
            "SUCCEEDED" if last == "done" else "FAILED",
            at,
            container={**ENDS[last], "logStreamName": attempts[-1]["container"]["logStreamName"]},
            **{
                "attempts": attempts,
                "startedAt": int(began * 1000),
                "stoppedAt": int(at * 1000),
                "statusReason": attempts[-1]["statusReason"],
                **detail,
            },
        )
    )
    return told


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    """All events of any job."""
    failing = st.sampled_from([end for end in ENDS if end != "done"])
    ends = [*draw(st.lists(failing, max_size=2)), draw(st.sampled_from(list(ENDS)))]
    job = str(uuid.uuid4())  # not drawn: each is a job of its own, also in a store that has seen others
    child = draw(st.none() | st.integers(0, 9_999))
    if child is not None:
        job = f"{job}:{child}"
    return life(
        job,
        ends,
        waits=draw(st.lists(st.integers(0, 2), min_size=1, max_size=7)),
        blocked=draw(st.booleans()),
        **({} if child is None else {"arrayProperties": {"index": child}}),
    )


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """Events in their order, and the same as they may be delivered: shuffled, some of them doubled."""
    told = draw(lives())
    again = draw(st.lists(st.sampled_from(told), max_size=8))
    return told, draw(st.permutations([*told, *again]))
