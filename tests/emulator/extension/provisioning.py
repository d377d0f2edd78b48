"""What stands around every create, update and delete of a resource.

In this order: an ordered fault, the check of the resolved values against the resource's schema, the
existence of what they refer to, then the handler with a dictionary that remembers what was read.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ministack.core.responses import get_region
from ministack.services.cloudformation import provisioners, stacks
from tests.emulator.extension import answers, faults, references, schemas, validation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IGNORED: dict[str, set[str]] = {}
"""By resource type, the top-level properties that no handler has read since the last reset."""


class Watched(dict[str, Any]):
    """A dictionary that remembers which of its keys were read."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        super().__init__(content)
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.read.add(str(key))
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        self.read.add(key)
        return super().pop(key, *default)

    def __iter__(self) -> Iterator[str]:
        self.read.update(super().keys())
        return super().__iter__()

    def keys(self) -> Any:
        self.read.update(super().keys())
        return super().keys()

    def items(self) -> Any:
        self.read.update(super().keys())
        return super().items()

    def values(self) -> Any:
        self.read.update(super().keys())
        return super().values()

    def copy(self) -> dict[str, Any]:
        self.read.update(super().keys())
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}

    def unread(self) -> set[str]:
        return set(super().keys()) - self.read


def attach() -> None:
    """Stand around the engine's three operations; every resource is handled on a thread from now on."""
    provision, update, delete = (
        provisioners._provision_resource,
        provisioners._update_resource,
        provisioners._delete_resource,
    )

    def provisioned(type_: str, logical_id: str, properties: Any, stack: str) -> tuple[str, dict[str, Any]]:
        faults.for_resource(type_, "create")
        _check(type_, properties)
        if answer := answers.given(type_, logical_id):
            return answer
        watched = Watched(properties)
        physical_id, attributes = provision(type_, logical_id, watched, stack)
        _remember(type_, watched)
        return physical_id, _all_attributes(type_, physical_id, properties, attributes)

    def updated(
        type_: str, physical_id: str, old: Any, new: Any, stack: str, logical_id: Any = None, was: Any = None
    ) -> tuple[str, dict[str, Any]]:
        if old != new:
            faults.for_resource(type_, "update")
            _check(type_, new)
        if answer := answers.given(type_, str(logical_id)):
            return answer
        physical_id, attributes = update(type_, physical_id, old, new, stack, logical_id, was)
        return physical_id, _all_attributes(type_, physical_id, new, attributes)

    def deleted(
        type_: str, physical_id: str, properties: Any, stack: Any = None, logical_id: Any = None
    ) -> None:
        faults.for_resource(type_, "delete")
        if answers.given(type_, str(logical_id)):
            return
        delete(type_, physical_id, properties, stack, logical_id)

    for module in (provisioners, stacks):
        module._provision_resource = provisioned
        module._update_resource = updated
        module._delete_resource = deleted
    stacks._runs_on_worker_thread = lambda _type: True


def _check(type_: str, properties: Mapping[str, Any]) -> None:
    if type_.startswith("Custom::"):
        return
    plain = dict.copy(properties)  # type: ignore[arg-type] # not through Watched, where looking counts
    validation.check(get_region(), type_, _without_system_tags(type_, plain))
    references.check(get_region(), type_, plain)


def _without_system_tags(type_: str, properties: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation's own tags break rules that hold for everybody else's: `aws:` may begin no key."""
    name, shape = provisioners._STACK_TAG_PROPERTY.get(type_, ("", ""))
    tags = properties.get(name)
    if not tags:
        return properties
    if shape == "map":
        return {**properties, name: {key: value for key, value in tags.items() if not key.startswith("aws:")}}
    more = (
        {"PropagateAtLaunch": True} if type_ == "AWS::AutoScaling::AutoScalingGroup" else {}
    )  # of the stack's tags
    own = [{**more, **tag} for tag in tags if not str(tag.get("Key", "")).startswith("aws:")]
    rest = {key: value for key, value in properties.items() if key != name}
    return {**rest, name: own} if own else rest


def _remember(type_: str, watched: Watched) -> None:
    unread = {name for name in watched.unread() if name != "ServiceToken"}
    if unread:
        IGNORED.setdefault(type_, set()).update(unread)


def _all_attributes(
    type_: str, physical_id: str, properties: Mapping[str, Any], attributes: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What `Fn::GetAtt` gives: the handler's, what was given (cfn-lint says which of it may be asked for), and
    the identifier, where the service makes it up and `Ref` gives it too."""
    given = {name: value for name, value in dict.items(properties) if isinstance(value, str | int | float)}
    return {**given, **schemas.own_identifier(get_region(), type_, physical_id), **(attributes or {})}
