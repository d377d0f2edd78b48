"""From the models of a configuration file to its JSON schema, for editors, and to its reference page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.config.problems import toml
from stratolab.config.wording import limits, node_at, wants
from stratolab.core.names import NAME, NAME_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import BaseModel

    from stratolab.config.problems import Path

Node = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
PROFILES = "x-profiles"
"""Where a node of the schema says what its default is in each profile of a lab."""
_FROM_CHEAP_TO_SAFE = ("lab", "standard", "hardened")

_DATA = frozenset(
    {"default", "examples", "enum", PROFILES}
)  # values of the configuration, not parts of the schema
_NOTHING: tuple[Any, ...] = (None, {}, [])


@dataclass(frozen=True, slots=True)
class Section:
    """A table on the reference page: how it is written, where the schema has it.

    `example` stands for the one made of the keys' own examples, and `without` are keys that this one leaves out.
    """

    title: str
    path: Path
    example: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()


def schema_of(model: type[BaseModel], title: str, named: Sequence[str]) -> Node:
    """The schema, draft 2020-12. `named` are the tables whose keys are names in our sense."""
    made: Node = _cleaned(model.model_json_schema(mode="validation"))
    for section in named:
        names = {"pattern": f"^{NAME.pattern}$", "maxLength": NAME_LIMIT}
        made["properties"][section]["propertyNames"] = names
    return {"$schema": DIALECT, "title": title, **made}


def page(made: Node, opening: str, sections: Sequence[Section]) -> str:
    """The Markdown page of all keys: what may stand there, the default, what it means, an example."""
    return "\n".join([opening, *(_section(made, section) for section in sections)])


def _cleaned(node: Any) -> Any:
    """A part of pydantic's schema without what TOML does not have (null) and what says nothing (titles)."""
    if isinstance(node, list):
        return [_cleaned(part) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: value if key in _DATA else _cleaned(value)
        for key, value in node.items()
        if not _empty(key, value)
    }
    if isinstance(kept.get("default"), dict):
        kept["default"] = {key: value for key, value in kept["default"].items() if value is not None}
    if "anyOf" not in kept:
        return kept
    options = _options(kept.pop("anyOf"))
    return {**options[0], **kept} if len(options) == 1 else {"anyOf": options, **kept}


def _empty(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def _options(options: list[Node]) -> list[Node]:
    """The alternatives that a TOML file has: not null, and an integer is a number."""
    types = {option.get("type") for option in options}
    plain_integer = {"type": "integer"}
    return [
        option
        for option in options
        if option.get("type") != "null" and not (option == plain_integer and "number" in types)
    ]


# -- the page -------------------------------------------------------------------------------------


def _section(made: Node, section: Section) -> str:
    node = node_at(made, section.path)
    opening = str(made["$defs"][_definition(made, section.path)]["description"])
    rows = [_row(made, node, section.path, key) for key in node["properties"]]
    head = ["| key | what | default | meaning |", "| --- | --- | --- | --- |"]
    example = section.example or tuple(_example(node, section))
    return "\n".join(
        [f"## {section.title}", "", opening, "", *head, *rows, "", "```toml", *example, "```", ""]
    )


def _definition(made: Node, path: Path) -> str:
    """The name of the table's own part of the schema."""
    wanted = node_at(made, path)["properties"]
    definitions: dict[str, Node] = made["$defs"]
    return next(name for name, node in definitions.items() if node["properties"] == wanted)


def _row(made: Node, table: Node, path: Path, key: str) -> str:
    node = node_at(made, (*path, key))
    what = ", ".join(filter(None, (wants(node), limits(node))))
    needed = "required" if key in table.get("required", ()) else _default(node)
    return f"| `{key}` | {what} | {needed} | {node['description']} |"


def _default(node: Node) -> str:
    if PROFILES in node:
        return ", ".join(f"{profile} `{toml(node[PROFILES][profile])}`" for profile in _FROM_CHEAP_TO_SAFE)
    return f"`{toml(node['default'])}`" if node.get("default") not in _NOTHING else ""


def _example(node: Node, section: Section) -> Iterator[str]:
    """The table with the example of each key."""
    yield section.title
    for key, part in node["properties"].items():
        if key not in section.without:
            yield f"{key} = {toml(part['examples'][0])}"
