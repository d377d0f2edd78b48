"""The tracking server's containers, run as their task definition says: set up, served, signed in to, and refused."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine
from tests.tracking.deployed.world import World, deploy, health, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.control import Emulator

pytest.importorskip("flask_wtf", reason="no login of MLflow's: make setup")
pytestmark = pytest.mark.timeout(900)

LOGS = """
import json, mlflow
mlflow.set_experiment("first")
with mlflow.start_run() as run:
    mlflow.log_param("depth", 7)
    for step in range(3):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_text("what it found", "notes/found.txt")
found = mlflow.get_run(run.info.run_id)
text = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/found.txt")
print(json.dumps({"run": run.info.run_id, "loss": found.data.metrics["loss"], "text": text,
                  "where": run.info.artifact_uri}))
"""


@pytest.fixture(scope="module")
def world(emulator_process: Emulator, tmp_path_factory: pytest.TempPathFactory) -> World:
    emulator_process.reset()
    return deploy(emulator_process, tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[World]:
    done = world.run("setup")
    assert done.returncode == 0, done.stderr
    with serving(world):
        yield world


def login(world: World, output: str) -> dict[str, str]:
    found = world.secret(world.server[output])
    return {"MLFLOW_TRACKING_USERNAME": found["username"], "MLFLOW_TRACKING_PASSWORD": found["password"]}


def log_a_run(world: World, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LOGS],
        env=world.client(**more),
        cwd=world.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def database(world: World, sql: str) -> list[tuple[Any, ...]]:
    """What the tests' superuser sees in the server's database."""
    port = world.outputs["database.prod"]["Port"]
    engine = create_engine(f"postgresql+psycopg://postgres@127.0.0.1:{port}/{world.server['DatabaseName']}")
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(sql)]
    engine.dispose()
    return found


def test_a_member_logs_a_run_with_metrics_and_an_artifact(server: World) -> None:
    done = log_a_run(server, **login(server, "MemberSecret"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["loss"], told["text"]) == (pytest.approx(1 / 3), "what it found")
    assert told["where"].startswith("mlflow-artifacts:/")
    values = database(server, "SELECT run_uuid, step, value FROM metrics ORDER BY step")
    found = [(step, value) for run, step, value in values if run == told["run"]]
    assert found == [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))]
    listed = server.emulator.client("s3").list_objects_v2(Bucket=server.server["Bucket"], Prefix="mlflow/")
    keys = [one["Key"] for one in listed["Contents"] if told["run"] in one["Key"]]
    assert [key.partition("/artifacts/")[2] for key in keys] == ["notes/found.txt"]


@pytest.mark.parametrize(
    "who",
    [{}, {"MLFLOW_TRACKING_USERNAME": "member", "MLFLOW_TRACKING_PASSWORD": "guessed-guessed"}],
    ids=["nobody", "a wrong password"],
)
def test_without_the_login_nothing_is_logged(server: World, who: dict[str, str]) -> None:
    before = database(server, "SELECT count(*) FROM runs")
    done = log_a_run(server, **who)
    assert done.returncode != 0
    assert "401" in done.stderr or "not authenticated" in done.stderr.lower(), done.stderr
    assert database(server, "SELECT count(*) FROM runs") == before


def test_another_name_is_refused_and_health_is_told_to_anybody(server: World) -> None:
    elsewhere = server.client(**login(server, "MemberSecret"), MLFLOW_TRACKING_URI="https://other.example")
    done = subprocess.run(
        [sys.executable, "-c", LOGS],
        env={**elsewhere, "SERVER_NAME": "other.example"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0
    assert "Invalid Host header" in done.stderr, done.stderr
    assert health(server.port) == 200
    healthy = server.container("server")["healthCheck"]["command"]
    assert healthy[:2] == ["CMD", "python"]
    asked = [sys.executable, *healthy[2:]]
    assert subprocess.run(asked, env=server.environment("server"), timeout=60, check=False).returncode == 0
    other = {**server.environment("server"), "MLFLOW_PORT": "1"}
    assert subprocess.run(asked, env=other, capture_output=True, timeout=60, check=False).returncode == 1


def test_no_secret_is_in_arguments_or_logs(server: World) -> None:
    secrets = [
        server.secret(one["valueFrom"])["password"]
        for name in ("setup", "server")
        for one in server.container(name)["secrets"]
    ]
    assert len(set(secrets)) == 4
    listed = subprocess.run(["ps", "-eo", "args", "-ww"], capture_output=True, text=True, check=True).stdout
    assert "mlflow" in listed
    said = (server.folder / "log").read_text()
    assert [word for word in secrets if word in listed or word in said] == []
    private = [path for path in server.folder.glob("tracking-*/*") if path.suffix in {".ini", ".pem"}]
    assert {path.stat().st_mode & 0o077 for path in private if path.name != "certificate.pem"} == {0}


def test_set_up_again_takes_up_new_passwords_and_keeps_the_runs(server: World) -> None:
    before = database(server, "SELECT count(*) FROM runs")
    manager = server.emulator.client("secretsmanager")
    changed = {**server.secret(server.server["MemberSecret"]), "password": "another-password-of-the-member"}
    manager.put_secret_value(SecretId=server.server["MemberSecret"], SecretString=json.dumps(changed))
    done = server.run("setup")
    assert done.returncode == 0, done.stderr
    assert database(server, "SELECT count(*) FROM runs") == before
    assert log_a_run(server, **login(server, "MemberSecret")).returncode == 0


def test_set_up_with_a_wrong_secret_says_so_and_nothing_of_the_secret(server: World) -> None:
    wrong = json.dumps({"username": "lab_owner", "password": "hunter-hunter-22"})
    done = server.run("setup", STRATOLAB_TRACKING_OWNER=wrong)
    assert done.returncode == 1
    assert "password authentication failed" in done.stderr
    assert "hunter" not in done.stderr
    other = server.run("setup", STRATOLAB_TRACKING_OWNER="hunter-hunter-22")
    assert other.returncode == 1
    assert "STRATOLAB_TRACKING_OWNER is no JSON object" in other.stderr
    assert "hunter" not in other.stderr
