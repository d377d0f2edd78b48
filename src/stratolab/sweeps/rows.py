"""Rows of the tables `sweep` and `trial`, as values and back."""

# ruff: noqa: S608 - statements are made of the names of columns only; values are always parameters

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from stratolab.jobs.stores.values import escape, finite, pack, unescape, unpack
from stratolab.sweeps.models import Result, Sweep, SweepState, Trial, TrialState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SELECT_SWEEP = (
    "SELECT id, name, project, state, config, created, ended, reason, forked_from, revision FROM sweep"
)
_COLUMNS = (
    "sweep", "number", "state", "params", "digest", "job", "owner", "fence", "lease", "created", "started", "ended",
    "value", "reason", "steps", "revision",
)  # fmt: skip
SELECT_TRIAL = f"SELECT {', '.join(_COLUMNS)} FROM trial"
INSERT_TRIAL = (
    f"INSERT INTO trial ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)})"
)


def row_of(trial: Trial, digest: str) -> dict[str, object]:
    """The columns of a trial."""
    return {
        "sweep": trial.sweep,
        "number": trial.number,
        "state": trial.state.value,
        "params": pack(dict(trial.params)),
        "digest": digest,
        "job": trial.job,
        "owner": trial.owner,
        "fence": trial.fence,
        "lease": trial.lease,
        "created": trial.created,
        "started": trial.started,
        "ended": trial.ended,
        "value": trial.value,
        "reason": escape(trial.reason),
        "steps": pack(trial.steps),
        "revision": trial.revision,
    }


def trial_of(row: Mapping[str, Any]) -> Trial:
    """The trial in a row of `SELECT_TRIAL`."""
    return Trial(
        sweep=row["sweep"],
        number=row["number"],
        state=TrialState(row["state"]),
        params=unpack(row["params"]),
        job=row["job"],
        owner=row["owner"],
        fence=row["fence"],
        lease=row["lease"],
        created=row["created"],
        started=row["started"],
        ended=row["ended"],
        value=row["value"],
        reason=unescape(row["reason"]),
        steps=tuple((step, value) for step, value in unpack(row["steps"])),
        revision=row["revision"],
    )


def sweep_of(row: Mapping[str, Any]) -> Sweep:
    """The sweep in a row of `SELECT_SWEEP`."""
    return Sweep(
        id=row["id"],
        name=row["name"],
        project=unescape(row["project"]),
        state=SweepState(row["state"]),
        config=unpack(row["config"]),
        created=row["created"],
        ended=row["ended"],
        reason=unescape(row["reason"]),
        forked_from=row["forked_from"],
        revision=row["revision"],
    )


def recordable(result: Result) -> Result:
    """The result as it can be stored and compared: with finite numbers only. One whose value is none has failed."""
    value = finite(result.value)
    steps = tuple((step, number) for step, number in result.steps if math.isfinite(number))
    if value is not None or result.value is None:
        return replace(result, steps=steps) if len(steps) < len(result.steps) else result
    failed = TrialState.FAILED if result.state is TrialState.SUCCEEDED else result.state
    reason = result.reason or f"its value is {result.value}, which cannot be compared"
    return replace(result, state=failed, value=None, reason=reason, steps=steps)


def columns_of(result: Result) -> dict[str, object]:
    """The columns of a result, as they are read back."""
    stored = recordable(result)
    return {
        "new": stored.state.value,
        "value": stored.value,
        "reason": escape(stored.reason),
        "steps": pack(stored.steps),
        "ended": stored.ended,
    }
