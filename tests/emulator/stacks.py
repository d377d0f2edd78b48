"""What the tests of the emulator deploy with: plain boto3 calls, and a wait that does not sleep long."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
DEADLINE = 90.0
_numbers = itertools.count(1)


@dataclass
class Stacks:
    """CloudFormation, seen by a test."""

    emulator: Emulator

    @property
    def client(self) -> Any:
        return self.emulator.client("cloudformation")

    def change(
        self, name: str, template: dict[str, Any], kind: str = "UPDATE", **options: Any
    ) -> dict[str, Any]:
        """Make a change set and describe it."""
        change_set = f"change-{next(_numbers)}"
        self.client.create_change_set(
            StackName=name,
            ChangeSetName=change_set,
            ChangeSetType=kind,
            TemplateBody=json.dumps(template),
            Capabilities=CAPABILITIES,
            **options,
        )
        return self.client.describe_change_set(StackName=name, ChangeSetName=change_set)

    def deploy(self, name: str, template: dict[str, Any], kind: str = "", **options: Any) -> str:
        """Make a change set, execute it, wait; gives the state in which the stack ends."""
        made = self.change(name, template, kind or ("UPDATE" if self.there(name) else "CREATE"), **options)
        assert made["Status"] == "CREATE_COMPLETE", made["StatusReason"]
        self.client.execute_change_set(ChangeSetName=made["ChangeSetId"])
        return self.settled(name)

    def delete(self, name: str) -> str:
        stack = self.client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        self.client.delete_stack(StackName=name)
        return self.settled(stack)

    def settled(self, name: str) -> str:
        """The state of a stack once nothing is under way."""
        deadline = time.monotonic() + DEADLINE
        while (status := self.status(name)).endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            assert time.monotonic() < deadline, f"{name} is still {status}"
            time.sleep(0.01)
        return status

    def status(self, name: str) -> str:
        return str(self.client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])

    def there(self, name: str) -> bool:
        try:
            return self.status(name) != "REVIEW_IN_PROGRESS"
        except self.client.exceptions.ClientError:
            return False

    def outputs(self, name: str) -> dict[str, str]:
        stack = self.client.describe_stacks(StackName=name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def physical_id(self, name: str, logical_id: str) -> str:
        found = self.client.describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def events(self, name: str) -> list[tuple[str, str, str]]:
        """Logical id, status and reason, oldest first."""
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=name)
        found = [event for page in pages for event in page["StackEvents"]]
        return [
            (event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason", ""))
            for event in reversed(found)
        ]

    def failures(self, name: str) -> list[tuple[str, str]]:
        return [(who, why) for who, status, why in self.events(name) if status.endswith("_FAILED")]

    def drift(self, name: str) -> dict[str, str]:
        """By logical id, how the resources differ from their template."""
        detection = self.client.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
        done = self.client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        assert done["DetectionStatus"] == "DETECTION_COMPLETE", done
        found = self.client.describe_stack_resource_drifts(StackName=name)["StackResourceDrifts"]
        return {drift["LogicalResourceId"]: drift["StackResourceDriftStatus"] for drift in found}


def template(*, outputs: dict[str, Any] | None = None, **resources: Any) -> dict[str, Any]:
    """A template: `template(Queue=("AWS::SQS::Queue", {}))`, or whole definitions."""
    made = {
        name: {"Type": one[0], "Properties": one[1]} if isinstance(one, tuple) else one
        for name, one in resources.items()
    }
    return {"Resources": made, **({"Outputs": outputs} if outputs else {})}
