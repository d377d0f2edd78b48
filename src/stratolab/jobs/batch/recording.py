"""An event of Batch, written into the store in one transaction: once, and never backwards.

The row of the job is locked first, so that two events of one job wait for each other. Which events have been written
stands in the job's history: one that is there is not written again, and one that is older than another that is there
changes nothing but the history. So the row is the same whatever the order in which events came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.jobs import outbox, store
from stratolab.jobs.batch.notices import JOB_TAG, KIND, seen
from stratolab.jobs.batch.progress import ENGINE, NAMES, attributes, new_row, progress
from stratolab.jobs.models import JobState
from stratolab.jobs.stores.values import among, escape, finite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.jobs.batch.notices import Notice, Seen
    from stratolab.jobs.database import Transaction

_HAPPENED = (
    "INSERT INTO job_event (job, number, kind, detail, happened) VALUES (:job, :number, :kind, :detail, :at)"
)
_KNOWN = "INSERT INTO job_attribute (job, name, value) VALUES (:job, :name, :value)"
_ADVANCE = (
    "UPDATE job SET state = :state, reason = :reason, exit_code = :exit_code, killed_by = :killed_by, "
    "started = :started, ended = :ended, attempts = :attempts, wall_seconds = :wall_seconds, message = :message "
    "WHERE id = :id"
)


@dataclass(frozen=True, slots=True)
class _Row:
    """A job's row as it was found: how many lines its history has, and which of them are events."""

    id: str
    engine: str
    fence: int
    ended: bool
    lines: int
    events: tuple[Seen, ...]


def record(tx: Transaction, notice: Notice) -> bool:
    """Write an event down; False if it was written before."""
    row = _row_of(tx, notice)
    if any(one.id == notice.id for one in row.events):
        return False
    tx.execute(
        _HAPPENED, job=row.id, number=row.lines + 1, kind=KIND, detail=escape(notice.line), at=notice.at
    )
    earlier_time = row.id != notice.job.id and row.fence != notice.fence
    if not row.ended and not earlier_time and _is_latest(notice, row.events):
        _advance(tx, row, notice)
    return True


def _is_latest(notice: Notice, events: Sequence[Seen]) -> bool:
    """Whether the row is to stand as this event says: an end comes after everything else, whatever the clocks say."""
    mine = [one for one in events if one.job == notice.job.id]
    return notice.job.status.ended or all(one.place < notice.place for one in mine)


def _row_of(tx: Transaction, notice: Notice) -> _Row:
    """The row of the job, locked."""
    known = _known(tx, notice) or _existing(tx, notice.job.id)
    if known is not None:
        return known
    # If another event does the same at this moment, the database refuses one of them, which is run again.
    store.insert(tx, [new_row(notice.job)])
    return _Row(notice.job.id, ENGINE, fence=1, ended=False, lines=0, events=())


def _known(tx: Transaction, notice: Notice) -> _Row | None:
    """The row of the job that the store handed to Batch and that carries its id; None if there is no such job.

    A copy of such a job, which has its tags too, is another job; so is each child of an array.
    """
    named = notice.job.tags.get(JOB_TAG, "")
    row = _existing(tx, named) if named and notice.job.index is None else None
    if row is None or row.engine != ENGINE or not 0 < notice.fence <= row.fence:
        return None
    of_others = any(one.fence == notice.fence and one.job != notice.job.id for one in row.events)
    return None if of_others else row


def _existing(tx: Transaction, id: str) -> _Row | None:  # noqa: A002
    rows = tx.rows(f"SELECT engine, fence, state FROM job WHERE id = :id{tx.for_update}", id=id)  # noqa: S608
    if not rows:
        return None
    (row,), lines = rows, store.history(tx, id)
    return _Row(
        id,
        row["engine"],
        fence=row["fence"],
        ended=JobState(row["state"]).ended,
        lines=len(lines),
        events=tuple(seen(line.detail, line.at) for line in lines if line.kind == KIND),
    )


def _advance(tx: Transaction, row: _Row, notice: Notice) -> None:
    """Have the row say what the event says."""
    now = progress(notice)
    tx.execute(
        _ADVANCE,
        id=row.id,
        state=now.state.value,
        reason=None if now.reason is None else now.reason.value,
        exit_code=now.exit_code,
        killed_by=now.signal,
        started=finite(now.started),
        ended=finite(now.ended),
        attempts=now.attempts,
        wall_seconds=finite(now.wall_seconds),
        message=escape(now.message),
    )
    _describe(tx, row.id, attributes(notice))
    if now.state.ended and row.id != notice.job.id:  # ours: whoever submitted it tracks it
        outbox.add(tx, outbox.JOB, row.id, row.fence)


def _describe(tx: Transaction, job: str, told: Mapping[str, str]) -> None:
    """Write the attributes that differ, and take away those that hold no more."""
    known = store.attributes(tx, job)
    changed = {name: value for name, value in told.items() if known.get(name) != value}
    gone = (NAMES - told.keys() | changed.keys()) & known.keys()
    if gone:
        condition, names = among("name", sorted(gone))
        tx.execute(f"DELETE FROM job_attribute WHERE job = :job AND {condition}", job=job, **names)  # noqa: S608
    tx.execute_many(
        _KNOWN, [{"job": job, "name": name, "value": escape(value)} for name, value in changed.items()]
    )
