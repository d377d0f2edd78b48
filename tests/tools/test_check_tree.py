"""`tools/check_tree.py` finds what must not be committed. What is planted here is put together from parts."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent.parent / "tools" / "check_tree.py"

PLANTED = {
    "an AWS access key": "key = '" + "AKIA" + "Q2W3E4R5T6Y7U8I9'",
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a GitHub token": "gh" + "p_" + "a1B2" * 9,
    "a Slack token": "xox" + "b-1234567890-abc",
    "a signed web token": "ey" + "J" + "a" * 20 + ".ey" + "J" + "b" * 20 + ".c",
    "a password in an address": "postgresql://ana:" + "correct-horse@db.corp.net/lab",
}

HARMLESS = (
    "AKIA" + "IOSFODNN7EXAMPLE",
    "postgresql://ana:" + "correct-horse@localhost/lab",
    "postgresql://ana:" + "correct-horse@db.example.com/lab",
    "postgresql://ana:{password}@db.corp.net/lab",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository that holds the check and nothing else."""
    root = tmp_path / "tree"
    (root / "tools").mkdir(parents=True)
    shutil.copy(SCRIPT, root / "tools")
    subprocess.run(["git", "init", "--quiet", root], check=True)
    return root


def check(tree: Path) -> tuple[int, str]:
    told = subprocess.run(
        [sys.executable, tree / "tools" / "check_tree.py"], capture_output=True, text=True, check=False
    )
    return told.returncode, told.stdout


def test_a_clean_tree_is_clean(tree: Path) -> None:
    assert check(tree) == (0, "tree: clean\n")


@pytest.mark.parametrize("kind", PLANTED)
def test_a_secret_is_found_with_its_place(tree: Path, kind: str) -> None:
    (tree / "notes.txt").write_text(f"first line\n{PLANTED[kind]}\n")
    assert check(tree) == (1, f"notes.txt:2: {kind}\n")


@pytest.mark.parametrize("text", HARMLESS)
def test_an_example_is_let_pass(tree: Path, text: str) -> None:
    (tree / "notes.txt").write_text(text)
    assert check(tree)[0] == 0


def test_a_path_of_this_machine_is_found(tree: Path) -> None:
    (tree / "settings.toml").write_text(f'data = "{tree.parent}/data.csv"\n')
    assert check(tree) == (1, "settings.toml:1: a path of one machine\n")


@pytest.mark.parametrize(
    "name", ["locks/dev.txt", "requirements.txt", "app/poetry.lock", "package-lock.json", "pip.conf"]
)
def test_an_address_in_a_lock_is_found(tree: Path, name: str) -> None:
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text("--extra-index-url https" + "://packages.corp.net/simple\n")
    code, told = check(tree)
    assert code == 1
    assert f"{name}:1: a lock names an address" in told


def test_a_requirement_without_a_hash_is_found(tree: Path) -> None:
    (tree / "locks").mkdir()
    (tree / "locks" / "run.txt").write_text(f"one==1 \\\n    --hash=sha256:{'0' * 64}\ntwo==2\n")
    assert check(tree) == (1, "locks/run.txt: two==2 has no hash\n")


def test_a_large_file_is_found(tree: Path) -> None:
    (tree / "data.bin").write_bytes(bytes(1_000_001))
    assert "data.bin: 1000001 bytes" in check(tree)[1]


def test_what_git_ignores_is_not_read(tree: Path) -> None:
    (tree / ".gitignore").write_text("private.txt\n")
    (tree / "private.txt").write_text(PLANTED["a private key"])
    assert check(tree)[0] == 0
