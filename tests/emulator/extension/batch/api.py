"""The calls of Batch."""

from __future__ import annotations

import fnmatch
from typing import Any

from tests.emulator.extension.batch import attempts, jobs, records
from tests.emulator.extension.services.json_api import serve_before

_SUMMARY = (
    "jobId",
    "jobArn",
    "jobName",
    "createdAt",
    "status",
    "statusReason",
    "startedAt",
    "stoppedAt",
    "arrayProperties",
    "jobDefinition",
    "shareIdentifier",
    "schedulingPriority",
)


def _describe(request: dict[str, Any]) -> dict[str, Any]:
    with jobs.changed:
        return {"jobs": [jobs.view(jobs.table[one]) for one in request["jobs"] if one in jobs.table]}


def _list(request: dict[str, Any]) -> dict[str, Any]:
    with jobs.changed:
        found = _listed(request)
        if request.get("filters"):
            found = [job for job in found if all(_matches(job, one) for one in request["filters"])]
        else:
            wanted = request.get("jobStatus") or "RUNNING"
            found = [job for job in found if job["status"] == wanted]
        found.sort(key=lambda job: -job["createdAt"])
        start = int(request.get("nextToken") or 0)
        most = int(request.get("maxResults") or 100)
        page = [_summary(job) for job in found[start : start + most]]
    more = {"nextToken": str(start + most)} if start + most < len(found) else {}
    return {"jobSummaryList": page, **more}


def _listed(request: dict[str, Any]) -> list[dict[str, Any]]:
    if request.get("arrayJobId"):
        return list(jobs.children(_job(request["arrayJobId"])))
    queue = records.queue(request["jobQueue"])["jobQueueArn"]
    return [job for job in jobs.table.values() if "_parent" not in job and job["jobQueue"] == queue]


def _matches(job: dict[str, Any], wanted: dict[str, Any]) -> bool:
    values = wanted.get("values") or []
    match wanted["name"]:
        case "JOB_NAME":
            return any(fnmatch.fnmatchcase(job["jobName"].lower(), value.lower()) for value in values)
        case "JOB_DEFINITION":
            names = {
                job["jobDefinition"],
                records.short(job["jobDefinition"]),
                records.short(job["jobDefinition"]).partition(":")[0],
            }
            return any(value in names for value in values)
        case "BEFORE_CREATED_AT":
            return bool(job["createdAt"] < int(values[0]))
        case "AFTER_CREATED_AT":
            return bool(job["createdAt"] > int(values[0]))
        case name:
            raise records.refuse(f"the emulator has no filter {name}")


def _summary(job: dict[str, Any]) -> dict[str, Any]:
    shown = jobs.view(job)
    container = {key: shown["container"][key] for key in ("exitCode", "reason") if key in shown["container"]}
    return {**{key: shown[key] for key in _SUMMARY if key in shown}, "container": container}


def _job(identity: str) -> dict[str, Any]:
    if identity not in jobs.table:
        raise records.refuse(f"Job {identity} does not exist")
    return jobs.table[identity]  # type: ignore[no-any-return]


def _family(identity: str) -> list[dict[str, Any]]:
    job = _job(identity)
    return list(jobs.children(job)) if jobs.is_array(job) else [job]


def _cancel(request: dict[str, Any]) -> None:
    """Jobs that have not started fail with the reason; others go on."""
    with jobs.changed:
        for job in _family(request["jobId"]):
            if job["status"] in jobs.WAITING and not job.get("_taken"):
                job["_cancelled"] = request["reason"]
                job["isCancelled"] = True
        jobs.changed.notify_all()


def _terminate(request: dict[str, Any]) -> None:
    with jobs.changed:
        for job in _family(request["jobId"]):
            if job["status"] not in jobs.ENDED:
                job["_cancelled"] = request["reason"]
                job["isTerminated"] = True
                attempts.stop(job["jobId"], request["reason"])
        jobs.changed.notify_all()


serve_before(
    "batch",
    {
        "CreateComputeEnvironment": records.create_environment,
        "UpdateComputeEnvironment": records.update_environment,
        "DeleteComputeEnvironment": records.delete_environment,
        "DescribeComputeEnvironments": records.describe_environments,
        "CreateJobQueue": records.create_queue,
        "UpdateJobQueue": records.update_queue,
        "DeleteJobQueue": records.delete_queue,
        "DescribeJobQueues": records.describe_queues,
        "RegisterJobDefinition": records.register_definition,
        "DeregisterJobDefinition": records.deregister_definition,
        "DescribeJobDefinitions": records.describe_definitions,
        "CreateSchedulingPolicy": records.create_policy,
        "UpdateSchedulingPolicy": records.update_policy,
        "DeleteSchedulingPolicy": records.delete_policy,
        "DescribeSchedulingPolicies": records.describe_policies,
        "ListSchedulingPolicies": lambda _: {
            "schedulingPolicies": [{"arn": one["arn"]} for one in records.policies.values()]
        },
        "TagResource": records.tag,
        "UntagResource": records.untag,
        "ListTagsForResource": lambda request: {"tags": records.tagged(request["resourceArn"])["tags"]},
        "SubmitJob": jobs.submit,
        "DescribeJobs": _describe,
        "ListJobs": _list,
        "CancelJob": _cancel,
        "TerminateJob": _terminate,
    },
)
