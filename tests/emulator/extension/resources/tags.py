"""Tags of EC2's resources, which are given and changed in a form of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator.extension.client import call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.emulator.extension.registry import Made


def listed(made: Made) -> list[dict[str, str]]:
    """The tags of a template as the API lists them."""
    return [{"Key": tag["Key"], "Value": str(tag["Value"])} for tag in made.get("Tags") or []]


def at_creation(made: Made, kind: str) -> dict[str, Any]:
    """The parameter with which a resource is tagged while it is made."""
    tags = listed(made)
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def change(identity: str, old: Mapping[str, Any], made: Made) -> None:
    """Make the tags of an existing resource those of the template."""
    tags = listed(made)
    gone = {tag["Key"] for tag in old.get("Tags") or []} - {tag["Key"] for tag in tags}
    if gone:
        call("ec2", "DeleteTags", Resources=[identity], Tags=[{"Key": key} for key in sorted(gone)])
    if tags:
        call("ec2", "CreateTags", Resources=[identity], Tags=tags)
