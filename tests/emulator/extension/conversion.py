"""CloudFormation properties become the parameters of an API operation, guided by botocore's shapes.

The two differ in the case of keys, in scalars written as text, in tags as lists or maps. Everything else
must fit: a key that the operation does not have is refused, so that nothing is dropped in silence.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.emulator.extension.client import operation_shape

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class ForeignKeyError(ValueError):
    """A property that the operation has no parameter for."""


@dataclass(frozen=True)
class Rules:
    """Where names differ. Keys are paths as the template writes them: `Budget.CostFilters`."""

    renamed: Mapping[str, str] = field(default_factory=dict)
    left_out: Collection[str] = ()


def parameters(
    service: str, operation: str, properties: Mapping[str, Any], rules: Rules | None = None
) -> dict[str, Any]:
    """What `operation` takes, from `properties`.

    Raises:
        ForeignKeyError: a property has no counterpart and stands in none of the rules.
    """
    told = f"{service}:{operation}"
    return _structure(operation_shape(service, operation), properties, "", rules or Rules(), told)


def _structure(shape: Any, value: Mapping[str, Any], path: str, rules: Rules, told: str) -> dict[str, Any]:
    members = {name.lower(): (name, member) for name, member in shape.members.items()}
    found = {}
    for key, part in value.items():
        here = f"{path}{key}"
        if here in rules.left_out:
            continue
        name = rules.renamed.get(here, key)
        if name.lower() not in members:
            raise ForeignKeyError(f"extraneous key [{here}] is not permitted: {told} has no such parameter")
        name, member = members[name.lower()]
        found[name] = _converted(member, part, here, rules, told)
    return found


def _converted(shape: Any, value: Any, path: str, rules: Rules, told: str) -> Any:  # noqa: PLR0911 - a table
    match shape.type_name:
        case "structure" if getattr(shape, "is_document_type", False):
            return value
        case "structure":
            return _structure(shape, value, f"{path}.", rules, told)
        case "list":
            items = value if isinstance(value, list) else [value]
            return [_converted(shape.member, item, path, rules, told) for item in items]
        case "map":
            pairs = {tag["Key"]: tag["Value"] for tag in value} if isinstance(value, list) else value
            return {key: _converted(shape.value, part, path, rules, told) for key, part in pairs.items()}
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "boolean":
            return truth(value)
        case "string":
            return text(value)
        case _:
            return value


def truth(value: Any) -> bool:
    """A boolean that a template may also write as text."""
    return value if isinstance(value, bool) else str(value).lower() == "true"


def text(value: Any) -> str:
    """A value where the API wants text: documents as JSON, booleans in lower case."""
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
