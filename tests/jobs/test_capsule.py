"""The store of capsules: private, whole, found again; and when restoring is refused."""

import json
import os
import shutil
import stat
import subprocess
from dataclasses import replace

import pytest

from stratolab.core.errors import InputError, RefusedError, StratolabError
from stratolab.jobs import capsule
from stratolab.jobs.capsules import records
from stratolab.jobs.capsules.models import Copied, as_json, from_json, named
from stratolab.jobs.capsules.objects import Objects

AUTHOR = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "work"
    place.mkdir()
    (place / "train.py").write_text("print('hello')\n")
    return place


@pytest.fixture
def store(folder):
    return folder / ".stratolab" / "capsules"


def commit(folder):
    for words in (["init", "-q"], ["add", "train.py"], ["commit", "-q", "-m", "work"]):
        subprocess.run(["git", *AUTHOR, *words], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_the_owner_can_read_it(folder, store, mask):  # L3
    (folder / "data.csv").write_text("a")
    before = os.umask(mask)
    try:
        capsule.take(folder, store, data=["data.csv"])
    finally:
        os.umask(before)
    places = [folder / ".stratolab", *(folder / ".stratolab").rglob("*")]
    modes = {(place.is_dir(), stat.S_IMODE(place.stat().st_mode)) for place in places}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_a_planted_link_is_not_written_through(folder, store, tmp_path):  # L3
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (folder / "data.csv").write_text("a")
    store.mkdir(parents=True)
    (store / "fingerprints.json").symlink_to(victim)
    capsule.take(folder, store, data=["data.csv"])
    assert victim.read_text() == "mine"


def test_the_same_state_is_stored_once(folder, store):
    os.utime(folder / "train.py", (10**9, 10**9))  # at rest, so that its fingerprint may be remembered
    first = capsule.take(folder, store)
    before = sorted((path, path.stat().st_mtime_ns) for path in store.rglob("*") if path.is_file())
    assert capsule.take(folder, store) == first
    assert sorted((path, path.stat().st_mtime_ns) for path in store.rglob("*") if path.is_file()) == before


def test_a_content_that_a_power_cut_emptied_is_written_again(store):
    objects = Objects(store)
    digest = objects.put(b"content")
    objects._path(digest).write_bytes(b"")
    assert not objects.has(digest)
    assert objects.get(objects.put(b"content")) == b"content"


def test_it_is_found_again(folder, store):
    commit(folder)
    (folder / "train.py").write_text("changed\n")
    (folder / "new.py").write_text("new\n")
    taken = capsule.take(folder, store, data=["train.py"])
    assert capsule.load(store, taken.id) == taken
    assert len(taken.id) == 16


def test_its_json_holds_no_path_of_this_machine(folder, store):
    commit(folder)
    (folder / "new.py").write_text("new\n")
    taken = capsule.take(folder, store, data=["train.py"])
    assert str(folder).encode() not in as_json(taken)


@pytest.mark.parametrize("name", ["0123456789abcdef", "", "../../../etc/passwd", "a/b", "."])
def test_there_is_none_by_that_name(folder, store, name):
    capsule.take(folder, store)
    with pytest.raises(InputError):
        capsule.load(store, name)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ({"python": "2.7.1"}, "does not match its name"),
        ({"format": 99}, "of a format that this version"),
        ({"surprise": 1}, "fields that are not known: surprise"),
        ({"copied": [1]}, "incomplete"),
        (None, "cannot be read"),
    ],
)
def test_a_damaged_record_is_not_believed(folder, store, damage, told):
    taken = capsule.take(folder, store)
    record = store / "records" / f"{taken.id}.json"
    record.write_text("{" if damage is None else json.dumps(json.loads(record.read_text()) | damage))
    with pytest.raises(StratolabError, match=told):
        capsule.load(store, taken.id)


def test_a_damaged_content_is_not_restored(folder, store, tmp_path):
    taken = capsule.take(folder, store)
    objects = Objects(store)
    wrong = objects._path(objects.put(b"something else"))
    shutil.copy(wrong, objects._path(taken.copied["train.py"].sha256))
    with pytest.raises(StratolabError, match="is damaged"):
        capsule.restore(taken, store, tmp_path / "there")
    objects._path(taken.copied["train.py"].sha256).unlink()
    with pytest.raises(StratolabError, match="is not stored"):
        capsule.restore(taken, store, tmp_path / "elsewhere")


def test_a_folder_that_holds_something_is_not_written_to(folder, store, tmp_path):
    taken = capsule.take(folder, store)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious.txt").touch()
    for place in (tmp_path / "full", tmp_path / "full" / "precious.txt"):
        with pytest.raises(RefusedError, match="is not empty"):
            capsule.restore(taken, store, place)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["precious.txt"]
    (tmp_path / "empty").mkdir()
    capsule.restore(taken, store, tmp_path / "empty")
    assert (tmp_path / "empty" / "train.py").exists()


def test_a_commit_that_is_not_here_is_named_with_what_to_do(folder, store, tmp_path):
    commit(folder)
    url = "https://example.com/ana/work.git"
    subprocess.run(["git", "remote", "add", "origin", url], cwd=folder, check=True)
    taken = capsule.take(folder, store)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(StratolabError, match="there is no git repository here") as caught:
        capsule.restore(taken, store, tmp_path / "one", folder=other)
    assert caught.value.hint == f"clone {url} and try there"
    (other / "train.py").touch()
    commit(other)
    with pytest.raises(StratolabError, match="not in this repository") as caught:
        capsule.restore(taken, store, tmp_path / "two", folder=other)
    assert caught.value.hint == f"git fetch {url} {taken.commit}"


def test_a_shallow_clone_restores_what_it_has(folder, store, tmp_path):
    commit(folder)
    old = capsule.take(folder, store)
    (folder / "train.py").write_text("second\n")
    subprocess.run(["git", *AUTHOR, "commit", "-q", "-a", "-m", "2"], cwd=folder, check=True)
    new = capsule.take(folder, store)
    shallow = tmp_path / "shallow"
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", folder.as_uri(), str(shallow)], check=True, capture_output=True
    )
    place = capsule.restore(new, store, tmp_path / "new", folder=shallow)
    assert (place / "train.py").read_text() == "second\n"
    with pytest.raises(StratolabError, match="not in this repository"):
        capsule.restore(old, store, tmp_path / "old", folder=shallow)


def test_data_is_linked_and_never_copied(folder, store, tmp_path):
    commit(folder)
    (folder / ".gitignore").write_text("data/\n")
    (folder / "data").mkdir()
    (folder / "data" / "teams.csv").write_text("a,b\n")
    outside = tmp_path / "outside.csv"
    outside.write_text("c\n")
    names = ["data/teams.csv", str(outside), "../outside.csv", "none.csv", "train.py"]
    taken = capsule.take(folder, store, data=names)
    there = capsule.restore(taken, store, tmp_path / "deep" / "there")
    assert capsule.link_data(taken, folder, there) == ["data/teams.csv"]
    assert (there / "data" / "teams.csv").readlink() == folder / "data" / "teams.csv"
    assert capsule.link_data(taken, folder, there) == []
    assert not (tmp_path / "deep" / "outside.csv").exists()


@pytest.mark.parametrize("path", ["../outside.py", "/outside.py", "a/../../outside.py", "link/outside.py"])
def test_a_forged_capsule_does_not_write_outside(store, tmp_path, path):
    objects = Objects(store)
    forged = named(
        capsule.Capsule(
            copied={
                "link": Copied(objects.put(os.fsencode(tmp_path)), "120000"),
                path: Copied(objects.put(b"outside")),
            }
        )
    )
    with pytest.raises(RefusedError, match="outside of the folder"):
        capsule.restore(from_json(as_json(forged)), store, tmp_path / "deep" / "there")
    assert not list(tmp_path.rglob("outside.py"))


def test_a_committed_link_is_replaced_and_not_written_through(folder, store, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (folder / "train.py").unlink()
    (folder / "train.py").symlink_to(victim)
    commit(folder)
    taken = capsule.take(folder, store)
    forged = replace(taken, copied={"train.py": Copied(Objects(store).put(b"new"))})
    there = capsule.restore(forged, store, tmp_path / "there")
    assert (victim.read_text(), (there / "train.py").read_text()) == ("mine", "new")


def test_a_store_that_cannot_be_written_says_so(folder, store):
    store.parent.mkdir()
    store.write_text("a file where the folder should be")
    with pytest.raises(StratolabError, match=r"Not a directory|File exists") as caught:
        capsule.take(folder, store)
    assert caught.value.doing == "recording the state of the code"


def test_the_commit_alone_is_read_without_the_rest(folder, store):
    commit(folder)
    taken = capsule.take(folder, store)
    assert records.commit(store, taken.id) == taken.commit != ""
    records.record(store, taken.id).write_text("half of it")
    assert [records.commit(store, name) for name in (taken.id, "absent", "../odd")] == ["", "", ""]
