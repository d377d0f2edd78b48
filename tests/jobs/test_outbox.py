"""The outbox on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest
from tests.servers import MARIADB, POSTGRES, emptied_database

from stratolab.jobs import outbox, store
from stratolab.jobs.models import JobState
from stratolab.jobs.outbox import JOB, SWEEP, Entry
from stratolab.jobs.stores import open_database
from stratolab.sweeps import ledger
from stratolab.sweeps.models import SweepState
from stratolab.testing.store import DONE, FULL, PLAIN


@pytest.fixture(params=["sqlite", POSTGRES, MARIADB])
def database(request, tmp_path):
    address = tmp_path / "store.db" if request.param == "sqlite" else emptied_database(request.param)
    with closing(open_database(address)) as database:
        yield database


def everything(database):
    return database.read(lambda tx: outbox.page(tx, limit=1000))


def test_the_end_of_a_job_is_noted_once_and_with_its_fence(database):
    database.run(lambda tx: store.add(tx, [PLAIN]))
    assert everything(database) == []
    for _ in range(2):
        assert database.run(lambda tx: store.finish(tx, DONE, 0.5))
    assert everything(database) == [Entry(JOB, PLAIN.id, 1)]
    database.run(lambda tx: store.refence(tx, PLAIN.id))
    assert not database.run(lambda tx: store.finish(tx, DONE, 0.5))
    assert database.run(lambda tx: store.finish(tx, replace(DONE, fence=2), 0.5))
    assert everything(database) == [Entry(JOB, PLAIN.id, 1), Entry(JOB, PLAIN.id, 2)]


def test_each_state_of_a_sweep_is_noted(database):
    sweep = database.run(lambda tx: ledger.create(tx, "tune", "p", {}, 1.0)).id
    for state in (SweepState.RUNNING, SweepState.STOPPED, SweepState.RUNNING, SweepState.FINISHED):
        database.run(lambda tx, state=state: ledger.set_state(tx, sweep, state, now=2.0))
    assert everything(database) == [Entry(SWEEP, sweep, revision) for revision in (1, 2, 3, 4)]


def test_what_is_rolled_back_is_not_noted(database):
    database.run(lambda tx: store.add(tx, [PLAIN]))

    def work(tx):
        store.finish(tx, DONE, None)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.run(work)
    assert everything(database) == []


def test_pages_come_in_order_and_jobs_first(database):
    entries = [Entry(SWEEP, "tune-1", 3), *(Entry(JOB, f"j{n:02}", v) for n in range(12) for v in (1, 2))]
    database.run(lambda tx: [outbox.add(tx, *entry) for entry in entries])
    pages, after = [], None
    while page := database.read(lambda tx, after=after: outbox.page(tx, after, limit=5)):
        assert len(page) <= 5
        pages += page
        after = page[-1]
    assert pages == sorted(entries)
    assert database.read(outbox.count) == 25


def test_taking_one_away_leaves_a_later_one(database):
    database.run(lambda tx: [outbox.add(tx, JOB, "a", version) for version in (1, 2)])
    for _ in range(2):
        database.run(lambda tx: outbox.remove(tx, [Entry(JOB, "a", 1), Entry(JOB, "gone", 1)]))
    assert everything(database) == [Entry(JOB, "a", 2)]
    database.run(lambda tx: outbox.remove(tx, []))
    assert database.read(outbox.count) == 1


def test_everything_of_a_project_may_be_noted_again(database):
    ended = replace(PLAIN, id="ended", state=JobState.FAILED, fence=3)
    other = replace(FULL, id="other", project="another")
    database.run(lambda tx: store.add(tx, [PLAIN, ended, other, replace(ended, id="noted")]))
    database.run(lambda tx: outbox.add(tx, JOB, "noted", 3))
    sweep = database.run(lambda tx: ledger.create(tx, "tune", PLAIN.project, {}, 1.0)).id
    assert database.run(lambda tx: outbox.add_everything(tx, PLAIN.project)) == 2
    assert everything(database) == [Entry(JOB, "ended", 3), Entry(JOB, "noted", 3), Entry(SWEEP, sweep, 0)]
    assert database.run(lambda tx: outbox.add_everything(tx, PLAIN.project)) == 0


def test_several_jobs_are_read_at_once(database):
    jobs = [replace(PLAIN, id=f"j{number:04}") for number in range(600)]
    database.run(lambda tx: store.add(tx, [*jobs, FULL]))
    wanted = [job.id for job in jobs] + [FULL.id, "nobody"]
    found = database.read(lambda tx: store.several(tx, wanted))
    assert sorted(found, key=lambda job: job.id) == sorted([*jobs, FULL], key=lambda job: job.id)
    assert database.read(lambda tx: store.several(tx, [])) == []
