"""Jobs that run, for MLflow: those that take longer appear while they run, with what they have reported.

Looked at by the tracking thread alone. A job's end is told by its outcome file, which its host writes before it tells
anybody: a job without one will be written again when it ends.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.jobs.curves import Curve as Points
from stratolab.jobs.reports import Reports
from stratolab.lab.runs import Runs, beginning
from stratolab.tracking.models import LIVE, Curve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stratolab.jobs.models import Job
    from stratolab.tracking.models import Run

AFTER = 3.0  # seconds that a job must run to be shown before it ends
EVERY = 3.0  # seconds between two looks at its reports


@dataclass(slots=True)
class _Watched:
    job: Job
    home: str
    since: float  # when it was handed out
    reports: Reports | None = None
    looked: float = 0.0
    sent: dict[str, int] = field(default_factory=dict)  # points of each curve that MLflow has


class Live:
    """The jobs that this command has begun.

    `homes` is the folder of all jobs' folders; `told` says whether a job was told of its run.
    """

    def __init__(self, runs: Runs, homes: str, *, told: Callable[[Job], bool]) -> None:
        self._runs, self._homes, self._told = runs, homes, told
        self._jobs: dict[str, _Watched] = {}

    def begun(self, jobs: Sequence[Job]) -> None:
        """These, which surely begin no run themselves, are about to start. May be called from any thread."""
        now = time.time()
        for job in jobs:
            self._jobs[job.id] = _Watched(job, f"{self._homes}/{job.id}", now)

    def __call__(self) -> list[Run]:
        """Those that have something new to show."""
        now = time.time()
        shown = []
        for watched in list(self._jobs.values()):
            if now - max(watched.since + AFTER - EVERY, watched.looked) < EVERY:
                continue
            if Path(watched.home, "outcome.json").exists():
                self._jobs.pop(watched.job.id, None)
            elif Path(watched.home, "log").exists():  # it has started
                shown += self._look(watched, now)
        return shown

    def _look(self, watched: _Watched, now: float) -> list[Run]:
        since, watched.looked = watched.looked or watched.since, now
        first = watched.reports is None
        if watched.reports is None:
            watched.reports = Reports(watched.home, series=Points)  # type: ignore[arg-type]
        if not (watched.reports.read() or first):
            return []
        run = beginning(self._runs.of_job(watched.job))
        tags = run.tags if self._told(watched.job) else {**run.tags, LIVE: "yes"}
        run = replace(run, start=watched.since, since=since, tags=tags)
        if watched.job.retries or watched.job.fence > 1:
            return [run] if first else []  # what it reports may yet be of an attempt that fails
        return [replace(run, curves=_new(watched.reports, watched.sent))]


def _new(reports: Reports, sent: dict[str, int]) -> dict[str, Curve]:
    """What was added to each curve. One that began again is left to the end of its job."""
    new: dict[str, Curve] = {}
    for name in reports.names():
        points = reports.metric(name)
        if isinstance(points, Points) and len(points.steps) > sent.get(name, 0):
            new[name] = Curve(points.steps[sent.get(name, 0) :], points.values[sent.get(name, 0) :])
            sent[name] = len(points.steps)
        elif isinstance(points, Points) and len(points.steps) < sent.get(name, 0):
            sent[name] = sys.maxsize
    return new
