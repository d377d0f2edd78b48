from __future__ import annotations

import os
from pathlib import Path

import pytest

from stratolab.tracking import artifacts


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "jobs" / "one"
    folder.mkdir(parents=True)
    (folder / "log").write_text("hello\n")
    return folder


def test_the_log_gets_another_name_and_no_copy(place):
    artifacts.link_log(str(place))
    artifacts.link_log(str(place))
    shown = place / "artifacts" / "log.txt"
    assert shown.samefile(place / "log")
    assert shown.parent.stat().st_mode & 0o777 == 0o700


def test_it_goes_where_a_run_has_its_artifacts(place, tmp_path):
    artifacts.link_log(str(place), f"file://{tmp_path}/else%20where")
    assert (tmp_path / "else where" / "log.txt").samefile(place / "log")
    assert not (place / "artifacts").exists()


def test_nothing_is_sent_elsewhere(place):
    artifacts.link_log(str(place), "s3://bucket/runs/1/artifacts")
    assert [path.name for path in place.iterdir()] == ["log"]


def test_a_job_without_a_log_gets_no_folder(tmp_path):
    artifacts.link_log(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("size", "there"), [(10, True), (2 * 1024**2, False)])
def test_without_hard_links_a_small_log_is_copied(place, monkeypatch, size, there):
    def no_links(*_: object) -> None:
        raise PermissionError("no hard links here")

    (place / "artifacts").mkdir()
    (place / "log").write_bytes(b"x" * size)
    monkeypatch.setattr(os, "link", no_links)
    artifacts.link_log(str(place))
    assert Path(place / "artifacts" / "log.txt").exists() == there
