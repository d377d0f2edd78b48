"""MLflow's real server on a lab's store, asked over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket

import pytest
from tests.tracking.runs import job, sweep, trial

from stratolab.core.errors import InputError, RemoteError
from stratolab.tracking import make, server
from stratolab.tracking.client import ClientWriter
from stratolab.tracking.ids import sweep_run_id
from stratolab.tracking.models import Curve
from stratolab.tracking.store import WHOLE, Store

pytestmark = pytest.mark.timeout(400)  # the server takes ten seconds to start, on a busy machine many more


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A folder with a store in it, and the address of the server on it."""
    folder = tmp_path_factory.mktemp("served")
    make.make(folder / "mlflow.db")
    port = server.free_port("127.0.0.1", None)
    running = server.start(
        folder / "mlflow.db", folder / WHOLE, host="127.0.0.1", port=port, log=folder / "server.log"
    )
    yield folder, port
    group = running.process.pid
    running.stop()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def ask(port, path, **body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        if body:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        else:
            connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def api(port, path, **body):
    status, content = ask(port, f"/api/2.0/mlflow/{path}", **body)
    assert status == 200, content
    return json.loads(content)


def test_what_is_written_while_it_serves_is_shown(served):
    folder, port = served
    home = folder / "jobs" / "0"
    home.mkdir(parents=True)
    (home / "log").write_text("hello from the trial\n", encoding="utf-8")
    with Store(folder / "mlflow.db", folder / WHOLE) as store:
        store.write([sweep(), trial(0, folder=str(home)), trial(1)])
    found = api(port, "experiments/get-by-name?experiment_name=tune")["experiment"]["experiment_id"]
    runs = api(port, "runs/search", experiment_ids=[found])["runs"]
    tags = {
        run["info"]["run_name"]: {tag["key"]: tag["value"] for tag in run["data"]["tags"]} for run in runs
    }
    assert set(tags) == {"tune-1", "trial 0", "trial 1"}
    assert tags["trial 1"]["mlflow.parentRunId"] == sweep_run_id("tune-1")
    name = trial(0).id
    history = api(port, f"metrics/get-history?run_id={name}&metric_key=loss")["metrics"]
    assert sorted((int(metric["step"]), metric["value"]) for metric in history) == [
        (0, 3.0),
        (1, 2.0),
        (2, 1.0),
    ]
    assert [file["path"] for file in api(port, f"artifacts/list?run_id={name}")["files"]] == ["log.txt"]
    status, content = ask(port, f"/get-artifact?path=log.txt&run_uuid={name}")
    assert (status, content) == (200, b"hello from the trial\n")


def test_its_page_is_there(served):
    status, page = ask(served[1], "/")
    assert (status, b"<html" in page) == (200, True)


def test_another_host_name_is_refused(served):
    connection = http.client.HTTPConnection("127.0.0.1", served[1], timeout=60)
    connection.request(
        "GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", headers={"Host": "evil.example"}
    )
    assert connection.getresponse().status == 403
    connection.close()


def test_a_server_is_written_to_through_the_client(served, mlflow_client):
    folder, port = served
    home = folder / "jobs" / "remote"
    home.mkdir(parents=True)
    (home / "log").write_text("hello over HTTP\n", encoding="utf-8")
    writer = ClientWriter(f"http://127.0.0.1:{port}")
    try:
        runs = [sweep("far-1", experiment="far"), trial(0, "far-1", experiment="far", folder=str(home))]
        curves = {"loss": Curve(range(1500), [1.0 / (step + 1) for step in range(1500)])}
        runs.append(job("remote", experiment="far", curves=curves))
        writer.write(runs)
        writer.write(runs)
    finally:
        writer.close()
    client = mlflow_client(f"http://127.0.0.1:{port}")
    found = {
        run.info.run_name: run
        for run in client.search_runs([client.get_experiment_by_name("far").experiment_id])
    }
    assert set(found) == {"far-1", "trial 0", "train"}
    assert found["trial 0"].data.tags["mlflow.parentRunId"] == found["far-1"].info.run_id
    assert len(client.get_metric_history(found["train"].info.run_id, "loss")) == 1500
    assert [file.path for file in client.list_artifacts(found["trial 0"].info.run_id)] == ["log.txt"]


# -- ports and trouble ---------------------------------------------------------------------------


@contextlib.contextmanager
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_port_that_is_taken_is_refused_when_it_was_asked_for():
    with taken() as port, pytest.raises(InputError) as error:
        server.free_port("127.0.0.1", port)
    assert str(port) in error.value.what
    assert "--port" in error.value.hint


def test_otherwise_the_next_free_one_is_taken(monkeypatch):
    with taken() as port:
        monkeypatch.setattr(server, "PORT", port)
        assert port < server.free_port("127.0.0.1", None) < port + 50


def test_an_address_that_is_not_ours_is_refused():
    with pytest.raises(InputError, match="no port"):
        server.free_port("192.0.2.1", None)


def test_one_that_cannot_start_says_why_and_leaves_nothing(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"no database" * 100)
    with pytest.raises(RemoteError) as error:
        server.start(
            tmp_path / "mlflow.db", tmp_path / WHOLE, host="127.0.0.1",
            port=server.free_port("127.0.0.1", None), log=tmp_path / "server.log",
        )  # fmt: skip
    assert error.value.hint == f"read {tmp_path / 'server.log'}"
    assert error.value.what
