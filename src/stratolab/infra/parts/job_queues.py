"""Queues in front of compute environments: what goes first, and how long a job waits that cannot start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Ref
from troposphere.batch import ComputeEnvironmentOrder, JobQueue, JobStateTimeLimitAction

from stratolab.infra import names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.config.labs.queues import QueueConfig

CANNOT_START = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
)
"""Why a job at the head of a queue cannot start, as far as Batch acts on it: no machines to be had, more vCPUs than the
environment's most, no machine large enough.
https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html"""


def title(name: str, sort: str) -> str:
    """The logical name: another one for another sort, since jobs of Fargate cannot move to machines."""
    return names.title("Queue", f"{name} {sort}")


def job_queue(
    lab: str, environment: str, name: str, queue: QueueConfig, *, sort: str, chain: Sequence[str]
) -> Any:
    """A queue. `chain` are the titles of its compute environments in the order in which they are tried."""
    return JobQueue(
        title(name, sort),
        JobQueueName=names.named("queue", lab, environment, name, sort),
        Priority=queue.priority,
        State="ENABLED" if queue.enabled else "DISABLED",
        ComputeEnvironmentOrder=[
            ComputeEnvironmentOrder(Order=number, ComputeEnvironment=Ref(one))
            for number, one in enumerate(chain, 1)
        ],
        JobStateTimeLimitActions=[
            JobStateTimeLimitAction(
                State="RUNNABLE", Reason=reason, MaxTimeSeconds=int(queue.start_within), Action="CANCEL"
            )
            for reason in CANNOT_START
        ],
    )
