"""The CloudFormation types that this package carries out, and how they are told to ministack's engine.

A type is a class with three functions, called on a thread:

- `create(made)` gives the physical id (what `Ref` gives) and the attributes (what `Fn::GetAtt` gives);
- `update(made, old)` the same; without it every change that is not about tags makes a new resource;
- `delete(made)`, for which what is gone already is deleted.

What replaces a resource, and where its tags stand, comes from the schemas: it is not written down again.
`read(made)` gives the present state, in the template's form, for the properties that it can read: drift
detection compares it; None means that the resource is gone.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ministack.core.responses import new_uuid
from ministack.services.cloudformation import provisioners
from tests.emulator.extension import schemas

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Result = tuple[str, dict[str, Any]]
_SCHEMA_REGION = "us-east-1"


@dataclass(frozen=True)
class Made:
    """One resource of a stack: what a handler is asked about."""

    properties: Mapping[str, Any]
    stack: str
    logical_id: str
    physical_id: str = ""

    def __getitem__(self, name: str) -> Any:
        return self.properties[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.properties.get(name, default)

    def name(self, key: str, *, lowercase: bool = False, longest: int = 128) -> str:
        """The name that the template gives, the one that it has, or one made from the stack's, as AWS does."""
        return self.properties.get(key) or provisioners._physical_name(
            self.stack, self.logical_id, lowercase=lowercase, max_len=longest
        )


class Handler(Protocol):
    """What a registered class has; `update` and `read` may be missing."""

    @staticmethod
    def create(made: Made) -> Result: ...

    @staticmethod
    def delete(made: Made) -> None: ...


HANDLERS: dict[str, type[Handler]] = {}


def resource(
    type_: str, *, also_replaces: tuple[str, ...] = (), in_place: tuple[str, ...] = ()
) -> Callable[[type[Handler]], type[Handler]]:
    """Register a class for a type. The two lists correct the schema's create-only properties."""

    def register(handler: type[Handler]) -> type[Handler]:
        HANDLERS[type_] = handler
        provisioners._RESOURCE_HANDLERS[type_] = _for_engine(handler)
        _describe(type_, also_replaces, in_place)
        return handler

    return register


def describe_known() -> None:
    """Give the engine the schemas' facts about the types that ministack carries out itself."""
    for type_ in provisioners._RESOURCE_HANDLERS:
        if type_.startswith("AWS::") and type_ not in HANDLERS:
            with contextlib.suppress(schemas.NoSchemaError):
                _describe(type_, (), ())


def _describe(type_: str, also_replaces: tuple[str, ...], in_place: tuple[str, ...]) -> None:
    listed = {*schemas.replacing(_SCHEMA_REGION, type_), *also_replaces} - set(in_place)
    known = provisioners._REPLACING_PROPERTIES.get(type_, ())
    provisioners._REPLACING_PROPERTIES[type_] = tuple(sorted(listed | set(known) - set(in_place)))
    tags = schemas.tag_property(_SCHEMA_REGION, type_)
    if tags and type_ in HANDLERS:
        provisioners._STACK_TAG_PROPERTY[type_] = tags


def _for_engine(handler: type[Handler]) -> dict[str, Any]:
    def create(logical_id: str, properties: Mapping[str, Any], stack: str) -> Result:
        if not provisioners._NAME_SEED.get():  # a name that AWS makes up is new with each creation
            provisioners._NAME_SEED.set(new_uuid()[:8])
        return handler.create(Made(properties, stack, logical_id))

    def update(
        physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], stack: str, logical_id: str
    ) -> Result:
        return handler.update(Made(new, stack, logical_id, physical_id), old)  # type: ignore[attr-defined]

    def delete(physical_id: str, properties: Mapping[str, Any], logical_id: str) -> None:
        handler.delete(Made(properties, "", logical_id, physical_id))

    known: dict[str, Any] = {"create": create, "delete": delete, "delete_with_logical_id": True}
    if hasattr(handler, "update"):
        known |= {"update": update, "update_with_logical_id": True}
    return known
