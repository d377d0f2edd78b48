"""Reading templates as a person would: values that CloudFormation fills in later stand as the names that they have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PSEUDO = {"${AWS::Partition}": "aws", "${AWS::AccountId}": "ACCOUNT", "${AWS::Region}": "REGION"}
_VARIABLE = re.compile(r"\$\{([^}!]+)\}")


def resources(template: Mapping[str, Any], *types: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Logical name, type and properties of a template's resources, those of `types` if any are given."""
    for logical, resource in template.get("Resources", {}).items():
        if not types or resource["Type"] in types:
            yield logical, resource["Type"], resource.get("Properties", {})


def text(value: Any) -> str:
    """A value as a text: `{"Ref": "LogsBucket"}` is `LogsBucket`, what Fn::Sub would put in stays in its place."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(text(one) for one in value)
    if not isinstance(value, dict) or len(value) != 1:
        return str(value)
    ((function, argument),) = value.items()
    return _function(function, argument)


def listed(value: Any) -> list[Any]:
    """What may be one thing or several, as several."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _function(function: str, argument: Any) -> str:
    if function == "Ref":
        return _PSEUDO.get(f"${{{argument}}}", str(argument))
    if function == "Fn::GetAtt":
        named = argument if isinstance(argument, list) else str(argument).split(".", 1)
        return named[0] if named[1] == "Arn" else ".".join(named)
    if function == "Fn::Sub":
        return _filled(argument)
    if function == "Fn::Join":
        return str(argument[0]).join(text(one) for one in argument[1])
    return f"{function.removeprefix('Fn::')}({text(argument)})"


def _filled(argument: Any) -> str:
    pattern, given = argument if isinstance(argument, list) else (argument, {})
    for pseudo, told in _PSEUDO.items():
        pattern = pattern.replace(pseudo, told)
    return _VARIABLE.sub(
        lambda found: text(given[found[1]]) if found[1] in given else f"{found[1]}", str(pattern)
    )
