"""Lock files and installed packages."""

import importlib.metadata
import re
import sys

import pytest

from stratolab.jobs.capsules import environment
from stratolab.jobs.capsules.objects import Objects


def test_installed_packages_are_those_that_python_knows():
    listed = dict(line.split("==") for line in environment.installed().splitlines())
    known: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        known.setdefault(re.sub(r"[-_.]+", "-", distribution.name).lower(), distribution.version)
    assert listed == known
    assert "pytest" in listed
    assert list(listed) == sorted(listed)


def test_the_first_on_the_path_is_the_one_that_counts(tmp_path, monkeypatch):
    for place, version in (("a", "2.0"), ("b", "1.0")):
        (tmp_path / place / f"My_Package.x-{version}.dist-info").mkdir(parents=True)
    (tmp_path / "b" / "old_one-0.3-py3.11.egg-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "none")])
    assert environment.installed() == "my-package-x==2.0\nold-one==0.3\n"


def test_the_python_and_platform(project):
    taken = project.take()
    assert taken.python == ".".join(map(str, sys.version_info[:3]))
    assert taken.platform.startswith(sys.platform)
    assert b"pytest==" in Objects(project.store).get(taken.packages)


@pytest.mark.parametrize(
    ("there", "configured", "chosen"),
    [
        ([], None, ""),
        ([], "my.lock", ""),
        (["requirements.txt", "uv.lock", "poetry.lock"], None, "uv.lock"),
        (["uv.lock", "conda/my.lock"], "conda/my.lock", "conda/my.lock"),
        (["requirements.lock"], "gone.lock", "requirements.lock"),
    ],
)
def test_which_lock_file(plain, there, configured, chosen):
    for name in there:
        plain.write(name, f"the lock {name}")
    taken = plain.take(lock=configured)
    assert taken.lock == chosen
    if chosen:
        assert Objects(plain.store).get(taken.lock_content) == f"the lock {chosen}".encode()


def test_the_repositorys_lock_serves_a_project_inside_it(project):
    project.write("uv.lock")
    project.write("apps/run.py")
    project.folder = project.folder / "apps"
    assert project.take().lock == "../uv.lock"
