"""Writing through MLflow's own client: for a server, and for stores of a version that is not known here.

The client lives in a process of its own (`by_mlflow write`), which costs three seconds and 150 MB when it is first
needed, and some tens of milliseconds a run. It gets runs as lines of JSON and answers each.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from stratolab.core.errors import RemoteError
from stratolab.tracking import make, rows
from stratolab.tracking.artifacts import FOLDER, NAME, link_log
from stratolab.tracking.writer import RunRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from stratolab.tracking.models import Run

_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}  # unless the user says else
_LEAVE_WITHIN = 2.0  # seconds


class ClientWriter:
    """A process with MLflow's client in it, which writes to `uri`. Used from one thread; `close` from any.

    `env` is what it gets besides this process's environment. The URI goes by the environment, because it may hold
    a password.
    """

    def __init__(self, uri: str, env: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stratolab.tracking.by_mlflow", "write"],
            env={**_PATIENCE, **make.environment(), **(env or {}), "MLFLOW_TRACKING_URI": uri},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def write(self, runs: Sequence[Run]) -> None:
        """Bring MLflow up to date with these runs, one after the other.

        Raises `RunRefusedError` with what MLflow said about the first one that it did not take, `RemoteError` if it
        cannot be reached.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        for run in runs:
            if run.folder and run.log:
                link_log(run.folder)
            try:
                stdin.write(json.dumps(as_message(run)) + "\n")  # type: ignore[union-attr]
                stdin.flush()  # type: ignore[union-attr]
                answer = stdout.readline()  # type: ignore[union-attr]
            except (OSError, ValueError) as error:
                raise RemoteError(str(error), doing="tracking") from error
            if not answer:
                raise RemoteError("the process with MLflow's client ended", doing="tracking")
            said = json.loads(answer)
            if said["error"]:
                kind = RunRefusedError if said["refused"] else RemoteError
                raise kind(said["error"], doing="tracking")

    def close(self) -> None:
        """End the process; what it was about to write is written again another time."""
        with suppress(OSError, ValueError):
            self._process.stdin.close()  # type: ignore[union-attr]
        try:
            self._process.wait(_LEAVE_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(OSError, ValueError):
            self._process.stdout.close()  # type: ignore[union-attr]


def as_message(run: Run) -> dict[str, Any]:
    """A run in the form that the process takes: everything as MLflow takes it, times in milliseconds."""
    metrics = rows.metrics_of(run, run.id)
    return {
        "kind": run.kind,
        "key": run.key,
        "sweep": run.sweep,
        "experiment": run.experiment,
        "status": run.status,
        "start": int(run.start * 1000),
        "end": None if run.end is None else int(run.end * 1000),
        "life": run.life,
        "tags": rows.tags_of(run),
        "params": rows.params_of(run),
        "metrics": [
            (key, math.nan if is_nan else value, at, step) for key, value, at, _, step, is_nan in metrics
        ],
        "log": f"{run.folder}/{FOLDER}/{NAME}" if run.folder and run.log and run.end is not None else "",
    }
