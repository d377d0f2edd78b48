"""One run as rows of MLflow's tables: what MLflow's own store would write, and nothing over what a script logged.

A script may have begun the run itself, or have logged to the one that we gave it. So a parameter or tag that is
there stays, a metric is added only where no equal one (name, step, value) is there, and the newest value of a
metric follows MLflow's order (step, time, value).
"""

# ruff: noqa: S608 - statements are made of the names of columns only; values are always parameters

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, NamedTuple

from stratolab.tracking import rules
from stratolab.tracking.models import ADOPTED, JOB, LIFE, LIVE, RUNNING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from stratolab.tracking.models import Run

PARENT = "mlflow.parentRunId"
OURS = "stratolab."  # tags that begin so are ours to change

_INSERT_RUN = (
    "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, "
    "end_time, source_version, lifecycle_stage, artifact_uri, experiment_id) "
    "VALUES (?, ?, 'UNKNOWN', '', '', ?, ?, ?, ?, '', 'active', ?, ?)"
)
_ADD_TAG = "INSERT OR IGNORE INTO tags (key, value, run_uuid) VALUES (?, ?, ?)"
_SET_TAG = (
    "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?) "
    "ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value"
)
_ADD_PARAM = "INSERT OR IGNORE INTO params (key, value, run_uuid) VALUES (?, ?, ?)"
_ADD_METRIC = (
    "INSERT OR IGNORE INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)"
)
_SET_LATEST = (
    "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp, "
    "step = excluded.step, is_nan = excluded.is_nan WHERE (excluded.step, excluded.timestamp, excluded.value) > "
    "(latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)"
)
_FORGET = "DELETE FROM metrics WHERE run_uuid = ? AND timestamp < ?"
_FORGET_LATEST = "DELETE FROM latest_metrics WHERE run_uuid = ? AND timestamp < ?"
_HAS = "EXISTS (SELECT 1 FROM tags WHERE tags.run_uuid = runs.run_uuid AND tags.key = '{}')"
_ROWS = 10_000  # of metrics that are held at a time
_METRICS = "SELECT key, value, timestamp, run_uuid, step, is_nan FROM metrics WHERE run_uuid = ?"


class Present(NamedTuple):
    """A run that MLflow has. `start` in milliseconds."""

    id: str
    deleted: bool
    running: bool
    start: int
    nested: bool  # below another one
    adopted: bool  # a script began it, and it became its job's
    artifacts: str  # where they are


class New(NamedTuple):
    """A run that MLflow does not have, its experiment, and where its artifacts will be."""

    run: Run
    experiment: int
    artifacts: str


def find(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Present]:
    """Those of these runs that are there."""
    found = {}
    query = (
        f"SELECT run_uuid, lifecycle_stage, status, start_time, artifact_uri, "
        f"{_HAS.format(PARENT)}, {_HAS.format(ADOPTED)} "
        "FROM runs WHERE run_uuid IN (SELECT value FROM json_each(?))"  # one statement, however many they are
    )
    for run, stage, status, start, place, nested, adopted in connection.execute(query, (json.dumps([*ids]),)):
        found[run] = Present(
            run,
            stage == "deleted",
            status == RUNNING,
            start or 0,
            bool(nested),
            bool(adopted),
            place or "",
        )
    return found


def begun_by_scripts(connection: sqlite3.Connection, only: str = "") -> dict[str, list[str]]:
    """The runs that scripts of jobs began themselves, by job: they carry the job's tag, and we did not make them.

    Of all jobs, or `only` of one.
    """
    found: dict[str, list[str]] = {}
    for job, run in connection.execute(
        f"SELECT value, run_uuid FROM tags AS ours WHERE key = '{JOB}' AND (? = '' OR value = ?) AND NOT EXISTS "
        f"(SELECT 1 FROM tags WHERE tags.run_uuid = ours.run_uuid AND tags.key = '{LIFE}')",
        (only, only),
    ):
        found.setdefault(job, []).append(run)
    return found


def insert(connection: sqlite3.Connection, new: Sequence[New]) -> None:
    """New runs, with their tags, parameters, metrics and ends: a statement for each table, not for each run."""
    runs = [one.run for one in new]
    connection.executemany(_INSERT_RUN, [_columns_of(one) for one in new])
    connection.executemany(_ADD_TAG, [(k, v, run.id) for run in runs for k, v in tags_of(run).items()])
    connection.executemany(_ADD_PARAM, [(k, v, run.id) for run in runs for k, v in params_of(run).items()])
    metrics: list[Row] = []
    latest: list[Row] = []
    for run in runs:
        rows = metrics_of(run, run.id)
        metrics += rows
        latest += _newest(rows)
        if len(metrics) > _ROWS or run is runs[-1]:
            connection.executemany(_ADD_METRIC, metrics)
            connection.executemany(_SET_LATEST, latest)
            metrics, latest = [], []


def _columns_of(one: New) -> tuple[object, ...]:
    run = one.run
    name, user = rules.text(run.name, rules.KEY_LIMIT), rules.text(run.user, rules.EXPERIMENT_LIMIT)
    start = int(run.start * 1000)
    return run.id, name, user, run.status, start, _end(run), one.artifacts, one.experiment


def update(connection: sqlite3.Connection, present: Present, run: Run, *, ours: bool) -> None:
    """Bring a run that is there up to date: `ours`, or one that we adopt. A deleted one stays as it is."""
    if present.deleted:
        return
    start = int(run.start * 1000)
    mark = LIFE if ours else ADOPTED
    if _life(connection, present.id, mark) < run.life:
        _begin_anew(connection, present.id, start)
    connection.execute(
        "UPDATE runs SET status = ?, end_time = ?, start_time = ? WHERE run_uuid = ?",
        (run.status, _end(run), start if ours else present.start, present.id),
    )
    _describe(connection, present.id, tags_of(run, mark), run)
    if run.end is not None:
        connection.execute("DELETE FROM tags WHERE run_uuid = ? AND key = ?", (present.id, LIVE))
    if run.curves:
        there = set(
            connection.execute(
                "SELECT key, step, value, is_nan FROM metrics WHERE run_uuid = ?", (present.id,)
            )
        )
        rows = [row for row in metrics_of(run, present.id) if (row[0], row[4], row[1], row[5]) not in there]
        connection.executemany(_ADD_METRIC, rows)
        connection.executemany(_SET_LATEST, _newest(rows))


def only_shown(connection: sqlite3.Connection, present: Present) -> bool:
    """Whether nobody but us knows of the run."""
    return bool(
        connection.execute("SELECT 1 FROM tags WHERE run_uuid = ? AND key = ?", (present.id, LIVE)).fetchone()
    )


def take_back(connection: sqlite3.Connection, present: Present) -> None:
    """Delete a run as MLflow does: it can be restored."""
    connection.execute(
        "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ? WHERE run_uuid = ?",
        (int(time.time() * 1000), present.id),
    )


def nest(connection: sqlite3.Connection, present: Present, run: Run, *, below: str) -> None:
    """Put a further run of a job's script below the job's run, and end it if its script left it open."""
    if present.deleted:
        return
    connection.execute(_ADD_TAG, (PARENT, below, present.id))
    if present.running and run.end is not None:
        connection.execute(
            "UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?", (run.status, _end(run), present.id)
        )


def _describe(connection: sqlite3.Connection, id: str, named: Mapping[str, str], run: Run) -> None:  # noqa: A002
    connection.executemany(_ADD_TAG, [(k, v, id) for k, v in named.items() if not k.startswith(OURS)])
    connection.executemany(_SET_TAG, [(k, v, id) for k, v in named.items() if k.startswith(OURS)])
    connection.executemany(_ADD_PARAM, [(k, v, id) for k, v in params_of(run).items()])


def tags_of(run: Run, mark: str = LIFE) -> dict[str, str]:
    """A run's tags as MLflow takes them; `mark` tells whether it is ours or adopted."""
    tags = {
        "mlflow.user": run.user,
        "mlflow.runName": rules.text(run.name, rules.KEY_LIMIT),
        mark: str(run.life),
    }
    if run.parent:
        tags[PARENT] = run.parent
    tags |= run.tags
    return {rules.key(name): rules.tag(value) for name, value in tags.items()}


def params_of(run: Run) -> dict[str, str]:
    """A run's parameters as MLflow takes them."""
    return {rules.key(name): rules.param(value) for name, value in run.params.items()}


Row = tuple[str, float, int, str, int, int]  # key, value, milliseconds, run, step, whether it is NaN


def metrics_of(run: Run, id: str) -> list[Row]:  # noqa: A002
    """A run's metrics as rows of the run `id`."""
    rows: list[Row] = []
    now = time.time()
    for name, curve in run.curves.items():
        key = rules.key(name)
        times = run.times(len(curve.steps), now)
        for step, value, at in zip(curve.steps, curve.values, times, strict=True):
            number, is_nan = rules.number(value)
            rows.append((key, number, at, id, rules.step(step), is_nan))
    return rows


def _newest(rows: Sequence[Row]) -> list[Row]:
    newest: dict[str, Row] = {}
    for row in rows:
        best = newest.get(row[0])
        if best is None or (row[4], row[2], row[1]) > (best[4], best[2], best[1]):
            newest[row[0]] = row
    return list(newest.values())


def _life(connection: sqlite3.Connection, id: str, mark: str) -> int:  # noqa: A002
    row = connection.execute("SELECT value FROM tags WHERE run_uuid = ? AND key = ?", (id, mark)).fetchone()
    return int(row[0]) if row and str(row[0]).isdecimal() else 0


def _begin_anew(connection: sqlite3.Connection, id: str, start: int) -> None:  # noqa: A002
    """The job was handed out again: what its earlier life logged is not of this one."""
    connection.execute(_FORGET, (id, start))
    connection.execute(_FORGET_LATEST, (id, start))
    left = list(connection.execute(_METRICS, (id,)))
    connection.executemany(_SET_LATEST, _newest(left))


def _end(run: Run) -> int | None:
    return None if run.end is None else int(run.end * 1000)
