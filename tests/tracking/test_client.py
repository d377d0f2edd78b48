"""Both ways of writing give MLflow the same: straight into its tables, and through its own client."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.tracking.runs import NOW, job, sweep, trial

from stratolab.core.errors import RemoteError
from stratolab.tracking import make
from stratolab.tracking.client import ClientWriter
from stratolab.tracking.models import FAILED, JOB, KILLED, LIVE, RUNNING, Curve
from stratolab.tracking.store import WHOLE, Store
from stratolab.tracking.writer import RunRefusedError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)  # a process that imports MLflow takes seconds, on a busy machine many

PARENT = "mlflow.parentRunId"
ROOT = "_MLFLOW_SERVER_ARTIFACT_ROOT"


@pytest.fixture
def homes(tmp_path):
    """Folders of jobs with logs in them."""

    def make_home(name):
        home = tmp_path / "jobs" / name
        home.mkdir(parents=True, exist_ok=True)
        (home / "log").write_text(f"log of {name}\n", encoding="utf-8")
        return str(home)

    return make_home


@pytest.fixture
def both(tmp_path):
    """Two stores, one written directly and one through the client: `both(runs, runs, ...)`."""
    files = {}
    for name in ("direct", "client"):
        (tmp_path / name).mkdir()
        files[name] = tmp_path / name / "mlflow.db"
        make.make(files[name])
    store = Store(files["direct"], tmp_path / "direct" / WHOLE)
    writer = ClientWriter(f"sqlite:///{files['client']}", {ROOT: str(tmp_path / "client" / WHOLE)})

    def write(*batches):
        for batch in batches:
            store.write(batch)
            writer.write(batch)

    yield write, files["direct"], files["client"]
    store.close()
    writer.close()


def everything(client) -> dict[str, object]:
    """All that MLflow says of the runs that are not deleted, without what differs from store to store."""
    experiments = {one.experiment_id: one.name for one in client.search_experiments()}
    runs = client.search_runs(list(experiments))
    names = {run.info.run_id: (experiments[run.info.experiment_id], run.info.run_name) for run in runs}
    told = {}
    for run in runs:
        info, data = run.info, run.data
        tags = {**data.tags, **({PARENT: names[data.tags[PARENT]]} if PARENT in data.tags else {})}
        told[names[info.run_id]] = {
            "info": (info.status, info.start_time, info.end_time, info.user_id),
            "params": data.params,
            "tags": tags,
            "latest": {key: plain(value) for key, value in data.metrics.items()},
            "history": {
                key: sorted(
                    (m.step, m.timestamp, plain(m.value)) for m in client.get_metric_history(info.run_id, key)
                )
                for key in data.metrics
            },
            "artifacts": [file.path for file in client.list_artifacts(info.run_id)],
        }
    return {"experiments": sorted(experiments.values()), "runs": told}


def plain(value: float) -> float | str:
    return "NaN" if math.isnan(value) else value


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """The rows of MLflow's tables, names of runs and places of artifacts apart."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            "runs": sorted(
                connection.execute(
                    "SELECT name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, "
                    "source_version, lifecycle_stage, experiment_id, deleted_time FROM runs"
                ),
                key=repr,
            ),
            **{
                table: sorted(connection.execute(query), key=repr)
                for table, query in {
                    "experiments": "SELECT experiment_id, name, lifecycle_stage FROM experiments",
                    "params": "SELECT runs.name, key, value FROM params JOIN runs USING (run_uuid)",
                    "tags": "SELECT runs.name, key, value FROM tags JOIN runs USING (run_uuid) "
                    "WHERE key <> 'mlflow.parentRunId'",
                    "metrics": "SELECT runs.name, key, value, timestamp, step, is_nan FROM metrics "
                    "JOIN runs USING (run_uuid)",
                    "latest_metrics": "SELECT runs.name, key, value, timestamp, step, is_nan FROM latest_metrics "
                    "JOIN runs USING (run_uuid)",
                }.items()
            },
        }


def test_mlflow_reads_the_same_from_both(both, mlflow_client, homes):
    write, direct, through = both
    odd = {"größe": "µ 🦉", "acc@5": "x" * 10_000, "none": None, "flag": True, "rate": 1e-7, "line": "a\nb"}
    curves = {
        "loss": Curve([0, 1, 2, 5], [math.nan, math.inf, -math.inf, 0.5]),
        "größe/µ": Curve([-3, 0], [1.0, 2.0]),
        "bad@name": Curve([1], [math.nan]),
        "many": Curve(range(2_500), [step / 7 for step in range(2_500)]),
    }
    first = [
        sweep(status=RUNNING, end=None),
        trial(0, folder=homes("0")),
        trial(1, status=KILLED, folder=homes("1"), curves={}),
        job(params=odd, curves=curves, name="Lauf № 1", folder=homes("one")),
        job(
            "two",
            status=FAILED,
            name="two",
            folder=homes("two"),
            log=False,
            start=NOW + 0.1239,
            end=NOW + 1.4567,
        ),
    ]
    again = [
        sweep(curves={"best_loss": Curve([2], [1.0])}, params={"best.depth": 0}),
        trial(2, folder=homes("2")),
        trial(0, folder=homes("0"), tags={**trial(0).tags, "stratolab.reason": "another"}),
    ]
    write(first, again, again)
    told = everything(mlflow_client(f"sqlite:///{direct}"))
    assert told == everything(mlflow_client(f"sqlite:///{through}"))
    assert rows(direct) == rows(through)
    assert set(told["runs"]) == {
        ("tune", "tune-1"), ("tune", "trial 0"), ("tune", "trial 1"), ("tune", "trial 2"),
        ("world-series", "Lauf № 1"), ("world-series", "two"),
    }  # fmt: skip
    assert told["runs"]["tune", "trial 2"]["tags"][PARENT] == ("tune", "tune-1")
    assert told["runs"]["tune", "trial 2"]["artifacts"] == ["log.txt"]


def test_runs_of_scripts_become_the_jobs_on_both(both, mlflow_client):
    write, direct, through = both
    for path in (direct, through):
        client = mlflow_client(f"sqlite:///{path}")
        place = client.create_experiment("mine")
        for number, name in enumerate(["first", "second"]):
            run = client.create_run(
                place, start_time=int(NOW * 1000) + number, tags={JOB: "one", "mlflow.runName": name}
            ).info.run_id
            client.log_metric(run, "auc", 0.9, step=1, timestamp=int(NOW * 1000) + 3)
            client.log_param(run, "depth", 3)
    write([job(params={"depth": 5, "rate": 0.1}, curves={"auc": Curve([1, 2], [0.9, 0.8])})])
    write([job(params={"depth": 5, "rate": 0.1}, curves={"auc": Curve([1, 2], [0.9, 0.8])})])
    told = everything(mlflow_client(f"sqlite:///{direct}"))
    assert told == everything(mlflow_client(f"sqlite:///{through}"))
    assert set(told["runs"]) == {("mine", "first"), ("mine", "second")}
    assert told["runs"]["mine", "first"]["tags"][PARENT] == ("mine", "second")


def test_a_job_that_was_handed_out_again_has_one_run_on_both(both, mlflow_client):
    write, direct, through = both
    write([sweep(), trial(0, status=KILLED, curves={"loss": Curve(range(50), [9.0] * 50)})])
    write([trial(0, life=2, start=NOW + 20, end=NOW + 30)])
    told = everything(mlflow_client(f"sqlite:///{direct}"))
    assert told == everything(mlflow_client(f"sqlite:///{through}"))
    assert set(told["runs"]["tune", "trial 0"]["history"]) == {"loss"}
    assert len(told["runs"]["tune", "trial 0"]["history"]["loss"]) == 3


def test_a_run_that_was_only_shown_gives_way_to_the_scripts_own(both, mlflow_client):
    write, direct, through = both
    shown = job(status=RUNNING, end=None, tags={**job().tags, LIVE: "yes"})
    write([shown, job("two", name="two", status=RUNNING, end=None, tags={**job("two").tags, LIVE: "yes"})])
    for path in (direct, through):
        client = mlflow_client(f"sqlite:///{path}")
        client.create_run("0", start_time=int(NOW * 1000), tags={JOB: "one", "mlflow.runName": "own"})
    write([job(), job("two", name="two")])
    write([job(), job("two", name="two")])
    told = everything(mlflow_client(f"sqlite:///{direct}"))
    assert told == everything(mlflow_client(f"sqlite:///{through}"))
    assert set(told["runs"]) == {("Default", "own"), ("world-series", "two")}
    assert not any(LIVE in run["tags"] for run in told["runs"].values())


def test_deleted_experiments_and_runs_are_treated_alike_by_both(both, mlflow_client):
    write, direct, through = both
    write([sweep(), trial(0), job()])
    for path in (direct, through):
        client = mlflow_client(f"sqlite:///{path}")
        (run,) = client.search_runs([client.get_experiment_by_name("world-series").experiment_id])
        client.delete_run(run.info.run_id)
    write([job(status=FAILED)])
    told = everything(mlflow_client(f"sqlite:///{direct}"))
    assert told == everything(mlflow_client(f"sqlite:///{through}"))
    assert ("world-series", "train") not in told["runs"]


def test_a_run_that_mlflow_refuses_is_told_apart_from_a_store_that_is_away(both, tmp_path):
    _, _, through = both
    writer = ClientWriter(f"sqlite:///{through}")
    try:
        with pytest.raises(RunRefusedError):
            writer.write([job(status="NONSENSE")])
        writer.write([job("two")])
    finally:
        writer.close()
    away = ClientWriter("http://127.0.0.1:9", {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"})
    try:
        with pytest.raises(RemoteError) as error:
            away.write([job()])
        assert not isinstance(error.value, RunRefusedError)
    finally:
        away.close()
    with pytest.raises(RemoteError):
        away.write([job()])
