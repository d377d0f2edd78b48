"""What was submitted, and where it stands. A job's record is what DescribeJobs answers; `_...` stays inside."""

from __future__ import annotations

import contextvars
import copy
import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from ministack.core.responses import new_uuid
from ministack.services import eventbridge
from tests.emulator.extension import stores
from tests.emulator.extension.batch import records

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDED = ("SUCCEEDED", "FAILED")
WAITING = ("SUBMITTED", "PENDING", "RUNNABLE")
table = stores.table()
changed = threading.Condition(threading.RLock())
log = logging.getLogger("emulator.batch")


def now() -> int:
    """Milliseconds since 1970, as Batch counts."""
    return int(time.time() * 1000)


def submit(request: dict[str, Any]) -> dict[str, Any]:
    """Record a job, or an array and its children, and let the scheduler know."""
    definition, queue = records.definition(request["jobDefinition"]), records.queue(request["jobQueue"])
    if queue["state"] != "ENABLED":
        raise records.refuse(f"JobQueue {queue['jobQueueArn']} is not in a valid state: DISABLED")
    size = (request.get("arrayProperties") or {}).get("size")
    if size is not None and not records.valid_size(size):
        raise records.refuse("Array size must be between 2 and 10000.")
    records.check_timeout((request.get("timeout") or {}).get("attemptDurationSeconds"))
    identity = new_uuid()
    record = _record(request, definition, queue)
    with changed:
        for depended in record["dependsOn"]:
            if depended.get("jobId") and depended["jobId"] not in table:
                raise records.refuse(f"Job {depended['jobId']} does not exist")
        if size is None:
            table[identity] = _named(record, identity)
        else:
            table[identity] = {
                **_named(record, identity),
                "arrayProperties": {"size": size, "statusSummary": {"SUBMITTED": size}},
            }
            for index in range(size):
                child = f"{identity}:{index}"
                table[child] = {
                    **_named(record, child),
                    "arrayProperties": {"index": index},
                    "_parent": identity,
                }
        changed.notify_all()
    from tests.emulator.extension.batch import scheduler

    scheduler.wake()
    return {"jobId": identity, "jobName": request["jobName"], "jobArn": records.arn("job", identity)}


def _named(record: dict[str, Any], identity: str) -> dict[str, Any]:
    return {
        **copy.deepcopy({key: value for key, value in record.items() if key != "_context"}),
        "_context": record["_context"],
        "jobId": identity,
        "jobArn": records.arn("job", identity),
    }


def _record(request: dict[str, Any], definition: dict[str, Any], queue: dict[str, Any]) -> dict[str, Any]:
    parameters = {**definition.get("parameters", {}), **(request.get("parameters") or {})}
    timeout = request.get("timeout") or definition.get("timeout")
    record = {
        "jobName": request["jobName"],
        "jobQueue": queue["jobQueueArn"],
        "jobDefinition": definition["jobDefinitionArn"],
        "status": "SUBMITTED",
        "createdAt": now(),
        "attempts": [],
        "dependsOn": request.get("dependsOn") or [],
        "parameters": parameters,
        "retryStrategy": request.get("retryStrategy") or definition.get("retryStrategy") or {"attempts": 1},
        "tags": dict(request.get("tags") or {}),
        "propagateTags": request.get("propagateTags", definition.get("propagateTags", False)),
        "platformCapabilities": definition.get("platformCapabilities", ["EC2"]),
        "container": _container(
            definition["containerProperties"], request.get("containerOverrides") or {}, parameters
        ),
        "_priority": queue["priority"],
        "_context": contextvars.copy_context(),
    }
    optional = {
        "timeout": timeout,
        "shareIdentifier": request.get("shareIdentifier"),
        "schedulingPriority": request.get("schedulingPriorityOverride", definition.get("schedulingPriority")),
    }
    return {**record, **{key: value for key, value in optional.items() if value is not None}}


def _container(own: dict[str, Any], given: dict[str, Any], parameters: dict[str, str]) -> dict[str, Any]:
    """The container of a definition with what a submission puts over it, and its `Ref::name` filled in."""
    made = copy.deepcopy(own)
    if given.get("command"):
        made["command"] = given["command"]
    environment = {one["name"]: one.get("value", "") for one in made.get("environment") or []}
    environment |= {one["name"]: one.get("value", "") for one in given.get("environment") or []}
    made["environment"] = [{"name": name, "value": value} for name, value in environment.items()]
    needs = {one["type"]: one["value"] for one in made.get("resourceRequirements") or []}
    needs |= {one["type"]: one["value"] for one in given.get("resourceRequirements") or []}
    for old, kind in (("vcpus", "VCPU"), ("memory", "MEMORY")):
        amount = given.get(old, made.get(old))
        if amount is not None and kind not in needs:
            needs[kind] = str(amount)
    made["resourceRequirements"] = [{"type": kind, "value": value} for kind, value in needs.items()]
    made["command"] = [
        parameters.get(word.removeprefix("Ref::"), word) if word.startswith("Ref::") else word
        for word in made.get("command") or []
    ]
    return made


def needs(job: dict[str, Any], kind: str) -> float:
    """How much of a resource (`VCPU`, `MEMORY`, `GPU`) a job asks for."""
    return sum(float(one["value"]) for one in job["container"]["resourceRequirements"] if one["type"] == kind)


def become(job: dict[str, Any], status: str, reason: str = "") -> None:
    """Put a job in another state, its array with it, and tell the world by an event."""
    with changed:
        job["status"] = status
        if reason:
            job["statusReason"] = reason
        if status in ENDED:
            job["stoppedAt"] = now()
        told = [view(job)]
        parent = table.get(job.get("_parent", ""))
        if parent is not None and _follow(parent):
            told.append(view(parent))
        changed.notify_all()
    for one in told:
        _tell(one)


def _follow(parent: dict[str, Any]) -> bool:
    """Count an array's children again; whether its own state changed."""
    summary: dict[str, int] = {}
    for child in children(parent):
        summary[child["status"]] = summary.get(child["status"], 0) + 1
    parent["arrayProperties"]["statusSummary"] = summary
    before = parent["status"]
    if sum(summary.get(status, 0) for status in ENDED) == parent["arrayProperties"]["size"]:
        parent["status"] = "FAILED" if summary.get("FAILED") else "SUCCEEDED"
        parent["stoppedAt"] = now()
        if parent["status"] == "FAILED":
            parent["statusReason"] = "Array Child Job failed"
    else:
        parent["status"] = "PENDING"
    return bool(parent["status"] != before)


def children(parent: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for index in range(parent["arrayProperties"]["size"]):
        yield table[f"{parent['jobId']}:{index}"]


def is_array(job: dict[str, Any]) -> bool:
    return "size" in job.get("arrayProperties", {})


def block(job: dict[str, Any], reason: str) -> None:
    """Say why a job that stands first in its queue cannot start: once, by an event of its own kind."""
    with changed:
        job["statusReason"] = reason
        told = view(job)
    _tell(told, "Batch Job Queue Blocked", told["jobQueue"])


def _tell(job: dict[str, Any], kind: str = "Batch Job State Change", *also: str) -> None:
    try:
        eventbridge._put_events(
            {
                "Entries": [
                    {
                        "Source": "aws.batch",
                        "DetailType": kind,
                        "Resources": [job["jobArn"], *also],
                        "Detail": json.dumps(job, default=str),
                    }
                ]
            },
            allow_aws_source=True,
        )
    except Exception:
        log.exception("telling of job %s", job["jobId"])


def view(job: dict[str, Any]) -> dict[str, Any]:
    """A job as the API shows it."""
    return copy.deepcopy({key: value for key, value in job.items() if not key.startswith("_")})
