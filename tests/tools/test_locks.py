"""The locks: complete, hashed, naming no address, and the demo's a part of the tests'."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pinned(lock: str) -> dict[str, list[str]]:
    """The versions that a lock names, by package: more than one where Python's version decides."""
    found: dict[str, list[str]] = {}
    text = (ROOT / "locks" / lock).read_text(encoding="utf-8")
    for name, version in re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)", text, re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def wanted(*, dev: bool) -> list[Requirement]:
    extras = PROJECT["project"]["optional-dependencies"]
    groups = PROJECT["dependency-groups"]
    lines = [*PROJECT["project"]["dependencies"], *extras["world-series"], *groups["build"]]
    if dev:
        lines += [line for extra in extras.values() for line in extra]
        lines += [line for line in groups["dev"] if isinstance(line, str)]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_a_lock_holds_what_the_project_asks_for(lock: str) -> None:
    found = pinned(lock)
    for requirement in wanted(dev=lock == "dev.txt"):
        versions = found.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement} is not in {lock}: make lock"
        assert all(requirement.specifier.contains(version) for version in versions), (
            f"{requirement}: make lock"
        )


def test_an_environment_for_tests_can_run_the_demo() -> None:
    dev = pinned("dev.txt")
    for name, versions in pinned("run.txt").items():
        assert dev[name] == versions


def test_the_demo_stays_light() -> None:
    heavy = {"mlflow", "pandas", "scipy", "scikit-learn", "sqlalchemy", "optuna", "torch"}
    assert not heavy & pinned("run.txt").keys()
    assert not {"torch", "jax"} & pinned("dev.txt").keys()


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_every_file_has_its_hash(lock: str) -> None:
    text = (ROOT / "locks" / lock).read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"\n(?=[a-z0-9])", text) if "==" in entry.partition("\n")[0]]
    assert len(entries) == sum(map(len, pinned(lock).values()))
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_no_address_is_named(lock: str) -> None:
    text = (ROOT / "locks" / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|index-url|find-links|trusted-host| @ ", text)
