"""How a store comes to be, and to the schema of a newer MLflow."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys

import pytest
from tests.tracking.runs import job, sweep, trial

from stratolab.core.errors import InputError, RemoteError
from stratolab.tracking import installed, make
from stratolab.tracking.store import KNOWN, WHOLE, Store, revision

pytestmark = pytest.mark.timeout(300)  # MLflow takes seconds to import, on a busy machine many

OLDER = """
import sys
import sqlalchemy
from alembic import command
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base
for path in sys.argv[1:]:
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    config = _get_alembic_config(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, path.rpartition("/")[2].removesuffix(".db"))
"""
REVISIONS = (KNOWN[0], "c8d9e0f1a2b3", "1b5f0d9ad7c1", "a8b9c0d1e2f3", "17e22815139b")
"""The first, and those around the changes of the tables that we write."""


def test_the_installed_one_is_read_from_its_files(mlflow_client):
    import mlflow  # noqa: PLC0415
    from mlflow.store.db.utils import _get_latest_schema_revision  # noqa: PLC0415

    assert installed.present()
    here = installed.installed()
    assert (here.version, here.revision) == (mlflow.__version__, _get_latest_schema_revision())


def test_the_known_revisions_are_a_part_of_its_history():
    folder = installed.importlib.util.find_spec("mlflow").submodule_search_locations[0]
    before = {}
    for path in make.Path(folder, "store", "db_migrations", "versions").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if found := installed._REVISION.search(text):
            previous = installed._BEFORE.search(text)
            before[found[1]] = previous[1] if previous else ""
    history = [KNOWN[-1]]
    while history[-1] != KNOWN[0]:
        history.append(before[history[-1]])
    assert tuple(reversed(history)) == KNOWN


def test_mlflow_takes_a_store_that_was_copied_for_its_own(made, client):
    assert make.kept_store().is_file()  # `made` had it made, or copied it
    assert [one.name for one in client.search_experiments()] == ["Default"]
    assert client.get_experiment("0").artifact_location == f"file://{made.parent}/{WHOLE}/0"
    client.log_metric(client.create_run("0").info.run_id, "loss", 1.0)
    assert made.stat().st_mode & 0o777 == 0o600
    with contextlib.closing(sqlite3.connect(made)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert {path.name for path in made.parent.iterdir()} <= {"mlflow.db", "mlflow.db-wal", "mlflow.db-shm"}


def test_mlflow_makes_one_where_none_is_kept(tmp_path):
    """In an environment whose folder cannot be written, such as one of the system."""
    path = tmp_path / "lab" / "mlflow.db"
    program = (
        f"import sys; sys.prefix = {os.devnull!r}\n"
        "from stratolab.tracking import by_mlflow; by_mlflow.main(sys.argv[1:])"
    )
    (tmp_path / "lab").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program, "make", path], capture_output=True, text=True, check=False
    )
    assert revision(path) == KNOWN[-1], done.stderr
    with Store(path, path.parent / WHOLE) as store:
        store.write([job()])
    assert path.stat().st_mode & 0o777 == 0o600
    assert {file.name for file in path.parent.iterdir()} <= {"mlflow.db", "mlflow.db-wal", "mlflow.db-shm"}


def test_several_that_make_it_at_once_make_one(lab_folder):
    path = lab_folder / "mlflow.db"
    command = [sys.executable, "-m", "stratolab.tracking.by_mlflow", "make", path]
    makers = [subprocess.Popen(command) for _ in range(3)]
    assert [maker.wait(120) for maker in makers] == [0, 0, 0]
    assert make.ready(path)
    assert {file.name for file in lab_folder.iterdir()} <= {"mlflow.db", "mlflow.db-wal", "mlflow.db-shm"}


def test_one_that_cannot_be_made_says_why(tmp_path):
    (tmp_path / "mlflow.db").mkdir()
    process = make.start(tmp_path / "mlflow.db")
    with pytest.raises(RemoteError) as error:
        make.finish(process, tmp_path / "mlflow.db")
    assert error.value.doing == "making MLflow's store"


def test_without_mlflow_the_command_that_gets_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(make, "present", lambda: False)
    with pytest.raises(InputError) as error:
        make.start(tmp_path / "mlflow.db")
    assert error.value.hint == "pip install 'stratolab[tracking]'"


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """Stores of earlier revisions, made by MLflow's own migrations."""
    folder = tmp_path_factory.mktemp("older")
    paths = {one: folder / f"{one}.db" for one in REVISIONS}
    subprocess.run([sys.executable, "-c", OLDER, *map(str, paths.values())], check=True, capture_output=True)
    for path in paths.values():
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(
                "INSERT INTO experiments (experiment_id, name, lifecycle_stage) VALUES (0, 'Default', 'active')"
            )
    return paths


@pytest.mark.parametrize("old", REVISIONS)
def test_what_is_written_to_an_older_store_is_there_after_its_upgrade(older, mlflow_client, old):
    path = older[old]
    with Store(path, path.parent / WHOLE) as store:
        assert store.revision == old
        store.write([sweep(), trial(0), job()])
    backup = make.upgrade(path)
    assert backup == path.with_name(f"{path.name}.{old}.bak")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert (revision(backup), revision(path)) == (old, installed.installed().revision)
    run = mlflow_client(f"sqlite:///{path}").get_run(trial(0).id)
    assert (run.data.params, run.data.metrics) == ({"depth": "0", "rate": "0.1"}, {"loss": 1.0})
    assert make.upgrade(path) is None


def test_a_store_of_a_newer_mlflow_is_not_upgraded(made):
    with contextlib.closing(sqlite3.connect(made)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    assert make.upgrade(made) is None
    assert revision(made) == "ffffffffffff"


def test_an_upgrade_that_fails_says_where_the_store_as_it_was_is(older, tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_bytes(make.Path(older[REVISIONS[-1]]).read_bytes())
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (KNOWN[0],))
    with pytest.raises(RemoteError) as error:
        make.upgrade(path)
    assert str(path.with_name(f"mlflow.db.{KNOWN[0]}.bak")) in error.value.hint
