"""A job of Batch as a value: what its texts mean, and where each number stands."""

from __future__ import annotations

from typing import Any

import pytest
from tests.jobs.batch.lives import BEGIN, event

from stratolab.aws.batch_jobs import End, from_detail

ID = "4c7599ae-0a82-49aa-ba5a-4727fcce14a8"


def failed(reason: str = "", container: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    told = event(ID, "FAILED", BEGIN, container=container, statusReason=reason, **more)["detail"]
    assert isinstance(told, dict)
    return told


KILLED = "OutOfMemoryError: Container killed due to memory usage"
ATTEMPTED: list[dict[str, Any]] = [{"container": {}, "startedAt": 1000, "stoppedAt": 2000}]


@pytest.mark.parametrize(
    ("detail", "end"),
    [
        (failed("Essential container in task exited", {"exitCode": 1}, attempts=ATTEMPTED), End.EXIT),
        (
            failed("Essential container in task exited", {"exitCode": 137, "reason": KILLED}),
            End.OUT_OF_MEMORY,
        ),
        (
            failed("OutOfMemoryError: Container killed due to memory usage", {"exitCode": 137}),
            End.OUT_OF_MEMORY,
        ),
        (failed("Job attempt duration exceeded timeout", {"exitCode": 137}), End.TIMEOUT),
        (failed("Host EC2 (instance i-0a) terminated.", attempts=ATTEMPTED), End.LOST),
        (failed("Your Spot Task was interrupted.", {"exitCode": 143}, attempts=ATTEMPTED), End.LOST),
        (
            failed("Task failed to start", {"reason": "CannotPullContainerError: no such image"}),
            End.NOT_STARTED,
        ),
        (failed("", {"reason": "ResourceInitializationError: unable to pull secrets"}), End.NOT_STARTED),
        (failed("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"), End.NOT_STARTED),
        (failed("Dependent Job failed"), End.NOT_STARTED),
        (failed("Array Child Job failed", arrayProperties={"size": 2}), End.EXIT),
        (failed("ana said so", isTerminated=True, container={"exitCode": 143}), End.CANCELLED),
        (failed("ana said so", isCancelled=True), End.CANCELLED),
        (failed("", attempts=ATTEMPTED), End.LOST),
        ({**failed(), "status": "SUCCEEDED"}, End.SUCCEEDED),
        ({**failed(), "status": "RUNNING"}, None),
    ],
)
def test_ends_are_told_apart(detail: dict[str, Any], end: End | None) -> None:
    assert from_detail(detail).end is end


def test_old_words_for_cpus_and_memory_are_understood() -> None:
    old = {"resourceRequirements": [], "vcpus": 2, "memory": 1024}
    made = from_detail(event(ID, "RUNNING", BEGIN, container=old)["detail"])
    assert (made.cpus, made.memory, made.gpus) == (2.0, 1024**3, 0)


def test_a_job_without_container_has_those_of_its_tasks() -> None:
    needs = [{"type": "GPU", "value": "2"}, {"type": "VCPU", "value": "4"}]
    container = {"image": "i", "command": ["c"], "resourceRequirements": needs}
    told = event(ID, "RUNNING", BEGIN)["detail"]
    del told["container"]
    for detail in (
        {"ecsProperties": {"taskProperties": [{"containers": [container]}]}},
        {"nodeProperties": {"nodeRangeProperties": [{"targetNodes": "0:1", "container": container}]}},
    ):
        made = from_detail({**told, **detail})
        assert (made.image, made.command, made.gpus, made.cpus) == ("i", ("c",), 2, 4.0)


def test_what_batch_gives_by_another_name_than_ours() -> None:
    made = from_detail(
        event(ID, "RUNNING", BEGIN, timeout={"attemptDurationSeconds": 90}, startedAt=BEGIN * 1000 + 500,
              dependsOn=[{"jobId": "a"}, {"type": "SEQUENTIAL"}])["detail"]
    )  # fmt: skip
    assert (made.created, made.started, made.timeout, made.tries) == (BEGIN, BEGIN + 0.5, 90.0, 3)
    assert (made.queue, made.definition, made.depends_on) == ("acme-dev-small-fargate", "train:7", ("a",))
    assert (made.index, made.parent) == (None, "")
