"""What a driver tells while it works: values for a live view, for plain lines, for a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stratolab.sweeps.models import Trial


@dataclass(frozen=True, slots=True)
class Began:
    """The driver is at work. `trials`: how many there can be, None without an end.

    `resumed` counts the trials that had ended before.
    """

    sweep: str
    trials: int | None
    parallel: int
    sampler: str
    why: str
    resumed: int


@dataclass(frozen=True, slots=True)
class Started:
    """A trial's job runs."""

    number: int
    params: dict[str, object]
    at: float
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Reported:
    """A running trial gave its metric."""

    number: int
    step: int
    value: float


@dataclass(frozen=True, slots=True)
class Ended:
    """A trial ended, here or with another driver. `best` if no earlier one was better.

    `dollars` is what the sweep would have cost on AWS up to now, as far as this driver knows.
    """

    trial: Trial
    best: bool
    mine: bool
    dollars: float


@dataclass(frozen=True, slots=True)
class Noted:
    """Something the reader should know, in one sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Stopping:
    """No further trial begins; `why` says so in words."""

    why: str


Event = Began | Started | Reported | Ended | Noted | Stopping
