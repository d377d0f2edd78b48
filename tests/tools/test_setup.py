"""`tools/setup`: what it says when it cannot, and that it costs nothing when there is nothing to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what the set-up reads, with two small locks."""
    folder = tmp_path / "clone"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "setup", folder / "tools")
    (folder / "locks").mkdir()
    (folder / "locks" / "run.txt").write_text("# empty\n")
    (folder / "locks" / "dev.txt").write_text("# empty\n")
    (folder / "pyproject.toml").write_text('[project]\nname = "small"\n')
    return folder


def set_up(clone: Path, what: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "tools" / "setup", what],
        env={**os.environ, **env},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def stand_in(folder: Path, name: str, script: str) -> None:
    """A program of this name that does what `script` says."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def with_uv(clone: Path, *, works: bool = True) -> dict[str, str]:
    """An environment where uv is a stand-in that notes its arguments and makes a .venv of this Python."""
    made = clone / ".venv" / "bin"
    stand_in(
        clone / "bin",
        "uv",
        f'echo "$@" >>{clone}/calls\n'
        f'[ "$1" = venv ] && mkdir -p {made} && ln -sf {sys.executable} {made}/python\n'
        f"exit {0 if works else '$([ $1 = pip ] && echo 1 || echo 0)'}",
    )
    return {"PATH": f"{clone / 'bin'}:{os.environ['PATH']}", "NO_UV": ""}


def calls(clone: Path) -> list[str]:
    return (clone / "calls").read_text().splitlines()


def test_a_second_call_does_nothing(clone: Path) -> None:
    uv = with_uv(clone)
    assert set_up(clone, "dev", **uv).returncode == 0
    before = calls(clone)
    second = set_up(clone, "dev", **uv)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert calls(clone) == before


def test_what_tests_need_is_enough_for_the_demo(clone: Path) -> None:
    uv = with_uv(clone)
    set_up(clone, "dev", **uv)
    before = calls(clone)
    set_up(clone, "run", **uv)
    assert calls(clone) == before


def test_what_the_demo_needs_is_not_enough_for_tests(clone: Path) -> None:
    uv = with_uv(clone)
    set_up(clone, "run", **uv)
    before = calls(clone)
    set_up(clone, "dev", **uv)
    added = calls(clone)[len(before) :]
    assert any("locks/dev.txt" in call for call in added)
    assert not any(call.startswith("venv") for call in added)


@pytest.mark.parametrize("changed", ["locks/run.txt", "pyproject.toml", "tools/setup"])
def test_a_changed_file_is_set_up_again(clone: Path, changed: str) -> None:
    uv = with_uv(clone)
    set_up(clone, "run", **uv)
    before = calls(clone)
    with (clone / changed).open("a") as file:
        file.write("# changed\n")
    set_up(clone, "run", **uv)
    assert len(calls(clone)) > len(before)


def test_a_moved_folder_gets_a_new_environment(clone: Path, tmp_path: Path) -> None:
    set_up(clone, "run", **with_uv(clone))
    moved = clone.rename(tmp_path / "elsewhere")
    set_up(moved, "run", **with_uv(moved))
    assert any(call.startswith("venv") for call in calls(moved))


def test_everything_is_installed_by_hash_and_nothing_besides(clone: Path) -> None:
    set_up(clone, "run", **with_uv(clone))
    lock, project = (call for call in calls(clone) if call.startswith("pip install"))
    assert {"--require-hashes", "--no-deps"} <= set(lock.split())
    assert {"--no-build-isolation", "--no-deps"} <= set(project.split())


def test_a_failure_shows_the_end_of_the_log_and_is_not_taken_for_done(clone: Path) -> None:
    broken = with_uv(clone, works=False)
    told = set_up(clone, "run", **broken)
    assert told.returncode == 4
    assert "try:" in told.stderr
    assert set_up(clone, "run", **broken).returncode == 4


def test_without_a_python_it_says_which_it_wants(clone: Path) -> None:
    told = set_up(clone, "run", PYTHON="no-such-python", NO_UV="1")
    assert told.returncode == 2
    assert "no Python 3.11, 3.12 or 3.13" in told.stderr
    assert "make setup PYTHON=" in told.stderr


def test_without_the_venv_module_it_names_the_package(clone: Path) -> None:
    # A Python of Debian without python3-venv: everything but ensurepip.
    stand_in(clone / "bin", "bare", f'case $2 in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"')
    stand_in(
        clone / "bin",
        "base",
        f'case $2 in *executable*) echo {clone}/bin/bare ;; *) exec {clone}/bin/bare "$@" ;; esac',
    )
    told = set_up(clone, "run", PYTHON=str(clone / "bin" / "base"), NO_UV="1")
    assert told.returncode == 2
    assert f"apt-get install python3.{sys.version_info.minor}-venv" in told.stderr


def test_an_unknown_set_is_refused(clone: Path) -> None:
    assert set_up(clone, "everything").returncode == 2
