"""Runs to write: of a job, of a trial, of a sweep."""

from __future__ import annotations

import time

from stratolab.tracking.ids import run_id, sweep_run_id
from stratolab.tracking.models import FINISHED, JOB, KIND, SWEEP, Curve, Run

NOW = float(int(time.time()) - 1000)
"""Seconds since the epoch; whole, so that milliseconds are."""


def job(key: str = "one", **changes: object) -> Run:
    """The run of a job that has ended."""
    given: dict[str, object] = {
        "id": run_id(key),
        "kind": "job",
        "key": key,
        "experiment": "world-series",
        "name": "train",
        "status": FINISHED,
        "user": "ana",
        "start": NOW,
        "end": NOW + 10,
        "tags": {KIND: "job", JOB: key, "mlflow.source.name": "train.py"},
    }
    return Run(**{**given, **changes})  # type: ignore[arg-type]


def trial(number: int, sweep: str = "tune-1", **changes: object) -> Run:
    """The run of a trial."""
    key = f"{sweep}-{number}"
    given: dict[str, object] = {
        "kind": "trial",
        "experiment": "tune",
        "name": f"trial {number}",
        "sweep": sweep,
        "parent": sweep_run_id(sweep),
        "params": {"depth": number, "rate": 0.1},
        "tags": {KIND: "trial", JOB: key, SWEEP: sweep, "mlflow.source.name": "train.py"},
        "curves": {"loss": Curve([0, 1, 2], [3.0, 2.0, 1.0 + number])},
    }
    return job(key, **{**given, **changes})


def sweep(key: str = "tune-1", **changes: object) -> Run:
    """The run of a sweep."""
    given: dict[str, object] = {
        "id": sweep_run_id(key),
        "kind": "sweep",
        "experiment": "tune",
        "name": key,
        "sweep": key,
        "tags": {KIND: "sweep", SWEEP: key},
    }
    return job(key, **{**given, **changes})
