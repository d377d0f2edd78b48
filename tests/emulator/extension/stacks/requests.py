"""Which state of a stack refuses which call, in AWS's words; and capabilities, which are always asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, helpers, provisioners, stacks
from tests.emulator.extension.stacks import lookup

if TYPE_CHECKING:
    from collections.abc import Callable

UPDATABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "CREATE_FAILED",
        "UPDATE_FAILED",
    }
)
_BUSY_FOR_DELETE = (
    "UPDATE_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "ROLLBACK_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
)
_LIMITS = {"Resources": 500, "Outputs": 200, "Parameters": 200, "Mappings": 200}


def attach() -> None:
    """Put each refusal in front of its call."""
    for action, refuse in _REFUSALS.items():
        lookup.around_action(action, _refusing(refuse))
    lookup.around_action("DeleteStack", _cancelling)
    lookup.around_function(stacks, "_deploy_stack_async", _ending_cancelled)
    lookup.around_function(provisioners, "_provision_resource", _stopping_cancelled)
    handlers._capabilities_enforced = lambda: True


def _refusing(refuse: Callable[[Any], lookup.Answer | None]) -> Callable[[Any], Any]:
    def make(action: Callable[[Any], lookup.Answer]) -> Callable[[Any], lookup.Answer]:
        return lambda params: refuse(params) or action(params)

    return make


def _refuse_create(params: Any) -> lookup.Answer | None:
    name = helpers._p(params, "StackName")
    if lookup.named(name):
        return helpers._error("AlreadyExistsException", f"Stack [{name}] already exists")
    return _refuse_size(params)


def _refuse_change_set(params: Any) -> lookup.Answer | None:
    name, change_set = helpers._p(params, "StackName"), helpers._p(params, "ChangeSetName")
    stack = lookup.named(name)
    status = stack["StackStatus"] if stack else ""
    if helpers._p(params, "ChangeSetType", "UPDATE") == "CREATE":
        if status not in {"", "REVIEW_IN_PROGRESS"}:
            return helpers._error(
                "AlreadyExistsException",
                f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}].",
            )
    elif stack and status == "REVIEW_IN_PROGRESS":
        return helpers._error("ValidationError", f"Stack [{name}] does not exist")
    elif stack and status not in UPDATABLE:
        return _not_updatable(stack)
    return _refuse_size(params)


def _refuse_update(params: Any) -> lookup.Answer | None:
    stack = lookup.named(helpers._p(params, "StackName"))
    if stack and stack["StackStatus"] not in UPDATABLE:
        return _not_updatable(stack)
    return _refuse_size(params)


def _refuse_execute(params: Any) -> lookup.Answer | None:
    _, change_set = changesets._find_change_set(
        helpers._p(params, "ChangeSetName"), helpers._p(params, "StackName")
    )
    if change_set is None:
        return None
    stack = lookup.named(change_set["StackName"])
    if change_set["ExecutionStatus"] != "AVAILABLE":
        return helpers._error(
            "InvalidChangeSetStatus",
            f"ChangeSet [{change_set['ChangeSetId']}] cannot be executed in its current status of "
            f"[{change_set['Status']}]",
        )
    if stack and stack["StackStatus"] not in UPDATABLE | {"REVIEW_IN_PROGRESS"}:
        return _not_updatable(stack)
    return None


def _not_updatable(stack: dict[str, Any]) -> lookup.Answer:
    return helpers._error(
        "ValidationError",
        f"Stack:{stack['StackId']} is in {stack['StackStatus']} state and can not be updated.",
    )


def _refuse_delete(params: Any) -> lookup.Answer | None:
    stack = lookup.named(helpers._p(params, "StackName"))
    if stack and stack["StackStatus"] in _BUSY_FOR_DELETE:
        return helpers._error(
            "ValidationError",
            f"Stack [{stack['StackId']}] cannot be deleted while in status {stack['StackStatus']}",
        )
    if stack and stack["StackStatus"] == "DELETE_IN_PROGRESS":
        return helpers._xml(200, "DeleteStackResponse", "")
    return None


def _refuse_size(params: Any) -> lookup.Answer | None:
    """The counts that a template may not exceed."""
    body, problem = helpers._resolve_template(params)
    if problem or not body:
        return problem
    try:
        template = handlers._parse_template(body)
    except Exception:  # noqa: BLE001 - the action itself says what is wrong with it
        return None
    for section, limit in _LIMITS.items():
        count = len(template.get(section) or {})
        if count > limit:
            return helpers._error(
                "ValidationError",
                f"Template format error: Number of {section.lower()}, {count}, is greater than maximum "
                f"allowed, {limit}",
            )
    return None


_REFUSALS = {
    "CreateStack": _refuse_create,
    "CreateChangeSet": _refuse_change_set,
    "UpdateStack": _refuse_update,
    "ExecuteChangeSet": _refuse_execute,
    "DeleteStack": _refuse_delete,
}


# -- deleting a stack that is being created: the creation stops, then what it made goes ---------------


def _cancelling(delete: Callable[[Any], lookup.Answer]) -> Callable[[Any], lookup.Answer]:
    def deleted(params: Any) -> lookup.Answer:
        stack = lookup.named(helpers._p(params, "StackName"))
        if (
            stack is None
            or stack["StackStatus"] != "CREATE_IN_PROGRESS"
            or stack.get("EnableTerminationProtection")
        ):
            return delete(params)
        stack["_deletion_wanted"] = True
        return helpers._xml(200, "DeleteStackResponse", "")

    return deleted


def _stopping_cancelled(provision: Callable[..., Any]) -> Callable[..., Any]:
    def provisioned(type_: str, logical_id: str, properties: Any, stack_name: str) -> Any:
        if (cloudformation._stacks.get(stack_name) or {}).get("_deletion_wanted"):
            raise CancelledError("Resource creation cancelled")
        return provision(type_, logical_id, properties, stack_name)

    return provisioned


class CancelledError(ValueError):
    """The stack is to be deleted before it was made."""


def _ending_cancelled(deploy: Callable[..., Any]) -> Callable[..., Any]:
    async def deployed(stack_name: str, stack_id: str, *arguments: Any, **options: Any) -> None:
        await deploy(stack_name, stack_id, *arguments, **options)
        stack = cloudformation._stacks.get(stack_name)
        if stack is not None and stack.pop("_deletion_wanted", False):
            await asyncio.sleep(0)
            await stacks._delete_stack_async(stack_name, stack_id)

    return deployed
