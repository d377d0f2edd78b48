"""What became of an input or output of an earlier system: an option of ours with its place, an output, or a reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stratolab.config.fields import Table
from stratolab.config.labs.models import LabConfig
from stratolab.config.pages import PROFILES

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from stratolab.infra.catalogue import Stack


@dataclass(frozen=True)
class Option:
    """A key of `lab.toml` with its default, and the property that says it: a type of resource and a path in it."""

    key: str
    """`queues.*.priority`; a star for a name that the owner chooses."""
    type: str
    path: str
    default: Any = field(kw_only=True)


@dataclass(frozen=True)
class Made:
    """Nothing to be chosen: it follows from the rest, and stands in this property."""

    type: str
    path: str
    why: str


@dataclass(frozen=True)
class Given:
    """An output of the stack."""

    name: str


@dataclass(frozen=True)
class Refused:
    """It is not wanted, and why."""

    why: str


Answer = Option | Made | Given | Refused


def field_of(key: str) -> FieldInfo:
    """The declaration of a key: its default, its description, its examples."""
    model: Any = LabConfig
    found: Any = None
    for word in key.split("."):
        if word == "*":
            continue
        found = next(one for name, one in model.model_fields.items() if word in {name, one.alias})
        model = _model_in(found.annotation)
    return found


def _model_in(annotation: Any) -> Any:
    parts = [annotation, *getattr(annotation, "__args__", ())]
    return next((one for one in parts if isinstance(one, type) and issubclass(one, Table)), None)


def default_of(declared: FieldInfo, profile: str) -> Any:
    """The default of a key under a profile."""
    extra = declared.json_schema_extra
    return extra[PROFILES][profile] if isinstance(extra, dict) and PROFILES in extra else declared.default


def values_at(stack: Stack, kind: str, path: str) -> list[Any]:
    """What resources of a type say at a path, such as `ComputeResources.MaxvCpus`."""
    found = []
    for resource in stack.template["Resources"].values():
        value: Any = resource.get("Properties", {}) if resource["Type"] == kind else None
        for word in path.split("."):
            value = value[0] if isinstance(value, list) and value else value
            value = value.get(word) if isinstance(value, dict) else None
        if value is not None:
            found.append(value)
    return found


def check(answer: Answer, stack: Stack, *, profile: str = "standard") -> None:
    """Hold an answer against the configuration's models and a rendered stack."""
    match answer:
        case Option(key, kind, path, default=default):
            declared = field_of(key)
            assert default_of(declared, profile) == default, key
            assert declared.description, key
            assert declared.examples, key
            assert values_at(stack, kind, path), (kind, path)
        case Made(kind, path, why):
            assert values_at(stack, kind, path), (kind, path)
            assert why
        case Given(name):
            assert name in stack.template["Outputs"], name
        case Refused(why):
            assert len(why) > 20, why
