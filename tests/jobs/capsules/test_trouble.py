"""Repositories that make trouble: no git, a failing one, settings, locks, names, links."""

import os
import shutil

import pytest
from tests.jobs.capsules.project import tree

from stratolab.jobs import capsule


def restored(project, taken, tmp_path):
    """The tree that the capsule gives back."""
    capsule.restore(capsule.load(project.store, taken.id), project.store, tmp_path / "restored")
    return tree(tmp_path / "restored")


def test_without_git_on_the_machine(project, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    taken = project.take()
    assert taken.note == "git is not installed"
    assert set(taken.copied) == {".gitignore", "train.py", "lib/model.py"}
    assert restored(project, taken, tmp_path) == tree(project.folder)


def test_a_broken_repository_is_a_plain_folder_with_a_note(project):
    (project.folder / ".git" / "HEAD").write_text("nonsense")
    taken = project.take()
    assert "not a git repository" in taken.note
    assert "train.py" in taken.copied


def git_that_fails(place, word, *, times, monkeypatch):
    """On the PATH, a git whose command `word` fails so many times."""
    real = shutil.which("git")
    place.mkdir()
    script = place / "git"
    script.write_text(
        "#!/bin/sh\nword=$1; [ $1 = -c ] && word=$3\n"
        f"if [ $word = {word} ] && [ $(ls {place} | wc -l) -le {times} ]; then\n"
        f"  touch {place}/$$; echo 'fatal: it went away' >&2; exit 128\nfi\nexec {real} \"$@\"\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")


@pytest.mark.parametrize("word", ["status", "ls-files", "diff", "hash-object"])
def test_a_file_that_goes_away_meanwhile_is_no_failure(project, tmp_path, monkeypatch, word):
    project.write("train.py", "changed\n")
    expected = project.take()
    git_that_fails(tmp_path / "bin", word, times=1, monkeypatch=monkeypatch)
    assert project.take() == expected
    assert len(list((tmp_path / "bin").iterdir())) == 2


def test_a_git_that_keeps_failing_is_done_without(project, tmp_path, monkeypatch):
    project.write("train.py", "changed\n")
    git_that_fails(tmp_path / "bin", "diff", times=9, monkeypatch=monkeypatch)
    taken = project.take()
    assert (taken.note, taken.commit) == ("fatal: it went away", "")
    assert "train.py" in taken.copied


def test_variables_and_settings_of_the_user_change_nothing(project, monkeypatch, tmp_path):
    project.write("train.py", "print('changed')\n")
    project.write("new.py")
    expected = project.take()
    for key, value in (
        ("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"), ("color.ui", "always"),
        ("diff.external", "false"), ("status.showUntrackedFiles", "no"), ("status.relativePaths", "true"),
        ("diff.ignoreSubmodules", "all"), ("diff.renames", "copies"), ("apply.whitespace", "error-all"),
    ):  # fmt: skip
        project.git("config", key, value)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    assert project.take() == expected
    assert restored(project, expected, tmp_path) == tree(project.folder)


def test_line_ends_that_git_converts_come_back_as_git_has_them(project, tmp_path):
    project.write(".gitattributes", "train.py text eol=crlf\n")
    project.write("train.py", "one\r\ntwo\r\n")
    project.commit()
    project.write("train.py", "one\r\nthree\r\n")
    before = project.take()
    assert restored(project, before, tmp_path) == tree(project.folder)
    project.commit()
    assert project.since(before) == []


def test_names_that_git_could_misread(project, tmp_path):
    names = [
        "a b.py", '"quoted".py', "line\nbreak.py", "-dash.py", ":(top)magic.py", "*.py", "tab\t.py", "été.py",
        "back\\slash.py", "per%cent.py", "[a].py",
    ]  # fmt: skip
    for name in names[:6]:
        project.write(name, "committed\n")
    project.commit()
    for name in names:
        project.write(name, "now\n")
    (project.folder / os.fsdecode(b"not-utf8-\xff.py")).write_text("raw\n")
    taken = project.take()
    assert taken.left_out == {}
    assert restored(project, taken, tmp_path) == tree(project.folder)
    project.commit()
    assert project.since(taken) == []


def test_links_are_kept_inside_and_named_when_they_lead_out(project, tmp_path):
    (tmp_path / "secret.txt").write_text("outside")
    (project.folder / "inside.py").symlink_to("lib/model.py")
    (project.folder / "out.py").symlink_to(tmp_path / "secret.txt")
    (project.folder / "up").symlink_to("..")
    (project.folder / "nowhere.py").symlink_to("missing.py")
    taken = project.take()
    assert list(taken.copied) == ["inside.py"]
    assert set(taken.left_out) == {"out.py", "up", "nowhere.py"}
    assert restored(project, taken, tmp_path)["inside.py"] == ("link", b"lib/model.py")


def test_a_pipe_is_passed_over(plain):
    os.mkfifo(plain.folder / "pipe.py")
    taken = plain.take()
    assert "pipe.py" not in taken.copied


def test_the_repository_is_only_read(project):
    project.write("train.py", "changed\n")
    project.write("new.py")
    untouched = project.take()
    os.utime(project.folder / "lib/model.py", (0, 0))  # touched: git would refresh its index now

    def state():
        own = project.folder / ".git"
        return {path: path.stat().st_mtime_ns for path in own.rglob("*")} | {
            "index": (own / "index").read_bytes()
        }

    before = state()
    taken = project.take()
    capsule.restore(taken, project.store, project.folder.parent / "restored")
    assert state() == before
    assert taken == untouched


def test_a_lock_on_the_index_is_not_in_the_way(project):
    (project.folder / ".git" / "index.lock").touch()
    project.write("train.py", "changed\n")
    assert project.take().diff


def test_no_temporary_files_are_left(project, tmp_path, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    project.write("train.py", "changed\n")
    capsule.restore(project.take(), project.store, tmp_path / "restored")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert [path for path in project.store.rglob(".*") if path.is_file()] == []
