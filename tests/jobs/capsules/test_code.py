"""What a capsule holds of repositories in every state, and that it comes back exactly."""

import os
import shutil
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.jobs.capsules.project import AUTHOR, Project, tree

from stratolab.core.errors import InputError
from stratolab.jobs import capsule


def restored(project, taken, tmp_path, name="restored"):
    """The tree that the capsule gives back."""
    capsule.restore(capsule.load(project.store, taken.id), project.store, tmp_path / name)
    return tree(tmp_path / name)


def test_a_clean_repository_is_its_commit(project, tmp_path):
    commit = project.git("rev-parse", "HEAD")
    taken = project.take()
    assert (taken.commit, taken.branch, taken.dirty, taken.prefix) == (commit, "main", False, "")
    assert (taken.diff, taken.copied, taken.changed, taken.left_out) == ("", {}, {}, {})
    assert project.take() == taken
    assert restored(project, taken, tmp_path) == tree(project.folder)


def test_every_kind_of_change_comes_back(project, tmp_path):
    project.write("data.bin", bytes(range(256)) * 4)
    project.write("gone.py")
    project.write("moved.py", "def moved():\n    return 1\n" * 9)
    project.write("tool.sh", "#!/bin/sh\n")
    project.write("will-be-link.py")
    project.commit()
    project.write("train.py", "print('changed')\n")
    project.write("data.bin", bytes(reversed(range(256))) * 4)
    project.write("lib/model.py", "DEPTH = 4\n")
    project.git("add", "lib/model.py")
    project.write("lib/model.py", "DEPTH = 5\n")  # staged, and changed again
    (project.folder / "gone.py").unlink()
    project.git("mv", "moved.py", "there.py")
    (project.folder / "tool.sh").chmod(0o755)
    (project.folder / "will-be-link.py").unlink()
    (project.folder / "will-be-link.py").symlink_to("train.py")
    project.write("staged.py", "new and staged\n")
    project.git("add", "staged.py")
    project.write("new.py", "new\n")
    project.write("new.sh", "#!/bin/sh\n").chmod(0o755)
    project.write("no-newline.txt", "end")
    project.write("empty.py", "")
    taken = project.take()
    assert taken.dirty
    assert set(taken.copied) == {"new.py", "new.sh", "no-newline.txt", "empty.py"}
    assert restored(project, taken, tmp_path) == tree(project.folder)


def test_removed_from_the_index_but_still_there(project, tmp_path):
    project.git("rm", "-q", "--cached", "train.py")
    taken = project.take()
    assert "train.py" in taken.copied
    assert restored(project, taken, tmp_path) == tree(project.folder)


def test_ignored_files_and_the_lab_are_not_in_it(project, tmp_path):
    project.write(".gitignore", "out/\n")  # the lab is not even ignored
    project.write("out/model.bin")
    project.write(".stratolab/notes.py", "the lab's own\n")
    project.write("apps/.stratolab/notes.py", "another lab's\n")
    taken = project.take()
    assert not [path for path in taken.copied if "stratolab" in path or path.startswith("out/")]
    assert set(restored(project, taken, tmp_path)) == {".gitignore", "train.py", "lib/model.py"}


def test_a_lab_that_was_committed_by_mistake_is_left_alone(project):
    project.write(".stratolab/jobs.py", "1\n")
    project.git("add", "-f", ".stratolab/jobs.py")
    project.git("commit", "-q", "-m", "oops")
    before = project.take()
    project.write(".stratolab/jobs.py", "2\n")
    after = project.take()
    assert (after.diff, after.copied) == ("", {})
    assert capsule.differences(before, after, folder=project.folder) == []


def test_environments_and_caches_are_not_code(project):
    project.write("my-env/pyvenv.cfg", "home = /usr\n")
    project.write("my-env/lib/site.py")
    project.write("node_modules/x/index.js")
    project.write("__pycache__/train.cpython-311.pyc")
    project.write("real.py")
    assert set(project.take().copied) == {"real.py"}


def test_before_the_first_commit(plain, tmp_path):
    plain.git("init", "-q", "-b", "main")
    plain.git("add", "train.py")
    plain.write("gone.py")
    plain.git("add", "gone.py")
    (plain.folder / "gone.py").unlink()
    taken = plain.take()
    assert (taken.commit, taken.branch, taken.dirty) == ("", "main", True)
    assert set(taken.copied) == {"train.py", "lib/model.py"}
    assert restored(plain, taken, tmp_path) == tree(plain.folder)


def test_a_detached_head_has_no_branch(project):
    project.git("checkout", "-q", "--detach")
    taken = project.take()
    assert (taken.branch, taken.commit) == ("", project.git("rev-parse", "HEAD"))


def test_a_linked_worktree(project, tmp_path):
    project.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    linked = Project(tmp_path / "linked")
    linked.write("train.py", "print('in the worktree')\n")
    linked.write("new.py")
    taken = linked.take()
    assert (taken.branch, taken.dirty) == ("other", True)
    assert restored(linked, taken, tmp_path) == tree(linked.folder)


def test_a_project_inside_a_larger_repository(project, tmp_path):
    apps = Project(project.folder / "apps" / "train")
    apps.write("run.py", "import lib\n")
    project.commit()
    project.write("lib/model.py", "DEPTH = 9\n")  # outside of the project, and what it imports
    apps.write("new.py")
    taken = apps.take()
    assert (taken.prefix, taken.commit) == ("apps/train", project.git("rev-parse", "HEAD"))
    assert list(taken.copied) == ["apps/train/new.py"]
    where = capsule.restore(taken, apps.store, tmp_path / "restored")
    assert where == tmp_path / "restored" / "apps" / "train"
    assert tree(tmp_path / "restored") == tree(project.folder)


def test_submodules_are_named_by_their_commit_and_come_back(project, tmp_path):
    helper = Project(tmp_path / "helper")
    helper.write("helper.py", "first\n")
    helper.git("init", "-q")
    first = helper.commit()
    project.git("submodule", "--quiet", "add", str(helper.folder), "helper")
    project.commit()
    assert project.take().submodules == {"helper": first}
    helper.write("helper.py", "second\n")
    second = helper.commit()
    project.git("fetch", "-q", at=project.folder / "helper")
    project.git("checkout", "-q", second, at=project.folder / "helper")
    taken = project.take()
    assert taken.submodules == {"helper": second}
    assert taken.left_out == {}
    assert restored(project, taken, tmp_path) == tree(project.folder)
    project.write("helper/helper.py", "not committed\n")
    inside = project.take()
    assert inside.submodules == {"helper": second}
    assert "only its commit is recorded" in inside.left_out["helper"].reason
    assert restored(project, inside, tmp_path, "again")["helper/helper.py"] == ("file", b"second\n")


def test_a_repository_inside_the_repository_is_named(project):
    inner = Project(project.folder / "inner")
    inner.write("inner.py")
    inner.git("init", "-q")
    inner.commit()
    assert project.take().left_out["inner/"].reason == "a repository of its own"


def test_a_merge_in_conflict(project, tmp_path):
    project.git("checkout", "-q", "-b", "theirs")
    project.write("train.py", "theirs\n")
    (project.folder / "lib/model.py").unlink()
    project.commit()
    project.git("checkout", "-q", "main")
    project.write("train.py", "ours\n")
    project.write("lib/model.py", "ours\n")
    project.commit()
    merged = subprocess.run(
        ["git", *AUTHOR, "merge", "theirs"], cwd=project.folder, check=False, capture_output=True
    )
    assert merged.returncode == 1
    taken = project.take()
    assert taken.copied.keys() == {"train.py", "lib/model.py"}
    assert b"<<<<<<<" in restored(project, taken, tmp_path)["train.py"][1]
    assert restored(project, taken, tmp_path, "again") == tree(project.folder)
    (project.folder / "lib/model.py").unlink()
    assert restored(project, project.take(), tmp_path, "without") == tree(project.folder)


def test_a_plain_folder(plain, tmp_path):
    plain.write("readme.md")
    plain.write("run.sh", "#!/bin/sh\n").chmod(0o755)
    plain.write("__pycache__/x.pyc")
    taken = plain.take()
    assert (taken.commit, taken.note) == ("", "")
    assert set(taken.copied) == {"train.py", "lib/model.py", "readme.md", "run.sh"}
    shutil.rmtree(plain.folder / "__pycache__")
    assert restored(plain, taken, tmp_path) == tree(plain.folder)
    assert plain.take() == taken


def test_a_project_that_the_repository_around_it_ignores(project, tmp_path):
    project.write(".gitignore", "scratch/\n.stratolab/\n")
    project.commit()
    scratch = Project(project.folder / "scratch")
    scratch.write("try.py")
    taken = scratch.take()
    assert (taken.commit, taken.note) == ("", "the repository around it ignores this folder")
    assert restored(scratch, taken, tmp_path) == tree(scratch.folder)


CONTENTS = st.one_of(
    st.text(alphabet="ab\n\r\0é", max_size=12).map(lambda text: text.encode()), st.binary(max_size=40)
)
NAMES = st.sampled_from(["a.py", "b.py", "lib/c.py", "lib/d.bin", "e f.txt"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "delete", "stage", "commit", "mode"]), NAMES, CONTENTS), max_size=8
)


@given(steps=STEPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_done_comes_back(tmp_path_factory, steps):
    project = Project(tmp_path_factory.mktemp("any") / "work")
    project.folder.mkdir()
    project.git("init", "-q")
    for step, name, content in steps:
        place = project.folder / name
        if step == "write":
            project.write(name, content)
        elif step == "commit":
            project.commit()
        elif place.exists():
            if step == "delete":
                place.unlink()
            elif step == "mode":
                place.chmod(0o755)
            else:
                project.git("add", name)
    before = project.take()
    assert restored(project, before, project.folder.parent) == tree(project.folder)
    project.git("add", "-A", "--", ":(exclude).stratolab")
    project.git("commit", "-q", "--allow-empty", "-m", "all of it")
    assert project.since(before) == []


def test_many_at_once_agree(project):
    project.write("train.py", "changed\n")
    for number in range(30):
        project.write(f"new{number}.py", f"{number}\n")
    program = (
        "import sys; from pathlib import Path; from stratolab.jobs import capsule;"
        "print(capsule.take(Path(sys.argv[1]), Path(sys.argv[2])).id)"
    )
    words = [sys.executable, "-c", program, str(project.folder), str(project.store)]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    ids = {process.communicate()[0].strip() for process in running}
    assert ids == {project.take().id}


def test_five_thousand_files_take_no_time(tmp_path):
    project = Project(tmp_path / "work")
    for number in range(5000):
        project.write(f"pkg{number % 50}/m{number}.py", f"# {number}\n")
    project.write(".gitignore", ".stratolab/\n")
    project.git("init", "-q")
    project.commit()
    project.write("pkg1/m1.py", "changed\n")

    def timed():
        before = os.times().elapsed
        project.take()
        return os.times().elapsed - before

    # 60 ms on two idle cores, 150 ms with all of them busy; the bound is for the slowest of CI machines.
    assert min(timed() for _ in range(5)) < 1.0


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_folder_that_is_none(tmp_path, kind):
    folder = tmp_path / kind
    if kind == "file":
        folder.touch()
    with pytest.raises(InputError, match="there is no folder"):
        capsule.take(folder, tmp_path / "store")
