from __future__ import annotations

import stat
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.core.errors import RefusedError
from stratolab.models.models import Content, Opening
from stratolab.models.signing import LabKey, statement


@pytest.fixture
def key(tmp_path):
    return LabKey(tmp_path / "lab" / "key")


def test_a_signature_holds_and_holds_again_later(key, tmp_path):
    signature = key.sign(b"message")
    key.check(b"message", signature)
    LabKey(tmp_path / "lab" / "key").check(b"message", signature)
    assert signature.isascii()
    assert signature.split() == [signature]


def test_the_key_is_made_once_and_for_its_owner_alone(key, tmp_path):
    path = tmp_path / "lab" / "key"
    signatures = []
    threads = [threading.Thread(target=lambda: signatures.append(LabKey(path).sign(b"m"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(signatures)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["key"]
    assert len(path.read_bytes()) == 32


@given(st.binary(), st.binary(), st.text(max_size=100))
def test_nothing_else_holds(tmp_path_factory, message, other, noise):
    key = LabKey(tmp_path_factory.mktemp("lab") / "key")
    signature = key.sign(message)
    for said, under in ((message, noise), (message, signature + noise), (other, signature)):
        if (said, under) != (message, signature):
            with pytest.raises(RefusedError):
                key.check(said, under)


def test_another_labs_signature_is_told_from_a_broken_one(key, tmp_path):
    signature = key.sign(b"m")
    with pytest.raises(RefusedError, match="no signature"):
        key.check(b"m", "")
    with pytest.raises(RefusedError, match="another lab"):
        LabKey(tmp_path / "other").check(b"m", signature)
    with pytest.raises(RefusedError, match="does not fit"):
        key.check(b"n", signature)
    with pytest.raises(RefusedError, match="another lab"):
        key.check(b"m", signature.replace("sha256", "sha1"))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o602])
def test_a_key_that_others_can_use_is_not_used(key, tmp_path, mode):
    signature = key.sign(b"m")
    (tmp_path / "lab" / "key").chmod(mode)
    for use in (lambda: key.sign(b"m"), lambda: key.check(b"m", signature)):
        with pytest.raises(RefusedError, match="others than you") as refused:
            use()
        assert "chmod 600" in refused.value.hint


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_told_and_not_replaced(key, tmp_path, content):
    key.sign(b"m")
    path = tmp_path / "lab" / "key"
    path.write_bytes(content)
    with pytest.raises(RefusedError, match="damaged"):
        key.sign(b"m")
    assert path.read_bytes() == content


def test_a_link_is_no_key(key, tmp_path):
    key.sign(b"m")
    (tmp_path / "link").symlink_to(tmp_path / "lab" / "key")
    with pytest.raises(RefusedError, match="cannot be read"):
        LabKey(tmp_path / "link").sign(b"m")


def test_a_statement_is_different_for_everything_that_matters():
    one = Content("ab" * 32, 1, 1, "pickle", Opening.CODE, ("a",), "path")
    same = Content("ab" * 32, 2, 3, "pickle", Opening.CODE, ("a",), "elsewhere")
    assert statement("n", "r", one) == statement("n", "r", same), (
        "names and sizes of files are under the hash"
    )
    others = [
        statement("m", "r", one),
        statement("n", "s", one),
        statement("nr", "", one),
        statement("n", "r", Content("ac" * 32, 1, 1, "pickle", Opening.CODE, ("a",), "path")),
        statement("n", "r", Content("ab" * 32, 1, 1, "json", Opening.CODE, ("a",), "path")),
        statement("n", "r", Content("ab" * 32, 1, 1, "pickle", Opening.SAFE, ("a",), "path")),
        statement("n", "r", Content("ab" * 32, 1, 1, "pickle", Opening.CODE, ("a", "b"), "path")),
    ]
    assert len({statement("n", "r", one), *others}) == len(others) + 1
