"""The helper API for the user's code: in a job, in a plain script, in a notebook's folder."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

import stratolab
from stratolab.core.errors import InputError, RefusedError

WORD = "hunter-22"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A project's folder below which we work, as a notebook does."""
    (tmp_path / "stratolab.toml").write_text('[project]\nname = "sample"\n')
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def test_it_is_the_lab_of_the_project_above(here, cli):
    cli("secrets", "set", "db", typed=f'{{"password": "{WORD}"}}', folder=here)
    assert stratolab.secret("db:password") == WORD
    cli("secrets", "set", "db", typed="new", folder=here)
    assert (stratolab.secret("db"), stratolab.secret("db", previous=True)) == (
        "new",
        f'{{"password": "{WORD}"}}',
    )
    with pytest.raises(InputError, match="no secret 'other'"):
        stratolab.secret("other")


def test_asking_for_a_secret_makes_no_lab(here):
    with pytest.raises(InputError):
        stratolab.secret("db")
    assert not (here / ".stratolab").exists()


def test_files_up_and_down(here):
    (here / "notebooks" / "prices").mkdir()
    (here / "notebooks" / "prices" / "a.csv").write_text("a")
    heard = []
    done = stratolab.upload("prices", "data/prices", progress=heard.append)
    assert (done.copied, done.unchanged) == (1, 0)
    assert heard[-1].files == 1
    assert stratolab.upload("prices", "data/prices").unchanged == 1
    stratolab.download("data/prices", here / "back")
    assert (here / "back" / "a.csv").read_text() == "a"
    stratolab.download("data/prices/a.csv", "new/")
    assert (here / "notebooks" / "new" / "a.csv").read_text() == "a"
    assert (here / ".stratolab" / ".gitignore").read_text() == "*\n"


def test_tables(here):
    frame = pd.DataFrame({"year": [2015, 2016], "champion": ["KCR", "CHC"]})
    assert stratolab.write_table(frame, "champions") == 2
    with pytest.raises(RefusedError):
        stratolab.write_table(frame, "champions")
    stratolab.write_table([{"year": 2017, "champion": "HOU"}], "champions", if_exists="append")
    assert stratolab.read_table("champions")["year"].tolist() == [2015, 2016, 2017]
    found = stratolab.read_query(
        "SELECT champion FROM champions WHERE year > :year", {"year": 2015}, into="columns"
    )
    assert found == {"champion": ["CHC", "HOU"]}
    with stratolab.connect() as database:
        assert database.execute("SELECT COUNT(*) FROM champions").fetchone() == (3,)
    assert (here / ".stratolab" / "databases" / "default.db").is_file()
    with pytest.raises(InputError, match="if_exists"):
        stratolab.write_table(frame, "champions", if_exists="apend")


def test_ddl_is_of_the_default_database_unless_told(here):
    frame = pd.DataFrame({"when": pd.to_datetime(["2020-01-01"])})
    assert stratolab.ddl(frame, "t") == 'CREATE TABLE "t" (\n    "when" TIMESTAMP\n);\n'
    assert "DATETIME(6)" in stratolab.ddl(frame, "t", dialect="mysql")
    assert stratolab.ddl(frame, "t", dialect="postgresql", schema="s").startswith('CREATE TABLE "s"."t" (')
    with pytest.raises(InputError) as caught:
        stratolab.ddl(frame, "t", dialect="postgres")
    assert caught.value.hint == "did you mean 'postgresql'?"


def test_a_database_of_the_configuration_and_its_secret(here, cli):
    with (here / "stratolab.toml").open("a") as config:
        config.write(
            '[databases.default]\nsecret = "db"\n[databases.scratch]\n[databases.games]\nurl = "sqlite:///games.db"\n'
        )
    with pytest.raises(InputError, match="no secret 'db'"):
        stratolab.connect()
    url = f"sqlite:///{here / 'elsewhere.db'}"
    cli("secrets", "set", "db", typed=url, folder=here)
    stratolab.write_table({"a": [1]}, "t")
    assert (here / "elsewhere.db").is_file()
    stratolab.write_table({"a": [2]}, "t", database="scratch")
    stratolab.write_table({"a": [3]}, "t", database="games")
    assert (here / "games.db").is_file()
    everywhere = {
        name: stratolab.read_table("t", database=name, into="columns")["a"]
        for name in ("default", "scratch", "games", url)
    }
    assert list(everywhere.values()) == [[1], [2], [3], [1]]
    with pytest.raises(InputError, match="did you mean 'games'"):
        stratolab.connect("game")


JOB = """
import os, sys, tempfile
import stratolab
os.chdir("/")                                   # a job's lab does not depend on where it works
assert stratolab.secret("db:password") == os.environ["TOKEN"]
stratolab.write_table([{"trial": int(sys.argv[-1]), "length": len(os.environ["TOKEN"])}], "results", if_exists="append")
with tempfile.NamedTemporaryFile("w") as file:
    file.write("artifact of " + sys.argv[-1])
    file.flush()
    stratolab.upload(file.name, "artifacts/trial-" + sys.argv[-1])
stratolab.report(loss=float(sys.argv[-1]))
"""
SWEEP = """
[jobs.train]
command = "python train.py"
secrets = { TOKEN = "db:password" }

[sweeps.tune]
job = "train"
metric = "loss"
trials = 4
parallel = 2
sampler = "grid"
[sweeps.tune.space]
n = { int = [1, 4] }
"""


def test_inside_jobs_and_trials(cli, project, monkeypatch):
    root = project(SWEEP, {"train.py": JOB})
    cli("secrets", "set", "db", typed=f'{{"password": "{WORD}"}}', folder=root)
    answer = cli("sweep", "tune", folder=root)
    assert answer.code == 0, answer.err
    monkeypatch.chdir(root)
    rows = stratolab.read_query("SELECT * FROM results ORDER BY trial", into="columns")
    assert rows == {"trial": [1, 2, 3, 4], "length": [len(WORD)] * 4}
    stratolab.download("artifacts/trial-3", root / "back")
    assert (root / "back").read_text() == "artifact of 3"
    again = cli("replay", folder=root)
    assert again.code == 0, again.err
    assert stratolab.read_query("SELECT COUNT(*) AS n FROM results", into="columns") == {"n": [5]}
    assert not list((root / ".stratolab").rglob("replays/*/.stratolab"))


def test_importing_it_loads_nothing_heavy():
    names = "secret, upload, download, connect, write_table, read_table, read_query, ddl"
    heavy = "{'pandas', 'polars', 'numpy', 'pydantic', 'sqlalchemy', 'psycopg', 'pymysql', 'sqlite3', 'ssl'}"
    program = f"import sys\nfrom stratolab import {names}\nprint(*sorted({heavy} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []
