from __future__ import annotations

import pytest

from stratolab.tracking.scripts import Use, look

NONE, PYTHON = Use(), Use(seen=True)
SPEAKS, CHOOSES = Use(speaks=True, seen=True), Use(speaks=True, chooses=True, seen=True)


@pytest.mark.parametrize(
    ("command", "files", "use"),
    [
        ("python train.py --x 1", {"train.py": "import mlflow"}, SPEAKS),
        ("python train.py", {"train.py": "print(1)"}, PYTHON),
        ("python train.py", {"train.py": "import mlflow\nmlflow.set_experiment('a')"}, CHOOSES),
        ("python train.py", {"train.py": "logger.set_experiment('a')"}, PYTHON),
        ("python train.py", {"train.py": "from helpers import log", "helpers.py": "import mlflow"}, SPEAKS),
        (
            "python train.py",
            {"train.py": "import a.b", "a/__init__.py": "", "a/b.py": "import mlflow"},
            SPEAKS,
        ),
        ("python train.py", {"train.py": "import os, helpers", "helpers.py": "MLFlowLogger"}, SPEAKS),
        ("python src/train.py", {"src/train.py": "import helpers", "src/helpers.py": "mlflow"}, SPEAKS),
        ("python src/train.py", {"src/train.py": "import lib.x", "lib/x.py": "mlflow"}, SPEAKS),
        ("python -m app.train", {"app/train.py": "from . import log", "app/log.py": "mlflow"}, PYTHON),
        ("python -m app.train", {"app/train.py": "from .log import x", "app/log.py": "mlflow"}, SPEAKS),
        ("python -m app", {"app/__main__.py": "import mlflow"}, SPEAKS),
        ("sh train.sh", {"train.sh": "python -c 'import mlflow'"}, Use(speaks=True)),
        ("sh train.sh", {"train.sh": "make"}, NONE),
        ("make train", {}, NONE),
        ("python missing.py", {}, NONE),
        ("python a.py", {"a.py": "import b", "b.py": "import a"}, PYTHON),
    ],
)
def test_what_a_command_says_of_mlflow(tmp_path, command, files, use):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert look(command.split(), str(tmp_path)) == use


def test_a_large_project_is_not_read_for_ever(tmp_path):
    for number in range(500):
        (tmp_path / f"m{number}.py").write_text(f"import m{number + 1}")
    (tmp_path / "m499.py").write_text("import mlflow")
    assert look(["python", "m0.py"], str(tmp_path)) == PYTHON


def test_a_script_that_cannot_be_read_says_nothing(tmp_path):
    (tmp_path / "train.py").symlink_to(tmp_path / "nowhere")
    assert look(["python", "train.py"], str(tmp_path)) == NONE
