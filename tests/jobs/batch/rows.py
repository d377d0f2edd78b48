"""What stands in a store of jobs, to compare two of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from stratolab.jobs import store
from stratolab.jobs.batch.notices import notice
from stratolab.jobs.batch.recording import record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.jobs.batch.lives import Event

    from stratolab.jobs.database import Database
    from stratolab.jobs.models import Job


def deliver(database: Database, events: Iterable[Event]) -> list[bool]:
    """Write events down, each in a transaction of its own; which of them were new."""
    return [database.run(lambda tx, one=one: record(tx, notice(one))) for one in events]  # type: ignore[misc]


def job(database: Database, id_: str) -> Job:
    return database.read(lambda tx: store.get(tx, id_))


def told(database: Database, id_: str) -> list[str]:
    """The ids of the events in a job's history, in the order in which they happened."""
    lines = database.read(lambda tx: store.history(tx, id_))
    return [json.loads(line.detail)["event"] for line in sorted(lines, key=lambda line: line.at)]


def everything(database: Database) -> list[Job]:
    """Every job with its attributes, by id."""
    jobs = database.read(lambda tx: store.listing(tx, sweep=None))
    return sorted((replace(one, attributes=dict(one.attributes)) for one in jobs), key=lambda one: one.id)
