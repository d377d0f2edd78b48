"""Exports: one name for one stack, and none may go or change while another stack imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, helpers, stacks
from tests.emulator.extension.stacks import lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def attach() -> None:
    """Stand around the resolution of outputs, the end of an update, and DeleteStack."""
    lookup.around_function(stacks, "_resolve_stack_outputs", _guarded)
    lookup.around_function(stacks, "_deploy_stack_async", _dropping_the_old)
    lookup.around_action("DeleteStack", _refusing)


class ExportError(ValueError):
    """An export that cannot be made, changed or deleted."""


def importers(export: str, owner: str) -> list[str]:
    """The names of the stacks that import an export."""
    return [
        name for name, stack in lookup.others(owner) if export in handlers._imported_export_names(stack, name)
    ]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _guarded(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def resolved(*arguments: Any) -> Any:
        outputs, exports = resolve(*arguments)
        stack_name, stack_id = arguments[5], arguments[6]
        for name, entry in exports.items():
            known = cloudformation._exports.get(name)
            if known is not None and known["StackId"] != stack_id:
                raise ExportError(
                    f"Export with name {name} is already exported by stack {known['StackId'].split('/')[1]}"
                )
            if known is not None and known["Value"] != entry["Value"]:
                _refuse_if_used(name, stack_name, "update")
        for name in _exports_of(stack_id).keys() - exports.keys():
            _refuse_if_used(name, stack_name, "delete")
        return outputs, exports

    return resolved


def _exports_of(stack_id: str) -> Mapping[str, Any]:
    return {name: entry for name, entry in cloudformation._exports.items() if entry["StackId"] == stack_id}


def _refuse_if_used(export: str, stack_name: str, verb: str) -> None:
    used = importers(export, stack_name)
    if used:
        raise ExportError(f"Cannot {verb} export {export} as it is in use by {_listed(used)}.")


def _dropping_the_old(deploy: Callable[..., Any]) -> Callable[..., Any]:
    """An export that an update takes out of the template is gone afterwards."""

    async def deployed(stack_name: str, stack_id: str, *arguments: Any, **options: Any) -> None:
        await deploy(stack_name, stack_id, *arguments, **options)
        stack = cloudformation._stacks.get(stack_name)
        if stack is not None and stack["StackStatus"] == "UPDATE_COMPLETE":
            kept = {output.get("ExportName") for output in stack["Outputs"]}
            for name in _exports_of(stack_id).keys() - kept:
                cloudformation._exports.pop(name, None)

    return deployed


def _refusing(delete: Callable[[Any], lookup.Answer]) -> Callable[[Any], lookup.Answer]:
    """AWS accepts the call, and then tells of the cancelled deletion in an event; the stack stays as it is."""

    def deleted(params: Any) -> lookup.Answer:
        stack = lookup.named(helpers._p(params, "StackName"))
        if stack is not None and not stack.get("EnableTerminationProtection"):
            for output in stack.get("Outputs", []):
                used = importers(output.get("ExportName") or "", stack["StackName"])
                if used:
                    reason = (
                        f"Delete canceled. Cannot delete export {output['ExportName']} as it is in use by "
                        f"{_listed(used)}."
                    )
                    stack["StackStatusReason"] = reason
                    stacks._add_event(
                        stack["StackId"],
                        stack["StackName"],
                        stack["StackName"],
                        lookup.STACK,
                        stack["StackStatus"],
                        reason,
                        stack["StackId"],
                    )
                    return helpers._xml(200, "DeleteStackResponse", "")
        return delete(params)

    return deleted
