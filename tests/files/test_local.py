"""A bucket that is a folder: the contract, and what only a folder has."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys

import pytest

pytest.register_assert_rewrite("stratolab.testing.files")

from stratolab.core.errors import InputError, RemoteError  # noqa: E402 - after the rewriting is asked for
from stratolab.core.processes import identity  # noqa: E402
from stratolab.files import service  # noqa: E402
from stratolab.files.local import LocalBucket  # noqa: E402
from stratolab.testing.files import BucketContract  # noqa: E402


@pytest.fixture
def bucket(lab_folder):
    return LocalBucket(lab_folder, "data")


class TestLocalBucket(BucketContract):
    """The fixture `bucket` is above."""


class TestManyAtATime(BucketContract):
    """The same with as many threads as a bucket far away would have."""

    @pytest.fixture
    def bucket(self, lab_folder):
        bucket = LocalBucket(lab_folder, "data")
        bucket.parallel = 12
        return bucket


def test_only_the_owner_may_read_it_whatever_the_umask(lab_folder, bucket, tmp_path):
    (tmp_path / "file").touch()
    before = os.umask(0)
    try:
        bucket.put(tmp_path / "file", "a/b/c")
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (lab_folder / "buckets").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert stat.S_IMODE((lab_folder / "buckets").stat().st_mode) == 0o700


def test_the_time_of_a_file_is_kept(bucket, tmp_path):
    (tmp_path / "file").touch()
    os.utime(tmp_path / "file", ns=(1, 1_600_000_000_123_456_789))
    bucket.put(tmp_path / "file", "key")
    assert bucket.entry("key").mtime_ns == 1_600_000_000_123_456_789
    bucket.get("key", tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mtime_ns == 1_600_000_000_123_456_789


def test_a_download_is_written_as_the_user_writes_files(bucket, tmp_path):
    (tmp_path / "file").touch()
    bucket.put(tmp_path / "file", "key")
    before = os.umask(0o027)
    try:
        bucket.get("key", tmp_path / "copy")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o640


def test_a_name_that_is_taken_by_the_other_sort(bucket, tmp_path):
    (tmp_path / "file").touch()
    bucket.put(tmp_path / "file", "a/b")
    for key in ("a", "a/b/c"):
        with pytest.raises(InputError, match="the name is taken"):
            bucket.put(tmp_path / "file", key)
    assert [entry.key for entry in bucket.entries()] == ["a/b"]
    assert bucket.entry("a") is None


def test_a_target_that_cannot_be_written(bucket, tmp_path):
    (tmp_path / "file").touch()
    bucket.put(tmp_path / "file", "key")
    with pytest.raises(InputError, match="cannot write"):
        bucket.get("key", tmp_path / "file" / "below")


def test_a_lab_that_cannot_be_written(tmp_path, lab_folder):
    (tmp_path / "file").touch()
    (lab_folder / "buckets").touch()
    with pytest.raises((RemoteError, InputError)):
        LocalBucket(lab_folder, "data").put(tmp_path / "file", "key")


def test_a_pipe_is_no_file_and_is_not_waited_for(bucket, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="no regular file"):
        bucket.put(tmp_path / "pipe", "key")


KILLED = """
import os, signal, sys
from pathlib import Path
from stratolab.files import service
from stratolab.files.local import LocalBucket
replace, count = os.replace, 0
def dying(*names):
    global count
    count += 1
    if count == 40:
        os.kill(os.getpid(), signal.SIGKILL)  # a draft is complete and not yet in its place
    replace(*names)
os.replace = dying
lab, source, target, way = sys.argv[1:]
bucket = LocalBucket(Path(lab), "data")
bucket.parallel = 1
service.upload(bucket, Path(source), "x") if way == "up" else service.download(bucket, "x", Path(target))
"""


@pytest.fixture
def hundred(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for number in range(100):
        (source / f"{number}.csv").write_text(f"{number}\n" * 100)
    return source


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_killed_transfer_goes_on_and_leaves_nothing(lab_folder, hundred, tmp_path, way):
    bucket, target = LocalBucket(lab_folder, "data"), tmp_path / "target"
    if way == "down":
        service.upload(bucket, hundred, "x")
    words = [sys.executable, "-c", KILLED, str(lab_folder), str(hundred), str(target), way]
    assert subprocess.run(words, check=False, timeout=60).returncode == -signal.SIGKILL
    assert drafts(lab_folder, target) == 1
    bucket = LocalBucket(lab_folder, "data")
    if way == "up":
        done, target = service.upload(bucket, hundred, "x"), lab_folder / "buckets" / "data" / "x"
    else:
        done = service.download(bucket, "x", target)
    assert (done.copied, done.unchanged) == (61, 39)
    assert drafts(lab_folder, target) == 0
    assert sizes(target) == sizes(hundred)


def drafts(*folders):
    return sum(1 for folder in folders for path in folder.rglob("*.part"))


def sizes(folder):
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def test_a_draft_of_a_live_process_is_left_alone(lab_folder, hundred, tmp_path):
    bucket = LocalBucket(lab_folder, "data")
    service.upload(bucket, hundred, "x")
    target = tmp_path / "target"
    target.mkdir()
    ours = target / f".stratolab-{identity().replace('/', '-')}-0.part"
    elsewhere = target / ".stratolab-other-machine-1234-1-5678-0.part"
    for draft in (ours, elsewhere):
        draft.touch()
    service.download(bucket, "x", target)
    assert ours.exists()
    assert elsewhere.exists()
    uploaded = service.upload(bucket, target, "y")
    assert uploaded.copied == 100  # a draft is nobody's file
