"""Events and reasons as AWS writes them, and the clean-up phase of an update.

AWS says when a resource has got its physical id, tells nothing of resources that an update leaves alone,
calls a new one created and not updated, says why a stack rolls back, and what it deletes after an update.
A deployer that tells its user what is going on lives on these.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners, stacks
from tests.emulator.extension.stacks.lookup import STACK, around_function

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_EXPORT = re.compile(r"^Export '(.+)' not found$")
_CLEANING = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
_BEGINNINGS = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}
_ROLLBACKS = {"ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"}


def attach() -> None:
    """Stand around the recording of events, and around the operations that events tell of."""
    around_function(stacks, "_add_event", _telling_as_aws)
    around_function(stacks, "_deploy_stack_async", _knowing_what_was)
    around_function(provisioners, "_update_resource", _telling_of_changes)
    around_function(provisioners, "_delete_resource", _telling_of_cleanup)
    for name in ("_provision_resource", "_update_resource", "_delete_resource"):
        around_function(provisioners, name, _in_aws_words)


def _telling_as_aws(record: Callable[..., None]) -> Callable[..., None]:
    def add_event(
        stack_id: str,
        stack_name: str,
        logical_id: str,
        type_: str,
        status: str,
        reason: str = "",
        physical_id: str = "",
        detailed_status: str = "",
    ) -> None:
        stack = cloudformation._stacks.get(stack_name)
        reason = _reason(reason)

        def tell(status: str, reason: str = "", physical_id: str = "") -> None:
            record(stack_id, stack_name, logical_id, type_, status, reason, physical_id, detailed_status)

        if stack is None:
            tell(status, reason, physical_id)
        elif type_ == STACK and logical_id == stack_name:
            _tell_of_stack(stack, status, reason, physical_id, detailed_status, tell)
        else:
            _tell_of_resource(stack, logical_id, status, reason, physical_id, tell)

    return add_event


def _reason(reason: str) -> str:
    missing = _NO_EXPORT.match(reason)
    return f"No export named {missing[1]} found" if missing else reason


def _tell_of_stack(
    stack: dict[str, Any],
    status: str,
    reason: str,
    physical_id: str,
    detailed: str,
    tell: Callable[..., None],
) -> None:
    if status in {"CREATE_FAILED", "UPDATE_FAILED"} and not detailed and _is_busy(stack):
        stack["_why"] = reason  # outputs that cannot be: AWS puts it on the rollback that follows
        return
    if status in _BEGINNINGS and not reason:
        reason = "User Initiated"
    if status == "UPDATE_COMPLETE" and not stack.pop("_cleaning", False):
        tell(_CLEANING, "", physical_id)
    if status in _ROLLBACKS:
        reason = _reason_of_rollback(stack, status, reason)
    tell(status, reason, physical_id)


def _is_busy(stack: dict[str, Any]) -> bool:
    return str(stack["StackStatus"]).endswith("_IN_PROGRESS")


def _reason_of_rollback(stack: dict[str, Any], status: str, reason: str) -> str:
    why = stack.pop("_why", "")
    if why:
        return f"{why.rstrip('.')}. Rollback requested by user." if status == "ROLLBACK_IN_PROGRESS" else why
    failed = [
        event["LogicalResourceId"]
        for event in cloudformation._stack_events.get(stack["StackId"], [])
        if event["ResourceStatus"] == "CREATE_FAILED" and event["ResourceType"] != STACK
    ]
    if reason == "Rollback requested" and failed:
        listed = ", ".join(dict.fromkeys(failed))
        return f"The following resource(s) failed to create: [{listed}]. Rollback requested by user."
    return reason


def _tell_of_resource(
    stack: dict[str, Any],
    logical_id: str,
    status: str,
    reason: str,
    physical_id: str,
    tell: Callable[..., None],
) -> None:
    updating = stack["StackStatus"] == "UPDATE_IN_PROGRESS"
    if updating and logical_id not in stack.get("_before", ()):
        status = status.replace("UPDATE_", "CREATE_")
    held = stack.setdefault("_held", {})
    if updating and status == "UPDATE_IN_PROGRESS" and not reason:
        held[logical_id] = tell  # told once it is known that there is something to change
        return
    if status == "UPDATE_COMPLETE" and logical_id in held:
        del held[logical_id]
        return
    _tell_held(stack, logical_id)
    if status == "CREATE_COMPLETE":
        tell("CREATE_IN_PROGRESS", "Resource creation Initiated", physical_id)
    tell(status, reason, physical_id)


def _tell_held(stack: dict[str, Any], logical_id: str) -> None:
    tell = stack.get("_held", {}).pop(logical_id, None)
    if tell is not None:
        was = stack.get("_before", {}).get(logical_id, {})
        tell("UPDATE_IN_PROGRESS", "", was.get("PhysicalResourceId", ""))


def _knowing_what_was(deploy: Callable[..., Any]) -> Callable[..., Any]:
    async def deployed(stack_name: str, stack_id: str, *arguments: Any, **options: Any) -> None:
        stack = cloudformation._stacks[stack_name]
        before = (options.get("previous_stack") or {}).get("_resources", {})
        stack["_before"], stack["_held"], stack["_touched"] = before, {}, set()
        await deploy(stack_name, stack_id, *arguments, **options)
        if stack["StackStatus"] == "UPDATE_COMPLETE":
            for logical_id, record in stack["_resources"].items():
                if logical_id not in before:
                    record["ResourceStatus"] = record["ResourceStatus"].replace("UPDATE_", "CREATE_")
                elif logical_id not in stack["_touched"] and record["ResourceStatus"] == "UPDATE_COMPLETE":
                    record["ResourceStatus"] = before[logical_id]["ResourceStatus"]
        for name in ("_before", "_held", "_touched", "_cleaning"):
            stack.pop(name, None)

    return deployed


def _telling_of_changes(update: Callable[..., Any]) -> Callable[..., Any]:
    def updated(
        type_: str,
        physical_id: str,
        old: Any,
        new: Any,
        stack_name: str,
        logical_id: Any = None,
        was: Any = None,
    ) -> Any:
        stack = cloudformation._stacks.get(stack_name)
        if stack is not None and old != new:
            _tell_held(stack, logical_id)
            stack.setdefault("_touched", set()).add(logical_id)
        return update(type_, physical_id, old, new, stack_name, logical_id, was)

    return updated


def _telling_of_cleanup(delete: Callable[..., None]) -> Callable[..., None]:
    """What an update leaves behind is deleted in a phase of its own, of which AWS tells each step."""

    def deleted(
        type_: str, physical_id: str, properties: Any, stack_name: Any = None, logical_id: Any = None
    ) -> None:
        stack = cloudformation._stacks.get(stack_name) if stack_name else None
        if stack is None or stack["StackStatus"] not in {"UPDATE_IN_PROGRESS", _CLEANING}:
            delete(type_, physical_id, properties, stack_name, logical_id)
            return
        stack_id = stack["StackId"]
        if stack["StackStatus"] != _CLEANING:
            stack["StackStatus"], stack["_cleaning"] = _CLEANING, True
            stacks._add_event(stack_id, stack_name, stack_name, STACK, _CLEANING, physical_id=stack_id)

        def tell(status: str) -> None:
            stacks._add_event(stack_id, stack_name, logical_id, type_, status, physical_id=physical_id)

        tell("DELETE_IN_PROGRESS")
        delete(type_, physical_id, properties, stack_name, logical_id)
        tell("DELETE_COMPLETE")

    return deleted


class HandlerError(ValueError):
    """A service refused what a resource handler asked of it."""


def _in_aws_words(operation: Callable[..., Any]) -> Callable[..., Any]:
    """An error of the API reads as the resource handlers of AWS write it."""

    def told(*arguments: Any) -> Any:
        try:
            return operation(*arguments)
        except ClientError as error:
            answer, meta = error.response["Error"], error.response.get("ResponseMetadata", {})
            raise HandlerError(
                f'Resource handler returned message: "{answer.get("Message", "")} (Service: '
                f"{error.operation_name}, Status Code: {meta.get('HTTPStatusCode', 400)}, "
                f'Error Code: {answer.get("Code", "")})"'
            ) from error

    return told
