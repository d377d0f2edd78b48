"""CloudFormation: stacks by change sets. Nothing here decides; `deploy` does."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stratolab.aws.errors import BusyError, calling, code_of, message_of
from stratolab.aws.stacks import (
    Action,
    Cause,
    ChangeSet,
    Difference,
    Drift,
    Replacement,
    Resource,
    ResourceChange,
    Stack,
    StackEvent,
    StackStatus,
    word,
)
from stratolab.core.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

POLL = 0.5  # seconds to the second look at a change set or a drift detection; each later one waits half as long again
SLOWEST = 5.0
MAKING = 600.0  # seconds; a change set of a large stack takes half a minute
DETECTING = 1800.0
CAPABILITIES = ("CAPABILITY_NAMED_IAM",)
_BUSY_CODES = {
    "AlreadyExistsException",
    "ChangeSetNotFound",  # whoever carries out another one of the stack has AWS delete ours
    "InvalidChangeSetStatus",
    "InvalidChangeSetStatusException",
}
_MOVING = re.compile(r"is in [A-Z_]+ state and can ?not be|_IN_PROGRESS state")
_EMPTY = ("didn't contain changes", "No updates are to be performed")


class CloudFormation:
    """Stacks of one region. `sleep` and `clock` are time's, handed in."""

    def __init__(
        self,
        client: Any,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._clock = clock

    @property
    def region(self) -> str:
        """Where these stacks are."""
        return str(self._client.meta.region_name)

    # -- stacks ----------------------------------------------------------------------------------

    def find(self, name: str) -> Stack | None:
        """The stack of that name, or of that id, deleted ones by id only; None if there is none."""
        with calling(f"looking at stack {name}"):
            try:
                found = self._client.describe_stacks(StackName=name)["Stacks"]
            except ClientError as error:
                if code_of(error) == "ValidationError" and "does not exist" in message_of(error):
                    return None
                raise
        return _stack(found[0]) if found else None

    def stacks(self, tags: Mapping[str, str]) -> list[Stack]:
        """Every stack that has all these tags, by name. Reads all stacks of the region."""
        found = self._pages("listing stacks", "describe_stacks", "Stacks")
        stacks = (_stack(one) for one in found)
        return sorted((one for one in stacks if tags.items() <= one.tags.items()), key=lambda one: one.name)

    def template(self, name: str) -> str:
        """The template that the stack was last given, as it was given."""
        with calling(f"reading the template of {name}"):
            body = self._client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        if isinstance(body, str):
            return body
        import json  # noqa: PLC0415 - botocore gives JSON templates as dictionaries

        return json.dumps(body)

    def resources(self, name: str) -> list[Resource]:
        """What the stack holds, deleted resources left out."""
        found = self._pages(
            f"listing what {name} holds", "list_stack_resources", "StackResourceSummaries", StackName=name
        )
        return [
            Resource(
                logical=one["LogicalResourceId"],
                physical=one.get("PhysicalResourceId", ""),
                type=one["ResourceType"],
                status=one["ResourceStatus"],
                reason=one.get("ResourceStatusReason", ""),
            )
            for one in found
            if one["ResourceStatus"] != "DELETE_COMPLETE"
        ]

    def importers(self, export: str) -> list[str]:
        """The stacks that use an exported value, and so keep it from being changed or deleted."""
        with calling(f"asking who uses {export}"):
            try:
                return list(self._client.list_imports(ExportName=export)["Imports"])
            except ClientError as error:
                if "is not imported" in message_of(error):
                    return []
                raise

    def events(self, name: str, *, after: str = "") -> list[StackEvent]:
        """What happened since the event of id `after` (all of it, if empty), oldest first."""
        found: list[StackEvent] = []
        for one in self._pages(
            f"reading events of {name}", "describe_stack_events", "StackEvents", StackName=name
        ):
            if one["EventId"] == after:
                break
            found.append(_event(one))
        return found[::-1]

    # -- changing --------------------------------------------------------------------------------

    def change_set(
        self,
        stack: str,
        name: str,
        *,
        template: str = "",
        url: str = "",
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        create: bool = False,
        imports: Sequence[Mapping[str, Any]] = (),
    ) -> ChangeSet:
        """Make a change set and read it. The template is given as a text of at most 51,200 bytes, or as an S3 URL.

        With `imports`, it takes these things into the stack, new or not, and does nothing else: each with
        `ResourceType`, `LogicalResourceId` and `ResourceIdentifier`.

        Raises `RemoteError` with CloudFormation's reason if it cannot be made; `BusyError` while AWS works on it.
        """
        doing = f"asking what would change in {stack}"
        source = {"TemplateURL": url} if url else {"TemplateBody": template}
        with calling(doing), _busy_while_moving(doing):
            made = self._client.create_change_set(
                StackName=stack,
                ChangeSetName=name,
                ClientToken=name,
                ChangeSetType="IMPORT" if imports else "CREATE" if create else "UPDATE",
                **({"ResourcesToImport": list(imports)} if imports else {}),
                Parameters=[
                    {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
                ],
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
                Capabilities=list(CAPABILITIES),
                IncludeNestedStacks=False,
                **source,
            )
        return self._made(made["Id"], stack, doing)

    def execute(self, change_set: ChangeSet, *, token: str) -> None:
        """Begin to carry a change set out. The same token twice is one request.

        If it fails, what it created is deleted again even where it is otherwise to be kept: it holds nothing yet, and
        its name would be in the way of the next try. Raises `BusyError` if the stack has changed since the question.
        """
        doing = f"changing stack {change_set.stack}"
        with calling(doing), _busy_while_moving(doing):
            self._client.execute_change_set(
                ChangeSetName=change_set.id, ClientRequestToken=token, RetainExceptOnCreate=True
            )

    def drop(self, change_set: ChangeSet) -> None:
        """Delete a change set that is not to be carried out."""
        with calling(f"dropping a change set of {change_set.stack}"):
            self._client.delete_change_set(ChangeSetName=change_set.id)

    def delete(self, name: str, *, token: str, retain: Sequence[str] = ()) -> None:
        """Begin to delete a stack; `retain` names resources to leave, in a stack whose deletion failed only."""
        with calling(f"deleting stack {name}"):
            keep = {"RetainResources": list(retain)} if retain else {}
            self._client.delete_stack(StackName=name, ClientRequestToken=token, **keep)

    def protect(self, name: str, *, on: bool) -> None:
        """Switch termination protection."""
        with calling(f"switching the protection of {name}"):
            self._client.update_termination_protection(StackName=name, EnableTerminationProtection=on)

    def cancel_update(self, name: str, *, token: str) -> None:
        """Turn a running update back."""
        with calling(f"turning the update of {name} back"):
            self._client.cancel_update_stack(StackName=name, ClientRequestToken=token)

    def continue_rollback(self, name: str, *, token: str, skip: Sequence[str] = ()) -> None:
        """Go on with a rollback that failed, leaving the resources of `skip` as they are."""
        with calling(f"going on with the rollback of {name}"):
            self._client.continue_update_rollback(
                StackName=name,
                ClientRequestToken=token,
                **({"ResourcesToSkip": list(skip)} if skip else {}),
            )

    # -- drift -----------------------------------------------------------------------------------

    def drift(self, name: str) -> list[Drift]:
        """What was changed or deleted behind CloudFormation's back. Takes AWS from seconds to minutes.

        Raises `BusyError` while another detection runs on that stack.
        """
        doing = f"looking for drift in {name}"
        with calling(doing):
            try:
                ticket = self._client.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
            except ClientError as error:
                if "already in progress" in message_of(error):
                    raise BusyError(
                        message_of(error), doing=doing, hint="wait a minute, then again"
                    ) from error
                raise
        self._until(doing, DETECTING, lambda: self._detected(ticket, doing))
        found = self._pages(
            doing,
            "describe_stack_resource_drifts",
            "StackResourceDrifts",
            StackName=name,
            StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
        )
        return [_drift(one) for one in found]

    def _detected(self, ticket: str, doing: str) -> bool:
        with calling(doing):
            found = self._client.describe_stack_drift_detection_status(StackDriftDetectionId=ticket)
        status = found["DetectionStatus"]
        if status == "DETECTION_FAILED" and not found.get("DriftedStackResourceCount"):
            raise RemoteError(found.get("DetectionStatusReason", "it failed"), doing=doing)
        return bool(status != "DETECTION_IN_PROGRESS")

    # -- plumbing --------------------------------------------------------------------------------

    def _made(self, change_set: str, stack: str, doing: str) -> ChangeSet:
        """Wait for a change set and read it whole; one without changes is dropped at once."""
        found: dict[str, Any] = {}

        def ready() -> bool:
            with calling(doing), _busy_while_moving(doing):
                found.update(self._client.describe_change_set(ChangeSetName=change_set))
            return found["Status"] not in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}

        self._until(doing, MAKING, ready)
        reason = found.get("StatusReason", "")
        if found["Status"] == "FAILED":
            self.drop(ChangeSet(change_set, stack, ()))
            if any(text in reason for text in _EMPTY):
                return ChangeSet(change_set, stack, (), empty=True)
            raise RemoteError(reason or "CloudFormation does not say why", doing=doing)
        changes = [*found.get("Changes", ())]
        while token := found.get("NextToken"):
            with calling(doing), _busy_while_moving(doing):
                found = self._client.describe_change_set(ChangeSetName=change_set, NextToken=token)
            changes += found.get("Changes", ())
        return ChangeSet(change_set, stack, tuple(_change(one["ResourceChange"]) for one in changes))

    def _until(self, doing: str, limit: float, ready: Callable[[], bool]) -> None:
        deadline, pause = self._clock() + limit, POLL
        while not ready():
            if self._clock() > deadline:
                raise RemoteError(
                    f"AWS has not finished in {limit / 60:.0f} minutes",
                    doing=doing,
                    hint="type the same command again",
                )
            self._sleep(pause)
            pause = min(pause * 1.5, SLOWEST)

    def _pages(self, doing: str, operation: str, key: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """One after the other, so that who stops reading stops asking."""
        token: dict[str, str] = {}
        while True:
            with calling(doing):
                page = getattr(self._client, operation)(**arguments, **token)
            yield from page[key]
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}


@contextmanager
def _busy_while_moving(doing: str) -> Iterator[None]:
    """Someone else was quicker: that is no fault, it is a reason to look again."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in _BUSY_CODES and not _MOVING.search(message_of(error)):
            raise
        raise BusyError(message_of(error), doing=doing, hint="stratolab status") from error


def _stack(found: Mapping[str, Any]) -> Stack:
    return Stack(
        name=found["StackName"],
        id=found["StackId"],
        status=word(StackStatus, found["StackStatus"]),
        reason=found.get("StackStatusReason", ""),
        parameters={
            one["ParameterKey"]: one.get("ParameterValue", "") for one in found.get("Parameters", ())
        },
        outputs={one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())},
        tags={one["Key"]: one["Value"] for one in found.get("Tags", ())},
        protected=found.get("EnableTerminationProtection", False),
        created=found.get("CreationTime"),
        updated=found.get("LastUpdatedTime"),
    )


def _change(found: Mapping[str, Any]) -> ResourceChange:
    return ResourceChange(
        action=word(Action, found["Action"]),
        logical=found["LogicalResourceId"],
        type=found["ResourceType"],
        physical=found.get("PhysicalResourceId", ""),
        replacement=word(Replacement, found.get("Replacement") or Replacement.NEVER),
        keeps=found.get("PolicyAction", ""),
        causes=tuple(_cause(one) for one in found.get("Details", ())),
    )


def _cause(found: Mapping[str, Any]) -> Cause:
    target = found.get("Target", {})
    return Cause(
        attribute=target.get("Attribute", ""),
        name=target.get("Name", ""),
        recreates=target.get("RequiresRecreation", "Never"),
        source=found.get("ChangeSource", ""),
        entity=found.get("CausingEntity", ""),
        before=target.get("BeforeValue", ""),
        after=target.get("AfterValue", ""),
    )


def _event(found: Mapping[str, Any]) -> StackEvent:
    return StackEvent(
        id=found["EventId"],
        at=found["Timestamp"],
        stack=found["StackName"],
        logical=found["LogicalResourceId"],
        physical=found.get("PhysicalResourceId", ""),
        type=found["ResourceType"],
        status=found["ResourceStatus"],
        reason=found.get("ResourceStatusReason", ""),
        token=found.get("ClientRequestToken", ""),
    )


def _drift(found: Mapping[str, Any]) -> Drift:
    return Drift(
        logical=found["LogicalResourceId"],
        physical=found.get("PhysicalResourceId", ""),
        type=found["ResourceType"],
        status=found["StackResourceDriftStatus"],
        differences=tuple(
            Difference(
                path=one["PropertyPath"],
                kind=one["DifferenceType"],
                expected=one.get("ExpectedValue", ""),
                actual=one.get("ActualValue", ""),
            )
            for one in found.get("PropertyDifferences", ())
        ),
    )
