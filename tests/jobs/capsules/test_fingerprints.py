"""Fingerprints of data, and when one that is remembered may be used."""

import hashlib
import json
import os
import time

import pytest

from stratolab.jobs.capsules.fingerprints import Cache, fingerprints
from stratolab.jobs.capsules.models import Fingerprint

LONG_AGO = time.time_ns() - 10**12


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "store" / "fingerprints.json")


def again(cache):
    """The cache as the next command finds it."""
    cache.save()
    return Cache(cache._file)


def at_rest(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    return path


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_a_file_by_its_content(tmp_path, cache):
    at_rest(tmp_path / "teams.csv", b"a,b\n")
    found = fingerprints(tmp_path, ["teams.csv", str(tmp_path / "teams.csv")], cache)
    expected = Fingerprint(size=4, sha256=sha256(b"a,b\n"), files=1)
    assert found == {"teams.csv": expected, str(tmp_path / "teams.csv"): expected}


def test_nothing_is_there(tmp_path, cache):
    assert fingerprints(tmp_path, ["none"], cache) == {"none": Fingerprint(size=0, sha256="", files=0)}


def test_a_folder_by_names_and_contents(tmp_path, cache):
    at_rest(tmp_path / "data/a.csv", b"1")
    at_rest(tmp_path / "data/sub/b.csv", b"22")
    first = fingerprints(tmp_path, ["data"], cache)["data"]
    assert (first.size, first.files) == (3, 2)
    (tmp_path / "data/a.csv").rename(tmp_path / "data/c.csv")
    renamed = fingerprints(tmp_path, ["data"], cache)["data"]
    assert renamed.sha256 != first.sha256
    (tmp_path / "data/c.csv").rename(tmp_path / "data/a.csv")
    assert fingerprints(tmp_path, ["data"], cache)["data"] == first


def test_an_empty_folder_is_not_there(tmp_path, cache):
    (tmp_path / "data").mkdir()
    assert fingerprints(tmp_path, ["data"], cache)["data"].files == 0


def test_a_link_stands_for_what_it_points_at(tmp_path, cache):
    at_rest(tmp_path / "elsewhere/big.csv", b"big")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/big.csv").symlink_to("../elsewhere/big.csv")
    (tmp_path / "data/loop").symlink_to(".")
    (tmp_path / "data/broken").symlink_to("nowhere")
    (tmp_path / "linked").symlink_to("elsewhere")
    first = fingerprints(tmp_path, ["data", "linked"], cache)
    assert (first["linked"].size, first["linked"].files) == (3, 1)
    assert first["data"].files == 3
    at_rest(tmp_path / "elsewhere/big.csv", b"other")
    second = fingerprints(tmp_path, ["data", "linked"], cache)
    assert second["data"] != first["data"]
    assert second["linked"] != first["linked"]


def test_what_is_no_file_does_not_hang(tmp_path, cache):
    (tmp_path / "data").mkdir()
    os.mkfifo(tmp_path / "data/pipe")
    assert fingerprints(tmp_path, ["data"], cache)["data"].files == 1


def test_large_data_is_read_in_parallel_with_the_same_result(tmp_path, cache):
    contents = {f"{number}.bin": os.urandom(6 * 2**20) for number in range(4)}
    for name, content in contents.items():
        at_rest(tmp_path / "data" / name, content)
    found = fingerprints(tmp_path, ["data", "data/2.bin"], cache)
    assert found["data/2.bin"].sha256 == sha256(contents["2.bin"])
    lines = "".join(f"{6 * 2**20} {sha256(contents[name])} {name}\0" for name in sorted(contents))
    assert found["data"].sha256 == sha256(lines.encode())


def test_a_file_at_rest_is_not_read_again(tmp_path, cache):
    path = at_rest(tmp_path / "teams.csv", b"first")
    first = fingerprints(tmp_path, ["teams.csv"], cache)
    path.write_bytes(b"other")  # same size, and the same time put back: nothing but reading could tell
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    assert fingerprints(tmp_path, ["teams.csv"], again(cache)) == first


def test_a_file_just_written_is_read_again(tmp_path, cache):
    path = tmp_path / "teams.csv"
    path.write_bytes(b"first")
    when = path.stat().st_mtime_ns
    fingerprints(tmp_path, ["teams.csv"], cache)
    path.write_bytes(b"other")  # within the clock's grain, so that the time is the same
    os.utime(path, ns=(when, when))
    found = fingerprints(tmp_path, ["teams.csv"], again(cache))
    assert found["teams.csv"].sha256 == sha256(b"other")


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_any_change_is_seen(tmp_path, cache, change):
    path = at_rest(tmp_path / "teams.csv", b"first")
    fingerprints(tmp_path, ["teams.csv"], cache)
    content = b"longer than that" if change == "size" else b"other"
    if change == "inode":
        path.rename(tmp_path / "kept")
    at_rest(path, content)
    if change == "time":
        os.utime(path, ns=(LONG_AGO, LONG_AGO + 1))
    found = fingerprints(tmp_path, ["teams.csv"], again(cache))
    assert found["teams.csv"].sha256 == sha256(content)


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"teams.csv": 3}', b"\xff\xfe"])
def test_a_broken_cache_is_begun_anew(tmp_path, cache, broken):
    at_rest(tmp_path / "teams.csv", b"a")
    fingerprints(tmp_path, ["teams.csv"], cache)
    cache.save()
    cache._file.write_bytes(broken)
    assert fingerprints(tmp_path, ["teams.csv"], Cache(cache._file))["teams.csv"].sha256 == sha256(b"a")


def test_nothing_new_is_not_written(tmp_path, cache):
    at_rest(tmp_path / "teams.csv", b"a")
    fingerprints(tmp_path, ["teams.csv"], cache)
    second = again(cache)
    before = second._file.stat()
    fingerprints(tmp_path, ["teams.csv"], second)
    second.save()
    assert second._file.stat() == before
    assert len(json.loads(second._file.read_bytes())) == 1
