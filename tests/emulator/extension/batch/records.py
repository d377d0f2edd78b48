"""Compute environments, job queues, job definitions and scheduling policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from tests.emulator.extension import stores
from tests.emulator.extension.services.json_api import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable

environments, queues, definitions, policies = (stores.table() for _ in range(4))
_SIZES = range(2, 10_001)


def refuse(message: str) -> ServiceError:
    """Batch has one error for all that a client does wrong."""
    return ServiceError("ClientException", message)


def arn(kind: str, name: str) -> str:
    return f"arn:aws:batch:{get_region()}:{get_account_id()}:{kind}/{name}"


def short(reference: str) -> str:
    """A name, from a name or an ARN."""
    return reference.rpartition("/")[2]


def _chosen(table: Any, wanted: Iterable[str] | None) -> list[dict[str, Any]]:
    names = [short(one) for one in wanted or []]
    return [record for name, record in table.items() if not names or name in names]


# -- compute environments -----------------------------------------------------------------------------


def create_environment(request: dict[str, Any]) -> dict[str, Any]:
    name = request["computeEnvironmentName"]
    if name in environments:
        raise refuse(f"Object already exists: {name}")
    environments[name] = {
        "state": "ENABLED",
        "status": "VALID",
        "statusReason": "ComputeEnvironment Healthy",
        "tags": {},
        "computeEnvironmentArn": arn("compute-environment", name),
        "uuid": new_uuid(),
        "containerOrchestrationType": "ECS",
        "ecsClusterArn": f"arn:aws:ecs:{get_region()}:{get_account_id()}:cluster/AWSBatch-{name}",
        **request,
    }
    return {
        "computeEnvironmentName": name,
        "computeEnvironmentArn": environments[name]["computeEnvironmentArn"],
    }


def _environment(reference: str) -> dict[str, Any]:
    found = environments.get(short(reference))
    if found is None:
        raise refuse(f"{reference} does not exist")
    return dict(found)


def update_environment(request: dict[str, Any]) -> dict[str, Any]:
    record = _environment(request["computeEnvironment"])
    changes = {key: value for key, value in request.items() if key != "computeEnvironment"}
    resources = {**record.get("computeResources", {}), **(changes.pop("computeResources", None) or {})}
    environments[record["computeEnvironmentName"]] = {**record, **changes, "computeResources": resources}
    return {key: record[key] for key in ("computeEnvironmentName", "computeEnvironmentArn")}


def delete_environment(request: dict[str, Any]) -> None:
    record = _environment(request["computeEnvironment"])
    if record["state"] != "DISABLED":
        raise refuse("Cannot delete, resource is not DISABLED")
    for queue in queues.values():
        if any(
            short(one["computeEnvironment"]) == record["computeEnvironmentName"]
            for one in queue["computeEnvironmentOrder"]
        ):
            raise refuse("Cannot delete, found existing JobQueue relationship")
    del environments[record["computeEnvironmentName"]]


def describe_environments(request: dict[str, Any]) -> dict[str, Any]:
    return {"computeEnvironments": _chosen(environments, request.get("computeEnvironments"))}


# -- job queues ---------------------------------------------------------------------------------------


def create_queue(request: dict[str, Any]) -> dict[str, Any]:
    name = request["jobQueueName"]
    if name in queues:
        raise refuse(f"Object already exists: {name}")
    for one in request["computeEnvironmentOrder"]:
        _environment(one["computeEnvironment"])
    queues[name] = {
        "state": "ENABLED",
        "status": "VALID",
        "statusReason": "JobQueue Healthy",
        "tags": {},
        "jobQueueArn": arn("job-queue", name),
        **request,
    }
    return {"jobQueueName": name, "jobQueueArn": queues[name]["jobQueueArn"]}


def queue(reference: str) -> dict[str, Any]:
    found = queues.get(short(reference))
    if found is None:
        raise refuse(f"Job Queue {reference} does not exist")
    return dict(found)


def update_queue(request: dict[str, Any]) -> dict[str, Any]:
    record = queue(request["jobQueue"])
    changes = {key: value for key, value in request.items() if key != "jobQueue"}
    queues[record["jobQueueName"]] = {**record, **changes}
    return {key: record[key] for key in ("jobQueueName", "jobQueueArn")}


def delete_queue(request: dict[str, Any]) -> None:
    record = queue(request["jobQueue"])
    if record["state"] != "DISABLED":
        raise refuse("Cannot delete, resource is not DISABLED")
    del queues[record["jobQueueName"]]


def describe_queues(request: dict[str, Any]) -> dict[str, Any]:
    return {"jobQueues": _chosen(queues, request.get("jobQueues"))}


# -- job definitions ----------------------------------------------------------------------------------


def register_definition(request: dict[str, Any]) -> dict[str, Any]:
    name = request["jobDefinitionName"]
    container = request.get("containerProperties")
    if request["type"] == "container" and not container:
        raise refuse("Container properties should not be empty for job definition of type container.")
    limit = (request.get("timeout") or {}).get("attemptDurationSeconds")
    check_timeout(limit)
    revisions = definitions.get(name, [])
    number = len(revisions) + 1
    record = {
        "jobDefinitionArn": arn("job-definition", f"{name}:{number}"),
        "revision": number,
        "status": "ACTIVE",
        "containerOrchestrationType": "ECS",
        "tags": {},
        "parameters": {},
        **request,
    }
    definitions[name] = [*revisions, record]
    return {key: record[key] for key in ("jobDefinitionName", "jobDefinitionArn", "revision")}


def check_timeout(seconds: int | None) -> None:
    if seconds is not None and seconds < 60:
        raise refuse("Timeout must be at least 60 seconds.")


def definition(reference: str) -> dict[str, Any]:
    """The definition that a job asks for: a revision, or the newest that is active."""
    name, _, revision = short(reference).partition(":")
    active = [
        one
        for one in definitions.get(name, [])
        if one["status"] == "ACTIVE" and revision in {"", str(one["revision"])}
    ]
    if not active:
        raise refuse(f"JobDefinition {reference} does not exist")
    return dict(active[-1])


def deregister_definition(request: dict[str, Any]) -> None:
    name, _, revision = short(request["jobDefinition"]).partition(":")
    definitions[name] = [
        {**one, "status": "INACTIVE"} if revision in {"", str(one["revision"])} else one
        for one in definitions.get(name, [])
    ]


def describe_definitions(request: dict[str, Any]) -> dict[str, Any]:
    found = [one for revisions in definitions.values() for one in revisions]
    wanted = [short(one) for one in request.get("jobDefinitions") or []]
    if wanted:
        found = [
            one
            for one in found
            if {one["jobDefinitionName"], f"{one['jobDefinitionName']}:{one['revision']}"} & set(wanted)
        ]
    for key, member in (("jobDefinitionName", "jobDefinitionName"), ("status", "status")):
        if request.get(key):
            found = [one for one in found if one[member] == request[key]]
    return {"jobDefinitions": sorted(found, key=lambda one: (one["jobDefinitionName"], -one["revision"]))}


# -- scheduling policies ------------------------------------------------------------------------------


def create_policy(request: dict[str, Any]) -> dict[str, Any]:
    name = request["name"]
    policies[name] = {"arn": arn("scheduling-policy", name), "tags": {}, **request}
    return {"name": name, "arn": policies[name]["arn"]}


def update_policy(request: dict[str, Any]) -> None:
    name = short(request["arn"])
    if name not in policies:
        raise refuse(f"{request['arn']} does not exist")
    policies[name] = {**policies[name], **request}


def delete_policy(request: dict[str, Any]) -> None:
    if policies.pop(short(request["arn"]), None) is None:
        raise refuse(f"{request['arn']} does not exist")


def describe_policies(request: dict[str, Any]) -> dict[str, Any]:
    return {"schedulingPolicies": _chosen(policies, request["arns"]) if request["arns"] else []}


# -- tags ---------------------------------------------------------------------------------------------


def tagged(resource: str) -> dict[str, Any]:
    """The record that an ARN names, whose tags can be changed."""
    kind, _, name = resource.split(":", 5)[5].partition("/")
    table = {
        "compute-environment": environments,
        "job-queue": queues,
        "scheduling-policy": policies,
    }.get(kind)
    if kind == "job-definition":
        return next(one for one in definitions[name.partition(":")[0]] if one["jobDefinitionArn"] == resource)
    if table is None or name not in table:
        raise refuse(f"{resource} does not exist")
    return table[name]  # type: ignore[no-any-return]


def tag(request: dict[str, Any]) -> None:
    record = tagged(request["resourceArn"])
    record["tags"] = {**record["tags"], **request["tags"]}


def untag(request: dict[str, Any]) -> None:
    record = tagged(request["resourceArn"])
    record["tags"] = {key: value for key, value in record["tags"].items() if key not in request["tagKeys"]}


def valid_size(size: int) -> bool:
    return size in _SIZES
