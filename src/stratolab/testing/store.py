"""What jobs must do in every database. Subclass `StoreContract` and give it the fixture `address`."""

# ruff: noqa: D102 - the name of a test is what it promises

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stratolab.core.errors import InputError
from stratolab.jobs import store
from stratolab.jobs.models import Job, JobState, Outcome, Reason, Resources
from stratolab.jobs.stores import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.jobs.database import Database

ODD = "\x00 \udcff \\ \\u0041 '\" 🦉 %s :name\n"

PLAIN = Job(
    id="1000000000000a", name="train", project="world-series", state=JobState.QUEUED, command=("python", "train.py"),
    folder="/project", resources=Resources(), retries=0, env={}, secrets={}, params={}, data=(), seed=None,
    owner="ana@laptop", engine="local", fence=1, submitted=1_760_000_000.25,
)  # fmt: skip

FULL = replace(
    PLAIN,
    id="1000000000000b",
    state=JobState.FAILED,
    command=("python", "", f"a {ODD}"),
    folder=f"/project/{ODD}",
    resources=Resources(cpus=0.5, memory=2**45 + 1, timeout=0.1),
    retries=3,
    env={"PATH": ODD, "EMPTY": ""},
    secrets={"DB_URL": "world-series/database"},
    params={"rate": 1e-7, "depth": 2**70, "model": ODD, "flag": True, "one": 1.0, "zero": -0.0},
    data=("data.csv", ODD),
    seed=2**127 + 3,
    owner=f"ana@{ODD}",
    fence=7,
    started=1_760_000_001.1,
    ended=1_760_000_002.000001,
    pid=4_194_304,
    reason=Reason.SIGNAL,
    exit_code=-(2**40),
    signal=9,
    attempts=4,
    wall_seconds=1 / 3,
    cpu_seconds=0.0,
    peak_memory=2**50,
    price=1e-9,
    message=f"it said {ODD}",
    capsule="0123456789abcdef",
    sweep="tune-3",
    trial=0,
    attributes={"image": "sha256:0", ODD: ODD, "empty": ""},
)

DONE = Outcome(
    job=PLAIN.id, fence=1, reason=Reason.DONE, exit_code=0, signal=None, started=10.5, ended=12.25, wall_seconds=1.75,
    cpu_seconds=1 / 7, peak_memory=123_456_789, attempts=2, message="fine",
)  # fmt: skip


class StoreContract:
    """Jobs round-trip, are found by what people type, and change by compare-and-set only.

    A subclass defines the fixture `address`, which gives what `open_database` takes, for an empty database.
    """

    @pytest.fixture
    def database(self, address: str) -> Iterator[Database]:
        """The database under test."""
        database = open_database(address)
        yield database
        database.close()

    @pytest.fixture
    def plain(self, database: Database) -> Job:
        """A queued job in the store."""
        database.run(lambda tx: store.add(tx, [PLAIN]))
        return PLAIN

    # -- adding and finding ------------------------------------------------------------------------

    @pytest.mark.parametrize("job", [PLAIN, FULL], ids=["plain", "full"])
    def test_a_job_comes_back_as_it_was(self, database: Database, job: Job) -> None:
        database.run(lambda tx: store.add(tx, [job]))
        found = database.read(lambda tx: store.get(tx, job.id))
        assert found == job
        assert {name: type(value) for name, value in found.params.items()} == {
            name: type(value) for name, value in job.params.items()
        }

    def test_adding_again_changes_nothing(self, database: Database, plain: Job) -> None:
        other = replace(FULL, id="1000000000000c")
        database.run(lambda tx: store.add(tx, [replace(plain, name="else", attributes={"a": "b"}), other]))
        assert database.read(lambda tx: store.get(tx, plain.id)) == plain
        assert database.read(lambda tx: store.get(tx, other.id)) == other

    def test_adding_nothing_is_allowed(self, database: Database) -> None:
        database.run(lambda tx: store.add(tx, []))
        assert database.read(store.listing) == []

    def test_more_jobs_than_one_statement_takes(self, database: Database) -> None:
        jobs = [replace(PLAIN, id=f"1{number:013d}", submitted=float(number)) for number in range(1100)]
        database.run(lambda tx: store.add(tx, jobs))
        database.run(lambda tx: store.add(tx, jobs))
        assert database.read(store.listing) == jobs[::-1]

    def test_get_of_no_job(self, database: Database) -> None:
        with pytest.raises(InputError, match="no job 'nobody'"):
            database.read(lambda tx: store.get(tx, "nobody"))

    def test_find_by_id_name_beginning_and_latest(self, database: Database) -> None:
        old = replace(PLAIN, id="1aaa", name="train", submitted=1.0)
        new = replace(PLAIN, id="1aab", name="train", submitted=2.0)
        other = replace(PLAIN, id="1b", name="clean", submitted=3.0)
        database.run(lambda tx: store.add(tx, [new, old, other]))
        for text, meant in {"1aaa": old, "train": new, "1aab": new, "1b": other, "": other}.items():
            assert database.read(lambda tx, text=text: store.find(tx, text)) == meant  # type: ignore[misc]

    def test_find_within_a_project(self, database: Database) -> None:
        mine = replace(PLAIN, id="1a", project="mine", submitted=1.0)
        theirs = replace(PLAIN, id="1b", project="theirs", submitted=2.0)
        database.run(lambda tx: store.add(tx, [mine, theirs]))
        for text in ("", "train"):
            assert database.read(lambda tx, text=text: store.find(tx, text, project="mine")) == mine  # type: ignore[misc]
        assert database.read(lambda tx: store.find(tx, "1b", project="mine")) == theirs

    def test_an_ambiguous_beginning_names_the_candidates(self, database: Database) -> None:
        jobs = [replace(PLAIN, id=f"1a{number}", name=f"job-{number}") for number in range(7)]
        database.run(lambda tx: store.add(tx, jobs))
        with pytest.raises(InputError, match=r"1a6 \(job-6\), 1a5 .* and others"):
            database.read(lambda tx: store.find(tx, "1a"))

    def test_an_unknown_name_gets_the_nearest(self, database: Database, plain: Job) -> None:
        with pytest.raises(InputError) as error:
            database.read(lambda tx: store.find(tx, "trian"))
        assert plain.name in error.value.hint

    def test_find_before_there_is_a_job(self, database: Database) -> None:
        with pytest.raises(InputError, match="no job yet"):
            database.read(lambda tx: store.find(tx, ""))

    # -- listing -----------------------------------------------------------------------------------

    def test_listing_is_latest_first_and_filtered(self, database: Database) -> None:
        states = [JobState.QUEUED, JobState.RUNNING, JobState.FAILED, JobState.SUCCEEDED]
        jobs = [
            replace(
                PLAIN, id=f"1{number:02}", submitted=number // 2, state=states[number % 4],
                name="even" if number % 2 == 0 else "odd", sweep="tune-1" if number < 6 else "",
                attributes={"number": str(number)},
            )
            for number in range(12)
        ]  # fmt: skip
        database.run(lambda tx: store.add(tx, jobs))
        latest = jobs[::-1]

        def listed(**wanted: object) -> list[Job]:
            return database.read(lambda tx: store.listing(tx, **wanted))  # type: ignore[arg-type]

        assert listed() == latest
        assert listed(limit=5) == latest[:5]
        assert listed(name="even") == [job for job in latest if job.name == "even"]
        assert listed(sweep="tune-1", limit=2) == [job for job in latest if job.sweep][:2]
        assert listed(project="another") == []
        running = {JobState.RUNNING, JobState.FAILED}
        assert listed(states=running, limit=3) == [job for job in latest if job.state in running][:3]
        assert listed(before=latest[4].id, limit=3) == latest[5:8]
        assert listed(before=latest[4].id, states=running) == [j for j in latest[5:] if j.state in running]

    def test_unfinished_jobs_oldest_first(self, database: Database) -> None:
        jobs = [
            replace(PLAIN, id=f"1{number}", submitted=float(number), state=state, sweep=f"tune-{number % 2}")
            for number, state in enumerate(JobState)
        ]
        database.run(lambda tx: store.add(tx, jobs))
        left = [job for job in jobs if not job.state.ended]
        assert database.read(store.unfinished) == left
        assert database.read(lambda tx: store.unfinished(tx, "tune-1")) == [
            job for job in left if job.sweep == "tune-1"
        ]

    # -- how a job goes ----------------------------------------------------------------------------

    def test_a_job_starts_and_ends(self, database: Database, plain: Job) -> None:
        assert database.run(lambda tx: store.started(tx, plain.id, 1, 77, 10.5))
        running = database.read(lambda tx: store.get(tx, plain.id))
        assert running == replace(plain, state=JobState.RUNNING, pid=77, started=10.5)
        assert database.run(lambda tx: store.finish(tx, DONE, 0.125))
        ended = database.read(lambda tx: store.get(tx, plain.id))
        assert ended == replace(
            running, state=JobState.SUCCEEDED, reason=Reason.DONE, exit_code=0, started=10.5, ended=12.25,
            attempts=2, wall_seconds=1.75, cpu_seconds=1 / 7, peak_memory=123_456_789, price=0.125, message="fine",
        )  # fmt: skip

    def test_starting_twice_keeps_the_first_time(self, database: Database, plain: Job) -> None:
        assert database.run(lambda tx: store.started(tx, plain.id, 1, None, 10.0))
        assert database.run(lambda tx: store.started(tx, plain.id, 1, 78, 11.0))
        assert database.read(lambda tx: store.get(tx, plain.id)).started == 10.0

    def test_an_end_is_written_once(self, database: Database, plain: Job) -> None:
        late = replace(DONE, reason=Reason.LOST, exit_code=None, ended=99.0)
        assert database.run(lambda tx: store.finish(tx, DONE, 0.5))
        assert not database.run(lambda tx: store.finish(tx, late, 0.5))
        assert not database.run(lambda tx: store.started(tx, plain.id, 1, 77, 10.5))
        job = database.read(lambda tx: store.get(tx, plain.id))
        assert (job.state, job.ended, job.price) == (JobState.SUCCEEDED, 12.25, 0.5)

    def test_writing_the_same_end_again_is_as_good_as_once(self, database: Database, plain: Job) -> None:
        assert database.run(lambda tx: store.finish(tx, DONE, 0.5))
        assert database.run(lambda tx: store.finish(tx, DONE, 0.5))
        assert database.read(lambda tx: store.get(tx, plain.id)).price == 0.5

    def test_an_end_of_an_unknown_job(self, database: Database) -> None:
        assert not database.run(lambda tx: store.finish(tx, DONE, None))

    @pytest.mark.parametrize("reason", list(Reason))
    def test_every_reason_can_be_recorded(self, database: Database, plain: Job, reason: Reason) -> None:
        outcome = replace(DONE, reason=reason, exit_code=None, signal=15, message=ODD)
        assert database.run(lambda tx: store.finish(tx, outcome, None))
        job = database.read(lambda tx: store.get(tx, plain.id))
        assert (job.state, job.reason, job.signal, job.message) == (outcome.state, reason, 15, ODD)

    def test_a_new_fence_shuts_the_old_one_out(self, database: Database, plain: Job) -> None:
        database.run(lambda tx: store.finish(tx, replace(DONE, reason=Reason.CANCELLED), 0.5))
        assert database.run(lambda tx: store.refence(tx, plain.id)) == 2
        assert database.read(lambda tx: store.get(tx, plain.id)) == replace(plain, fence=2, price=0.5)
        assert not database.run(lambda tx: store.started(tx, plain.id, 1, 77, 10.5))
        assert not database.run(lambda tx: store.finish(tx, DONE, 1.0))
        assert database.run(lambda tx: store.finish(tx, replace(DONE, fence=2), 0.25))
        assert database.read(lambda tx: store.get(tx, plain.id)).price == 0.75

    def test_refencing_no_job(self, database: Database) -> None:
        with pytest.raises(InputError, match="no job"):
            database.run(lambda tx: store.refence(tx, "nobody"))

    # -- history and attributes --------------------------------------------------------------------

    def test_history_keeps_its_order_and_says_things_once(self, database: Database, plain: Job) -> None:
        for kind, at in (("submitted", 1.0), ("started", 1.0), ("submitted", 1.0), ("submitted", 2.0)):
            database.run(lambda tx, kind=kind, at=at: store.record(tx, plain.id, kind, ODD, at))  # type: ignore[misc]
        history = database.read(lambda tx: store.history(tx, plain.id))
        assert [(entry.number, entry.kind, entry.detail, entry.at) for entry in history] == [
            (1, "submitted", ODD, 1.0),
            (2, "started", ODD, 1.0),
            (3, "submitted", ODD, 2.0),
        ]

    def test_attributes_are_set_one_by_one(self, database: Database, plain: Job) -> None:
        database.run(lambda tx: store.set_attributes(tx, plain.id, {"a": "1", ODD: "2"}))
        database.run(lambda tx: store.set_attributes(tx, plain.id, {"a": ODD}))
        expected = {"a": ODD, ODD: "2"}
        assert database.read(lambda tx: store.attributes(tx, plain.id)) == expected
        assert database.read(lambda tx: store.get(tx, plain.id)).attributes == expected
