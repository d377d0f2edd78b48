"""What every `Bucket` must do. Subclass `BucketContract` and give it the fixture `bucket`, empty."""

# ruff: noqa: D102 - the name of a test is what it promises

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING

import pytest

from stratolab.core.errors import InputError
from stratolab.files import service
from stratolab.files.models import Progress, Transfer

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.files.protocol import Bucket

KEYS = (
    "a",
    "a b/c'd\"e",
    "naïve/漢字/🦉",
    "x/" * 20 + "y",
    "-flag",
    "~",
    "a..b",
    "%2e%2e/x",
    "back\\slash",
    "y" * 255,
)
NO_KEYS = (
    "../a",
    "a/../b",
    "a//b",
    "/a",
    "a/",
    ".",
    "a/./b",
    "a\0b",
    "a\nb",
    "x" * 1025,
    "y" * 256,
    "\udcff",
)


class BucketContract:
    """A bucket gives back what was put, whole, and nothing that lies outside of it."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        """A folder of files: small and large, empty, in folders, with names that are none too plain."""
        folder = tmp_path / "source"
        for number in range(60):
            path = folder / f"part {number % 3}" / f"{number}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"number\n{number}\n" * number, encoding="ascii")
        (folder / "empty").touch()
        (folder / "large").write_bytes(os.urandom(3 << 20))
        (folder / "naïve 🦉.csv").write_bytes(b"\0\xff")
        return folder

    @pytest.mark.parametrize("key", KEYS)
    def test_a_file_comes_back_as_it_was(self, bucket: Bucket, tmp_path: Path, key: str) -> None:
        file = tmp_path / "file"
        file.write_bytes(key.encode())
        os.utime(file, ns=(1, 1_600_000_000_123_456_789))
        bucket.put(file, key)
        entry = bucket.entry(key)
        assert entry is not None
        assert (entry.key, entry.size) == (key, len(key.encode()))
        assert [one.key for one in bucket.entries()] == [key]
        assert bucket.digest(key) == hashlib.sha256(key.encode()).hexdigest()
        bucket.get(key, tmp_path / "folders" / "above" / "copy")
        assert (tmp_path / "folders" / "above" / "copy").read_bytes() == key.encode()

    @pytest.mark.parametrize("key", NO_KEYS, ids=range(len(NO_KEYS)))
    def test_a_key_leads_nowhere_else(self, bucket: Bucket, tmp_path: Path, key: str) -> None:
        file = tmp_path / "file"
        file.write_bytes(b"x")
        calls = (
            bucket.entry,
            bucket.digest,
            lambda key: bucket.put(file, key),
            lambda key: bucket.get(key, file),
        )
        for call in calls:
            with pytest.raises(InputError):
                call(key)
        assert list(bucket.entries()) == []

    def test_what_is_not_there(self, bucket: Bucket, tmp_path: Path) -> None:
        assert bucket.entry("nothing") is None
        assert list(bucket.entries("nothing")) == []
        with pytest.raises(InputError, match="nothing"):
            bucket.digest("nothing")
        with pytest.raises(InputError, match="nothing"):
            bucket.get("nothing", tmp_path / "file")
        with pytest.raises(InputError, match="no-such-file"):
            bucket.put(tmp_path / "no-such-file", "key")
        assert not (tmp_path / "file").exists()
        assert list(bucket.entries()) == []

    def test_entries_by_prefix_and_in_order(self, bucket: Bucket, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.touch()
        keys = ["a/b", "a-b", "ab", "a/c/d", "b", "A"]
        for key in keys:
            bucket.put(file, key)
        assert [entry.key for entry in bucket.entries()] == sorted(keys)
        assert [entry.key for entry in bucket.entries("a")] == ["a-b", "a/b", "a/c/d", "ab"]
        assert [entry.key for entry in bucket.entries("a/")] == ["a/b", "a/c/d"]
        assert [entry.key for entry in bucket.entries("a/c/d")] == ["a/c/d"]

    def test_a_later_file_takes_the_place(self, bucket: Bucket, tmp_path: Path) -> None:
        for content in (b"long content", b"short"):
            (tmp_path / "file").write_bytes(content)
            bucket.put(tmp_path / "file", "key")
        bucket.get("key", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == b"short"
        (tmp_path / "copy").write_bytes(b"something else and longer")
        bucket.get("key", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == b"short"

    def test_half_a_file_is_never_seen(self, bucket: Bucket, tmp_path: Path) -> None:
        sizes = (1 << 20, 3 << 20)
        for number, size in enumerate(sizes):
            (tmp_path / str(number)).write_bytes(bytes([number]) * size)
        bucket.put(tmp_path / "0", "key")
        seen: list[bytes] = []
        over = threading.Event()

        def look() -> None:
            while not over.is_set():
                bucket.get("key", tmp_path / "copy")
                seen.append((tmp_path / "copy").read_bytes())

        reader = threading.Thread(target=look)
        reader.start()
        for number in range(20):
            bucket.put(tmp_path / str(number % 2), "key")
        over.set()
        reader.join()
        assert {(content[:1], len(content)) for content in seen} <= {(b"\0", sizes[0]), (b"\1", sizes[1])}

    # --- whole folders ---------------------------------------------------------------------------

    def test_a_folder_goes_up_and_down(self, bucket: Bucket, source: Path, tmp_path: Path) -> None:
        files = _content(source)
        done = service.upload(bucket, source, "down/there")
        assert done == Transfer(len(files), 0, sum(map(len, files.values())))
        assert {entry.key for entry in bucket.entries()} == {f"down/there/{name}" for name in files}
        back = service.download(bucket, "down/there", tmp_path / "back")
        assert back == done
        assert _content(tmp_path / "back") == files

    def test_what_is_unchanged_is_passed_over(self, bucket: Bucket, source: Path, tmp_path: Path) -> None:
        first = service.upload(bucket, source, "x")
        service.download(bucket, "x", tmp_path / "back")
        assert service.upload(bucket, source, "x") == Transfer(0, first.copied, 0)
        assert service.download(bucket, "x", tmp_path / "back") == Transfer(0, first.copied, 0)
        (source / "empty").write_bytes(b"no more")
        (source / "large").touch()
        changed = (source / "part 1" / "1.csv").read_bytes().replace(b"1", b"7")
        (source / "part 1" / "1.csv").write_bytes(changed)  # the same size
        assert service.upload(bucket, source, "x") == Transfer(2, first.copied - 2, 7 + len(changed))
        assert service.download(bucket, "x", tmp_path / "back").copied == 2
        assert _content(tmp_path / "back") == _content(source)

    def test_one_that_was_broken_off_goes_on(self, bucket: Bucket, source: Path) -> None:
        class Stopped(Exception):  # noqa: N818 - the test's own
            pass

        def stop(progress: Progress) -> None:
            if progress.files:
                raise Stopped

        with pytest.raises(Stopped):
            service.upload(bucket, source, "x", stop)
        there = len(list(bucket.entries()))
        again = service.upload(bucket, source, "x")
        assert (again.unchanged, again.copied) == (there, len(_content(source)) - there)

    def test_progress_is_told_to_the_end(self, bucket: Bucket, source: Path) -> None:
        heard: list[Progress] = []
        done = service.upload(bucket, source, "x", heard.append)
        assert heard[-1] == Progress(done.copied, done.copied, done.bytes, done.bytes)
        assert [progress.files for progress in heard] == sorted(progress.files for progress in heard)


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
