"""`stratolab init`: what is written, and what is never written over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stratolab.config.load import check
from stratolab.config.scaffold import TEMPLATES, create
from stratolab.core.errors import InputError, RefusedError
from stratolab.core.names import is_name

if TYPE_CHECKING:
    from pathlib import Path


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_a_sound_project(tmp_path: Path, template: str) -> None:
    folder = tmp_path / "My Project 2!"
    written = create(folder, template)
    assert sorted(str(path.relative_to(folder)) for path in written) == sorted(tree(folder))
    checked = check(folder, cpus=2)
    assert [str(finding) for finding in checked.findings] == []
    assert checked.config is not None
    assert checked.config.project.name == "my-project-2"


def test_minimal_holds_three_files(tmp_path: Path) -> None:
    assert sorted(tree_of(tmp_path)) == [".gitignore", "stratolab.toml", "train.py"]
    assert ".stratolab/" in (tmp_path / "p" / ".gitignore").read_text().split("\n")


def tree_of(folder: Path) -> dict[str, bytes]:
    create(folder / "p", "minimal")
    return tree(folder / "p")


def test_world_series_brings_its_sources_and_nothing_that_ran(tmp_path: Path) -> None:
    create(tmp_path / "p", "world-series")
    files = tree(tmp_path / "p")
    assert "train.py" in files
    assert [
        name for name in files if "__pycache__" in name or name.endswith(".pyc") or ".stratolab/" in name
    ] == []


def test_the_script_prints_a_line_a_step_and_a_last_one(tmp_path: Path) -> None:
    create(tmp_path / "p", "minimal")
    ended = subprocess.run(
        [
            sys.executable,
            "-S",
            "-E",
            "train.py",
            "--depth",
            "7",
            "--rate",
            "0.1",
            "--model",
            "bold",
            "--boldness",
            "1.2",
        ],
        cwd=tmp_path / "p",
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line.get("step") for line in lines] == [*range(1, 21), None]
    assert lines[-1]["loss"] == lines[-2]["loss"]
    assert lines[-1]["loss"] == pytest.approx(0.15, abs=0.01)
    assert ended.stderr == ""


def test_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path  # noqa: PLC0415

    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    written = create(Path(), "minimal")
    assert sorted(str(path.relative_to(Path())) for path in written) == [
        ".gitignore",
        "stratolab.toml",
        "train.py",
    ]
    assert check(Path()).config is not None
    assert 'name = "here"' in (tmp_path / "here" / "stratolab.toml").read_text()


@pytest.mark.parametrize("name", ["Ünïcode", "123", "---", "日本", "a" * 80, "a.b_c d", "x-"])
def test_any_folder_gives_a_valid_name(tmp_path: Path, name: str) -> None:
    create(tmp_path / name, "minimal")
    config = check(tmp_path / name).config
    assert config is not None
    assert is_name(config.project.name)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("mine")
    (tmp_path / "stratolab.toml").write_text("mine too")
    before = tree(tmp_path)
    with pytest.raises(RefusedError) as caught:
        create(tmp_path, "minimal")
    assert caught.value.exit_code == 3
    assert caught.value.what == (
        f"{tmp_path / 'stratolab.toml'}, {tmp_path / 'train.py'} exist already; nothing was written"
    )
    assert tree(tmp_path) == before


def test_a_second_time_is_refused(tmp_path: Path) -> None:
    create(tmp_path / "p", "minimal")
    before = tree(tmp_path)
    with pytest.raises(RefusedError):
        create(tmp_path / "p", "minimal")
    assert tree(tmp_path) == before


def test_a_link_that_leads_nowhere_is_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "train.py").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RefusedError, match="exists already"):
        create(tmp_path, "minimal")
    assert not (tmp_path / "elsewhere").exists()


def test_an_existing_gitignore_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("data/\n")
    create(tmp_path, "minimal")
    assert (tmp_path / ".gitignore").read_text() == "data/\n"


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("a file")
    with pytest.raises(RefusedError, match="exists already"):
        create(tmp_path / "p", "minimal")


def test_a_file_where_the_template_has_a_folder(tmp_path: Path) -> None:
    (tmp_path / "worldseries").write_text("a file")
    with pytest.raises(RefusedError, match="worldseries exists already"):
        create(tmp_path, "world-series")
    assert sorted(tree(tmp_path)) == ["worldseries"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    program = """if True:
        import resource, sys
        from pathlib import Path
        from stratolab.config.scaffold import create
        from stratolab.core.errors import InputError
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))  # the first file is smaller, the second larger
        try:
            create(Path(sys.argv[1]), "minimal")
        except InputError as error:
            print(error.what)
    """
    ended = subprocess.run(
        [sys.executable, "-B", "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert ended.stdout.startswith("cannot write ")
    assert ended.stdout.endswith(": File too large\n")
    assert tree(tmp_path) == {}


def test_a_name_that_no_folder_can_have(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        create(tmp_path / ("x" * 300), "minimal")


def test_a_template_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no template 'minimum'") as caught:
        create(tmp_path, "minimum")
    assert caught.value.hint == "did you mean 'minimal'?"


def test_the_files_are_the_users_own(tmp_path: Path) -> None:
    create(tmp_path / "p", "minimal")
    for path in (tmp_path / "p").iterdir():
        assert os.access(path, os.R_OK | os.W_OK)
