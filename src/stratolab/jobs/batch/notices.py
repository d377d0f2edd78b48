"""An event of Batch as EventBridge delivers it: which one it is, when it happened, and how the job stood then."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stratolab.aws.batch_jobs import Status, from_detail
from stratolab.core.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.aws.batch_jobs import BatchJob

CHANGED, BLOCKED = "Batch Job State Change", "Batch Job Queue Blocked"
"""The two kinds of events about jobs: one is in another state; one stands first in a queue and cannot start."""
KIND = "batch"
"""The kind of the lines that events are in a job's history."""
JOB_TAG, FENCE_TAG = "stratolab:job", "stratolab:fence"
"""The tags by which a job of Batch is one that the store knows, and handed out for which time."""

Place = tuple[int, float, int, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """One event. `id` is its own, the same however often it is delivered."""

    id: str
    at: float
    blocked: bool
    job: BatchJob

    @property
    def place(self) -> Place:
        """Where it stands among the events of its job: of two, the greater one came later."""
        return place(self.id, self.at, self.job.status, len(self.job.attempts), blocked=self.blocked)

    @property
    def fence(self) -> int:
        """For which time the store handed the job out; 0 if another than the store did."""
        told = self.job.tags.get(FENCE_TAG, "1" if JOB_TAG in self.job.tags else "0")
        return int(told) if told.isdecimal() else 0

    @property
    def line(self) -> str:
        """What the job's history says of it."""
        told: dict[str, object] = {
            "event": self.id,
            "job": self.job.id,
            "fence": self.fence,
            "status": self.job.status.value,
            "attempts": len(self.job.attempts),
            "blocked": self.blocked,
        }
        optional = {"reason": self.job.status_reason, "log": self.job.log_stream}
        return json.dumps({**told, **{key: text for key, text in optional.items() if text}})


@dataclass(frozen=True, slots=True)
class Seen:
    """An event that is in a job's history already."""

    id: str
    job: str
    fence: int
    place: Place


def place(id: str, at: float, status: Status, attempts: int, *, blocked: bool) -> Place:  # noqa: A002
    """Where an event stands: a later attempt after an earlier one, then by the event's own time.

    That has whole seconds only, so within one the order of a job's life decides; the id makes it an order of all.
    """
    rank = 2 * list(Status).index(status) + blocked
    return attempts, at, rank, id


def notice(event: Mapping[str, Any]) -> Notice:
    """The notice that an event is. Raises `RemoteError` for one that is none of Batch's, or in words not known."""
    kind = event.get("detail-type")
    if event.get("source") != "aws.batch" or kind not in {CHANGED, BLOCKED}:
        raise RemoteError(f"an event from {event.get('source')!r} of the kind {kind!r} is none about a job")
    try:
        number, at = str(event["id"]), datetime.fromisoformat(event["time"]).timestamp()
        detail = event["detail"]
    except (KeyError, TypeError, ValueError) as error:
        raise RemoteError(f"an event came without its {error}") from error
    return Notice(number, at, kind == BLOCKED, from_detail(detail))


def seen(line: str, at: float) -> Seen:
    """The event that a line of a history was written for."""
    told = json.loads(line)
    where = place(told["event"], at, Status(told["status"]), told["attempts"], blocked=told["blocked"])
    return Seen(told["event"], told["job"], told["fence"], where)
