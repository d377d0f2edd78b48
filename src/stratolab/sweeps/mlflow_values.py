"""A trial's metric from MLflow, for scripts that log there and report nowhere else.

Read with one SQL query from MLflow's own SQLite store: importing MLflow costs three seconds. The script logged to
the run that its job was given, or to one that it began itself, which carries the job's tag (`runtime.mlflow_tags`).
"""

from __future__ import annotations

import math
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

from stratolab.tracking.ids import run_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NEWEST = """
    SELECT value, is_nan FROM latest_metrics WHERE key = ? AND run_uuid IN (
        SELECT ? UNION ALL SELECT run_uuid FROM tags WHERE key = 'stratolab.job' AND value = ?
    ) ORDER BY step DESC, timestamp DESC LIMIT 1
"""


def lookup(store: Path, metric: str) -> Callable[[str], float | None]:
    """A function from a job's id to the last value of `metric` in the MLflow store, None if it has none."""

    def look(job: str) -> float | None:
        if not store.is_file():
            return None
        try:
            connection = sqlite3.connect(f"file:{quote(str(store))}?mode=ro", uri=True, timeout=10)
        except sqlite3.Error:
            return None
        try:
            row = connection.execute(_NEWEST, (metric, run_id(job), job)).fetchone()
        except sqlite3.OperationalError:  # a store that MLflow has only begun to make
            return None
        finally:
            connection.close()
        if row is None:
            return None
        return math.nan if row[1] else float(row[0])

    return look
