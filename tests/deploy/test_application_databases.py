"""R21, R22 and R64 as a lab has them: applications' databases made by `up`, their users exchanged by the function.

The stacks are deployed to the emulator, whose rotation calls the function as packed in its zip, step by step, in a
process that knows nothing else; it works on real servers, over TLS that is verified.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from functools import partial

import pytest
from tests.emulator.control import REGION
from tests.runtime.functions.conftest import start
from tests.servers import MARIADB, POSTGRES

from stratolab.core.errors import RemoteError
from stratolab.runtime.functions import entering
from stratolab.runtime.functions.secret_rotation import AUTHORITIES
from stratolab.runtime.rotation import credentials

pytestmark = pytest.mark.timeout(900)

ENGINES = {POSTGRES: "postgres", MARIADB: "mysql"}
DIALECTS = {"postgres": "postgresql", "mysql": "mysql"}
OWNER_MAY = {
    POSTGRES: ("ALTER ROLE {0} CREATEROLE CREATEDB",),
    MARIADB: ("GRANT ALL ON *.* TO {0} WITH GRANT OPTION", "REVOKE SUPER, FILE, SHUTDOWN ON *.* FROM {0}"),
}
NAME = "world-series/dev/database"
FULL = f"acme/{NAME}"
FUNCTION = "acme-dev-secret-rotation"
DEADLINE = 120.0
EMPTY = {
    POSTGRES: (
        "SELECT format('DROP DATABASE %%I WITH (FORCE)', datname) FROM pg_database "
        "WHERE NOT datistemplate AND datname <> 'postgres' UNION ALL "
        "SELECT format('DROP ROLE %%I', rolname) FROM pg_roles "
        "WHERE rolname !~ '^pg_' AND rolname NOT IN ('postgres', 'lab_owner')"
    ),
    MARIADB: (
        "SELECT CONCAT('DROP DATABASE `', schema_name, '`') FROM information_schema.schemata "
        "WHERE schema_name = 'world_series' OR schema_name LIKE 'lab%%' UNION ALL "
        "SELECT CONCAT('DROP USER `', user, '`@`', host, '`') FROM mysql.user "
        "WHERE user NOT IN ('root', 'mariadb.sys', 'mysql', 'lab_owner')"
    ),
}
"""What takes everything away that a test has made, databases first."""


class World:
    """A lab whose instance is a real server's, and an application in it."""

    def __init__(self, emulator, cli, server, folder) -> None:
        self.emulator, self.cli, self.server, self.folder = emulator, cli, server, folder
        self.name = f"lab_{folder.parent.name[-12:].replace('-', '_').lower()}"
        self.secrets = emulator.client("secretsmanager")

    def configure(self, **options):
        given = {"engine": ENGINES[self.server.kind], "name": self.name, **options}
        told = "\n".join(f"{key} = {json.dumps(value)}" for key, value in given.items() if key != "query")
        canary = ""
        if "query" in options:
            canary = f'[environments.dev.database.canaries.world-series]\nquery = "{options["query"]}"\n'
        (self.folder / "lab.toml").write_text(
            f'[lab]\nname = "acme"\nregion = "{REGION}"\nprofile = "lab"\n'
            '[people.ana]\nprojects = ["world-series"]\nmail = "ana@example.com"\n'
            '[projects.world-series]\nsource = "none"\n'
            '[environments.dev]\ncidr = "10.0.0.0/16"\nnat = "one"\n'
            f"[environments.dev.database]\n{told}\n{canary}",
            encoding="utf-8",
        )

    def run(self, *words, code=0):
        done = self.cli(*words, folder=self.folder, timeout=600)
        assert done.code == code, done.err
        return done

    def value(self, stage="AWSCURRENT"):
        found = self.secrets.get_secret_value(SecretId=FULL, VersionStage=stage)["SecretString"]
        return credentials.read(found)

    def stages(self):
        found = self.secrets.describe_secret(SecretId=FULL)["VersionIdsToStages"]
        return sorted(stage for stages in found.values() for stage in stages)

    def connect(self, login):
        place = entering.Database(
            DIALECTS[login.engine], login.host, login.port, login.database, "", str(self.server.authority)
        )
        return entering.connect(place, entering.Login(login.name, login.password))

    def lets_in(self, login):
        try:
            self.connect(login).close()
        except RemoteError:
            return False
        return True

    def ask(self, login, statement):
        connection = self.connect(login)
        cursor = connection.cursor()
        cursor.execute(statement)
        found = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        connection.commit()
        connection.close()
        return found

    def crash_at(self, point):
        """Have the function's processes die there from now on."""
        functions = self.emulator.client("lambda")
        settings = functions.get_function_configuration(FunctionName=FUNCTION)["Environment"]["Variables"]
        settings["STRATOLAB_CRASH_AT"] = point
        functions.update_function_configuration(FunctionName=FUNCTION, Environment={"Variables": settings})

    def step(self, name, token):
        """What Secrets Manager does when it takes a rotation up again; it repeats a step whose process has died."""
        arn = self.secrets.describe_secret(SecretId=FULL)["ARN"]
        given = json.dumps({"Step": name, "SecretId": arn, "ClientRequestToken": token}).encode()
        for _ in range(3):
            answer = self.emulator.client("lambda").invoke(FunctionName=FUNCTION, Payload=given)
            said = answer["Payload"].read()
            if b"process exited" not in said:
                break
        assert not answer.get("FunctionError"), said


@pytest.fixture(scope="module", params=[POSTGRES, MARIADB])
def server(request, tmp_path_factory):
    return start(request.param, tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def world(emulator, cli, tmp_path, server):
    """A lab with an instance, before there are applications."""
    folder = tmp_path / "lab"
    folder.mkdir()
    made = World(emulator, cli, server, folder)
    emulator.database("127.0.0.1", server.url.port)
    emulator.variables(**{AUTHORITIES: str(server.authority)})
    made.configure()
    made.run("up", "--yes")
    stack = emulator.client("cloudformation").describe_stacks(StackName="acme-database-dev")["Stacks"][0]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    owner = json.loads(made.secrets.get_secret_value(SecretId=outputs["OwnerSecret"])["SecretString"])
    emptied(server, owner["username"])
    server.database(made.name, owner["username"], owner["password"])
    server.statements(*(one.format(owner["username"]) for one in OWNER_MAY[server.kind]))
    made.configure(applications=["world-series"], username_length=10, password_length=24, rotate=1)
    made.run("up", "--yes", "database.dev")
    yield made
    emptied(server, owner["username"])


def emptied(server, owner):
    """The servers of a module are shared, and instances of the emulator are all there."""
    with server.engine().connect() as connection:
        statements = [row[0] for row in connection.exec_driver_sql(EMPTY[server.kind])]
    server.statements(*(one.replace("%", "%%") for one in statements))
    server.forget(owner)


def until(look):
    deadline = time.monotonic() + DEADLINE
    while not (found := look()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return found


def test_an_application_has_its_database_and_its_user_is_exchanged_while_it_works(world):
    first = world.value()
    assert (len(first.name), len(first.password), first.database) == (10, 24, "world_series")
    assert first.owner.startswith("arn:aws:secretsmanager:")
    world.ask(first, "CREATE TABLE games (year INTEGER)")
    assert not world.lets_in(replace(first, database=world.name))  # the environment's own is not its business
    (listed,) = [
        one for one in json.loads(world.run("secrets", "ls", "--json").out)["secrets"] if one["name"] == NAME
    ]
    assert (listed["rotates"], listed["rotated"]) == (True, None)

    wrong, rounds, over = [], [0], threading.Event()

    def consume():
        while not over.is_set():
            login = world.value()
            try:
                world.ask(login, "SELECT count(*) FROM games")
            except RemoteError as error:
                wrong.append(str(error))
            rounds[0] += 1

    reader = threading.Thread(target=consume)
    reader.start()
    try:
        seen = [first]
        for _ in range(3):
            done = world.run("secrets", "rotate", NAME)
            seen.append(world.value())
            assert f"current is the user {seen[-1].name} of the database world_series" in done.out
            assert seen[-1].password not in done.out + done.err
            assert [world.lets_in(one) for one in seen] == [False] * (len(seen) - 2) + [True, True]
    finally:
        over.set()
        reader.join()
    assert wrong == []
    assert rounds[0] > 3
    assert [one.name for one in seen] == [first.name, f"{first.name}_clone"] * 2
    # nothing of it is in a log, and the users were told
    groups = world.emulator.client("logs").describe_log_groups()["logGroups"]
    written = "".join(
        event["message"]
        for group in groups
        for event in world.emulator.client("logs").filter_log_events(logGroupName=group["logGroupName"])[
            "events"
        ]
    )
    assert "is about to take over" in written
    assert "has taken over" in written
    for one in seen:
        assert one.password not in written + world.emulator.log()


def test_an_application_that_comes_back_has_its_data_and_its_secret_again(world):
    first = world.value()
    world.ask(first, "CREATE TABLE games (year INTEGER)")
    world.configure()
    world.run("up", "--yes", "--lose", "database.dev.RotationFunctionLogs")
    assert world.lets_in(first)
    world.configure(applications=["world-series"])
    planned = json.loads(world.run("plan", "--json").out)["stacks"]
    (stack,) = [one for one in planned if one["key"] == "database.dev"]
    assert [one["effect"] for one in stack["changes"]] == ["import"]
    world.run("up", "--yes")
    assert world.value() == first
    assert world.ask(first, "SELECT count(*) FROM games") == [(0,)]
    world.run("secrets", "rotate", NAME)
    assert world.lets_in(world.value())


def test_a_failing_canary_goes_back_and_a_rehearsal_changes_nothing(world):
    first = world.value()
    world.ask(first, "CREATE TABLE games (year INTEGER)")
    world.configure(applications=["world-series"], rotate=1, query="SELECT count(*) FROM games")
    world.run("up", "--yes", "database.dev")
    world.run("secrets", "rotate", NAME)
    second = world.value()
    rehearsed = json.loads(world.run("secrets", "rehearse", NAME, "--json").out)["rotations"][0]
    assert rehearsed["who"].startswith(f"user {first.name}_rehearsal")
    world.ask(second, "DROP TABLE games")
    for verb in ("rotate", "rehearse"):
        failed = world.run("secrets", verb, NAME, code=1)
        assert "no such table" in failed.err
        assert "the current credential stays as it is" in failed.err
    assert (world.value(), world.value("AWSPREVIOUS")) == (second, first)
    assert world.lets_in(first)
    assert world.lets_in(second)
    world.ask(second, "CREATE TABLE games (year INTEGER)")
    world.run("secrets", "rotate", NAME)
    assert world.value("AWSPREVIOUS") == second


def test_killed_at_any_step_secrets_manager_takes_it_up_again(world):
    earlier = kills(world)
    for number, point in enumerate(("made", "create", "twin", "set", "test", "finish"), 1):
        before = world.value()
        world.crash_at(f"rotation.{point}")
        token = world.secrets.rotate_secret(SecretId=FULL)["VersionId"]
        until(partial(killed, world, earlier + number))
        assert world.lets_in(world.value())
        assert (world.value() == before) is (point != "finish")
        world.crash_at("")
        for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
            world.step(step, token)
        assert world.value() == before.twin(world.value().password)
        assert world.value("AWSPREVIOUS") == before
        assert world.lets_in(before)
        assert world.lets_in(world.value())


def kills(world):
    """How many rotations have met their kill; the emulator's log has those of earlier tests too."""
    return world.emulator.log().count(f"rotation of {FULL}")


def killed(world, times):
    """Whether so many have."""
    return kills(world) >= times


def test_what_goes_on_is_not_disturbed(world):
    world.crash_at("rotation.create")
    world.secrets.rotate_secret(SecretId=FULL)
    until(lambda: "AWSPENDING" in world.stages() and world.value("AWSPENDING"))
    for verb in ("rotate", "rehearse"):
        refused = world.cli("secrets", verb, NAME, folder=world.folder, timeout=300)
        assert refused.code in {3, 4}, refused.err
        assert "has not ended" in refused.err or "is going on" in refused.err
