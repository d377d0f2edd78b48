"""Write the reference pages from the program itself: `python tools/write_reference.py`, part of `make docs`.

Tests hold the pages equal to what this writes, so a page can be neither incomplete nor out of date.
"""

from __future__ import annotations

from pathlib import Path

from stratolab.cli import reference
from stratolab.config import schema
from stratolab.config.labs import schema as lab_schema
from stratolab.lab import reference as python_reference

PAGES = {
    "commands.md": reference.markdown,
    "configuration.md": schema.reference,
    "lab.md": lab_schema.reference,
    "python.md": python_reference.markdown,
}


def main() -> None:
    folder = Path(__file__).resolve().parent.parent / "docs" / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in PAGES.items():
        (folder / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
