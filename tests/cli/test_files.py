from __future__ import annotations

import json
import os
import re
import sys

import pexpect
import pytest


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "prices"
    (folder / "2020").mkdir(parents=True)
    for month in range(1, 13):
        (folder / "2020" / f"{month:02}.csv").write_text(f"month\n{month}\n")
    (folder / "all.csv").write_text("x")
    return folder


def test_a_folder_up_and_down(cli, source, tmp_path):
    answer = cli("files", "put", "prices", "data/prices")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "13 files copied (100B)\n"
    assert cli("files", "put", "prices", "data/prices").err == "0 files copied (0B), 13 unchanged\n"
    assert cli("files", "get", "data/prices", "back").err == "13 files copied (100B)\n"
    names = sorted(str(path.relative_to(source)) for path in source.rglob("*.csv"))
    assert (
        sorted(str(path.relative_to(tmp_path / "back")) for path in (tmp_path / "back").rglob("*.csv"))
        == names
    )
    assert (tmp_path / "back" / "2020" / "07.csv").read_text() == "month\n7\n"


def test_one_file(cli, source, tmp_path):
    cli("files", "put", "prices/all.csv", "models/")
    assert cli("files", "get", "models/all.csv").code == 0
    assert (tmp_path / "all.csv").read_text() == "x"
    assert cli("files", "get", "models/all.csv", "other.csv").code == 0
    assert (tmp_path / "other.csv").read_text() == "x"


def test_listing(cli, source):
    cli("files", "put", "prices", "data/prices")
    assert re.findall(r"^(\w+) +(\d+) +\S+", cli("files", "ls").out, re.MULTILINE) == [
        ("data", "13"), ("models", "0"), ("artifacts", "0"),
    ]  # fmt: skip
    listed = cli("files", "ls", "data/prices/2020/1").out.splitlines()
    assert [line.split()[0] for line in listed] == [
        "NAME",
        *(f"data/prices/2020/{month}.csv" for month in (10, 11, 12)),
    ]
    document = json.loads(cli("files", "ls", "data/prices/all", "--json").out)
    (file,) = document["files"]
    assert (file["name"], file["bytes"]) == ("data/prices/all.csv", 1)
    assert file["modified"] == pytest.approx((source / "all.csv").stat().st_mtime)
    assert json.loads(cli("files", "ls", "--json").out)["buckets"][0] == {
        "name": "data",
        "files": 13,
        "bytes": 100,
    }
    assert "stratolab files put SOURCE data/nothing" in cli("files", "ls", "data/nothing").err


def test_json(cli, source):
    document = json.loads(cli("files", "put", "prices", "data/prices", "--json").out)
    assert document == {"copied": 13, "unchanged": 0, "bytes": 100}
    assert json.loads(cli("files", "get", "data/prices", "back", "--json").out)["copied"] == 13


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["put", "nothing", "data/x"], "is not there"),
        (["put", "prices", "date/x"], "did you mean 'data'?"),
        (["put", "prices", "data/../x"], "leads elsewhere"),
        (["get", "data/nothing"], "stratolab files ls data"),
        (["get", "models"], "there is no models/"),
    ],
)
def test_mistakes(cli, source, words, told):
    answer = cli("files", *words)
    assert (answer.code, told in answer.err) == (2, True)


def test_progress_is_shown_on_a_terminal_and_cleared(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number}.csv").write_text("a,b\n" * 20)
    shown = pexpect.spawn(
        sys.executable, ["-m", "stratolab", "files", "put", "many", "data/many"], cwd=str(tmp_path), timeout=60,
        encoding="utf-8", env={**os.environ, "NO_COLOR": "1", "TERM": "xterm"}, dimensions=(24, 100),
    )  # fmt: skip
    shown.expect(r"[\d,]+ of 3,000 files, \S+ of \S+")
    shown.expect(pexpect.EOF)
    shown.close()
    assert shown.exitstatus == 0
    last = shown.before.rsplit("\r", 2)
    assert "3,000 files copied" in shown.before
    assert "\x1b[K" in "".join(last)
