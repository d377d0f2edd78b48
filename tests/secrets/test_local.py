"""Secrets in a file: the contract, and what only a file has."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest

pytest.register_assert_rewrite("stratolab.testing.secrets")

from stratolab.core.errors import RefusedError, RemoteError  # noqa: E402 - after the rewriting is asked for
from stratolab.secrets.local import FILE, LocalSecrets  # noqa: E402
from stratolab.testing.secrets import NAME, VALUE, SecretStoreContract  # noqa: E402


@pytest.fixture
def store(lab_folder):
    return LocalSecrets(lab_folder)


class TestLocalSecrets(SecretStoreContract):
    """The fixture `store` is above."""


def test_only_the_owner_may_read_it_whatever_the_umask(lab_folder, store):
    before = os.umask(0)
    try:
        store.put(NAME, VALUE)
        store.put(NAME, f"{VALUE}-2")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in lab_folder.iterdir()}
    assert modes == {"secrets.json": 0o600, "secrets.lock": 0o600}


def test_it_is_one_file_and_nothing_else(lab_folder, store):
    store.put(NAME, VALUE)
    holding = [path.name for path in lab_folder.rglob("*") if VALUE.encode() in path.read_bytes()]
    assert holding == [FILE]


def test_the_time_is_kept(lab_folder):
    store = LocalSecrets(lab_folder, clock=lambda: 1_600_000_000.5)
    assert store.put(NAME, VALUE).created == 1_600_000_000.5
    assert store.find(NAME).versions[0].created == 1_600_000_000.5


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"format": 2, "secrets": {}}', b'{"format": 1, "secrets": 1}']
)
def test_a_damaged_file_is_refused_and_not_told(lab_folder, store, content):
    (lab_folder / FILE).write_bytes(content + f' "{VALUE}'.encode())
    for call in (lambda: store.get(NAME), lambda: store.put(NAME, "new"), store.all):
        with pytest.raises(RefusedError, match="damaged") as caught:
            call()
        assert VALUE not in str(caught.value)
        assert caught.value.__cause__ is None
    assert VALUE in (lab_folder / FILE).read_text()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(RemoteError, match="cannot write"):
        LocalSecrets(tmp_path / "nothing").put(NAME, VALUE)


WRITER = """
import sys
from pathlib import Path
from stratolab.secrets.local import LocalSecrets
store = LocalSecrets(Path(sys.argv[1]))
for number in range(20):
    store.put(f"{sys.argv[2]}/{number}", "value")
"""


def test_processes_lose_nothing_of_each_other(lab_folder, store):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(lab_folder), name]) for name in ("a", "b", "c")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(store.all()) == 60


def test_a_writer_that_is_killed_leaves_the_old_file(lab_folder, store):
    store.put(NAME, VALUE)
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom stratolab.secrets.local import LocalSecrets\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"  # the draft is written, not yet in place
        f"LocalSecrets(Path(sys.argv[1])).put({NAME!r}, 'new')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(lab_folder)], check=False, timeout=60)
    assert done.returncode == -9
    assert store.get(NAME) == VALUE
    store.put(NAME, "newer")
    assert store.get(NAME) == "newer"
    assert json.loads((lab_folder / FILE).read_text())["format"] == 1
