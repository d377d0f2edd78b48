"""The names of runs in MLflow: each follows from the job's or the sweep's own id.

So a run is found without asking anybody, and a batch that is written twice meets itself.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache


def run_id(job: str) -> str:
    """The MLflow run of a job: 32 hexadecimal digits, always the same ones for the same job."""
    return _digits("job", job)


@lru_cache(maxsize=16)  # all trials of a sweep ask for theirs
def sweep_run_id(sweep: str) -> str:
    """The MLflow run that a sweep's trials are nested under: 32 hexadecimal digits."""
    return _digits("sweep", sweep)


def _digits(kind: str, name: str) -> str:
    return hashlib.blake2b(f"stratolab:{kind}:{name}".encode(), digest_size=16).hexdigest()
