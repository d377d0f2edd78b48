"""Where a capsule's record lies, and the one thing of it that is asked for without the rest: its commit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def record(store: Path, capsule: str) -> Path:
    """The file of a capsule in `store`. Raises `InputError` for what is no id."""
    if not capsule.isalnum():
        raise InputError(f"{capsule!r} is not the id of a capsule")
    return store / "records" / f"{capsule}.json"


def commit(store: Path, capsule: str) -> str:
    """The commit that a capsule stands on; empty without one, and for a capsule that cannot be read.

    All that makes and compares capsules stays unloaded: it would be loaded while trials run.
    """
    try:
        told = json.loads(record(store, capsule).read_bytes())
    except (OSError, ValueError, InputError):
        return ""
    return str(told.get("commit", "")) if isinstance(told, dict) else ""
