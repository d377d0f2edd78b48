"""Where things lie: the project, what the benchmarks keep between runs, and the interpreters.

All trials of all contestants, and bare Python itself, are run by the interpreter of our own environment. An
interpreter outside any environment may start several times slower, by what its distribution hooks into it, and would
make every overhead look small.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
KEPT = Path(
    os.environ.get("STRATOLAB_BENCH") or ROOT / ".bench"
)  # environments, partial results, scratch folders


def base_python() -> str:
    """The interpreter outside any virtual environment: environments are made from it, nothing else."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = Path(sys.base_prefix) / "bin" / name
    return str(found if found.exists() else Path(sys.executable).resolve())


def our_python() -> str:
    """The interpreter of the environment in which stratolab is installed, which runs the benchmarks and all trials."""
    return sys.executable
