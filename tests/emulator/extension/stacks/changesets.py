"""Change sets: a stack under review keeps its id, outputs are a change too, and a missing import fails them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, helpers
from tests.emulator.extension.stacks import lookup

if TYPE_CHECKING:
    from collections.abc import Callable


def attach() -> None:
    """Stand around CreateChangeSet."""
    lookup.around_action("CreateChangeSet", _around)


def _around(create: Callable[[Any], lookup.Answer]) -> Callable[[Any], lookup.Answer]:
    def created(params: Any) -> lookup.Answer:
        stack_name = helpers._p(params, "StackName")
        reviewed = lookup.named(stack_name)
        if reviewed is not None and reviewed["StackStatus"] != "REVIEW_IN_PROGRESS":
            reviewed = None
        status, headers, body = create(params)
        if reviewed is not None:
            body = _keep(reviewed, body) if status == 200 else _restore(reviewed, body)
        if status == 200:
            _correct(stack_name, helpers._p(params, "ChangeSetName"))
        return status, headers, body

    return created


def _keep(reviewed: dict[str, Any], body: bytes) -> bytes:
    """A second change set for a stack that was never created belongs to the same stack."""
    name, old_id = reviewed["StackName"], reviewed["StackId"]
    made = cloudformation._stacks[name]
    new_id, made["StackId"], made["CreationTime"] = made["StackId"], old_id, reviewed["CreationTime"]
    cloudformation._stack_events.pop(new_id, None)
    for change_set in cloudformation._change_sets.values():
        if change_set["StackId"] == new_id:
            change_set["StackId"] = old_id
    return body.replace(new_id.encode(), old_id.encode())


def _restore(reviewed: dict[str, Any], body: bytes) -> bytes:
    cloudformation._stacks[reviewed["StackName"]] = reviewed
    cloudformation._stack_events.setdefault(reviewed["StackId"], [])
    return body


def _correct(stack_name: str, change_set_name: str) -> None:
    stack = lookup.named(stack_name)
    made = next(
        one
        for one in cloudformation._change_sets.values()
        if one["ChangeSetName"] == change_set_name
        and stack is not None
        and one["StackId"] == stack["StackId"]
    )
    if stack is None:
        return
    missing = _missing_imports(stack, made)
    if missing:
        made.update(
            Status="FAILED",
            ExecutionStatus="UNAVAILABLE",
            Changes=[],
            StatusReason=f"No export named {missing[0]} found.",
        )
    elif made["Status"] == "FAILED" and not made["Changes"] and _other_outputs(stack, made):
        made.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")


def _missing_imports(stack: dict[str, Any], made: dict[str, Any]) -> list[str]:
    view = {**stack, "_template": made["_template"], "_resolved_params": made["_resolved_params"]}
    wanted = handlers._imported_export_names(view, stack["StackName"])
    return sorted(name for name in wanted if name not in cloudformation._exports)


def _other_outputs(stack: dict[str, Any], made: dict[str, Any]) -> bool:
    return (stack.get("_template") or {}).get("Outputs", {}) != made["_template"].get("Outputs", {})
