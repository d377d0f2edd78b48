"""What outlived an earlier stack and has the name that a stack wants: taken into it again, with all that it holds.

Secrets, source and images are kept when their stack goes, and AWS has one thing of each name. CloudFormation takes such
a thing in by an import, which is a change set of its own and changes nothing. What a property gets from elsewhere is
left out there, so that the change set after it sets it: the key of a secret may be a new one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stratolab.infra.body import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.aws.existing import Existing, Identifier
    from stratolab.infra.catalogue import Stack

_RETAINED = ("Retain", "RetainExceptOnCreate")


@dataclass(frozen=True, slots=True)
class Kept:
    """One such thing, by its title in the template."""

    logical: str
    type: str
    identifier: Identifier

    @property
    def physical(self) -> str:
        """What AWS knows it by."""
        return "|".join(self.identifier.values())


def find(wanted: Mapping[str, Any], standing: Mapping[str, Any], existing: Existing) -> list[Kept]:
    """What a template wants that its stack, whose template is `standing`, does not have, and the account does."""
    found = []
    for logical, resource in wanted["Resources"].items():
        if logical in standing.get("Resources", {}) or resource.get("DeletionPolicy") not in _RETAINED:
            continue
        identifier = existing.find(resource["Type"], resource.get("Properties", {}))
        if identifier:
            found.append(Kept(logical, resource["Type"], identifier))
    return found


def importing(stack: Stack, standing: Mapping[str, Any], kept: Sequence[Kept]) -> Stack:
    """The stack as the import asks for it: what stands, and these things besides, without an output more."""
    added = {one.logical: _plain(stack.template["Resources"][one.logical]) for one in kept}
    resources = {**standing.get("Resources", {}), **added}
    return replace(
        stack, template={"AWSTemplateFormatVersion": VERSION, **standing, "Resources": resources}, code=()
    )


def _plain(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource with those of its properties alone that are values, and not asked of anything else."""
    properties = {
        key: value for key, value in resource["Properties"].items() if key != "Tags" and not _asks(value)
    }
    return {**{key: value for key, value in resource.items() if key != "DependsOn"}, "Properties": properties}


def _asks(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_asks, value))
    if not isinstance(value, dict):
        return False
    return any(key == "Ref" or key.startswith("Fn::") or _asks(part) for key, part in value.items())
