"""Is every inner name of ministack that this package uses still there?

The list is not kept by hand: the package's own source says what it imports from ministack, and which
attributes of those modules it reads. So it cannot fall behind.
"""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent
FOREIGN = "ministack"


def missing(sources: list[Path] | None = None) -> list[str]:
    """The names that ministack lacks, as `module.name (used by FILE)`."""
    return [
        f"{name} (used by {path.name})"
        for path in (sources if sources is not None else sorted(ROOT.rglob("*.py")))
        for name in sorted(set(_used(ast.parse(path.read_text(encoding="utf-8")))))
        if not _exists(name)
    ]


def _used(tree: ast.Module) -> Iterator[str]:
    """What a module uses of ministack, dotted: imported names, and attributes of imported modules."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == FOREIGN:
            for alias in node.names:
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == FOREIGN and alias.asname:
                    modules[alias.asname] = alias.name
                    yield alias.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            owner = modules[node.value.id]
            if _is_module(owner):
                yield f"{owner}.{node.attr}"


def _exists(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if _is_module(name):
        return True
    return _is_module(module) and hasattr(importlib.import_module(module), attribute)


def _is_module(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
