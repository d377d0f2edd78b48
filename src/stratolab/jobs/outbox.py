"""What has changed and is not in MLflow yet: a line for each, written in the transaction that made the change.

So a driver that is killed leaves its backlog behind, and whoever comes next writes it. A line names the version
that it speaks of (a job's fence, a sweep's revision): taking one away cannot take a later one with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stratolab.jobs.stores.values import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.jobs.database import Transaction

JOB, SWEEP = "job", "sweep"


class Entry(NamedTuple):
    """One line: the job or sweep `id` has changed, in its `version`."""

    kind: str
    id: str
    version: int


_FIRST = Entry("", "", 0)


def add(tx: Transaction, kind: str, id: str, version: int) -> None:  # noqa: A002
    """Note a change. The caller sees to it that each is noted once."""
    tx.execute(
        "INSERT INTO outbox (kind, id, version) VALUES (:kind, :id, :version)",
        kind=kind,
        id=id,
        version=version,
    )


def page(tx: Transaction, after: Entry | None = None, *, limit: int) -> list[Entry]:
    """The next lines behind `after`: jobs before sweeps, older jobs before newer ones."""
    last = after or _FIRST
    rows = tx.rows(
        "SELECT kind, id, version FROM outbox WHERE kind > :kind OR (kind = :kind AND id > :id) "
        "OR (kind = :kind AND id = :id AND version > :version) ORDER BY kind, id, version LIMIT :most",
        **last._asdict(), most=limit,
    )  # fmt: skip
    return [Entry(**row) for row in rows]


def remove(tx: Transaction, entries: Sequence[Entry]) -> None:
    """Take lines away. One that is gone already does no harm."""
    tx.execute_many(
        "DELETE FROM outbox WHERE kind = :kind AND id = :id AND version = :version",
        [entry._asdict() for entry in entries],
    )


def count(tx: Transaction) -> int:
    """How many lines there are."""
    return int(tx.rows("SELECT COUNT(*) AS many FROM outbox")[0]["many"])


def add_everything(tx: Transaction, project: str) -> int:
    """Note everything of a project that has ended, as if it had just done so; gives how many lines that added."""
    before = count(tx)
    tx.execute(
        "INSERT INTO outbox (kind, id, version) SELECT 'job', id, fence FROM job "
        "WHERE project = :project AND state IN ('succeeded', 'failed', 'cancelled', 'lost') AND NOT EXISTS "
        "(SELECT 1 FROM outbox WHERE outbox.kind = 'job' AND outbox.id = job.id AND outbox.version = job.fence)",
        project=escape(project),
    )
    tx.execute(
        "INSERT INTO outbox (kind, id, version) SELECT 'sweep', id, revision FROM sweep "
        "WHERE project = :project AND NOT EXISTS (SELECT 1 FROM outbox "
        "WHERE outbox.kind = 'sweep' AND outbox.id = sweep.id AND outbox.version = sweep.revision)",
        project=escape(project),
    )
    return count(tx) - before
