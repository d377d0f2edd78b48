from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys

import pytest

from stratolab.core.errors import InputError, RefusedError
from stratolab.models import delivery, service
from stratolab.models.local import LocalRegistry
from stratolab.models.models import Origin, Reference
from stratolab.models.signing import LabKey
from stratolab.testing.registry import ORIGIN, RegistryContract
from stratolab.tracking import make


def open_registry(lab):
    return LocalRegistry(lab, lambda: make.make(lab / "mlflow.db"))


@pytest.fixture
def registry(lab_folder):
    return open_registry(lab_folder)


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.json"
    path.write_text('{"weights": [1, 2]}')
    return path


def add(registry, path, **wanted):
    return service.register(registry, service.Wanted(**{"name": "model", "origin": ORIGIN, **wanted}), path)[
        0
    ]


@pytest.mark.timeout(300)  # the first one in an environment has MLflow make its tables
class TestLocalRegistry(RegistryContract):
    @pytest.fixture
    def registry(self, lab_folder):
        return open_registry(lab_folder)

    @pytest.fixture
    def foreign(self, lab_folder):
        found = open_registry(lab_folder)
        found.signer = LabKey(lab_folder / "models" / "other-key")
        return found


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_can_read_what_is_kept(registry, model, lab_folder):
    model.chmod(0o644)
    before = os.umask(0)
    try:
        add(registry, model)
    finally:
        os.umask(before)
    for path in [lab_folder / "models", *(lab_folder / "models").rglob("*")]:
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_the_same_bytes_are_kept_once(registry, model, lab_folder):
    for run in range(3):
        add(registry, model, origin=Origin(run=f"{run:032x}", job="j"))
    assert len(list((lab_folder / "models" / "files").iterdir())) == 1


def test_a_lab_that_was_moved_has_its_models_with_it(registry, model, lab_folder, tmp_path):
    add(registry, model)
    moved = tmp_path / "elsewhere" / ".stratolab"
    moved.parent.mkdir()
    shutil.move(lab_folder, moved)
    found = open_registry(moved)
    folder, _ = delivery.verified(found, service.find(found, Reference("model")))
    assert folder.is_relative_to(moved)


def test_the_lab_itself_is_no_model(registry, lab_folder, tmp_path):
    for path in (tmp_path, lab_folder):
        with pytest.raises(InputError, match="holds the lab"):
            add(registry, path)


def test_files_that_are_gone_are_told(registry, model, lab_folder):
    version = add(registry, model)
    shutil.rmtree(lab_folder / "models" / "files")
    with pytest.raises(InputError, match="gone"):
        delivery.verified(registry, version)
    assert add(registry, model) == version
    assert delivery.verified(registry, version)


def test_a_pipe_or_a_socket_is_no_model(registry, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    with pytest.raises(RefusedError, match="neither"):
        add(registry, folder)


def test_a_forged_hash_leads_nowhere(registry, model, lab_folder, tmp_path):
    add(registry, model)
    (tmp_path / "secret").mkdir()
    with sqlite3.connect(lab_folder / "mlflow.db") as store:
        store.execute("UPDATE model_version_tags SET value = '../../secret' WHERE key = 'stratolab.sha256'")
    store.close()
    version = service.find(registry, Reference("model"))
    assert version.content is None
    assert registry.files(version).is_relative_to(lab_folder / "models" / "files")


# -- killed in the middle ---------------------------------------------------------------------------

PROGRAM = """
import sys
from pathlib import Path
from stratolab.models import service
from stratolab.models.local import LocalRegistry
from stratolab.models.signing import LabKey
from stratolab.testing.registry import ORIGIN
from stratolab.tracking import make
lab, model = map(Path, sys.argv[1:])
registry = LocalRegistry(lab, lambda: make.make(lab / "mlflow.db"))
print(service.register(registry, service.Wanted("model", ORIGIN), model)[0].version)
"""
POINTS = ("models.copied", "models.kept", "models.inserted", "models.made")


def start(lab, model, **env):
    command = [sys.executable, "-c", PROGRAM, str(lab), str(model)]
    return subprocess.Popen(command, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True)


def names_in_mlflow(lab):
    """Everything that MLflow would show: a model without versions would be half of one."""
    store = sqlite3.connect(lab / "mlflow.db")
    try:
        tables = ("registered_models", "model_versions", "model_version_tags")
        return [store.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] > 0 for table in tables]  # noqa: S608
    finally:
        store.close()


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_leaves_a_whole_version_or_none(registry, model, lab_folder, point):
    make.make(lab_folder / "mlflow.db")
    killed = start(lab_folder, model, STRATOLAB_CRASH_AT=point)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    seen = names_in_mlflow(lab_folder)
    assert seen == [point == "models.made"] * 3
    for version in registry.versions():
        delivery.verified(registry, version)
    assert add(registry, model).version == 1
    assert not any((lab_folder / "models" / "incoming").iterdir()), "what was left behind is gone"


def test_kills_at_any_moment_leave_whole_versions(registry, tmp_path, lab_folder):
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.json").write_text(str([number] * 5000))
    make.make(lab_folder / "mlflow.db")
    for delay in (0.15, 0.2, 0.25, 0.3, 0.35, 0.4):
        process = start(lab_folder, folder)
        try:
            process.communicate(timeout=delay)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        seen = names_in_mlflow(lab_folder)
        assert len(set(seen)) == 1, seen
        for version in registry.versions():
            delivery.verified(registry, version)
    assert add(registry, folder).version == 1


def test_processes_at_once_make_one_version(registry, model, lab_folder):
    make.make(lab_folder / "mlflow.db")
    running = [start(lab_folder, model) for _ in range(4)]
    answers = [process.communicate(timeout=60)[0] for process in running]
    assert answers == ["1\n"] * 4
    assert len(registry.versions()) == 1
