"""Golden files: what a program makes, kept whole beside the tests, so that every change of it is read by somebody.

With STRATOLAB_TEST_GOLDEN=write a comparison writes the file instead. Nothing is ever written without it.
"""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WRITE = "STRATOLAB_TEST_GOLDEN"
SHOWN = 60  # lines of a difference


def compare(path: Path, made: str) -> None:
    """Hold `made` equal to the file. The error shows what differs, and how to accept it."""
    if os.environ.get(WRITE) == "write":
        path.write_text(made, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    if kept == made:
        return
    lines = list(
        difflib.unified_diff(kept.splitlines(), made.splitlines(), path.name, "made now", lineterm="")
    )
    told = "\n".join(lines[:SHOWN])
    more = f"\n... and {len(lines) - SHOWN} lines more" if len(lines) > SHOWN else ""
    raise AssertionError(f"{told}{more}\nread the difference; {WRITE}=write keeps it")
