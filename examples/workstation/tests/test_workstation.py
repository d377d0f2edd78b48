"""The walk through the lab, on a copy: at one's desk, as a job, and on real servers."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests import servers

SAMPLE = Path(__file__).resolve().parents[1]
SAID = """\
the database's clock: <now>
files in data/temperatures: <files>
more than 30 days of frost: north, 4.0 degrees in the mean
more than 30 days of frost: coast, 8.5 degrees in the mean
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for path in SAMPLE.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def run(folder: Path, *words: str, typed: str = "") -> str:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("STRATOLAB_")}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=surroundings, input=typed, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def plain(said: str) -> str:
    said = re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d[\d.+:]*", "<now>", said)
    return re.sub(r"\d new, \d as they were", "<files>", said)


def test_at_the_desk_and_as_a_job_it_is_the_same_lab(copy: Path) -> None:
    first = run(copy, "walk.py")
    assert plain(first) == SAID
    assert "3 new, 0 as they were" in first
    again = run(copy, "-m", "stratolab", "run", "walk")
    assert plain(again) == SAID
    assert "0 new, 3 as they were" in again
    with sqlite3.connect(copy / ".stratolab" / "databases" / "default.db") as database:
        rows = database.execute("SELECT station, coldest FROM temperatures ORDER BY frost").fetchall()
    database.close()
    assert [station for station, _ in rows] == ["south", "coast", "north"]


@pytest.mark.parametrize("kind", [servers.POSTGRES, servers.MARIADB])
def test_on_a_server_it_is_the_same_script(copy: Path, kind: str) -> None:
    with (copy / "stratolab.toml").open("a", encoding="utf-8") as config:
        config.write('\n[databases.default]\nsecret = "workstation/database"\n')
    with servers.fresh_database(kind) as url:
        run(copy, "-m", "stratolab", "secrets", "set", "workstation/database", typed=url)
        assert plain(run(copy, "-m", "stratolab", "run", "walk")) == SAID
    assert not (copy / ".stratolab" / "databases").exists()


def test_the_readme_shows_what_is_printed() -> None:
    assert plain((SAMPLE / "README.md").read_text(encoding="utf-8")).count(SAID) == 1
