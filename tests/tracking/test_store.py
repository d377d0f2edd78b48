"""Runs written directly are what MLflow reads."""

from __future__ import annotations

import math
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.tracking.runs import NOW, job, sweep, trial

from stratolab.core.errors import RemoteError
from stratolab.tracking import installed, make
from stratolab.tracking.models import FAILED, FINISHED, JOB, KILLED, RUNNING, SWEEP, Curve
from stratolab.tracking.store import KNOWN, WHOLE, Store, UnknownStoreError, revision
from stratolab.tracking.writer import RunRefusedError

PARENT = "mlflow.parentRunId"


def runs_of(client, experiment="tune"):
    place = client.get_experiment_by_name(experiment).experiment_id
    return {run.info.run_name: run for run in client.search_runs([place])}


def history(client, run, key):
    return sorted((metric.step, metric.value) for metric in client.get_metric_history(run, key))


# -- what is written -----------------------------------------------------------------------------


def test_the_installed_mlflow_has_a_schema_that_we_know(made):
    assert installed.installed().revision == revision(made) == KNOWN[-1]


def test_trials_are_nested_below_their_sweep(store, client):
    store.write([sweep(), trial(0), trial(1)])
    found = runs_of(client)
    assert set(found) == {"tune-1", "trial 0", "trial 1"}
    assert {found[f"trial {n}"].data.tags[PARENT] for n in (0, 1)} == {found["tune-1"].info.run_id}
    below = client.search_runs(
        [found["tune-1"].info.experiment_id], f"tags.`{PARENT}` = '{found['tune-1'].info.run_id}'"
    )
    assert len(below) == 2


def test_everything_of_a_run_is_read_back(store, client):
    store.write([trial(7)])
    run = client.get_run(trial(7).id)
    assert (run.info.status, run.info.start_time, run.info.end_time) == (
        FINISHED,
        NOW * 1000,
        (NOW + 10) * 1000,
    )
    assert (run.info.run_name, run.info.user_id, run.info.lifecycle_stage) == ("trial 7", "ana", "active")
    assert run.data.params == {"depth": "7", "rate": "0.1"}
    assert run.data.tags[JOB] == "tune-1-7"
    assert run.data.tags["mlflow.source.name"] == "train.py"
    assert run.data.metrics == {"loss": 8.0}
    assert history(client, run.info.run_id, "loss") == [(0, 3.0), (1, 2.0), (2, 8.0)]
    assert client.search_runs([run.info.experiment_id], "metrics.loss > 7 AND params.depth = '7'")


@pytest.mark.parametrize("status", [FINISHED, FAILED, KILLED])
def test_each_way_to_end(store, client, status):
    store.write([job(status=status)])
    assert client.get_run(job().id).info.status == status


def test_writing_again_changes_nothing(store, made, client):
    written = [sweep(), trial(0), trial(1), job()]
    store.write(written)
    before = dump(made)
    store.write(written)
    store.write(written[1:2])
    assert dump(made) == before


def test_a_run_may_come_twice_in_a_batch(store, client):
    store.write([replace(sweep(), status=RUNNING, end=None), trial(0), trial(0), sweep()])
    assert client.get_run(sweep().id).info.status == FINISHED
    assert set(runs_of(client)) == {"tune-1", "trial 0"}


def test_a_run_that_goes_on_is_brought_up_to_date(store, client):
    begun = replace(trial(0), status=RUNNING, end=None, curves={"loss": Curve([0], [3.0])})
    store.write([begun])
    assert client.get_run(begun.id).info.status == RUNNING
    store.write([trial(0)])
    run = client.get_run(begun.id)
    assert run.info.status == FINISHED
    assert history(client, begun.id, "loss") == [(0, 3.0), (1, 2.0), (2, 1.0)]
    assert run.data.metrics == {"loss": 1.0}


def test_numbers_that_are_none_are_kept_as_mlflow_keeps_them(store, client):
    curves = {
        "loss": Curve([0, 1, 2, 3], [math.nan, math.inf, -math.inf, 0.5]),
        "last": Curve([0], [math.nan]),
    }
    store.write([job(curves=curves)])
    values = {metric.step: metric.value for metric in client.get_metric_history(job().id, "loss")}
    assert math.isnan(values[0])
    assert [values[step] for step in (1, 2, 3)] == [1.7976931348623157e308, -1.7976931348623157e308, 0.5]
    assert client.get_run(job().id).data.metrics["loss"] == 0.5
    assert math.isnan(client.get_run(job().id).data.metrics["last"])


def test_texts_that_are_long_or_odd_are_made_to_fit(store, client):
    odd = {"größe": "µ 🦉", "acc@5": "x" * 10_000, "line": "a\nb\0c", "half": "\udcff", "p" * 400: 1}
    store.write([job(params=odd, name="Lauf № 1", tags={**job().tags, "stratolab.reason": "y" * 9_000})])
    run = client.get_run(job().id)
    assert run.info.run_name == "Lauf № 1"
    assert run.data.params["größe"] == "µ 🦉"
    assert sorted(map(len, run.data.params)) == [4, 4, 5, 14, 250]
    assert len(next(value for name, value in run.data.params.items() if name.startswith("acc_5"))) == 6_000
    assert len(run.data.tags["stratolab.reason"]) == 8_000


def test_ten_thousand_points_and_names_in_one_run(store, client):
    curves = {"loss": Curve(range(10_000), [1 / (step + 1) for step in range(10_000)])}
    curves |= {f"m{number}": Curve([0], [float(number)]) for number in range(10_000)}
    store.write([job(curves=curves)])
    store.write([job(curves=curves)])
    assert len(history(client, job().id, "loss")) == 10_000
    metrics = client.get_run(job().id).data.metrics
    assert len(metrics) == 10_001
    assert (metrics["loss"], metrics["m9999"]) == (1e-4, 9999.0)


def test_a_run_that_is_refused_takes_no_other_with_it(store, client):
    with pytest.raises(RunRefusedError):
        store.write([trial(0), trial(1, status="NONSENSE")])
    assert client.get_experiment_by_name("tune") is None
    store.write([trial(0)])
    assert client.get_run(trial(0).id).info.status == FINISHED


# -- experiments ---------------------------------------------------------------------------------


def test_an_experiment_is_made_when_it_is_first_used(store, client, made):
    store.write([job(experiment="größe & µ")])
    found = client.get_experiment_by_name("größe & µ")
    assert found.artifact_location == f"file://{made.parent}/{WHOLE}/{found.experiment_id}"
    assert [one.name for one in store.experiments()] == ["Default", "größe & µ"]


def test_one_that_mlflow_made_is_used(store, client):
    number = client.create_experiment("tune")
    store.write([trial(0)])
    assert client.get_run(trial(0).id).info.experiment_id == number


def test_one_that_was_deleted_is_used_again_without_its_old_runs(store, client):
    store.write([trial(0)])
    number = client.get_run(trial(0).id).info.experiment_id
    client.delete_experiment(number)
    store.write([trial(1)])
    assert client.get_experiment(number).lifecycle_stage == "active"
    assert set(runs_of(client)) == {"trial 1"}


# -- what others did -----------------------------------------------------------------------------


def test_what_a_script_logged_to_its_run_stays(store, client):
    begun = replace(trial(0), status=RUNNING, end=None, start=NOW, curves={})
    assert store.begin([sweep(), begun]) == {sweep().id, begun.id}
    client.log_param(begun.id, "rate_of_script", 0.5)
    client.set_tag(begun.id, "mlflow.runName", "my own name")
    client.set_tag(begun.id, "colour", "blue")
    client.log_metric(begun.id, "auc", 0.9, step=4)
    client.log_metric(begun.id, "loss", 2.0, step=1)
    client.set_terminated(begun.id)
    store.write([sweep(), trial(0)])
    run = client.get_run(begun.id)
    assert run.info.run_name == "my own name"
    assert run.data.tags["colour"] == "blue"
    assert run.data.params == {"depth": "0", "rate": "0.1", "rate_of_script": "0.5"}
    assert run.data.metrics == {"auc": 0.9, "loss": 1.0}
    assert history(client, begun.id, "loss") == [(0, 3.0), (1, 2.0), (2, 1.0)]


def test_a_run_that_a_script_began_itself_becomes_the_jobs(store, client):
    place = client.create_experiment("mine")
    own = client.create_run(place, start_time=int(NOW * 1000) + 5, tags={JOB: trial(0).key}).info.run_id
    client.log_param(own, "rate", "another")
    client.log_metric(own, "loss", 0.25, step=9)
    for _ in range(2):
        store.write([sweep(), trial(0)])
        assert set(runs_of(client)) == {"tune-1"}
        run = client.get_run(own)
        assert (run.info.status, run.info.end_time) == (FINISHED, (NOW + 10) * 1000)
        assert run.info.start_time == NOW * 1000 + 5
        assert run.data.tags[PARENT] == sweep().id
        assert run.data.params == {"rate": "another", "depth": "0"}
        assert run.data.metrics == {"loss": 0.25}
        assert store.run_of(trial(0).id, trial(0).key) == own


def test_of_several_the_newest_becomes_the_jobs_and_the_others_are_below_it(store, client):
    place = client.create_experiment("mine")
    first, second = (
        client.create_run(place, start_time=int(NOW * 1000) + at, tags={JOB: "one"}).info.run_id
        for at in (1, 2)
    )
    inner = client.create_run(place, tags={JOB: "one", PARENT: first}).info.run_id
    for _ in range(2):
        store.write([job()])
        assert client.get_run(second).data.tags.get(PARENT) is None
        assert client.get_run(first).data.tags[PARENT] == second
        assert client.get_run(inner).data.tags[PARENT] == first
        assert {client.get_run(run).info.status for run in (first, second)} == {FINISHED}
    assert client.get_experiment_by_name("world-series") is None


def test_further_runs_of_a_script_are_below_the_one_it_was_given(store, client):
    store.begin([job(status=RUNNING, end=None)])
    place = client.get_run(job().id).info.experiment_id
    other = client.create_run(place, tags={JOB: "one"}).info.run_id
    store.write([job()])
    assert client.get_run(other).data.tags[PARENT] == job().id
    assert client.get_run(other).info.status == FINISHED


def test_a_run_that_was_deleted_in_mlflow_stays_so(store, client, made):
    store.write([trial(0)])
    client.delete_run(trial(0).id)
    before = dump(made)
    store.write([trial(0, status=FAILED)])
    assert dump(made) == before
    assert store.begin([trial(0)]) == set()


def test_a_job_that_was_handed_out_again_begins_its_run_anew(store, client):
    store.write([trial(0, status=KILLED, curves={"loss": Curve(range(50), [9.0] * 50)})])
    again = trial(0, life=2, start=NOW + 20, end=NOW + 30, curves={"loss": Curve([0, 1], [3.0, 2.0])})
    store.write([again])
    run = client.get_run(again.id)
    assert (run.info.status, run.info.start_time) == (FINISHED, (NOW + 20) * 1000)
    assert history(client, again.id, "loss") == [(0, 3.0), (1, 2.0)]
    assert run.data.metrics == {"loss": 2.0}


def test_a_sweep_that_goes_on_runs_again(store, client):
    store.write([sweep(status=KILLED)])
    store.write([sweep(status=RUNNING, end=None)])
    run = client.get_run(sweep().id)
    assert (run.info.status, run.info.end_time) == (RUNNING, None)


# -- artifacts -----------------------------------------------------------------------------------


def test_the_log_is_an_artifact_without_being_copied(store, client, tmp_path):
    home = tmp_path / "my lab #1%" / "jobs" / "one"
    home.mkdir(parents=True)
    (home / "log").write_text("hello\n", encoding="utf-8")
    store.write([job(folder=str(home))])
    assert [file.path for file in client.list_artifacts(job().id)] == ["log.txt"]
    assert (home / "artifacts" / "log.txt").samefile(home / "log")
    with (home / "log").open("a") as log:
        log.write("more\n")
    got = client.download_artifacts(job().id, "log.txt", str(tmp_path))
    assert Path(got).read_text(encoding="utf-8") == "hello\nmore\n"


def test_the_log_of_a_script_with_a_run_of_its_own_is_there_too(store, client, tmp_path):
    home = tmp_path / "jobs" / "one"
    home.mkdir(parents=True)
    (home / "log").write_text("hello\n", encoding="utf-8")
    place = client.create_experiment("mine", artifact_location=f"file://{tmp_path}/mine")
    own = client.create_run(place, tags={JOB: "one"}).info.run_id
    store.write([job(folder=str(home))])
    assert [file.path for file in client.list_artifacts(own)] == ["log.txt"]


def test_a_log_that_is_not_to_be_shown_is_not(store, client, tmp_path):
    (tmp_path / "log").write_text("hello\n", encoding="utf-8")
    store.write([job(folder=str(tmp_path), log=False)])
    assert client.list_artifacts(job().id) == []


# -- the file ------------------------------------------------------------------------------------


def test_a_lab_that_was_moved_finds_its_artifacts(store, made, mlflow_client, tmp_path):
    home = made.parent / "jobs" / "one"
    home.mkdir(parents=True)
    (home / "log").write_text("hello\n", encoding="utf-8")
    store.write([job(folder=str(home)), sweep()])
    store.close()
    moved = tmp_path / "else where" / ".stratolab"
    shutil.copytree(made.parent, moved)
    shutil.rmtree(made.parent)
    with Store(moved / "mlflow.db", moved / WHOLE) as there:
        there.write([job("two", experiment="new")])
    client = mlflow_client(f"sqlite:///{moved}/mlflow.db")
    assert (
        client.get_run(job().id).info.artifact_uri
        == f"file://{str(moved).replace(' ', '%20')}/jobs/one/artifacts"
    )
    assert [file.path for file in client.list_artifacts(job().id)] == ["log.txt"]
    for experiment in client.search_experiments():
        assert experiment.artifact_location.startswith(f"file://{tmp_path}/else%20where/.stratolab/{WHOLE}/")


def test_a_store_that_is_not_the_labs_own_keeps_its_places(made, tmp_path):
    with Store(made, tmp_path / WHOLE, own=False) as store:
        store.write([job()])
    with closing(sqlite3.connect(made)) as connection:
        places = [row[0] for row in connection.execute("SELECT artifact_location FROM experiments")]
    assert places == [f"file://{made.parent}/{WHOLE}/0", f"file://{tmp_path}/{WHOLE}/1"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE alembic_version SET version_num = 'ffffffffffff'",
        "DELETE FROM alembic_version",
        "ALTER TABLE runs RENAME COLUMN user_id TO owner",
        "ALTER TABLE metrics ADD COLUMN unit TEXT NOT NULL DEFAULT ''; ALTER TABLE tags RENAME TO labels",
    ],
)
def test_a_store_that_we_do_not_know_is_left_alone(made, change):
    with closing(sqlite3.connect(made)) as connection:
        connection.executescript(change)
    before = dump(made)
    with pytest.raises(UnknownStoreError):
        Store(made, made.parent / WHOLE)
    assert dump(made) == before


def test_a_table_that_asks_for_more_than_we_give_is_seen(made):
    with closing(sqlite3.connect(made)) as connection:
        connection.executescript(
            "DROP TABLE params; CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT, kind TEXT NOT NULL)"
        )
    with pytest.raises(UnknownStoreError, match=r"its table params is another than we know \(kind\)"):
        Store(made, made.parent / WHOLE)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_file_that_is_no_store_is_left_alone(tmp_path, content):
    path = tmp_path / "mlflow.db"
    path.write_bytes(content)
    assert revision(path) == ""
    with pytest.raises(UnknownStoreError):
        Store(path, tmp_path / WHOLE)
    assert path.read_bytes() == content


def test_several_write_at_once(made, client):
    program = (
        "import sys; from tests.tracking.runs import *; from stratolab.tracking.store import Store, WHOLE\n"
        "with Store(sys.argv[1], sys.argv[2]) as store:\n"
        "    for number in range(20):\n"
        "        store.write([sweep(), trial(number), trial(number + 100 * int(sys.argv[3]))])\n"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, made, made.parent / WHOLE, str(turn)], stderr=subprocess.PIPE
        )
        for turn in (1, 2)
    ]
    told = [writer.communicate(timeout=60)[1].decode() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], told
    assert len(runs_of(client)) == 1 + 20 + 40
    assert history(client, trial(5).id, "loss") == [(0, 3.0), (1, 2.0), (2, 6.0)]


def test_a_file_that_stays_locked_is_told(made):
    with (
        closing(sqlite3.connect(made, isolation_level=None)) as other,
        Store(made, made.parent / WHOLE, busy_timeout=0.05) as store,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RemoteError, match="locked"):
            store.write([job()])
        other.execute("ROLLBACK")
        store.write([job()])
        assert store.run_of(job().id) == job().id


def test_closing_does_not_wait_for_a_thread_that_writes(made):
    store = Store(made, made.parent / WHOLE)
    store._lock.acquire()
    closer = threading.Thread(target=store.close)
    closer.start()
    closer.join(5)
    assert not closer.is_alive()
    store._lock.release()
    store.close()


@pytest.mark.parametrize("name", ["tune-1-0", "nobody"])
def test_asking_for_a_run_that_is_not_there(store, name):
    assert store.run_of(job(name).id, name) == ""


def test_tags_tell_whose_run_it_is(store, client):
    store.write([sweep(), trial(3)])
    experiment = client.get_experiment_by_name("tune").experiment_id
    (found,) = client.search_runs(
        [experiment], f"tags.`{SWEEP}` = 'tune-1' AND tags.`stratolab.kind` = 'trial'"
    )
    assert found.info.run_name == "trial 3"


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.iterdump())


def test_making_a_store_that_is_there_changes_nothing(made):
    before = dump(made)
    make.make(made)
    assert dump(made) == before
