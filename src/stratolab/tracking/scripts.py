"""Whether a command's own code speaks of MLflow: read, not run, with the modules beside it that it imports.

Such a script gets its run before it starts, so that what it logs lands there. A script that chooses its experiment
itself begins its own run, which is found by its tag; so does one whose use of MLflow is not to be seen here.
"""

# ruff: noqa: PTH113, PTH118, PTH120, PTH123 - text paths: this is done before the first trial starts

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_READ = (".py", ".sh", ".ipynb")
_LONGEST = 1 << 20  # bytes of a file that are looked at
_MOST = 200  # files
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+\.*([\w.]+)|import[ \t]+([\w.]+(?:[ \t]*,[ \t]*[\w.]+)*))", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Use:
    """What a command's code says of MLflow.

    `speaks` of it; `chooses` its experiment itself; `seen`: it is Python that could be read: a command that does
    not speak of MLflow does not use it, except through something installed.
    """

    speaks: bool = False
    chooses: bool = False
    seen: bool = False


def look(command: Sequence[str], folder: str) -> Use:
    """Look at the files that `command`, run in `folder`, names, and at what they import from beside them."""
    speaks = chooses = seen = False
    files = list(_named(command, folder))
    known = set(files)
    while files and len(known) <= _MOST:
        path = files.pop()
        text = _text(path)
        seen = seen or path.endswith(".py")
        speaks = speaks or b"mlflow" in text.lower()
        chooses = chooses or b"set_experiment" in text
        for other in _imported(text, [os.path.dirname(path), folder]):
            if other not in known:
                known.add(other)
                files.append(other)
    return Use(speaks, chooses and speaks, seen)


def _named(command: Sequence[str], folder: str) -> Iterator[str]:
    for before, word in zip(("", *command), command, strict=False):
        if before == "-m":
            yield from _module(word, [folder])
        elif word.endswith(_READ) and os.path.isfile(os.path.join(folder, word)):
            yield os.path.join(folder, word)


def _imported(text: bytes, places: Sequence[str]) -> Iterator[str]:
    for one, several in _IMPORT.findall(text):
        for name in [one] if one else several.split(b","):
            yield from _module(name.strip().decode(errors="replace"), places)


def _module(name: str, places: Sequence[str]) -> Iterator[str]:
    parts = name.strip(".").split(".")
    for place in dict.fromkeys(places):
        for depth in range(len(parts), 0, -1):
            path = os.path.join(place, *parts[:depth])
            for file in (f"{path}.py", os.path.join(path, "__init__.py"), os.path.join(path, "__main__.py")):
                if os.path.isfile(file):
                    yield file


def _text(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_LONGEST)
    except OSError:
        return b""
