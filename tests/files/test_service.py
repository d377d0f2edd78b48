from __future__ import annotations

import os

import pytest

from stratolab.core.errors import InputError
from stratolab.files import service
from stratolab.files.local import LocalBucket
from stratolab.files.models import Transfer


@pytest.fixture
def bucket(lab_folder):
    return LocalBucket(lab_folder, "data")


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    (folder / "below").mkdir(parents=True)
    (folder / "a.csv").write_text("a")
    (folder / "below" / "b.csv").write_text("b")
    return folder


def keys(bucket):
    return [entry.key for entry in bucket.entries()]


@pytest.mark.parametrize(
    ("what", "key", "there"),
    [
        ("", "x", ["x/a.csv", "x/below/b.csv"]),
        ("", "x/", ["x/a.csv", "x/below/b.csv"]),
        ("", "", ["a.csv", "below/b.csv"]),
        ("a.csv", "x", ["x"]),
        ("a.csv", "x/", ["x/a.csv"]),
        ("a.csv", "", ["a.csv"]),
    ],
)
def test_where_an_upload_goes(bucket, source, what, key, there):
    service.upload(bucket, source / what, key)
    assert keys(bucket) == there


@pytest.mark.parametrize(
    ("key", "target", "there"),
    [
        ("x", "new", ["new/a.csv", "new/below/b.csv"]),
        ("x/", "new", ["new/a.csv", "new/below/b.csv"]),
        ("", "new", ["new/x/a.csv", "new/x/below/b.csv"]),
        ("x/a.csv", "new", ["new"]),
        ("x/a.csv", "new/", ["new/a.csv"]),
        ("x/a.csv", "old", ["old/a.csv"]),
        ("x/below", "old", ["old/b.csv"]),
    ],
)
def test_where_a_download_goes(bucket, source, key, target, there):
    service.upload(bucket, source, "x")
    place = source.parent / "place"
    (place / "old").mkdir(parents=True)
    service.download(bucket, key, place / target, into=target.endswith("/"))
    assert sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()) == there


def test_nothing_to_download_is_told(bucket, tmp_path):
    for key in ("nothing", "nothing/", ""):
        with pytest.raises(InputError, match="there is no data/"):
            service.download(bucket, key, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_source_that_is_not_there(bucket, tmp_path):
    with pytest.raises(InputError, match="is not there"):
        service.upload(bucket, tmp_path / "nothing", "x")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="no regular file"):
        service.upload(bucket, tmp_path / "pipe", "x")


def test_an_empty_folder_is_nothing_to_do(bucket, tmp_path):
    (tmp_path / "empty" / "folders").mkdir(parents=True)
    assert service.upload(bucket, tmp_path / "empty", "x") == Transfer(0, 0, 0)


def test_links_are_followed(bucket, source, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "c.csv").write_text("c")
    (source / "link").symlink_to(tmp_path / "elsewhere")
    (source / "d.csv").symlink_to("a.csv")
    service.upload(bucket, source, "x")
    assert keys(bucket) == ["x/a.csv", "x/below/b.csv", "x/d.csv", "x/link/c.csv"]
    service.download(bucket, "x/d.csv", tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "a"


def test_a_link_that_leads_round_is_told(bucket, source):
    (source / "below" / "round").symlink_to(source)
    with pytest.raises(InputError, match="lies in"):
        service.upload(bucket, source, "x")
    assert keys(bucket) == []


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("nowhere"), os.mkfifo], ids=["link", "pipe"])
def test_what_is_no_file_is_told_before_anything_is_copied(bucket, source, make):
    make(source / "odd")
    with pytest.raises(InputError, match="odd"):
        service.upload(bucket, source, "x")
    assert keys(bucket) == []


def test_a_labs_own_folder_is_never_uploaded(bucket, source):
    (source / ".stratolab").mkdir()
    (source / ".stratolab" / "secrets.json").write_text("secret")
    (source / "below" / ".stratolab").write_text("also one")
    service.upload(bucket, source, "x")
    assert keys(bucket) == ["x/a.csv", "x/below/b.csv"]


def test_a_name_that_no_bucket_takes_is_told_before_anything_is_copied(bucket, source):
    (source / os.fsdecode(b"\xff.csv")).touch()
    with pytest.raises(InputError, match="UTF-8"):
        service.upload(bucket, source, "x")
    assert keys(bucket) == []


def test_one_that_cannot_be_read_ends_it_with_its_name(bucket, source):
    if os.geteuid() == 0:
        (source / "below" / "gone.csv").write_text("x")
        bucket_put, bucket.put = bucket.put, lambda path, key: (path.unlink(), bucket_put(path, key))
    else:
        (source / "below" / "gone.csv").touch(mode=0)
    with pytest.raises(InputError, match=r"cannot read .*csv"):
        service.upload(bucket, source, "x")


def test_a_file_that_changes_meanwhile_is_not_taken(bucket, source, monkeypatch):
    stat, calls = os.fstat, []

    def changing(file):
        calls.append(file)
        if len(calls) == 2:
            with (source / "a.csv").open("a") as out:
                out.write("more")
        return stat(file)

    monkeypatch.setattr(os, "fstat", changing)
    with pytest.raises(InputError, match="changed while it was read"):
        service.upload(bucket, source / "a.csv", "x")
    assert keys(bucket) == []


def test_the_same_size_and_another_time_is_compared_by_content(bucket, source):
    service.upload(bucket, source, "x")
    os.utime(source / "a.csv", ns=(5, 5))
    assert service.upload(bucket, source, "x") == Transfer(0, 2, 0)
    (source / "a.csv").write_text("z")
    assert service.upload(bucket, source, "x") == Transfer(1, 1, 1)


def test_a_bucket_that_knows_no_times_is_compared_by_content(bucket, source, tmp_path):
    service.upload(bucket, source, "x")

    class Timeless(LocalBucket):
        def entries(self, prefix=""):
            from dataclasses import replace  # noqa: PLC0415

            return (replace(entry, mtime_ns=None) for entry in super().entries(prefix))

    timeless = Timeless(bucket._root.parent.parent, "data")
    assert service.upload(timeless, source, "x") == Transfer(0, 2, 0)
    service.download(timeless, "x", tmp_path / "back")
    assert service.download(timeless, "x", tmp_path / "back") == Transfer(0, 2, 0)
