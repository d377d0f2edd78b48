"""Which resources a call is about: of Batch, CodeBuild, EC2 and logs, with the keys that conditions ask for.

ministack asks about one resource of a call. Where AWS asks about several, the others are asked about first,
each with its own tags and keys: machines, and what a machine is made from; a job's queue and its definition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, router
from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, tagging
from tests.emulator.extension.batch import jobs, records
from tests.emulator.extension.identity import requests
from tests.emulator.extension.services.json_api import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAG = re.compile(r"TagSpecification\.(\d+)\.Tag\.(\d+)\.Key$")
_IDS = {
    "InstanceId": "instance",
    "VolumeId": "volume",
    "SnapshotId": "snapshot",
    "GroupId": "security-group",
    "ResourceId": "",
}
_OURS = {"batch", "codebuild", "ec2", "logs"}
_PREFIXES = {
    "i-": "instance",
    "vol-": "volume",
    "snap-": "snapshot",
    "sg-": "security-group",
    "vpc-": "vpc",
    "subnet-": "subnet",
}


@dataclass(frozen=True)
class Asked:
    """A resource that must be allowed, and the keys of its own."""

    arn: str
    keys: dict[str, Any] = field(default_factory=dict)


def attach() -> None:
    """Stand in front of the dispatch, and answer ministack's own questions better."""
    behind = app._dispatch_service_request
    resource_of = iam_actions.extract_resource_arn

    async def dispatch(method: str, path: str, headers: Any, body: bytes, query: Any, request_id: str) -> Any:
        given = requests.parameters(headers, body, query)
        service = router.detect_service(
            method, path, headers, {**query, "Action": [given["Action"]]} if given.get("Action") else query
        )
        if service in _OURS:
            listed = {name: [value] for name, value in given.items() if isinstance(value, str)}
            action = (
                iam_actions.extract_iam_action(service, method, path, headers, body, {**query, **listed})
                or ""
            )
            for asked in _asked(action, given):
                found = iam_evaluator.enforce(
                    router.extract_access_key_id(headers, query),
                    action,
                    service,
                    router.extract_region(headers),
                    resource_arn=asked.arn,
                    service_context=asked.keys,
                )
                if found is not None and not isinstance(found, iam_evaluator.AuthError):
                    return iam_actions.access_denied_response(
                        service,
                        action,
                        found.principal_arn,
                        request_id,
                        headers=headers,
                        resource_arn=asked.arn,
                        explicit_deny=found.decision == "Deny",
                    )
        return await behind(method, path, headers, body, query, request_id)

    def first_of(
        service: str, method: str, path: str, headers: Any, body: bytes, params: Any, *more: Any
    ) -> str:
        if service in _OURS:
            given = requests.parameters(headers, body, params)
            action = iam_actions.extract_iam_action(service, method, path, headers, body, params) or ""
            first = next(_asked(action, given), None)
            if first is not None:
                return first.arn
        return str(resource_of(service, method, path, headers, body, params, *more))

    app._dispatch_service_request = dispatch
    iam_actions.extract_resource_arn = first_of
    iam_actions.request_tag_context = _with_ec2_keys(iam_actions.request_tag_context)
    tagging._RESOURCE_TAG_COLLECTORS |= {"ec2": _ec2_tags, "batch": _batch_tags}


def _asked(action: str, given: dict[str, Any]) -> Iterator[Asked]:
    service, _, name = action.partition(":")
    if service == "batch":
        yield from _of_batch(name, given)
    elif service == "codebuild":
        yield from _of_builds(given)
    elif service == "logs":
        yield from _of_streams(given)
    elif name == "RunInstances":
        yield from _of_new_machines(given)
    elif service == "ec2":
        yield from _of_machines(given)


# -- CodeBuild ----------------------------------------------------------------------------------------

_OVERRIDES = {
    "buildspecOverride": "source.buildspec",
    "computeTypeOverride": "environment.computeType",
    "imageOverride": "environment.image",
    "privilegedModeOverride": "environment.privilegedMode",
    "serviceRoleOverride": "serviceRole",
    "sourceLocationOverride": "source.location",
}
"""What a start asks for beside its project, and the key that is there only then."""


def _of_builds(given: dict[str, Any]) -> Iterator[Asked]:
    """The projects of builds too: a build's id begins with its project's name."""
    keys = {f"codebuild:{key}": str(given[name]) for name, key in _OVERRIDES.items() if name in given}
    names = [given.get("projectName"), *(given.get("names") or ())]
    names += [one.partition(":")[0] for one in [given.get("id") or "", *(given.get("ids") or ())] if one]
    for name in dict.fromkeys(filter(None, names)):
        yield Asked(f"arn:aws:codebuild:{get_region()}:{get_account_id()}:project/{name}", keys)


# -- logs ---------------------------------------------------------------------------------------------


def _of_streams(given: dict[str, Any]) -> Iterator[Asked]:
    """A stream lies below its group: what is allowed on `GROUP:*` is allowed there."""
    group, stream = given.get("logGroupName"), given.get("logStreamName")
    if group and stream:
        here = f"arn:aws:logs:{get_region()}:{get_account_id()}"
        yield Asked(f"{here}:log-group:{group}:log-stream:{stream}")


# -- Batch --------------------------------------------------------------------------------------------


def _of_batch(name: str, given: dict[str, Any]) -> Iterator[Asked]:
    tags = {f"aws:RequestTag/{key}": value for key, value in (given.get("tags") or {}).items()}
    if given.get("jobQueue") and name != "ListJobs":
        yield Asked(_full("job-queue", given["jobQueue"]), tags)
    if given.get("jobDefinition"):
        yield Asked(_revision(given["jobDefinition"]), tags)
    if given.get("computeEnvironment"):
        yield Asked(_full("compute-environment", given["computeEnvironment"]), tags)
    if given.get("jobId"):
        yield Asked(records.arn("job", given["jobId"]))
    for key, kind in (
        ("jobQueueName", "job-queue"),
        ("computeEnvironmentName", "compute-environment"),
        ("jobDefinitionName", "job-definition"),
    ):
        if given.get(key) and name.startswith(("Create", "Register")):
            yield Asked(records.arn(kind, given[key]), tags)


def _full(kind: str, reference: str) -> str:
    return reference if reference.startswith("arn:") else records.arn(kind, reference)


def _revision(reference: str) -> str:
    """The ARN of the very revision that a job would run."""
    try:
        return str(records.definition(reference)["jobDefinitionArn"])
    except ServiceError:
        return _full("job-definition", reference)


def _batch_tags() -> Iterator[tuple[str, list[dict[str, str]]]]:
    for table, key in (
        (records.queues, "jobQueueArn"),
        (records.environments, "computeEnvironmentArn"),
        (jobs.table, "jobArn"),
    ):
        for record in table.values():
            yield record[key], _flat(record.get("tags") or {})
    for revisions in records.definitions.values():
        for record in revisions:
            yield record["jobDefinitionArn"], _flat(record.get("tags") or {})


def _flat(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


# -- EC2 ----------------------------------------------------------------------------------------------


def _arn(kind: str, identity: str) -> str:
    account = "" if kind in {"image", "snapshot"} else get_account_id()
    return f"arn:aws:ec2:{get_region()}:{account}:{kind}/{identity}"


def _of_new_machines(given: dict[str, Any]) -> Iterator[Asked]:
    """RunInstances makes machines, disks and interfaces from images, in subnets, with groups: all are asked about."""
    tags = _new_tags(given)
    yield Asked(
        _arn("instance", "*"),
        {"ec2:InstanceType": given.get("InstanceType", "m1.small"), **tags.get("instance", {})},
    )
    yield Asked(_arn("volume", "*"), tags.get("volume", {}))
    yield Asked(_arn("network-interface", "*"), tags.get("network-interface", {}))
    if given.get("ImageId"):
        yield Asked(_arn("image", given["ImageId"]))
    yield Asked(_arn("subnet", given.get("SubnetId", "*")))
    for group in requests.values(given, "SecurityGroupId.*") or ["*"]:
        yield Asked(_arn("security-group", group))


def _new_tags(given: dict[str, Any]) -> dict[str, dict[str, str]]:
    """By kind of resource, the tags that a request gives to new ones, as keys of conditions."""
    found: dict[str, dict[str, str]] = {}
    for name, key in given.items():
        match = _TAG.match(name)
        if match:
            kind = given.get(f"TagSpecification.{match[1]}.ResourceType", "")
            found.setdefault(kind, {})[f"aws:RequestTag/{key}"] = given.get(
                name.removesuffix("Key") + "Value", ""
            )
    return found


def _of_machines(given: dict[str, Any]) -> Iterator[Asked]:
    """Every existing resource that a request names by its id."""
    for name, kind in _IDS.items():
        for identity in [*requests.values(given, name), *requests.values(given, f"{name}.*")]:
            of_kind = kind or next(
                (word for prefix, word in _PREFIXES.items() if identity.startswith(prefix)), ""
            )
            if of_kind:
                arn = _arn(of_kind, identity)
                own = {f"ec2:ResourceTag/{tag['Key']}": tag["Value"] for tag in ec2._tags.get(identity) or []}
                kept = ec2._instances.get(identity)
                if kept:
                    own["ec2:InstanceType"] = kept["InstanceType"]
                yield Asked(arn, own)


def _with_ec2_keys(context_of: Any) -> Any:
    """The keys of the resource that ministack itself asks about: the first of ours."""

    def context(service: str, action: str, body: bytes, params: Any) -> dict[str, Any]:
        found = dict(context_of(service, action, body, params))
        if service in _OURS:
            given = requests.parameters({}, body, params)
            first = next(_asked(action, given), None)
            if first is not None:
                found |= first.keys
            if service == "ec2" and action != "ec2:RunInstances":
                for tags in _new_tags(given).values():
                    found |= tags
                keys = [key.partition("/")[2] for tags in _new_tags(given).values() for key in tags]
                if keys:
                    found["aws:TagKeys"] = keys
        return found

    return context


def _ec2_tags() -> Iterator[tuple[str, list[dict[str, str]]]]:
    for identity, tags in list(ec2._tags.items()):
        kind = next((word for prefix, word in _PREFIXES.items() if identity.startswith(prefix)), "")
        if kind:
            yield _arn(kind, identity), [{"Key": tag["Key"], "Value": tag["Value"]} for tag in tags]
