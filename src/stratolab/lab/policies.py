"""The IAM policies of a lab, to be read or attached by hand: what each group of people may do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean
from stratolab.deploy.reading import resources, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stratolab.infra.catalogue import Stack

KIND = "AWS::IAM::ManagedPolicy"
_TITLE = re.compile(r"(?P<name>[A-Za-z]+?)(Policy)?(?P<part>\d*)$")
_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def policies(stacks: Iterable[Stack], place: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Every managed policy of these stacks by its name (`operators-network`), one that is long in several documents.

    `place` gives `ACCOUNT` and `REGION`, which stand for themselves where they are not known.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for stack in stacks:
        for logical, _, properties in resources(stack.template, KIND):
            named = _TITLE.match(logical)
            name = _BORDER.sub("-", named["name"] if named else logical).lower()
            found.setdefault(name, []).append(_plain(properties["PolicyDocument"], place))
    return found


def policy(found: Mapping[str, list[dict[str, Any]]], name: str) -> list[dict[str, Any]]:
    """The documents of one. Raises `InputError` with the nearest name."""
    if name not in found:
        raise InputError(
            f"this lab has no policy {name!r}", doing="lab policy", hint=did_you_mean(name, found)
        )
    return found[name]


def _plain(value: Any, place: Mapping[str, str]) -> Any:
    """The value with what CloudFormation would fill in filled in."""
    if isinstance(value, list):
        return [_plain(one, place) for one in value]
    if isinstance(value, dict) and not (len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))):
        return {key: _plain(one, place) for key, one in value.items()}
    if isinstance(value, bool) or not isinstance(value, dict | str):
        return value
    said = text(value)
    for name, known in place.items():
        said = re.sub(rf"\b{name}\b", known, said)
    return said
