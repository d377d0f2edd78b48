from __future__ import annotations

import json

import pytest
from tests.servers import MARIADB, POSTGRES, fresh_database

SCRIPT = "CREATE TABLE team (id INT PRIMARY KEY);\nINSERT INTO team VALUES (1);\n"


@pytest.fixture(params=[POSTGRES, MARIADB])
def project(request, cli, tmp_path):
    """A project whose database is on a server, its address in a secret."""
    with fresh_database(request.param) as url:
        (tmp_path / "stratolab.toml").write_text(
            '[project]\nname = "p"\n[databases.default]\nsecret = "p/db"\n', encoding="utf-8"
        )
        assert cli("secrets", "set", "p/db", typed=url).code == 0
        (tmp_path / "sql").mkdir()
        (tmp_path / "sql" / "001.sql").write_text(SCRIPT, encoding="utf-8")
        yield cli


def test_the_way_is_told_step_by_step(project):
    answer = project("db", "test")
    assert answer.code == 0
    assert [line.split()[:2] for line in answer.out.splitlines()[2:]] == [
        ["name", "ok"],
        ["port", "ok"],
        ["login", "ok"],
        ["query", "ok"],
    ]
    told = json.loads(project("db", "test", "--json").out)
    assert told["ok"] is True
    assert [step["step"] for step in told["steps"]] == ["name", "port", "login", "query"]


def test_scripts_run_once(project, tmp_path):
    answer = project("db", "setup")
    assert (answer.code, "run now" in answer.out) == (0, True)
    again = json.loads(project("db", "setup", "--json").out)
    assert again["scripts"] == [{"script": "001.sql", "statements": 0, "before": 2}]
    (tmp_path / "sql" / "002.sql").write_text("INSERT INTO nowhere VALUES (1)", encoding="utf-8")
    failed = project("db", "setup")
    assert failed.code == 4
    assert "002.sql, statement 1 (line 1)" in failed.err
    (tmp_path / "sql" / "001.sql").write_text(SCRIPT + "SELECT 1", encoding="utf-8")
    changed = project("db", "setup")
    assert (changed.code, "001.sql has been changed since it ran" in changed.err) == (3, True)


def test_the_labs_own_file(cli, tmp_path):
    (tmp_path / "tables").mkdir()
    assert cli("db", "setup").code == 2
    assert "holds no script" in cli("db", "setup", "tables").err
    (tmp_path / "tables" / "a.sql").write_text(SCRIPT, encoding="utf-8")
    assert cli("db", "setup", "tables").code == 0
    assert cli("db", "test").out.splitlines()[2].split()[:2] == ["file", "ok"]


def test_where_it_ends_is_the_error(cli, tmp_path):
    (tmp_path / "stratolab.toml").write_text(
        '[project]\nname = "p"\n[databases.default]\nurl = "postgresql://ana@127.0.0.1:1/x"\n',
        encoding="utf-8",
    )
    answer = cli("db", "test")
    assert answer.code == 4
    assert "db test, port: nothing listens at port 1" in answer.err
    told = cli("db", "test", "--json")
    assert (told.code, json.loads(told.out)["ok"]) == (4, False)


def test_a_database_that_is_not_there(cli):
    assert cli("db", "test", "archive").code == 2


def test_the_databases_own_client(project):
    answer = project("db", "connect", typed="SELECT 41 + 1;\n")
    assert (answer.code, "42" in answer.out) == (0, True)
