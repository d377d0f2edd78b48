"""What a sweep and a trial are, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.sweeps.space import Params


class Goal(StrEnum):
    """Which way is better."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"


class TrialState(StrEnum):
    """Where a trial is in its life."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PRUNED = "pruned"


class SweepState(StrEnum):
    """Where a sweep is in its life. A stopped one can be resumed; a finished one met a stop rule."""

    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluation of a sweep, as the ledger knows it.

    `value` is the metric's last number (None unless succeeded, or pruned with a step reported).
    `reason` says in words why it failed or was pruned. `steps` are (step, value) pairs as reported.
    `owner` is the driver that holds its lease until `lease`; `fence` counts the claims. `revision`
    grows with every change anywhere in the sweep. Times in seconds since the epoch.
    """

    sweep: str
    number: int
    state: TrialState
    params: Params
    job: str
    owner: str
    fence: int
    lease: float
    created: float
    started: float | None = None
    ended: float | None = None
    value: float | None = None
    reason: str = ""
    steps: tuple[tuple[int, float], ...] = ()
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Sweep:
    """A search over parameters, as the ledger knows it.

    `config` holds everything that its trials depend on (space, metric, goal, command, seed, code and
    data fingerprints) and everything that may change between two sittings (trials, parallel, stop).
    """

    id: str  # "tune-3": the name and a count
    name: str
    project: str
    state: SweepState
    config: Mapping[str, Any]  # JSON
    created: float
    ended: float | None = None
    reason: str = ""  # which stop rule ended it, in words
    forked_from: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """How one trial's evaluation ended, to be written into the ledger."""

    state: TrialState
    value: float | None
    ended: float
    started: float | None = None
    reason: str = ""
    steps: tuple[tuple[int, float], ...] = field(default=())
