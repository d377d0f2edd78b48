"""Our side: a project with the same script and space, and the command that sweeps it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.measuring.places import our_python

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CONFIG = """\
[project]
name = "bench"

[local]
cpus = {workers}

[jobs.trial]
command = {command}

[sweeps.bench]
job = "trial"
metric = "loss"
trials = {count}
parallel = {workers}
sampler = "{sampler}"
seed = 1
{more}
[sweeps.bench.space]
x = {{ float = [0.0, 1.0] }}
y = {{ float = [0.0, 1.0] }}
z = {{ float = [0.0, 1.0] }}
"""


def sweep(
    folder: Path, *, command: Sequence[str], count: int, workers: int, sampler: str, more: str = ""
) -> list[str]:
    """Write a project into `folder`, and give the command line that runs its sweep to the end."""
    text = CONFIG.format(
        command=json.dumps(command), count=count, workers=workers, sampler=sampler, more=more
    )
    (folder / "stratolab.toml").write_text(text, encoding="utf-8")
    return [our_python(), "-m", "stratolab", "sweep", "bench", "--json"]
