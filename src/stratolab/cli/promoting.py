"""Letting an alias name another version, after asking whoever types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.cli import modelshow, ui

if TYPE_CHECKING:
    from stratolab.models.models import Version
    from stratolab.models.protocol import Registry


def move(registry: Registry, version: Version, alias: str, *, yes: bool) -> Version | None:
    """Let `alias` name this version, and give the one that held it before, if any.

    Asks if it is taken from another version. Raises `RefusedError` if nobody agrees.
    """
    from stratolab.models import service

    before = service.holder(registry, version.name, alias)
    if before is not None and before.version == version.version:
        return before
    if before is not None:
        ui.confirm(
            f"{alias} of {version.name} is {told(before)} now and would be {told(version)}",
            yes=yes,
            doing=f"moving {alias}",
        )
    registry.set_alias(version, alias)
    return before


def told(version: Version) -> str:
    """A version in a sentence."""
    value = modelshow.value(version)
    return f"version {version.version} ({value})" if value else f"version {version.version}"
