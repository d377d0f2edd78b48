"""The process that writes runs through MLflow's client, so that MLflow knows the same as from `store`.

A server gives runs their names itself, so a run is found by its tags: the job's, or the sweep's. One that a script
began becomes the job's. A job that was handed out again gets a new run, and its earlier one is deleted (as MLflow
deletes: it can be restored), because metrics cannot be taken back.
"""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType

from stratolab.tracking import rules
from stratolab.tracking.models import ADOPTED, JOB, KIND, LIFE, LIVE, RUNNING, SWEEP
from stratolab.tracking.rows import OURS, PARENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from mlflow.entities import Run

MOST_METRICS, MOST_OTHERS = 1000, 100  # in one batch: MLflow's limits
_AWAY = {  # of MLflow's error codes, those that say nothing of the run
    "INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "UNAUTHENTICATED", "PERMISSION_DENIED",
}  # fmt: skip
LARGEST_LOG = 16 * 1024**2  # bytes; a larger log is not sent


def serve(source: TextIO, answers: TextIO) -> None:
    """Write each run that comes as a line, and answer it."""
    out = os.fdopen(os.dup(answers.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), answers.fileno())  # MLflow prints links to its runs
    bridge = Bridge(MlflowClient())
    for line in source:
        answer: dict[str, object] = {"error": ""}
        try:
            bridge.write(json.loads(line))
        except Exception as problem:  # noqa: BLE001 - whatever MLflow raises is the answer
            told = f"{type(problem).__name__}: {problem}".splitlines()[0]
            answer = {"error": told, "refused": not _away(problem)}
        out.write(json.dumps(answer) + "\n")
        out.flush()


class Bridge:
    """Writes messages (`client.as_message`) by a client of MLflow."""

    def __init__(self, client: MlflowClient) -> None:
        self._client = client
        self._sweeps: dict[str, str] = {}  # the runs of sweeps

    def write(self, message: dict[str, Any]) -> None:
        """Bring MLflow up to date with one run."""
        if message["sweep"] and message["kind"] != "sweep":
            message["tags"][PARENT] = self._parent(message["sweep"])
        found = self._find(message)
        run, others = self._choose(found, message)
        if run is None:
            run = self._client.create_run(
                self._experiment(message["experiment"]), start_time=message["start"], tags=message["tags"],
                run_name=message["tags"]["mlflow.runName"],
            )  # fmt: skip
        elif LIFE not in run.data.tags:
            message["tags"][ADOPTED] = message["tags"].pop(LIFE)
        self._log(run, message)
        self._end(run, message)
        if LIVE in run.data.tags and message["end"] is not None and run.info.lifecycle_stage == "active":
            self._client.delete_tag(run.info.run_id, LIVE)
        for other in others:
            self._nest(other, below=run.info.run_id, message=message)
        if message["kind"] == "sweep":
            self._sweeps[message["key"]] = run.info.run_id

    # -- which run -------------------------------------------------------------------------------

    def _experiment(self, name: str) -> str:
        name = rules.experiment(name)
        found = self._client.get_experiment_by_name(name)
        if found is None:
            return str(self._client.create_experiment(name))
        if found.lifecycle_stage != "active":
            self._client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _find(self, message: dict[str, Any]) -> list[Run]:
        """The runs of this job or sweep, oldest first, wherever they are."""
        kind, key = message["kind"], message["key"]
        if kind == "sweep":
            return self._search(f"tags.`{SWEEP}` = '{key}' AND tags.`{KIND}` = 'sweep'")
        return self._search(f"tags.`{JOB}` = '{key}'")

    def _search(self, wanted: str) -> list[Run]:
        places = [
            one.experiment_id for one in self._client.search_experiments(view_type=ViewType.ACTIVE_ONLY)
        ]
        found = self._client.search_runs(places, wanted, run_view_type=ViewType.ALL, max_results=1000)
        return sorted(found, key=lambda run: (run.info.start_time, run.info.run_id))

    def _choose(self, found: Sequence[Run], message: dict[str, Any]) -> tuple[Run | None, list[Run]]:
        """The run to write to, and the others that its script began."""
        ours = [run for run in found if LIFE in run.data.tags]
        begun = [run for run in found if LIFE not in run.data.tags and _own(run)]
        for run in ours:
            if int(run.data.tags[LIFE]) < message["life"] and run.info.lifecycle_stage == "active":
                self._client.delete_run(run.info.run_id)
        ours = [run for run in ours if int(run.data.tags[LIFE]) >= message["life"]]
        shown = [run for run in ours if LIVE in run.data.tags]
        if begun and shown:  # only we know of it
            for run in shown:
                self._client.delete_run(run.info.run_id)
            ours = [run for run in ours if run not in shown]
        chosen = ours[-1] if ours else begun[-1] if begun else None
        return chosen, [run for run in begun if run is not chosen]

    def _parent(self, sweep: str) -> str:
        if sweep not in self._sweeps:
            found = self._search(f"tags.`{SWEEP}` = '{sweep}' AND tags.`{KIND}` = 'sweep'")
            self._sweeps[sweep] = found[-1].info.run_id if found else ""
        return self._sweeps[sweep]

    # -- what is in it ---------------------------------------------------------------------------

    def _log(self, run: Run, message: dict[str, Any]) -> None:
        """Log what is not there yet."""
        if run.info.lifecycle_stage != "active":
            return
        name, data = run.info.run_id, run.data
        metrics = [
            Metric(key, value, at, step) for key, value, at, step in self._new(run, message["metrics"])
        ]
        params = [Param(key, value) for key, value in message["params"].items() if key not in data.params]
        tags = [
            RunTag(key, value)
            for key, value in message["tags"].items()
            if data.tags.get(key) != value and (key not in data.tags or key.startswith(OURS))
        ]
        for some in _batches(metrics, MOST_METRICS):
            self._client.log_batch(name, metrics=some)
        for some in _batches(params, MOST_OTHERS):
            self._client.log_batch(name, params=some)
        for some in _batches(tags, MOST_OTHERS):
            self._client.log_batch(name, tags=some)
        self._log_log(run, message)

    def _new(
        self, run: Run, metrics: Sequence[tuple[str, float, int, int]]
    ) -> list[tuple[str, float, int, int]]:
        there = set()
        for key in {metric[0] for metric in metrics} & run.data.metrics.keys():
            for known in self._client.get_metric_history(run.info.run_id, key):
                there.add((key, _comparable(known.value), known.step))
        return [metric for metric in metrics if (metric[0], _comparable(metric[1]), metric[3]) not in there]

    def _log_log(self, run: Run, message: dict[str, Any]) -> None:
        log = message["log"]
        if log and Path(log).is_file() and Path(log).stat().st_size <= LARGEST_LOG:
            self._client.log_artifact(run.info.run_id, log)

    def _end(self, run: Run, message: dict[str, Any]) -> None:
        if run.info.lifecycle_stage != "active":
            return
        if message["status"] == RUNNING:
            self._client.update_run(run.info.run_id, status=RUNNING)
        else:
            self._client.set_terminated(run.info.run_id, message["status"], end_time=message["end"])

    def _nest(self, run: Run, *, below: str, message: dict[str, Any]) -> None:
        if run.info.lifecycle_stage != "active":
            return
        if PARENT not in run.data.tags:
            self._client.set_tag(run.info.run_id, PARENT, below)
        if run.info.status == RUNNING and message["end"] is not None:
            self._client.set_terminated(run.info.run_id, message["status"], end_time=message["end"])


def _away(problem: Exception) -> bool:
    """Whether MLflow could not be reached, or would not talk to us."""
    return isinstance(problem, OSError) or getattr(problem, "error_code", "") in _AWAY


def _own(run: Run) -> bool:
    """Whether a run of a script stands for itself, not below another one."""
    return ADOPTED in run.data.tags or PARENT not in run.data.tags


def _comparable(value: float) -> float | str:
    return "nan" if math.isnan(value) else rules.number(value)[0]


def _batches(things: list[Any], size: int) -> Iterator[list[Any]]:
    for begin in range(0, len(things), size):
        yield things[begin : begin + size]
