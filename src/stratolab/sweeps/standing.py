"""How a sweep stands, asked of the ledger: its best trial, its counts, the trials of some jobs.

The database does the choosing and adding: a sweep may have ten thousand trials, of which a reader sees twenty.
"""

# ruff: noqa: S608 - statements are made of constants only; values are always parameters

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.jobs.stores.values import among
from stratolab.sweeps import ledger
from stratolab.sweeps.models import Goal, TrialState
from stratolab.sweeps.rows import SELECT_TRIAL, trial_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.jobs.database import Transaction
    from stratolab.sweeps.models import Sweep, Trial

_BATCH = 500  # values in one IN list
_RAN = "sweep = :sweep AND started IS NOT NULL AND ended IS NOT NULL"
_ORDER = "CASE state WHEN 'succeeded' THEN 0 WHEN 'running' THEN 1 WHEN 'pruned' THEN 2 ELSE 3 END"


@dataclass(frozen=True, slots=True)
class Standing:
    """A sweep in numbers: trials by state (every state is there), the best, seconds of work, its price in US dollars.

    `median` is of the seconds that a trial ran; None before one has.
    """

    counts: Mapping[TrialState, int]
    best: Trial | None
    seconds: float
    median: float | None
    dollars: float

    @property
    def trials(self) -> int:
        """How many there are."""
        return sum(self.counts.values())


def of(tx: Transaction, sweep: Sweep) -> Standing:
    """How a sweep stands."""
    ran = tx.rows(
        f"SELECT COUNT(*) AS many, SUM(ended - started) AS total FROM trial WHERE {_RAN}", sweep=sweep.id
    )[0]
    middle = tx.rows(
        f"SELECT ended - started AS ran FROM trial WHERE {_RAN} ORDER BY ran LIMIT 1 OFFSET :half",
        sweep=sweep.id,
        half=ran["many"] // 2,
    )
    return Standing(
        counts=ledger.counts(tx, sweep.id),
        best=best(tx, sweep),
        seconds=float(ran["total"] or 0.0),
        median=float(middle[0]["ran"]) if middle else None,
        dollars=ledger.spent(tx, sweep.id),
    )


def first(tx: Transaction, sweep: Sweep, *, by: str, limit: int | None = None) -> list[Trial]:
    """The trials of a sweep, at most `limit`: by "number", or by "value", the best first and the failed last."""
    sign = "" if Goal(sweep.config["goal"]) is Goal.MINIMIZE else "-"
    order = "number" if by == "number" else f"{_ORDER}, {sign}COALESCE(value, 0.0), number"
    cut, most = ("", {}) if limit is None else ("LIMIT :most", {"most": limit})
    rows = tx.rows(f"{SELECT_TRIAL} WHERE sweep = :sweep ORDER BY {order} {cut}", sweep=sweep.id, **most)
    return [trial_of(row) for row in rows]


def of_jobs(tx: Transaction, jobs: Sequence[str]) -> dict[str, Trial]:
    """The trials that these jobs evaluate, by job."""
    found = {}
    for begin in range(0, len(jobs), _BATCH):
        condition, values = among("job", jobs[begin : begin + _BATCH])
        for row in tx.rows(f"{SELECT_TRIAL} WHERE {condition}", **values):
            found[row["job"]] = trial_of(row)
    return found


def best(tx: Transaction, sweep: Sweep) -> Trial | None:
    """The best of the succeeded trials, the earlier one of two equals; None if none has succeeded."""
    order = "ASC" if Goal(sweep.config["goal"]) is Goal.MINIMIZE else "DESC"
    rows = tx.rows(
        f"{SELECT_TRIAL} WHERE sweep = :sweep AND state = :state AND value IS NOT NULL "
        f"ORDER BY value {order}, number LIMIT 1",
        sweep=sweep.id,
        state=TrialState.SUCCEEDED.value,
    )
    return trial_of(rows[0]) if rows else None


def owners(tx: Transaction, sweep: str) -> set[str]:
    """The drivers of its running trials."""
    rows = tx.rows("SELECT DISTINCT owner FROM trial WHERE sweep = :sweep AND state = 'running'", sweep=sweep)
    return {row["owner"] for row in rows}


def last_end(tx: Transaction, sweep: str) -> float | None:
    """When the last of its trials ended."""
    rows = tx.rows("SELECT MAX(ended) AS latest FROM trial WHERE sweep = :sweep", sweep=sweep)
    return None if rows[0]["latest"] is None else float(rows[0]["latest"])
