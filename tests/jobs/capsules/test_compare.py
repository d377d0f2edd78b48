"""What counts as a difference between two sittings of a sweep (R23), and how it is told."""

import shutil
from dataclasses import replace

import pytest
from tests.jobs.capsules.project import Project

from stratolab.jobs import capsule
from stratolab.jobs.capsules.objects import Objects


def same(old, new):
    """Whether the quick comparison sees no difference."""
    return capsule.identity(old) == capsule.identity(new)


def test_nothing_changed(project):
    old = project.take()
    assert project.since(old) == []
    assert capsule.identity(old) == capsule.identity(project.take())


def test_changed_added_and_gone(project):
    project.write("gone.py")
    project.commit()
    old = project.take()
    project.write("train.py", "changed\n")
    project.write("new.py")
    (project.folder / "gone.py").unlink()
    expected = ["gone.py is gone since then", "new.py was added since then", "train.py changed since then"]
    assert project.since(old) == expected
    project.commit()
    assert project.since(old) == expected


def test_and_back_again(project):
    clean = project.take()
    project.write("train.py", "changed\n")
    project.write("new.py")
    changed = project.take()
    (project.folder / "new.py").unlink()
    project.write("train.py", "print('hello')\n")
    assert project.since(clean) == []
    assert project.since(changed) == ["new.py is gone since then", "train.py changed since then"]


def test_the_executable_bit_is_a_difference(project):
    old = project.take()
    (project.folder / "train.py").chmod(0o755)
    assert project.since(old) == ["train.py changed since then"]


def test_committing_the_same_files_is_none(project):
    project.write("train.py", "changed\n")
    project.write("new.py")
    project.write("params.json", "{}")  # not code, and not tracked when the sweep began
    (project.folder / "lib/model.py").unlink()
    old = project.take()
    project.commit()
    new = project.take()
    assert old.commit != new.commit
    assert project.since(old) == []


def test_committing_for_the_first_time_is_none(plain):
    plain.git("init", "-q")
    plain.write(".gitignore", ".stratolab/\n")
    old = plain.take()
    plain.commit()
    assert plain.since(old) == []
    assert capsule.identity(plain.take())["code"] == capsule.identity(old)["code"]


def test_putting_a_plain_folder_under_git_is_none(plain):
    old = plain.take()
    plain.git("init", "-q")
    plain.write(".gitignore", ".stratolab/\n")
    plain.commit()
    assert plain.since(old) == []
    plain.write("train.py", "changed\n")
    assert plain.since(old) == ["train.py changed since then"]
    under_git = plain.take()
    shutil.rmtree(plain.folder / ".git")
    assert plain.since(under_git) == []


def test_changes_in_a_plain_folder(plain):
    old = plain.take()
    plain.write("train.py", "changed\n")
    plain.write("new.py")
    plain.write("result.json", "{}")
    assert plain.since(old) == ["new.py was added since then", "train.py changed since then"]


def test_untracking_a_file_is_none(project):
    project.write("params.json", "{}")
    project.commit()
    old = project.take()
    project.git("rm", "-q", "--cached", "params.json", "train.py")
    project.git("commit", "-q", "-m", "untracked")
    assert project.since(old) == []


def test_what_jobs_write_is_none(project):
    old = project.take()
    for name in ("result.json", "out/plot.png", "model.pkl", "mlruns/0/meta.yaml", "report.md"):
        project.write(name)
    assert project.since(old) == []
    assert same(old, project.take())


def test_texts_for_readers_and_the_configuration_are_none(project):
    project.write("README.md", "one\n")
    project.write("stratolab.toml", "trials = 10\n")
    project.commit()
    old = project.take()
    project.write("README.md", "two\n")
    project.write("stratolab.toml", "trials = 20\n")
    assert project.since(old) == []
    project.commit()
    assert project.since(old) == []


def test_a_tracked_file_that_is_not_code_counts(project):
    project.write("params.json", "{}")
    project.commit()
    old = project.take()
    project.write("params.json", "{1}")
    assert project.since(old) == ["params.json changed since then"]
    project.commit()
    assert project.since(old) == ["params.json changed since then"]


def test_only_the_project_counts_in_a_larger_repository(project):
    apps = Project(project.folder / "apps")
    apps.write("run.py")
    project.commit()
    old = apps.take()
    project.write("train.py", "changed\n")
    project.commit()
    assert apps.since(old) == []
    apps.write("run.py", "changed\n")
    assert apps.since(old) == ["run.py changed since then"]
    project.commit()
    assert apps.since(old) == ["run.py changed since then"]


def test_a_submodule_at_another_commit(project, tmp_path):
    helper = Project(tmp_path / "helper")
    helper.write("helper.py", "first\n")
    helper.git("init", "-q")
    helper.commit()
    project.git("submodule", "--quiet", "add", str(helper.folder), "helper")
    project.commit()
    old = project.take()
    project.git("commit", "-q", "--allow-empty", "-m", "next", at=project.folder / "helper")
    assert project.since(old) == ["helper changed since then"]


def test_many_files_are_counted(project):
    old = project.take()
    for number in range(10):
        project.write(f"n{number}.py")
    lines = project.since(old)
    assert lines[0] == "n0.py was added since then"
    assert lines[8:] == ["and 2 more files"]


def test_a_rewritten_history_with_the_same_files_is_none(project):
    project.write("train.py", "two\n")
    project.commit()
    old = project.take()
    project.git("commit", "-q", "--amend", "-m", "another message")
    forget(project)
    assert project.since(old) == []


def test_a_commit_that_is_no_longer_here(project):
    project.write("train.py", "two\n")
    commit = project.commit()
    old = project.take()
    project.write("train.py", "three\n")
    project.git("commit", "-q", "-a", "--amend", "-m", "another")
    forget(project)
    (line,) = project.since(old)
    assert line.startswith(f"the code changed since then (commit {commit[:8]} then, ")


def forget(project):
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")


def test_without_the_repository_one_line_tells(project):
    old = project.take()
    project.write("train.py", "changed\n")
    project.commit()
    (line,) = capsule.differences(old, project.take())
    assert line.startswith("the code changed since the sweep began (commit ")


def test_a_copy_on_another_machine_is_the_same(project, tmp_path):
    project.write("train.py", "changed\n")
    project.write("data/teams.csv", "a,b\n")
    old = project.take(data=["data"])
    copy = Project(tmp_path / "elsewhere")
    shutil.copytree(project.folder, copy.folder, symlinks=True)
    assert copy.take(data=["data"]) == old


@pytest.mark.parametrize("data", ["data/teams.csv", "data"])
def test_data_by_its_content(plain, data):
    plain.write("data/teams.csv", "a,b\n")
    old = plain.take(data=[data])
    plain.write("data/teams.csv", "a,b\n")  # written again, the same
    assert plain.since(old, data=[data]) == []
    plain.write("data/teams.csv", "a,c\n")
    assert plain.since(old, data=[data]) == [f"{data} changed since then"]
    shutil.rmtree(plain.folder / "data")
    assert plain.since(old, data=[data]) == [f"{data} is gone since then"]
    gone = plain.take(data=[data])
    plain.write("data/teams.csv", "a,b\n")
    assert plain.since(gone, data=[data]) == [f"{data} was added since then"]


def test_data_that_is_no_longer_declared(plain):
    plain.write("teams.csv")
    old = plain.take(data=["teams.csv"])
    assert plain.since(old) == ["teams.csv is gone since then"]


def test_environments_are_told_by_package(project):
    old = project.take()
    assert capsule.environment_differences(old, old, project.store) == []
    objects = Objects(project.store)
    then = replace(old, packages=objects.put(b"numpy==1.26.4\nscipy==1.14.0\n"), python="3.11.7")
    now = replace(old, packages=objects.put(b"numpy==2.1.0\nxgb==1.0\n"), python="3.12.1", lock="uv.lock")
    assert capsule.environment_differences(then, now, project.store) == [
        "Python 3.11.7 then, 3.12.1 now",
        "lock file none then, uv.lock now",
        "numpy 1.26.4 then, 2.1.0 now",
        "scipy 1.14.0 then, not installed now",
        "xgb not installed then, 1.0 now",
    ]
    assert capsule.environment_differences(then, now)[-1] == "other packages are installed"


def test_a_changed_lock_file(project):
    project.write("uv.lock", "one")
    old = project.take()
    project.write("uv.lock", "two")
    assert capsule.environment_differences(old, project.take(), project.store) == ["uv.lock changed"]
