from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.core.errors import InputError, RefusedError
from stratolab.models import tree

NAMES = st.from_regex(r"[a-z]{1,4}(/[a-z0-9]{1,4}){0,2}\.json", fullmatch=True)


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@given(st.dictionaries(NAMES, st.binary(max_size=100), min_size=1, max_size=6))
def test_a_copy_is_the_same_tree(tmp_path_factory, files):
    root = tmp_path_factory.mktemp("tree")
    write(root / "a", files)
    one = tree.read(root / "a")
    other = tree.copy(root / "a", root / "b")
    assert one.sha256 == other.sha256 == tree.read(root / "b").sha256
    assert [file.name for file in one.files] == sorted(files) == tree.names(root / "b")
    assert one.size == sum(map(len, files.values())) == tree.size_of(root / "a")
    assert {name: (root / "b" / name).read_bytes() for name in files} == files


@given(st.dictionaries(NAMES, st.binary(max_size=20), min_size=1, max_size=4), st.data())
def test_every_change_changes_the_hash(tmp_path_factory, files, data):
    root = tmp_path_factory.mktemp("tree")
    write(root, files)
    before = tree.read(root).sha256
    name = data.draw(st.sampled_from(sorted(files)))
    change = data.draw(st.sampled_from(["content", "name", "more", "less"]))
    if change == "content":
        (root / name).write_bytes(files[name] + b"x")
    elif change == "name":
        (root / name).rename(root / "zzzzz.json")
    elif change == "more":
        (root / "zzzzz.json").write_bytes(b"")
    elif len(files) > 1:
        (root / name).unlink()
    else:
        return
    assert tree.read(root).sha256 != before


def test_what_mlflow_leaves_in_a_model_is_not_part_of_it(tmp_path):
    write(tmp_path, {"MLmodel": b"flavors: {}", "sub/registered_model_meta": b"x"})
    before = tree.read(tmp_path).sha256
    (tmp_path / "registered_model_meta").write_text("model_name: m")
    assert tree.read(tmp_path).sha256 == before
    (tmp_path / "MLmodel").unlink()
    assert "registered_model_meta" in tree.names(tmp_path), "elsewhere it is a file like others"


def test_a_file_that_is_being_written_is_refused(tmp_path):
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(64 << 20))
    stop = threading.Event()

    def grow():
        with path.open("ab") as file:
            while not stop.is_set():
                file.write(b"x")
                file.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(RefusedError, match="changed while it was read"):
            tree.read(path)
    finally:
        stop.set()
        writer.join()


@pytest.mark.parametrize("name", ["a\nb", "a\\b", "a\x1bb", "a\u202eb", b"a\xffb"])
def test_a_name_that_could_be_read_as_another_is_refused(tmp_path, name):
    folder = tmp_path / "model"
    folder.mkdir()
    place = os.path.join(os.fsencode(folder), name if isinstance(name, bytes) else name.encode())  # noqa: PTH118
    os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
    with pytest.raises(RefusedError, match="is a name"):
        tree.read(folder)


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "FILES_LIMIT", 3)
    write(tmp_path, {f"{number}.json": b"" for number in range(4)})
    with pytest.raises(InputError, match="more than 3 files"):
        tree.read(tmp_path)


def test_a_file_that_may_not_be_read_is_told(tmp_path):
    with pytest.raises(InputError, match="there is no"):
        tree.read(tmp_path / "nothing")


def test_a_named_link_is_followed_once(tmp_path):
    (tmp_path / "model.json").write_text("{}")
    (tmp_path / "latest.json").symlink_to("model.json")
    found = tree.copy(tmp_path / "latest.json", tmp_path / "copy")
    assert [file.name for file in found.files] == ["latest.json"]
    assert not (tmp_path / "copy" / "latest.json").is_symlink()
