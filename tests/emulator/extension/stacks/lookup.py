"""Finding a stack, and standing around the engine's functions, which its modules import by name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = tuple[int, dict[str, str], bytes]
STACK = "AWS::CloudFormation::Stack"


def named(name: str) -> dict[str, Any] | None:
    """The stack of that name or id, unless it is deleted."""
    stack = handlers._resolve_stack(name) if name else None
    return None if stack is None or stack["StackStatus"] == "DELETE_COMPLETE" else stack


def others(stack_name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The other living stacks of this account and region, by name."""
    for name, stack in list(cloudformation._stacks.items()):
        if name != stack_name and stack["StackStatus"] not in {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"}:
            yield name, stack


def around_action(action: str, make: Callable[[Any], Any]) -> None:
    """Put `make(original)` in the place of an API action of CloudFormation's."""
    handlers._ACTION_HANDLERS[action] = make(handlers._ACTION_HANDLERS[action])


def around_function(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put `make(original)` in the place of an engine's function, wherever it was imported."""
    original = getattr(owner, name)
    wrapped = make(original)
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(cloudformation.__name__) and vars(module).get(name) is original:
            setattr(module, name, wrapped)
