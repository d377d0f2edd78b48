"""One round of a driver: all that it has to write at that moment, in one transaction under one lock.

Results of trials, the ends of their jobs, claims for the slots that are free, the rows of the new jobs. The whole
round is one revision of the sweep. What changed in the ledger since the driver looked last is read only if somebody
else wrote meanwhile: else it is what this round wrote (reading it back took a third of a round's time).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.jobs import store
from stratolab.sweeps import ledger
from stratolab.sweeps.head import locked, raised
from stratolab.sweeps.models import Trial
from stratolab.sweeps.rows import recordable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stratolab.jobs.database import Transaction
    from stratolab.jobs.models import Job, Outcome
    from stratolab.sweeps.head import Head
    from stratolab.sweeps.models import Result


@dataclass(frozen=True, slots=True)
class Ending:
    """A trial that has ended, with what is to be written of it."""

    trial: Trial
    outcome: Outcome
    result: Result
    price: float | None


@dataclass(frozen=True, slots=True)
class Round:
    """Who writes, and what: ends first, then claims of at most `limit` trials in all.

    `since` is the revision that the driver knows, `lease` in seconds from `now`. `job_of` makes the row of a claimed
    trial's job.
    """

    sweep: str
    owner: str
    now: float
    lease: float
    since: int
    endings: Sequence[Ending]
    claims: Sequence[ledger.Claim]
    limit: int | None
    job_of: Callable[[Trial], Job]


@dataclass(frozen=True, slots=True)
class Written:
    """What one round did: which endings were accepted, what was claimed, what changed in the ledger."""

    accepted: list[bool]
    claimed: list[tuple[Trial, Job]]
    changes: list[Trial]


def write(tx: Transaction, this: Round) -> Written:
    """Write a round. Fit to run twice. Raises `InputError` if there is no such sweep."""
    head = locked(tx, this.sweep)
    put = [_put(tx, this, head, ending) for ending in this.endings]
    accepted = [done or _is_there(tx, this, ending) for done, ending in zip(put, this.endings, strict=True)]
    trials, new = (
        ledger.put_claims(
            tx,
            this.sweep,
            head,
            owner=this.owner,
            now=this.now,
            lease=this.lease,
            points=this.claims,
            limit=this.limit,
        )
        if this.claims
        else ([], 0)
    )
    claimed = [(trial, this.job_of(trial)) for trial in trials]
    record = store.insert if new == len(claimed) else store.add
    record(tx, [job for _, job in claimed])
    if any(put) or new:
        raised(tx, this.sweep, head, trials=new)
    if head.revision != this.since or not all(put) or new < len(trials):
        return Written(accepted, claimed, ledger.changes(tx, this.sweep, this.since)[0])
    ended = [_ended(ending, head.revision + 1) for ending in this.endings]
    return Written(accepted, claimed, sorted([*ended, *trials], key=lambda trial: trial.number))


def _put(tx: Transaction, this: Round, head: Head, ending: Ending) -> bool:
    trial = ending.trial
    changed = ledger.put_result(
        tx, this.sweep, head, trial.number, owner=this.owner, fence=trial.fence, result=ending.result
    )
    store.finish(tx, ending.outcome, ending.price)
    return changed


def _is_there(tx: Transaction, this: Round, ending: Ending) -> bool:
    trial = ending.trial
    return ledger.has_result(
        tx, this.sweep, trial.number, owner=this.owner, fence=trial.fence, result=ending.result
    )


def _ended(ending: Ending, revision: int) -> Trial:
    """The trial as the ledger now gives it."""
    trial, result = ending.trial, recordable(ending.result)
    return Trial(
        sweep=trial.sweep,
        number=trial.number,
        state=result.state,
        params=trial.params,
        job=trial.job,
        owner=trial.owner,
        fence=trial.fence,
        lease=trial.lease,
        created=trial.created,
        started=trial.started if result.started is None else result.started,
        ended=result.ended,
        value=result.value,
        reason=result.reason,
        steps=result.steps,
        revision=revision,
    )
