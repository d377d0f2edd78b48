"""Reading a rendered template: its resources, the statements of its policies, its texts."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Template = dict[str, Any]
Properties = dict[str, Any]


class Statement(NamedTuple):
    """A statement of a policy, and where it stands."""

    title: str
    place: str
    """The property that holds the policy: `AssumeRolePolicyDocument`, `PolicyDocument`, `KeyPolicy` ..."""
    body: dict[str, Any]

    @property
    def allows(self) -> bool:
        return bool(self.body.get("Effect") == "Allow")

    @property
    def actions(self) -> list[str]:
        return [str(one) for one in listed(self.body.get("Action", []))]

    @property
    def resources(self) -> list[Any]:
        return listed(self.body.get("Resource", []))

    @property
    def principals(self) -> list[tuple[str, Any]]:
        """Kinds and values: `("Service", "ecs.amazonaws.com")`, `("AWS", "*")`."""
        given = self.body.get("Principal", {})
        if isinstance(given, str):
            return [("AWS", given)]
        return [(kind, one) for kind, values in given.items() for one in listed(values)]

    @property
    def conditions(self) -> dict[str, Any]:
        """Keys of conditions with their values, whatever the operator; keys in small letters."""
        parts = self.body.get("Condition", {}).values()
        return {key.lower(): value for part in parts for key, value in part.items()}

    @property
    def everyone(self) -> bool:
        return any(value == "*" for _, value in self.principals)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resources(template: Template, *kinds: str) -> Iterator[tuple[str, Properties]]:
    """Titles and properties of the resources of these types; of all without any."""
    for title, one in template.get("Resources", {}).items():
        if not kinds or one["Type"] in kinds:
            yield title, one.get("Properties", {})


def statements(template: Template) -> Iterator[Statement]:
    """Every statement of every policy, wherever it stands."""
    for title, properties in resources(template):
        for place, document in _documents(properties):
            for body in listed(document["Statement"]):
                yield Statement(title, place, body)


def _documents(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        if "Statement" in value and "Version" in value:
            yield place, value
            return
        for key, part in value.items():
            yield from _documents(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _documents(part, place)


def texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text with its path; what is in base 64 is also given decoded."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from texts(part, (*path, str(key)))
            if key == "Fn::Base64" and isinstance(part, str):
                yield from texts(_decoded(part), (*path, "decoded"))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from texts(part, (*path, str(number)))


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return text


def referred(value: Any) -> str:
    """The title or parameter that a value refers to; empty if it is none."""
    if isinstance(value, dict) and "Ref" in value:
        return str(value["Ref"])
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        return str(value["Fn::GetAtt"][0])
    return ""


def text_of(value: Any) -> str:
    """Whatever a value says, as one text to look into."""
    return " ".join(text for _, text in texts(value))
