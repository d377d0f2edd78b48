"""The resource schemas that cfn-lint ships, read as data: cfn-lint itself takes a second to import."""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path
from typing import Any

_FALLBACK = "us-east-1"


class NoSchemaError(LookupError):
    """No such resource type in the region."""


@functools.cache
def schema(region: str, resource_type: str) -> dict[str, Any]:
    """The schema of a resource type, as JSON.

    Raises:
        NoSchemaError: cfn-lint knows no such type there.
    """
    name = "AWS::CloudFormation::CustomResource" if resource_type.startswith("Custom::") else resource_type
    digest = _provider(region).get(name)
    if digest is None:
        raise NoSchemaError(f"{name} in {region}")
    return json.loads((_folder() / "resources" / f"{digest}.json").read_text(encoding="utf-8"))


@functools.cache
def _folder() -> Path:
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or not spec.submodule_search_locations:
        raise NoSchemaError("cfn-lint is not installed")
    return Path(spec.submodule_search_locations[0]) / "data" / "schemas"


@functools.cache
def _provider(region: str) -> dict[str, str]:
    path = _folder() / "providers" / f"{region}.json"
    if not path.exists():
        path = _folder() / "providers" / f"{_FALLBACK}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def own_identifier(region: str, resource_type: str, physical_id: str) -> dict[str, str]:
    """The one read-only property by which resources of a type are known, if there is just one."""
    try:
        found = schema(region, resource_type)
    except NoSchemaError:
        return {}
    names = found.get("primaryIdentifier") or []
    if len(names) != 1 or names[0] not in (found.get("readOnlyProperties") or []):
        return {}
    return {names[0].removeprefix("/properties/").replace("/", "."): physical_id}


def replacing(region: str, resource_type: str) -> tuple[str, ...]:
    """The top-level properties whose change always makes a new resource."""
    paths = schema(region, resource_type).get("createOnlyProperties") or []
    return tuple(path.removeprefix("/properties/") for path in paths if path.count("/") == 2)


def tag_property(region: str, resource_type: str) -> tuple[str, str] | None:
    """The property that holds a resource's tags, and its form (`list` or `map`); None if it has no tags."""
    found = schema(region, resource_type)
    tagging = found.get("tagging") or {}
    path = tagging.get("tagProperty") or "/properties/Tags"
    name = path.removeprefix("/properties/")
    if tagging.get("taggable") is False or name not in found["properties"]:
        return None
    kind = _resolved(found, found["properties"][name]).get("type")
    return (name, "list" if kind == "array" or (isinstance(kind, list) and "array" in kind) else "map")


def _resolved(root: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = root
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node
