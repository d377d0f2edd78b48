"""Custom resources that the emulator answers for: those whose functions would need what a test does not have."""

from __future__ import annotations

_attributes: dict[str, dict[str, str]] = {}


def give(kind: str, attributes: dict[str, str]) -> None:
    """Let resources of a type be there, with these attributes, and no function be called."""
    _attributes[kind] = attributes


def clear() -> None:
    _attributes.clear()


def given(type_: str, logical_id: str) -> tuple[str, dict[str, str]] | None:
    """What a resource is called and has; None if its function is to be called."""
    return (f"answered-{logical_id}", _attributes[type_]) if type_ in _attributes else None
