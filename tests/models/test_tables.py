"""What is written into MLflow's tables is what MLflow's own client writes, and either reads what the other wrote."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import Self

import pytest

from stratolab.core.errors import InputError, RemoteError
from stratolab.models import tables
from stratolab.models.client import Client, answer_of
from stratolab.models.local import LocalRegistry
from stratolab.models.models import Logged
from stratolab.models.tables import Tables
from stratolab.tracking import make
from stratolab.tracking.installed import installed

TIMES = {"creation_time", "last_updated_time", "creation_timestamp_ms", "last_updated_timestamp_ms"}
TABLES = (
    "registered_models", "registered_model_tags", "model_versions", "model_version_tags", "registered_model_aliases",
    "logged_model_tags",
)  # fmt: skip
RUN = "0123456789abcdef0123456789abcdef"

# A run with a logged model, and a prompt, by MLflow itself.
PREPARE = """
import sys
import mlflow
from mlflow import MlflowClient
client = MlflowClient()
run = client.create_run("0", tags={"stratolab.job": "job-1", "stratolab.capsule": "c", "other": "x"})
model = client.create_logged_model("0", name="net", source_run_id=run.info.run_id)
client.finalize_logged_model(model.model_id, "READY")
for step, value in enumerate([0.5, float("nan"), 0.25]):
    client.log_metric(run.info.run_id, "loss", value, step=step)
client.log_metric(run.info.run_id, "broken", float("nan"))
unready = client.create_logged_model("0", name="half", source_run_id=run.info.run_id)
client.register_prompt("greeting", "Hello {{name}}")
print(run.info.run_id, model.model_id, model.artifact_location)
"""
# What a person does in MLflow: a version, tags, an alias, a deleted version.
BY_HAND = """
from mlflow import MlflowClient
client = MlflowClient()
client.create_registered_model("hand", tags={"team": "a"}, description="by hand")
client.create_model_version("hand", "file:///nowhere", description="one")
client.create_model_version("hand", "file:///nowhere", tags={"k": "v"})
client.create_model_version("hand", "file:///nowhere")
client.delete_model_version("hand", "2")
client.set_registered_model_alias("hand", "prod", "1")
"""


def run_with_mlflow(program, store):
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **make.QUIET, "MLFLOW_TRACKING_URI": f"sqlite:///{store}"},
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout.split()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A store with a logged model; gives the file, the run, the model's id and place."""
    store = tmp_path_factory.mktemp("prepared") / "mlflow.db"
    make.make(store)
    return store, *run_with_mlflow(PREPARE, store)


@pytest.fixture
def store(prepared, tmp_path):
    return shutil.copy(prepared[0], tmp_path / "mlflow.db")


class Conversation(Client):
    """MLflow's client as `Client` asks it, in one process for all requests: importing MLflow takes seconds."""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "stratolab.models.by_mlflow"],
            env=self._env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def _ask(self, what, request):
        self.process.stdin.write(json.dumps({"do": what, **request}) + "\n")
        self.process.stdin.flush()
        return answer_of(self.process.stdout.readline())


def content(store):
    """All rows of the registry, times left out."""
    found = {}
    with closing(sqlite3.connect(store)) as connection:
        connection.row_factory = sqlite3.Row
        for table in TABLES:
            rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
            found[table] = sorted(repr({k: v for k, v in row.items() if k not in TIMES}) for row in rows)
    return found


def work(registry, run, model):
    """Everything that we ever write."""
    tags = {"stratolab.sha256": "ab" * 32, "stratolab.params": '{"näme": "🦉"}'}
    assert registry.create("net", f"models:/{model}", run=run, tags=tags, description="") == 1
    assert registry.create("net", "file:///a/b%20c", run="", tags={}, description="ünï\nx") == 2
    assert registry.create("other", f"models:/{model}", run=run, tags={}, description="x") == 1
    registry.update(
        "net", 1, tags={"stratolab.params": "{}", "stratolab.new": "1"}, description="now with words"
    )
    registry.update("net", 2, tags={"k": "v"}, description="")
    for version in (1, 2, 2):
        registry.set_alias("net", "champion", version)
    registry.set_alias("net", "old", 1)


def test_the_schema_of_the_installed_mlflow_is_known():
    assert installed().revision in tables.REVISIONS


@pytest.mark.timeout(300)
def test_our_rows_are_mlflows_rows(prepared, tmp_path):
    original, run, model, _ = prepared
    ours, theirs = (shutil.copy(original, tmp_path / name) for name in ("ours.db", "theirs.db"))
    work(Tables(ours), run, model)
    with Conversation(theirs) as client:
        work(client, run, model)
        assert content(ours) == content(theirs)
        assert Tables(ours).rows("net")[0].aliases == ("champion",)
        for name in ("", "net", "nothing", "it's"):
            assert without_times(client.rows(name)) == without_times(Tables(theirs).rows(name))
        assert Tables(theirs).logged("job-1", "") == client.logged("job-1", "") != []
        assert Tables(theirs).metrics(run) == client.metrics(run) == {"loss": 0.25}
        assert Tables(theirs).metrics("ab" * 16) == client.metrics("ab" * 16) == {}


def without_times(rows):
    assert all(row.created > 1e12 for row in rows)
    return [(row.name, row.version, row.description, row.source, row.storage, row.run, dict(row.tags),
             sorted(row.aliases), dict(row.run_tags)) for row in rows]  # fmt: skip


@pytest.mark.timeout(120)
def test_what_people_do_in_mlflow_is_read(store):
    run_with_mlflow(BY_HAND, store)
    registry = Tables(store)
    rows = registry.rows()
    assert [(row.name, row.version, row.aliases) for row in rows] == [("hand", 3, ()), ("hand", 1, ("prod",))]
    assert rows[1].description == "one"
    assert registry.create("hand", "file:///x", run=RUN, tags={}, description="") == 4, (
        "a deleted number stays taken"
    )
    registry.set_alias("hand", "prod", 4)
    assert {row.version: row.aliases for row in registry.rows("hand")} == {4: ("prod",), 3: (), 1: ()}


def test_the_models_that_a_job_has_logged_are_found_by_its_run_and_by_its_tag(prepared, store):
    _, run, model, place = prepared
    found = [Logged(model, "net", place, run)]
    assert Tables(store).logged("nobody", run) == found
    assert Tables(store).logged("job-1", "nothing") == found
    assert Tables(store).logged("nobody", "nothing") == []


def test_a_run_tells_what_a_version_does_not(prepared, store):
    _, run, _, _ = prepared
    Tables(store).create("m", "file:///x", run=run, tags={}, description="")
    assert Tables(store).rows("m")[0].run_tags == {"stratolab.job": "job-1", "stratolab.capsule": "c"}


def test_a_prompt_is_no_model(store):
    registry = Tables(store)
    assert registry.rows() == []
    with pytest.raises(InputError, match="prompt"):
        registry.create("greeting", "file:///x", run="", tags={}, description="")
    assert registry.rows("greeting") == []


def test_a_logged_model_that_is_gone_leaves_nothing(store):
    before = content(store)
    with pytest.raises(InputError, match="m-gone"):
        Tables(store).create("new", "models:/m-gone", run="", tags={"a": "b"}, description="")
    assert content(store) == before


def test_an_alias_for_a_model_that_is_not_there_is_refused(store):
    with pytest.raises(RemoteError):
        Tables(store).set_alias("nothing", "champion", 1)


def test_a_file_that_is_no_store_is_told(tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"x" * 5000)
    with pytest.raises(RemoteError, match="cannot be read"):
        tables.revision(path)
    path.unlink()
    with pytest.raises(RemoteError):
        Tables(path).rows()
    assert not path.exists(), "reading makes no file"


def test_a_store_whose_writer_was_killed_is_read(store):
    """A rollback journal that is still hot: only who may write can roll it back."""
    program = f"""
import os, sqlite3, signal
connection = sqlite3.connect({str(store)!r}, isolation_level=None)
connection.execute("PRAGMA journal_mode=DELETE")
connection.execute("PRAGMA cache_size=1")
connection.execute("BEGIN IMMEDIATE")
for number in range(2000):
    connection.execute("INSERT INTO registered_models (name) VALUES (?)", (f"x{{number}}" * 20,))
os.kill(os.getpid(), signal.SIGKILL)
"""  # noqa: S608 - a test's own
    subprocess.run([sys.executable, "-c", program], check=False)
    assert store.with_name("mlflow.db-journal").stat().st_size > 0
    assert Tables(store).rows() == []
    assert tables.revision(store) in tables.REVISIONS


@pytest.mark.timeout(120)
def test_a_store_of_another_revision_is_left_to_mlflow(prepared, tmp_path):
    shutil.copy(prepared[0], tmp_path / "mlflow.db")
    Tables(tmp_path / "mlflow.db").create(
        "m", "file:///x", run="", tags={"stratolab.job": "j"}, description=""
    )
    registry = LocalRegistry(tmp_path, lambda: None, known=frozenset())
    assert [version.origin.job for version in registry.versions("m")] == ["j"]


def test_what_mlflow_refuses_is_told(store):
    with pytest.raises(RemoteError, match="name=m not found"):
        Client(store).set_alias("m", "latest", 1)
