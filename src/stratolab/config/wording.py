"""What pydantic objects to, in plain words.

pydantic says `Input should be a valid integer`; a reader wants to know what must stand there, what stands there
and how to write it. All three are taken from the JSON schema, so that a field explains itself once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stratolab.config.problems import (
    Problem,
    clipped,
    dotted,
    kind,
    number,
    odd_character,
    shown,
    toml,
    toml_key,
)
from stratolab.config.secrecy import is_secret_place
from stratolab.core.names import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stratolab.config.problems import Path

Node = dict[str, Any]
_WORD_LIMIT = 60  # characters; the nearest word to a longer one is not looked for
_RANGES = frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal"})
_SINGULAR = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
_PLURAL = {"string": "texts", "integer": "whole numbers", "number": "numbers", "object": "tables"}
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_ANY_VALUE = {"number", "string", "boolean"}


def problems(
    details: Sequence[Mapping[str, Any]], given: Mapping[str, Any], schema: Node
) -> Iterator[Problem]:
    """One problem for each place that pydantic's error `details` name.

    `given` is what was validated, `schema` what `schema.schema()` gives.
    """
    done: set[Path] = set()
    for detail in details:
        path = _place(detail, given, schema)
        if path not in done:
            done.add(path)
            yield _problem(detail, path, given, schema)


def _place(detail: Mapping[str, Any], given: Mapping[str, Any], schema: Node) -> Path:
    """The part of pydantic's location that a reader knows: no tags of unions, no half of a range."""
    location = detail["loc"]
    value: Any = given
    path: Path = ()
    for part in location:
        inside = (
            part in value if isinstance(value, dict) else isinstance(value, list) and _is_index(part, value)
        )
        if not inside or "prefixItems" in node_at(schema, path):
            break
        value = value[part]
        path = (*path, part)
    absent = detail["type"] == "missing" and isinstance(value, dict)
    return (*path, location[-1]) if absent and len(path) < len(location) else path


def _is_index(part: str | int, value: list[Any]) -> bool:
    return isinstance(part, int) and part < len(value)


def _problem(detail: Mapping[str, Any], path: Path, given: Mapping[str, Any], schema: Node) -> Problem:
    node, value, sort = node_at(schema, path), _value_at(given, path), detail["type"]
    if sort == "extra_forbidden" or detail["loc"][-1:] == ("[key]",):
        return _unknown(path, schema)
    if sort == "missing" and value is None:
        return Problem(path, "is missing", _example(path, node))
    if sort == "value_error":
        return Problem(path, str(detail["ctx"]["error"]), _example(path, node))
    if sort in _RANGES and isinstance(value, (int, float)):
        return Problem(path, f"must be {limits(node)}, not {number(value)}", _example(path, node))
    if sort == "finite_number" and isinstance(value, float):
        return Problem(path, f"must be a finite number, not {value}", _example(path, node))
    told = kind(value) if is_secret_place(path) else shown(value)
    return Problem(path, f"must be {wants(node)}, not {told}", _remedy(path, node, value))


def _value_at(given: Mapping[str, Any], path: Path) -> object:
    """What stands at `path`; None for what does not."""
    value: Any = given
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


# -- what is wanted -------------------------------------------------------------------------------


def node_at(schema: Node, path: Path) -> Node:
    """The part of the schema that speaks about the value at `path`; empty where there is none."""
    node = _resolved(schema, schema)
    for part in path:
        node = _resolved(_step(node, part, schema), schema)
    return node


def _step(node: Node, part: str | int, schema: Node) -> Node:
    for option in (node, *(_resolved(option, schema) for option in node.get("anyOf", ()))):
        if isinstance(part, str) and part in option.get("properties", {}):
            return dict(option["properties"][part])
        inner = option.get("items" if isinstance(part, int) else "additionalProperties")
        if isinstance(inner, dict):
            return inner
    return {}


def _resolved(node: Node, schema: Node) -> Node:
    """The node with what its reference says added."""
    if "$ref" not in node:
        return node
    return {**schema["$defs"][node["$ref"].rsplit("/", 1)[1]], **node}


def wants(node: Node) -> str:
    """What may stand there, in words."""
    if "x-wants" in node:
        return str(node["x-wants"])
    if "enum" in node:
        return f"one of {', '.join(map(toml, node['enum']))}"
    if "anyOf" in node:
        return _either(node["anyOf"])
    return _list(node) or _table(node) or _SINGULAR.get(node.get("type", ""), "something else")


def _either(options: Sequence[Node]) -> str:
    if {option.get("type") for option in options} >= _ANY_VALUE:
        rest = [wants(option) for option in options if option.get("type") not in _ANY_VALUE]
        return " or ".join(["text, a number, true or false", *rest])
    return " or ".join(dict.fromkeys(map(wants, options)))


def _list(node: Node) -> str:
    if node.get("type") != "array":
        return ""
    if "prefixItems" in node:
        return f"two {_PLURAL[node['prefixItems'][0]['type']]}, [low, high]"
    return f"a list of {_PLURAL.get(node['items'].get('type', ''), 'values')}"


def _table(node: Node) -> str:
    if node.get("type") != "object":
        return ""
    inner = node.get("additionalProperties")
    return "a table of texts" if isinstance(inner, dict) and inner.get("type") == "string" else "a table"


def limits(node: Node) -> str:
    """Between which numbers, in words; empty if the schema sets no bounds."""
    if "maximum" not in node:
        return ""
    least, above, most = (node.get(key) for key in ("minimum", "exclusiveMinimum", "maximum"))
    low = f"more than {above:,.15g}" if least is None else f"at least {least:,.15g}"
    return f"{low} and at most {most:,.15g}"


# -- hints ----------------------------------------------------------------------------------------


def _unknown(path: Path, schema: Node) -> Problem:
    word = str(path[-1])
    around = node_at(schema, path[:-1])
    known = list(around.get("properties", around.get("propertyNames", {}).get("enum", ())))
    odd = odd_character(word)
    message = f"there is no such key; it holds {odd}" if odd else "there is no such key"
    near = nearest(word, known) if len(word) <= _WORD_LIMIT else ""
    if near:
        return Problem(path, message, f"did you mean {near!r}?")
    homes = _homes(word, schema) if len(path) <= 2 else []
    if homes:
        return Problem(path, message, f"it belongs in {' or '.join(homes)}")
    return Problem(path, message, f"known here: {', '.join(known)}")


def _homes(word: str, schema: Node) -> list[str]:
    """The tables that have a key of this name: `[jobs.NAME]`."""
    found = []
    for name in schema["properties"]:
        node = node_at(schema, (name,))
        if word in node.get("properties", {}):
            found.append(f"[{name}]")
        elif word in node_at(schema, (name, "NAME")).get("properties", {}):
            found.append(f"[{name}.NAME]")
    return found


def _remedy(path: Path, node: Node, value: object) -> str:
    """How to write what was meant, if that can be seen; else an example."""
    if not path or is_secret_place(path):
        return _example(path, node)
    if "properties" in node:
        return f"as a table: [{dotted(path)}]"
    key = f"{toml_key(clipped(path[-1]))} = " if isinstance(path[-1], str) else ""
    types = {node.get("type"), *(option.get("type") for option in node.get("anyOf", ()))}
    if isinstance(value, str):
        return _rewritten(key, value, node, types) or _example(path, node)
    if isinstance(value, (bool, int, float)) and types == {"string"} and "enum" not in node:
        return f'in quotes: {key}"{clipped(toml(value))}"'
    return _example(path, node)


def _rewritten(key: str, text: str, node: Node, types: set[Any]) -> str:
    """The text as what should stand there: a number, a boolean, a known word, a list."""
    if types & {"integer", "number"} and _is_number(text, types):
        return f"without quotes: {key}{text.strip()}"
    if "boolean" in types and text.lower() in {"true", "false"}:
        return f"without quotes: {key}{text.lower()}"
    if "enum" in node and len(text) <= _WORD_LIMIT:
        near = nearest(text.lower(), [word for word in node["enum"] if isinstance(word, str)])
        return f"did you mean {near!r}?" if near else ""
    if node.get("type") == "array" and node.get("items", {}).get("type") == "string":
        return f"in brackets: {key}[{toml(clipped(text))}]"
    return ""


def _is_number(text: str, types: set[Any]) -> bool:
    return bool((_WHOLE if "number" not in types else _NUMBER).fullmatch(text.strip()))


def _example(path: Path, node: Node) -> str:
    examples = node.get("examples")
    if not examples or not path or isinstance(path[-1], int):
        return ""
    return f"for example: {toml_key(clipped(path[-1]))} = {toml(examples[0])}"
