"""Batch: environments, queues, definitions, policies. Ref is the ARN of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator.extension.client import call, gently
from tests.emulator.extension.conversion import Rules, parameters
from tests.emulator.extension.registry import Made, Result, resource

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEFT_OUT = ("ReplaceComputeEnvironment",)
_OF_UPDATES = ("UpdatePolicy", "ComputeResources.UpdateToLatestImageVersion")
"""What says how a compute environment is changed: the call that makes it has no such parameters."""


def _kind(noun: str, name_property: str, reference: str, told: str) -> type:
    """A kind of Batch resource: `told` is the name of its ARN among the attributes."""
    word = noun[0].lower() + noun[1:]

    class BatchResource:
        @staticmethod
        def create(made: Made) -> Result:
            given = {**made.properties, name_property: made.name(name_property)}
            wanted = parameters("batch", f"Create{noun}", given, Rules(left_out=(*_LEFT_OUT, *_OF_UPDATES)))
            answer = call("batch", f"Create{noun}", **wanted)
            arn = answer.get(f"{word}Arn") or answer["arn"]
            return arn, {told: arn}

        @staticmethod
        def update(made: Made, old: Mapping[str, Any]) -> Result:
            arn = made.physical_id
            unlike = {
                key: value
                for key, value in made.properties.items()
                if old.get(key) != value and key not in {"Tags", name_property}
            }
            if unlike:
                wanted = parameters("batch", f"Update{noun}", unlike, Rules(left_out=_LEFT_OUT))
                call("batch", f"Update{noun}", **{reference: arn}, **wanted)
            _retag(arn, old, made)
            return arn, {told: arn}

        @staticmethod
        def delete(made: Made) -> None:
            if BatchResource.read(made) is not None:
                if noun != "SchedulingPolicy":
                    call("batch", f"Update{noun}", **{reference: made.physical_id, "state": "DISABLED"})
                call("batch", f"Delete{noun}", **{reference: made.physical_id})

        @staticmethod
        def read(made: Made) -> dict[str, Any] | None:
            if noun == "SchedulingPolicy":
                found = call("batch", "DescribeSchedulingPolicies", arns=[made.physical_id])[
                    "schedulingPolicies"
                ]
            else:
                found = call("batch", f"Describe{noun}s", **{f"{word}s": [made.physical_id]})[f"{word}s"]
            return ({"State": found[0]["state"]} if "state" in found[0] else {}) if found else None

    return BatchResource


def _retag(arn: str, old: Mapping[str, Any], made: Made) -> None:
    tags, before = (
        {key: str(value) for key, value in (one or {}).items()} for one in (made.get("Tags"), old.get("Tags"))
    )
    if tags != before:
        if before.keys() - tags.keys():
            call("batch", "UntagResource", resourceArn=arn, tagKeys=sorted(before.keys() - tags.keys()))
        call("batch", "TagResource", resourceArn=arn, tags=tags)


resource("AWS::Batch::ComputeEnvironment", in_place=("Tags",))(
    _kind("ComputeEnvironment", "ComputeEnvironmentName", "computeEnvironment", "ComputeEnvironmentArn")
)
resource("AWS::Batch::JobQueue", in_place=("Tags",))(
    _kind("JobQueue", "JobQueueName", "jobQueue", "JobQueueArn")
)
resource("AWS::Batch::SchedulingPolicy", in_place=("Tags",))(_kind("SchedulingPolicy", "Name", "arn", "Arn"))


@resource("AWS::Batch::JobDefinition", in_place=("Tags",))
class Definition:
    """A change registers a new revision; the old one is deregistered when the update is cleaned up."""

    @staticmethod
    def create(made: Made) -> Result:
        rules = Rules(left_out=("ResourceRetentionPolicy",))
        given = {**made.properties, "JobDefinitionName": made.name("JobDefinitionName")}
        answer = call(
            "batch", "RegisterJobDefinition", **parameters("batch", "RegisterJobDefinition", given, rules)
        )
        return answer["jobDefinitionArn"], {"JobDefinitionArn": answer["jobDefinitionArn"]}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        name = made.physical_id.rpartition("/")[2].partition(":")[0]
        again = Made({**made.properties, "JobDefinitionName": name}, made.stack, made.logical_id)
        return Definition.create(again)

    @staticmethod
    def delete(made: Made) -> None:
        gently("batch", "DeregisterJobDefinition", jobDefinition=made.physical_id)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = call("batch", "DescribeJobDefinitions", jobDefinitions=[made.physical_id])["jobDefinitions"]
        return (
            {}
            if any(one["jobDefinitionArn"] == made.physical_id and one["status"] == "ACTIVE" for one in found)
            else None
        )
