"""R23 and R24 as a lab has them: `stratolab up` sets a database up by a function in its network, on real servers.

The stacks are deployed to the emulator; its RDS instances answer at a real server with TLS, whose owner gets in with
the password that RDS made. The functions are the zips that a lab would have, run by processes that know nothing else.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.emulator.control import REGION
from tests.runtime.functions.conftest import start
from tests.servers import MARIADB, POSTGRES

from stratolab.runtime.functions.entering import PREFIX

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(900)

TABLES = "CREATE TABLE team (id INT PRIMARY KEY, name VARCHAR(20));\nINSERT INTO team VALUES (1, 'a;b');\n"
MORE = "INSERT INTO team VALUES (2, 'x');\nCREATE TABLE game (id INT);\nINSERT INTO game VALUES (7);\n"
ENGINES = {POSTGRES: "postgres", MARIADB: "mysql"}
SLEEP = {POSTGRES: "SELECT pg_sleep(60);\n", MARIADB: "SELECT SLEEP(60);\n"}


@dataclass
class World:
    """A lab whose database is a real server's."""

    emulator: object
    cli: object
    server: object
    folder: Path
    name: str

    def script(self, name, text):
        (self.folder / "sql").mkdir(exist_ok=True)
        (self.folder / "sql" / name).write_text(text, encoding="utf-8")

    def configure(self, **options):
        given = {"engine": ENGINES[self.server.kind], "name": self.name, **options}
        told = ", ".join(f"{key} = {json.dumps(value)}" for key, value in given.items())
        (self.folder / "lab.toml").write_text(
            f'[lab]\nname = "acme"\nregion = "{REGION}"\nprofile = "lab"\n'
            f'[environments.dev]\ncidr = "10.0.0.0/16"\nnat = "one"\ndatabase = {{ {told} }}\n',
            encoding="utf-8",
        )

    def run(self, *words, **more):
        return self.cli(*words, folder=self.folder, timeout=400, **more)

    def up(self, *words):
        return self.run("up", "--yes", *words)

    def output(self, name):
        stacks = self.emulator.client("cloudformation").describe_stacks(StackName="acme-database-dev")[
            "Stacks"
        ]
        return {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}.get(name)

    def state(self):
        stacks = self.emulator.client("cloudformation").describe_stacks(StackName="acme-database-dev")[
            "Stacks"
        ]
        return stacks[0]["StackStatus"]

    def ask(self, sql):
        with self.server.engine(self.name).connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    def owner(self):
        """The owner as RDS makes it: with the password that is in its secret."""
        secret = self.emulator.client("secretsmanager").get_secret_value(SecretId=self.output("OwnerSecret"))
        return json.loads(secret["SecretString"])


@pytest.fixture(scope="module", params=[POSTGRES, MARIADB])
def server(request, tmp_path_factory):
    return start(request.param, tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def world(emulator, cli, tmp_path, server):
    """A lab with a database that nobody has set up yet."""
    folder = tmp_path / "lab"
    folder.mkdir()
    made = World(emulator, cli, server, folder, f"lab_{tmp_path.name[-12:].replace('-', '_').lower()}")
    emulator.database("127.0.0.1", server.url.port)
    emulator.variables(**{f"{PREFIX}AUTHORITIES": str(server.authority)})
    made.configure()
    done = made.up()
    assert done.code == 0, done.err
    owner = made.owner()
    server.forget(owner["username"])
    server.database(made.name, owner["username"], owner["password"])
    yield made
    server.forget(owner["username"], made.name)


def test_a_lab_sets_its_database_up_and_tells_what_ran(world):
    world.script("001_tables.sql", TABLES)
    world.configure(setup="sql")
    done = world.up()
    assert done.code == 0, done.err
    answer = json.loads(world.output("Setup"))
    assert (answer["ran"], answer["before"], answer["statements"]) == (["001_tables.sql"], [], 2)
    assert re.match(r"(postgresql|mysql) \d+\.", answer["server"])
    assert world.ask("SELECT id, name FROM team") == [(1, "a;b")]
    # a script more is a change that the plan shows, and the old one does not run again
    assert world.run("plan", "--check").code == 0
    world.script("002_more.sql", MORE)
    plan = json.loads(world.run("plan", "--json").out)
    (stack,) = [one for one in plan["stacks"] if one["key"] == "database.dev"]
    assert "Setup" in {change["logical"] for change in stack["changes"]}, stack
    assert world.up().code == 0
    answer = json.loads(world.output("Setup"))
    assert (answer["ran"], answer["before"]) == (["002_more.sql"], ["001_tables.sql"])
    assert world.ask("SELECT COUNT(*) FROM team") == [(2,)]
    # by hand, from anywhere in the lab, and the way to it
    again = json.loads(world.run("db", "setup", "--json").out)
    assert [(one["script"], one["statements"], one["before"]) for one in again["scripts"]] == [
        ("001_tables.sql", 0, 2),
        ("002_more.sql", 0, 3),
    ]
    told = json.loads(world.run("db", "test", "--json").out)
    assert told["ok"] is True
    assert [one["step"] for one in told["steps"]] == ["secret", "name", "port", "tls", "login", "query"]
    shown = world.run("db", "test", "--lab", "acme", "--environment", "dev")
    assert (shown.code, "SELECT NOW()" in shown.out) == (0, True)
    # what a person took out does not come back, and taking the stack down takes no data
    with world.server.engine(world.name).connect() as connection:
        connection.exec_driver_sql("DELETE FROM game")
    assert world.up().code == 0
    assert world.ask("SELECT COUNT(*) FROM game") == [(0,)]
    assert world.owner()["password"] not in world.emulator.log()


def test_a_broken_script_is_named_rolled_back_and_mended(world):
    world.script("001_tables.sql", TABLES)
    world.configure(setup="sql")
    assert world.up().code == 0
    world.script("002_more.sql", MORE.replace("INTO game", "INTO gaem"))
    failed = world.up()
    assert failed.code == 4
    assert "002_more.sql, statement 3 (line 3): " in failed.err
    assert "gaem" in failed.err
    assert world.state() == "UPDATE_ROLLBACK_COMPLETE"
    world.script("002_more.sql", MORE)
    assert world.up().code == 0
    assert world.ask("SELECT id FROM game") == [(7,)]
    assert world.ask("SELECT COUNT(*) FROM team") == [(2,)]
    # a script that has run is not to be changed
    world.script("001_tables.sql", TABLES + "SELECT 1;")
    refused = world.up()
    assert refused.code == 4
    assert "001_tables.sql has been changed since it ran" in refused.err
    # one that cannot be read stops it before anything is sent
    world.script("001_tables.sql", TABLES)
    world.script("003_open.sql", "SELECT 'x;\n")
    unread = world.up()
    assert (unread.code, "003_open.sql, line 1: nothing ends what ' begins" in unread.err) == (2, True)
    assert "003_open.sql" in world.run("config", "check").err


def test_killed_in_the_middle_it_is_called_again_and_goes_on(world):
    world.script("001_tables.sql", TABLES)
    world.script("002_more.sql", MORE)
    world.configure(setup="sql")
    world.emulator.variables(once=True, STRATOLAB_CRASH_AT="setup.statement:4")
    done = world.up()
    assert done.code == 0, done.err
    assert world.ask("SELECT COUNT(*) FROM team") == [(2,)]
    assert world.ask("SELECT id FROM game") == [(7,)]
    answer = json.loads(world.output("Setup"))
    assert answer["scripts"] == 2
    assert "001_tables.sql" in answer["before"]  # the first call had done it


def test_what_takes_too_long_is_stopped_and_told(world):
    world.script("001_tables.sql", TABLES)
    world.script("002_slow.sql", f"-- slow\n{SLEEP[world.server.kind]}")
    world.configure(setup="sql", setup_timeout="3s")
    failed = world.up()
    assert failed.code == 4
    assert "002_slow.sql, statement 1 (line 2) took too long: 3 seconds are over" in failed.err
    assert "setup_timeout" in failed.err
    assert world.state() == "UPDATE_ROLLBACK_COMPLETE"
    assert world.server.busy(world.name) == 0  # nothing goes on at the server unseen


def test_what_a_person_is_told_when_a_function_or_a_secret_is_gone(world):
    functions = world.emulator.client("lambda")
    manager = world.emulator.client("secretsmanager")
    no_setup = world.run("db", "setup")
    assert (no_setup.code, "dev has no function that does it" in no_setup.err) == (2, True)
    held = world.owner()
    manager.put_secret_value(
        SecretId=world.output("OwnerSecret"), SecretString=json.dumps({**held, "password": "hunter-22"})
    )
    wrong = world.run("db", "test")
    assert (wrong.code, "db test, login: " in wrong.err) == (4, True)
    assert "hunter" not in wrong.out + wrong.err
    manager.delete_secret(SecretId=world.output("OwnerSecret"), ForceDeleteWithoutRecovery=True)
    assert "db test, secret: no secret: ResourceNotFoundException" in world.run("db", "test").err
    functions.delete_function(FunctionName=world.output("TestFunction"))
    gone = world.run("db", "test")
    assert (gone.code, "there is no function acme-dev-database-test any more" in gone.err) == (4, True)
    assert world.run("db", "test", "--environment", "prod").code == 2
    assert world.run("db", "test", "archive").code == 2
