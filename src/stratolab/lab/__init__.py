"""The composition root: the only package that knows what a lab is made of.

`open_lab()` gives the lab of a folder. Its parts (configuration, database, engine) are made when they are first
used, so that a command pays for what it touches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.lab.local import LocalLab


def open_lab(start: Path | None = None) -> LocalLab:
    """The lab of the project that holds `start` (by default the current folder)."""
    from stratolab.lab.local import LocalLab

    return LocalLab.around(start)
