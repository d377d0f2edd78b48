"""Events of Batch in the store: once each, in any order, never backwards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.jobs.batch.lives import BEGIN, Event, deliveries, event, life
from tests.jobs.batch.rows import deliver, everything, job, told

from stratolab.core.errors import RemoteError
from stratolab.jobs import outbox, store
from stratolab.jobs.batch.notices import FENCE_TAG, JOB_TAG, notice
from stratolab.jobs.batch.progress import new_row
from stratolab.jobs.batch.recording import record
from stratolab.jobs.models import JobState, Reason
from stratolab.jobs.stores import open_database
from stratolab.testing.database import FailingDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stratolab.jobs.database import Database
    from stratolab.jobs.models import Job

ID = "4c7599ae-0a82-49aa-ba5a-4727fcce14a8"
OURS = {JOB_TAG: "01jd4x", FENCE_TAG: "1"}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(tmp_path / "store.db") as made:
        yield made


def submitted_by_us(database: Database, **changes: object) -> Job:
    made = replace(new_row(notice(event(ID, "SUBMITTED", BEGIN)).job), id="01jd4x", **changes)  # type: ignore[arg-type]
    database.run(lambda tx: store.add(tx, [made]))
    return made


def test_a_job_that_nobody_knows_gets_a_row(database):
    events = life(ID, ["exit", "done"], waits=[10])
    assert all(deliver(database, events))
    found = job(database, ID)
    assert (found.state, found.reason, found.exit_code, found.attempts) == (
        JobState.SUCCEEDED,
        Reason.DONE,
        0,
        2,
    )
    assert (found.name, found.engine, found.owner, found.retries) == ("train", "batch", "unknown", 2)
    assert found.command == ("python", "train.py")
    assert (found.resources.cpus, found.resources.memory) == (0.25, 512 * 1024 * 1024)
    assert (found.submitted, found.started, found.ended) == (BEGIN, BEGIN + 20, BEGIN + 80)
    assert found.wall_seconds == 40
    assert dict(found.attributes) == {
        "batch_arn": f"arn:aws:batch:eu-west-1:123456789012:job/{ID}",
        "batch_job": ID,
        "definition": "train:7",
        "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/train:1",
        "log_group": "/stratolab/acme/dev/jobs",
        "log_stream": f"train/default/{ID}-1",
        "queue": "acme-dev-small-fargate",
        "role": "arn:aws:iam::123456789012:role/stratolab/acme/service/acme-dev-job",
    }
    assert told(database, ID) == [one["id"] for one in events]


def test_what_an_environment_holds_is_not_kept(database, tmp_path):
    deliver(database, life(ID, ["done"], waits=[1]))
    database.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"train.py" in kept
    assert b"hunter2" not in kept


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Database]]:
    """Two stores: one hears of things in their order."""
    folder = tmp_path_factory.mktemp("stores")
    with open_database(folder / "one.db") as one, open_database(folder / "other.db") as other:
        yield one, other


@given(deliveries())
@settings(max_examples=40, deadline=None)
def test_any_order_gives_the_same_row_and_every_event_once(stores, delivered):
    (one, other), (events, arrived) = stores, delivered
    deliver(one, events)
    new = deliver(other, arrived)
    id_ = events[0]["detail"]["jobId"]
    assert job(one, id_) == job(other, id_)
    assert sorted(told(one, id_)) == sorted(told(other, id_)) == sorted(one["id"] for one in events)
    assert sum(new) == len(events)


@given(deliveries())
@settings(max_examples=30, deadline=None)
def test_no_delivery_moves_a_job_backwards(stores, delivered):
    """Whatever came, an end stands, and an attempt that is over is over."""
    _, arrived = delivered
    id_ = arrived[0]["detail"]["jobId"]
    ended, attempts = None, 0
    for one in arrived:
        deliver(stores[1], [one])
        now = job(stores[1], id_)
        assert ended in {None, now.state}
        assert now.attempts >= attempts
        ended, attempts = (now.state if now.state.ended else None), now.attempts


@given(deliveries(), st.integers(1, 12), st.sampled_from(["before", "after"]))
@settings(max_examples=40, deadline=None)
def test_what_fails_on_the_way_is_done_by_the_next_delivery(stores, delivered, at, when):
    (one, other), (events, arrived) = stores, delivered
    deliver(one, events)
    for index, event_ in enumerate(arrived):
        failing = FailingDatabase(other, at=at if index % 2 else 0, when=when)
        try:
            deliver(failing, [event_])
        except RemoteError:
            deliver(other, [event_])
    id_ = events[0]["detail"]["jobId"]
    assert job(one, id_) == job(other, id_)
    assert sorted(told(other, id_)) == sorted(one["id"] for one in events)


def test_why_a_job_cannot_start_is_there_until_it_can(database):
    *waiting, starting, running, over = life(ID, ["done"], waits=[1], blocked=True)
    deliver(database, waiting)
    assert job(database, ID).attributes["blocked"].startswith("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")
    deliver(database, [starting])
    assert "blocked" not in job(database, ID).attributes
    deliver(database, [running, over])
    assert job(database, ID).state is JobState.SUCCEEDED


def test_an_end_stands_even_against_an_event_that_says_it_is_later(database):
    deliver(database, life(ID, ["exit"], waits=[1]))
    deliver(database, [event(ID, "RUNNING", BEGIN + 9_999)])
    assert job(database, ID).state is JobState.FAILED
    assert len(told(database, ID)) == 6


def test_an_end_wins_though_the_clock_of_another_event_was_ahead(database):
    *before, end = life(ID, ["exit"], waits=[1])
    deliver(database, [*before, event(ID, "RUNNING", BEGIN + 9_999), end])
    assert job(database, ID).state is JobState.FAILED


def test_children_of_an_array_know_where_they_belong(database):
    deliver(database, [event(ID, "PENDING", BEGIN, arrayProperties={"size": 2, "statusSummary": {}})])
    for index in range(2):
        deliver(database, life(f"{ID}:{index}", ["done"], waits=[1], arrayProperties={"index": index}))
    parent, child = job(database, ID), job(database, f"{ID}:1")
    assert (parent.state, parent.attributes["array_size"]) == (JobState.QUEUED, "2")
    assert (child.attributes["array"], child.attributes["array_index"]) == (ID, "1")


# -- jobs that the store handed to Batch ----------------------------------------------------------------


def test_a_job_of_ours_is_found_by_its_tag(database):
    asked = submitted_by_us(database, name="mine", project="p")
    deliver(database, life(ID, ["done"], waits=[1], tags=OURS))
    found = job(database, "01jd4x")
    assert (found.state, found.name, found.project) == (JobState.SUCCEEDED, "mine", "p")
    assert found.submitted == asked.submitted
    assert found.attributes["batch_job"] == ID
    assert [one.id for one in everything(database)] == ["01jd4x"]
    assert database.read(outbox.count) == 1  # it is to go into MLflow, once


def test_a_job_of_nobody_goes_into_no_backlog(database):
    deliver(database, life(ID, ["done"], waits=[1]))
    assert database.read(outbox.count) == 0


def test_news_of_an_earlier_time_is_history(database):
    submitted_by_us(database)
    first = life(ID, ["exit"], waits=[1], tags=OURS)
    deliver(database, first[:3])
    assert database.run(lambda tx: store.refence(tx, "01jd4x")) == 2
    second = f"{ID[:-1]}f"
    deliver(database, life(second, ["done"], waits=[1], tags={**OURS, FENCE_TAG: "2"})[:2])
    deliver(database, first[3:])
    found = job(database, "01jd4x")
    assert (found.state, found.attributes["batch_job"]) == (JobState.QUEUED, second)
    assert len(told(database, "01jd4x")) == 7
    assert [one.id for one in everything(database)] == ["01jd4x"]


def test_a_copy_of_a_job_of_ours_is_another_job(database):
    """The console copies tags too."""
    submitted_by_us(database)
    copy = f"{ID[:-1]}f"
    deliver(database, life(ID, ["done"], waits=[1], tags=OURS))
    deliver(database, life(copy, ["exit"], waits=[1], tags=OURS))
    assert job(database, "01jd4x").state is JobState.SUCCEEDED
    assert job(database, copy).state is JobState.FAILED


@pytest.mark.parametrize("engine", ["local", "batch"])
def test_a_tag_reaches_no_row_that_was_not_handed_to_batch_for_that_time(database, engine):
    submitted_by_us(database, engine=engine)
    tags = OURS if engine == "local" else {**OURS, FENCE_TAG: "7"}
    deliver(database, life(ID, ["exit"], waits=[1], tags=tags))
    assert job(database, "01jd4x").state is JobState.QUEUED
    assert job(database, ID).state is JobState.FAILED


@pytest.mark.parametrize("tags", [{JOB_TAG: "nobody"}, {JOB_TAG: ""}, {JOB_TAG: "01jd4x", FENCE_TAG: "x"}])
def test_tags_that_name_no_job_of_ours_name_nobody(database, tags):
    submitted_by_us(database)
    deliver(database, life(ID, ["done"], waits=[1], tags=tags))
    assert ID in {one.id for one in everything(database)}


@pytest.mark.parametrize(
    "change",
    [
        {"source": "mine"},
        {"detail-type": "Batch Job Definition Registered"},
        {"id": None},
        {"time": "soon"},
        {"detail": {}},
        {"detail": None},
    ],
)
def test_what_is_no_event_about_a_job_is_refused(database, change):
    wrong: Event = {
        key: value for key, value in {**event(ID, "RUNNING", BEGIN), **change}.items() if value is not None
    }
    with pytest.raises(RemoteError):
        database.run(lambda tx: record(tx, notice(wrong)))
    assert everything(database) == []


def test_a_status_that_batch_did_not_have_is_named(database):
    with pytest.raises(RemoteError, match="PONDERING"):
        deliver(database, [event(ID, "PONDERING", BEGIN)])
