"""Which MLflow is installed, and what schema it wants: read from its files, because importing it costs 3 seconds."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

GET = "pip install 'stratolab[tracking]'"
_VERSION = re.compile(r"""^VERSION\b.*=\s*["']([^"']+)["']""", re.MULTILINE)
_REVISION = re.compile(r"""^revision\b[^=]*=\s*["']([^"']+)["']""", re.MULTILINE)
_BEFORE = re.compile(r"""^down_revision\b[^=]*=\s*["']([^"']+)["']""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Installed:
    """An MLflow that can be imported. `revision` is the one that its schema has; empty if it is not to be seen."""

    version: str
    revision: str


def present() -> bool:
    """Whether MLflow could be imported here."""
    return importlib.util.find_spec("mlflow") is not None


@cache
def installed() -> Installed | None:
    """The MLflow that could be imported here, or None. Takes about 10 ms."""
    spec = importlib.util.find_spec("mlflow")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations)))
    version = _VERSION.search(_text(folder / "version.py"))
    return Installed(
        version[1] if version else "unknown", _head(folder / "store" / "db_migrations" / "versions")
    )


def _head(migrations: Path) -> str:
    """The revision that no other one follows."""
    texts = [_text(path) for path in migrations.glob("*.py")]
    revisions = {found[1] for text in texts if (found := _REVISION.search(text))}
    heads = revisions - {found[1] for text in texts if (found := _BEFORE.search(text))}
    return heads.pop() if len(heads) == 1 else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
