"""The sample's own folder on the path, and its script as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SAMPLE))


@pytest.fixture(scope="session")
def train() -> Callable[..., list[dict[str, float]]]:
    """Runs the script and gives the lines that it printed."""

    def run(*flags: str) -> list[dict[str, float]]:
        done = subprocess.run(
            [sys.executable, "-B", "train.py", *flags],
            cwd=SAMPLE,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stderr == ""
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run
