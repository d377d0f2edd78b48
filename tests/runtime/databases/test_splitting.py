"""R23: scripts are split as the databases' own clients split them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.core.errors import InputError
from stratolab.runtime.databases.splitting import statements

DIALECTS = ("postgresql", "mysql", "sqlite")
every = pytest.mark.parametrize("dialect", DIALECTS)


def split(text, dialect):
    return [one.text for one in statements(text, dialect)]


@every
def test_semicolons_in_texts_names_and_comments_end_nothing(dialect):
    name = "`a;b`" if dialect == "mysql" else '"a;b"'
    first = f"CREATE TABLE {name} (x TEXT DEFAULT 'it''s; so') -- no; end\n /* nor; here */"
    assert split(f"{first};\nSELECT 1;\n", dialect) == [first, "SELECT 1"]


@every
def test_nothing_but_comments_is_no_statement(dialect):
    assert split("-- a; b\n/* c; */ ;; \n\ufeff;" if dialect != "sqlite" else "-- a; b\n;;", dialect)[:1] in (
        [],
        ["\ufeff"],
    )
    assert split("", dialect) == []


@every
def test_the_last_one_needs_no_end_and_lines_are_told(dialect):
    found = list(statements("\n-- first\nSELECT 1;\n\n\nSELECT\n2", dialect))
    assert [(one.text, one.line) for one in found] == [("-- first\nSELECT 1", 3), ("SELECT\n2", 6)]
    assert found[0].words == ("SELECT",)


POSTGRES = {
    "a body in dollars": "CREATE FUNCTION f() RETURNS int AS $$ BEGIN; RETURN 1; END $$ LANGUAGE plpgsql",
    "dollars with a tag, and others within": "DO $body$ BEGIN PERFORM $$a;b$$; END $body$",
    "no dollar quote but a place": "PREPARE p AS SELECT $1 + $2",
    "a text with escapes": r"SELECT E'it\'s; so'",
    "a text without": r"SELECT 'C:\'",
    "comments within comments": "SELECT /* a /* b; */ c; */ 1",
    "a standard body": "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
    "a rule with two actions": "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); DELETE FROM b)",
    "a cast": "SELECT now()::date",
}


@pytest.mark.parametrize("text", POSTGRES.values(), ids=POSTGRES)
def test_postgres(text):
    assert split(f"{text};\nSELECT 2;", "postgresql") == [text, "SELECT 2"]


MYSQL = {
    "a text with escapes": r"SELECT 'it\'s; so', \"and; so\"".replace('\\"', '"'),
    "a comment to the end of the line": "SELECT 1 # a; b\n",
    "two dashes that are none": "SELECT 2--1",
    "a routine": "CREATE PROCEDURE p(n INT) BEGIN IF n > 1 THEN SELECT 1; ELSE SELECT 2; END IF; END",
    "a routine of one block": "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW IF NEW.x THEN SET NEW.y = 1; END IF",
    "loops": "CREATE PROCEDURE p() BEGIN a: LOOP LEAVE a; END LOOP a; WHILE 0 DO SELECT 1; END WHILE; REPEAT SELECT 1; "
    "UNTIL 1 END REPEAT; END",
    "functions of blocks' names": "CREATE FUNCTION f(x INT) RETURNS TEXT RETURN IF(x, REPEAT('a;', 3), 'b')",
    "CASE as a value, with IF in it": "CREATE FUNCTION f(x INT) RETURNS INT RETURN CASE WHEN x THEN IF(x, 1, 2) END",
    "CASE as a statement": "CREATE PROCEDURE p(x INT) BEGIN CASE x WHEN 1 THEN IF x THEN SELECT 1; END IF; ELSE "
    "SELECT 2; END CASE; SELECT 3; END",
    "a block without a name": "BEGIN NOT ATOMIC SELECT 1; SELECT 2; END",
    "a routine by somebody": "CREATE DEFINER=`root`@`localhost` PROCEDURE p() BEGIN SELECT 1; END",
    "names that begin like words": "CREATE TABLE begin_end (begin_at INT)",
}


@pytest.mark.parametrize("text", MYSQL.values(), ids=MYSQL)
def test_mysql(text):
    assert split(f"{text};\nSELECT 2;", "mysql") == [text.strip(), "SELECT 2"]


def test_mysqls_transactions_are_no_blocks():
    assert split("BEGIN; INSERT INTO a VALUES (1); COMMIT;", "mysql") == [
        "BEGIN",
        "INSERT INTO a VALUES (1)",
        "COMMIT",
    ]


def test_mysqls_own_comments_are_statements():
    assert split("/*!40101 SET NAMES utf8mb4 */; /* not; this */ SELECT 1;", "mysql") == [
        "/*!40101 SET NAMES utf8mb4 */",
        "/* not; this */ SELECT 1",
    ]


def test_another_delimiter():
    text = "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT '//'; SELECT 2; END//\n delimiter ;\nSELECT 3;"
    assert split(text, "mysql") == ["CREATE PROCEDURE p() BEGIN SELECT '//'; SELECT 2; END", "SELECT 3"]


def test_sqlites_triggers():
    trigger = (
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = CASE WHEN x THEN 1 END; DELETE FROM b; END"
    )
    assert split(f"{trigger};TABLE [a;b]", "sqlite") == [trigger, "TABLE [a;b]"]


@pytest.mark.parametrize(
    ("text", "dialect", "told"),
    [
        ("SELECT 1;\nSELECT 'a;", "postgresql", "line 2: nothing ends what ' begins"),
        ("SELECT $a$ b;", "postgresql", "line 1: nothing ends what $a$ begins"),
        ("SELECT /* a /* b */;", "postgresql", "nothing ends what /* begins"),
        ("SELECT 1 /* a;", "mysql", "nothing ends what /* begins"),
        ("\\connect other\n", "postgresql", "line 1: a command that begins with a backslash"),
        ("COPY a FROM stdin;\n1\t2\n\\.\n", "postgresql", "write them as INSERT"),
    ],
)
def test_what_cannot_be_split(text, dialect, told):
    with pytest.raises(InputError) as caught:
        split(text, dialect)
    assert told in str(caught.value)


@every
@given(parts=st.lists(st.text("ab \n'`\"", max_size=12), max_size=6))
def test_texts_come_through_as_they_are(dialect, parts):
    """Whatever stands in a quoted text, the statements are as many as were joined."""
    made = ["SELECT '" + part.replace("'", "''") + "'" for part in parts]
    assert split(";\n".join(made), dialect) == made
