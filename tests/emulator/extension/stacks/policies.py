"""Stack policies: an update that a policy does not allow fails at that resource and is rolled back."""

from __future__ import annotations

import contextvars
import fnmatch
import json
from typing import TYPE_CHECKING, Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, helpers, stacks
from tests.emulator.extension.stacks import lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_for_this_update: contextvars.ContextVar[str] = contextvars.ContextVar("policy_during_update", default="")


def attach() -> None:
    """Look at every update before it begins."""
    lookup.around_function(stacks, "_deploy_stack_async", _guarded)
    lookup.around_action("UpdateStack", _with_override)


def denied(policy: Mapping[str, Any], action: str, logical_id: str, type_: str) -> str | None:
    """Why a policy does not allow an action (`Update:Modify`) on a resource; None if it does.

    A Deny beats an Allow, and without an Allow everything is denied.
    """
    allowed = False
    statements = policy.get("Statement") or []
    for number, statement in enumerate(statements if isinstance(statements, list) else [statements], 1):
        if not _applies(statement, action, logical_id, type_):
            continue
        if statement["Effect"] == "Deny":
            return (
                f"Action denied by stack policy: Statement [#{number}] does not allow "
                f"[{', '.join(_as_list(statement.get('Action', action)))}] for resource "
                f"[LogicalResourceId/{logical_id}]"
            )
        allowed = True
    return (
        None
        if allowed
        else f"Action not allowed by stack policy: [{action}] for resource [LogicalResourceId/{logical_id}]"
    )


def _applies(statement: Mapping[str, Any], action: str, logical_id: str, type_: str) -> bool:
    resource = f"LogicalResourceId/{logical_id}"
    return (
        _named(statement, "Action", action)
        and _named(statement, "Resource", resource)
        and all(
            any(fnmatch.fnmatchcase(type_, wanted) for wanted in _as_list(values))
            for test in (statement.get("Condition") or {}).values()
            for values in test.values()
        )
    )


def _named(statement: Mapping[str, Any], word: str, value: str) -> bool:
    if word in statement:
        return any(fnmatch.fnmatchcase(value, pattern) for pattern in _as_list(statement[word]))
    return not any(
        fnmatch.fnmatchcase(value, pattern) for pattern in _as_list(statement.get(f"Not{word}", []))
    )


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _with_override(update: Callable[[Any], lookup.Answer]) -> Callable[[Any], lookup.Answer]:
    """`StackPolicyDuringUpdateBody` holds for one update only."""

    def updated(params: Any) -> lookup.Answer:
        token = _for_this_update.set(helpers._p(params, "StackPolicyDuringUpdateBody"))
        try:
            return update(params)
        finally:
            _for_this_update.reset(token)

    return updated


def _guarded(deploy: Callable[..., Any]) -> Callable[..., Any]:
    async def deployed(
        stack_name: str,
        stack_id: str,
        template: Any,
        param_values: Any,
        disable_rollback: bool,
        tags: Any,
        is_update: bool = False,
        previous_stack: Any = None,
        **options: Any,
    ) -> None:
        stack = cloudformation._stacks[stack_name]
        text = _for_this_update.get() or stack.get("_stack_policy") or ""
        if is_update and text and previous_stack:
            refusals = list(
                _refusals(json.loads(text), stack_name, stack_id, template, param_values, previous_stack)
            )
            if refusals:
                await _fail(stack, template, param_values, previous_stack, refusals)
                return
        await deploy(
            stack_name,
            stack_id,
            template,
            param_values,
            disable_rollback,
            tags,
            is_update=is_update,
            previous_stack=previous_stack,
            **options,
        )

    return deployed


def _refusals(
    policy: Any, stack_name: str, stack_id: str, template: Any, params: Any, previous: Any
) -> Iterator[tuple[str, str, str]]:
    """What the policy does not allow of an update: logical id, type, reason."""
    old_template, old_params = previous["_template"], previous["_resolved_params"]
    old = changesets._resolve_props_for_diff(old_template, old_params, stack_name, stack_id)
    new = changesets._resolve_props_for_diff(template, params, stack_name, stack_id)
    changed = {
        name for name, value in params.items() if old_params.get(name, {}).get("Value") != value["Value"]
    }
    for change in stacks._diff_resources(old, new, previous["_resources"], template, changed):
        one = change["ResourceChange"]
        action = {"Remove": "Update:Delete", "Modify": "Update:Modify"}.get(one["Action"])
        if action is None:
            continue
        if one.get("Replacement") == "True":
            action = "Update:Replace"
        reason = denied(policy, action, one["LogicalResourceId"], one["ResourceType"])
        if reason:
            yield one["LogicalResourceId"], one["ResourceType"], reason


async def _fail(
    stack: Any, template: Any, params: Any, previous: Any, refusals: list[tuple[str, str, str]]
) -> None:
    stack_id, stack_name = stack["StackId"], stack["StackName"]
    for logical_id, type_, reason in refusals:
        physical_id = previous["_resources"].get(logical_id, {}).get("PhysicalResourceId", "")
        stacks._add_event(stack_id, stack_name, logical_id, type_, "UPDATE_FAILED", reason, physical_id)
    first, type_, _ = refusals[0]
    physical_id = previous["_resources"].get(first, {}).get("PhysicalResourceId", "")
    operation = stacks._failed_operation(
        True,
        previous,
        [],
        (first, type_, physical_id, None, None, None),
        first,
        [],
        False,
        template,
        params,
        False,
        stack.get("Tags"),
        previous.get("Tags"),
    )
    await stacks._roll_back_operation(stack_name, stack_id, stack, operation)
