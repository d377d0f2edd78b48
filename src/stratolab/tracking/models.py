"""What is written to MLflow, as values: a run of a job, a trial or a sweep, and the curves of its metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RUNNING, FINISHED, FAILED, KILLED = "RUNNING", "FINISHED", "FAILED", "KILLED"  # MLflow's words

KIND, JOB, SWEEP, TRIAL = "stratolab.kind", "stratolab.job", "stratolab.sweep", "stratolab.trial"
LIFE = "stratolab.fence"  # of a run that we made: which time the job was handed out that it speaks of
LIVE = (
    "stratolab.live"  # of a run that is only shown: its script was not told of it, and may yet begin its own
)
ADOPTED = "stratolab.adopted"  # the same of a run that the job's script began itself


@dataclass(frozen=True, slots=True)
class Curve:
    """What was reported of one metric, in that order: a value at each step. Values may be NaN or infinite."""

    steps: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Run:
    """A job, a trial or a sweep, as MLflow shall know it. Times in seconds since the epoch.

    `kind` (`job`, `trial`, `sweep`) and `key` (the id of the job or sweep) tell whose run it is, wherever MLflow
    keeps it; `id` is its name where we choose names. A job that was handed out again has a higher `life`.
    """

    id: str
    kind: str
    key: str
    experiment: str
    name: str
    status: str
    user: str
    start: float
    end: float | None = None
    life: int = 1
    sweep: str = ""  # of a trial: the sweep's id
    parent: str = ""  # of a trial: its sweep's run
    params: Mapping[str, object] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    since: float | None = None  # `curves` hold only what was reported since then
    folder: str = ""  # the job's folder, absolute
    log: bool = True  # whether the log in it is to be an artifact

    def times(self, count: int, now: float) -> list[int]:
        """Milliseconds since the epoch for `count` reports.

        Reports carry no clock: they are spread evenly over the time that the run took (up to `now` if it runs).
        """
        begin = self.start if self.since is None else self.since
        until = max(begin, now if self.end is None else self.end)
        share = (until - begin) / max(count, 1)
        return [int((begin + share * (number + 1)) * 1000) for number in range(count)]
