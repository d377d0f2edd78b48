"""R23: scripts run in order, once each, on real servers; also when one fails, and when the set-up is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.runtime.databases.setup import Script, set_up
from stratolab.tables.opening import open_connection

TABLES = Script(
    "001_tables.sql", "CREATE TABLE team (id INT PRIMARY KEY, name VARCHAR(20));\nCREATE TABLE game (id INT);"
)
ROWS = Script("002_rows.sql", "INSERT INTO team VALUES (1, 'a;b');\nINSERT INTO team VALUES (2, '100%');")
MORE = Script("003_more.sql", "ALTER TABLE team ADD COLUMN city VARCHAR(20);\nINSERT INTO game VALUES (7);")
ROUTINES = {
    "postgresql": "CREATE FUNCTION twice(x INT) RETURNS INT AS $$ BEGIN RETURN x * 2; END; $$ LANGUAGE plpgsql;",
    "mysql": "DELIMITER //\nCREATE FUNCTION twice(x INT) RETURNS INT DETERMINISTIC BEGIN RETURN x * 2; END//",
}


def run(address, *scripts):
    with open_connection(address) as connection:
        return set_up(connection.raw, connection.dialect, scripts)


def counts(ran):
    return [(one.script, one.statements, one.before) for one in ran]


def test_in_order_and_once(address, ask):
    assert counts(run(address, ROWS, TABLES)) == [("001_tables.sql", 2, 0), ("002_rows.sql", 2, 0)]
    assert ask("SELECT id, name FROM team ORDER BY id") == [(1, "a;b"), (2, "100%")]
    assert counts(run(address, TABLES, ROWS, MORE)) == [
        ("001_tables.sql", 0, 2),
        ("002_rows.sql", 0, 2),
        ("003_more.sql", 2, 0),
    ]
    assert ask("SELECT COUNT(*) FROM team") == [(2,)]


def test_what_was_put_in_later_is_never_lost(address, ask):
    run(address, TABLES, ROWS)
    with open_connection(address) as connection:
        connection.execute("INSERT INTO team VALUES (3, 'later')")
    run(address, TABLES, ROWS)
    assert ask("SELECT COUNT(*) FROM team") == [(3,)]


def test_another_name_is_the_same_script(address):
    run(address, TABLES)
    assert counts(run(address, Script("000_first.sql", TABLES.text))) == [("000_first.sql", 0, 2)]


def test_a_script_that_was_changed_is_refused(address, ask):
    run(address, TABLES)
    with pytest.raises(RefusedError, match=r"001_tables\.sql has been changed since it ran"):
        run(address, Script(TABLES.name, TABLES.text + "DROP TABLE team;"), ROWS)
    assert ask("SELECT COUNT(*) FROM team") == [(0,)]


def test_routines(address, ask):
    if address.dialect not in ROUTINES:
        return
    run(address, Script("001.sql", ROUTINES[address.dialect]))
    assert ask("SELECT twice(21)") == [(42,)]


def test_a_statement_that_fails_is_named_and_what_was_before_it_stays(address, ask):
    wrong = Script("002_wrong.sql", "INSERT INTO team VALUES (1, 'a');\n\nINSERT INTO nowhere VALUES (1);")
    with pytest.raises(RemoteError, match=r"002_wrong\.sql, statement 2 \(line 3\): .*nowhere"):
        run(address, TABLES, wrong, MORE)
    assert ask("SELECT COUNT(*) FROM game") == [(0,)]  # the third was not begun
    whole = address.dialect != "mysql"
    assert ask("SELECT COUNT(*) FROM team") == [(0 if whole else 1,)]
    other = Script("002_wrong.sql", "INSERT INTO team VALUES (9, 'z');")
    if not whole:  # its first statement has been done, and is another one here
        with pytest.raises(RefusedError, match="has been changed since it ran"):
            run(address, TABLES, other)
    mended = Script("002_wrong.sql", "INSERT INTO team VALUES (1, 'a');\nINSERT INTO game VALUES (1);")
    now, before = (2, 0) if whole else (1, 1)
    assert counts(run(address, TABLES, mended)) == [("001_tables.sql", 0, 2), ("002_wrong.sql", now, before)]
    assert counts(run(address, TABLES, mended, MORE))[1] == ("002_wrong.sql", 0, 2)
    assert ask("SELECT COUNT(*) FROM team") == [(1,)]
    with pytest.raises(RefusedError, match="has been changed since it ran"):
        run(address, TABLES, wrong, MORE)


def test_a_password_is_not_repeated(address):
    hidden = "not" + "-to-be-seen"
    wrong = Script("001.sql", f"CREATE USER ana IDENTIFIED '{hidden}' BY PASSWORD")
    with pytest.raises(RemoteError) as caught:
        run(address, wrong)
    assert hidden not in str(caught.value)


def test_nothing_is_run_if_one_cannot_be_read(address, ask):
    with pytest.raises(InputError, match=r"002\.sql, line 1: nothing ends what ' begins"):
        run(address, TABLES, Script("002.sql", "SELECT 'a"))
    with pytest.raises(Exception, match="team"):
        ask("SELECT * FROM team")


def test_a_script_with_a_transaction_of_its_own(address):
    script = Script("001.sql", "CREATE TABLE a (x INT);\nCOMMIT;")
    if address.dialect == "mysql":
        assert counts(run(address, script)) == [("001.sql", 2, 0)]
        return
    with pytest.raises(InputError, match=r"001\.sql, line 2: COMMIT would cut in two"):
        run(address, script)


@pytest.mark.timeout(300)
def test_two_at_once_run_each_script_once(address, ask):
    with ThreadPoolExecutor(2) as pool:
        ran = list(pool.map(lambda _: run(address, TABLES, ROWS, MORE), range(2)))
    assert sorted(sum(one.statements for one in each) for each in ran) == [0, 6]
    assert ask("SELECT COUNT(*) FROM team") == [(2,)]


PROGRAM = """
import json, sys
from stratolab.runtime.databases.setup import Script, set_up
from stratolab.tables.address import Address
from stratolab.tables.opening import open_connection
given = json.load(sys.stdin)
with open_connection(Address(**{**given["address"], "options": ()})) as connection:
    set_up(connection.raw, connection.dialect, [Script(*one) for one in given["scripts"]])
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "point",
    [
        "statement:1",
        "statement:2",
        "statement:5",
        "before-commit:2",
        "before-statement:2",
        "before-statement:4",
    ],
)
def test_killed_at_any_point_it_goes_on_there(address, ask, point):
    keys = ("dialect", "database", "host", "port", "user", "password")
    given = {
        "address": {key: getattr(address, key) for key in keys},
        "scripts": [(one.name, one.text) for one in (TABLES, ROWS, MORE)],
    }
    killed = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(given),
        env={**os.environ, "STRATOLAB_CRASH_AT": f"setup.{point}"},
        capture_output=True,
        text=True,
        check=False,
    )
    passed = point.startswith("before-statement") and address.dialect != "mysql"
    passed = passed or (point.startswith("before-commit") and address.dialect == "mysql")
    assert killed.returncode == (0 if passed else -signal.SIGKILL), killed.stderr
    run(address, TABLES, ROWS, MORE)
    assert ask("SELECT id, city FROM team ORDER BY id") == [(1, None), (2, None)]
    assert ask("SELECT id FROM game") == [(7,)]
    assert sum(one.statements for one in run(address, TABLES, ROWS, MORE)) == 0
