from __future__ import annotations

import pytest

from stratolab.testing.golden import WRITE, compare


@pytest.fixture(autouse=True)
def _reading(monkeypatch):
    monkeypatch.delenv(WRITE, raising=False)


def test_the_same_is_well(tmp_path):
    (tmp_path / "a").write_text("one\n")
    compare(tmp_path / "a", "one\n")


def test_a_difference_is_shown(tmp_path):
    (tmp_path / "a").write_text("one\ntwo\n")
    with pytest.raises(AssertionError, match=r"-two\n\+three") as caught:
        compare(tmp_path / "a", "one\nthree\n")
    assert f"{WRITE}=write" in str(caught.value)
    assert (tmp_path / "a").read_text() == "one\ntwo\n"


def test_a_file_that_is_not_there_is_not_made_without_the_flag(tmp_path):
    with pytest.raises(AssertionError):
        compare(tmp_path / "a", "one\n")
    assert not (tmp_path / "a").exists()


def test_the_flag_writes(tmp_path, monkeypatch):
    monkeypatch.setenv(WRITE, "write")
    compare(tmp_path / "a", "one\n")
    assert (tmp_path / "a").read_text() == "one\n"


def test_a_long_difference_is_cut(tmp_path):
    with pytest.raises(AssertionError, match="lines more"):
        compare(tmp_path / "a", "".join(f"{number}\n" for number in range(1000)))
