"""A request's parameters, whatever its protocol, under the names of the API."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs


def parameters(headers: Any, body: bytes, query: Any) -> dict[str, Any]:
    """JSON as it is; forms and query strings as they come, first values only. Keys keep their form."""
    if body[:1] == b"{":
        try:
            return dict(json.loads(body))
        except ValueError:
            return {}
    found = {**query}
    if "form" in headers.get("content-type", ""):
        found |= parse_qs(body.decode("utf-8", "replace"))
    return {name: value[0] if isinstance(value, list) else value for name, value in found.items()}


def values(given: dict[str, Any], path: str) -> list[str]:
    """All values at a path: `pipeline.roleArn` in JSON, `Target.RoleArn`, `InstanceId.*` in a form."""
    if any("." in name or name == path for name in given) and not any(
        isinstance(value, dict | list) for value in given.values()
    ):
        pattern = re.compile(re.escape(path).replace(r"\*", r"\d+") + "$")
        return [str(value) for name, value in given.items() if pattern.match(name)]
    return [str(one) for one in _walk(given, path.split(".")) if isinstance(one, str)]


def _walk(node: Any, path: list[str]) -> list[Any]:
    if not path:
        return [node]
    if path[0] == "*":
        return (
            [found for item in node or [] for found in _walk(item, path[1:])]
            if isinstance(node, list)
            else []
        )
    if not isinstance(node, dict):
        return []
    matching = [value for name, value in node.items() if name.lower() == path[0].lower()]
    return [found for value in matching for found in _walk(value, path[1:])]
