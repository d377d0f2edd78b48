"""Rotations of a real database's users in a lab of this machine: nobody notices, kills converge, failures go back."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.secrets.rotations.conftest import NAME

from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.runtime.rotation import canaries, credentials
from stratolab.secrets.local import LocalSecrets
from stratolab.secrets.models import CURRENT, PENDING, PREVIOUS

PROGRAM = """
import json, sys
from pathlib import Path
from tests.runtime.rotation.server import Server
from stratolab.core.errors import StratolabError
from stratolab.runtime.rotation.databases import Databases
from stratolab.runtime.rotation.steps import Rotation
from stratolab.runtime.rotation import canaries
from stratolab.secrets.local import LocalSecrets
from stratolab.secrets.rotations.local import LocalRotations

folder, engine, port, certificate, verb, *command = sys.argv[1:]
server = Server(engine, int(port), certificate, "")
secrets = LocalSecrets(Path(folder))
exchange = Databases(server.connect, lambda login: server.login(server.owner.name, server.owner.password))
asked = (canaries.program(command),) if command else ()
made = LocalRotations(secrets, Path(folder), lambda name: Rotation(secrets, exchange, asked))
try:
    getattr(made, verb)("world-series/database", lambda progress: print(progress, flush=True))
except StratolabError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""
POINTS = {
    "postgres": ("made", "create", "twin", "set", "test", "finish"),
    "mysql": ("made", "create", "user", "twin", "set", "test", "finish"),
}


def heard(progress):
    pass


def value(secrets, stage=CURRENT):
    return credentials.read(secrets.get(NAME, stage=stage))


def stages(secrets):
    return sorted(stage for version in secrets.find(NAME).versions for stage in version.stages)


@pytest.fixture
def run(secrets, server, lab_folder):
    """A rotation in a process of its own, which may be killed at a point."""

    def ran(verb, *command, crash="", wait=True):
        words = [sys.executable, "-c", PROGRAM, str(lab_folder), server.engine, str(server.port)]
        words += [str(server.certificate), verb, *command]
        process = subprocess.Popen(
            words, env={**os.environ, "STRATOLAB_CRASH_AT": crash, "PYTHONPATH": str(Path.cwd())}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        if not wait:
            return process
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    return ran


def test_a_rotation_makes_the_other_user_current(secrets, rotations, server, first):
    told = []
    done = rotations().rotate(NAME, lambda progress: told.append(progress.step))
    assert told == ["begins", "create", "set", "test", "done", "finish"]
    assert stages(secrets) == [CURRENT, PREVIOUS]
    assert secrets.get(NAME, stage=PREVIOUS) == first
    assert secrets.find(NAME).version().id == done.version
    assert secrets.find(NAME).rotated is not None
    assert value(secrets).name in done.who
    assert server.lets_in(value(secrets))
    assert server.lets_in(credentials.read(first))


def test_who_connects_with_the_current_secret_never_fails(secrets, rotations, server):
    """A consumer that reads the secret and connects, again and again; another one that holds the one before."""
    wrong, rounds, over = [], [0, 0], threading.Event()

    def consume(number, stage):
        while not over.is_set():
            with contextlib.suppress(InputError):  # before the first rotation there is none before
                login = value(secrets, stage)
                try:
                    server.ask(login, "SELECT 1")
                except RemoteError as error:
                    if value(secrets, stage) == login:  # else it was exchanged while we connected with it
                        wrong.append((stage, str(error)))
            rounds[number] += 1

    reader = threading.Thread(target=consume, args=(0, CURRENT))
    reader.start()
    for _ in range(12):
        rotations().rotate(NAME, heard)
    over.set()
    reader.join()
    assert wrong == []
    assert rounds[0] > 12
    assert stages(secrets) == [CURRENT, PREVIOUS]


def test_a_failing_canary_leaves_everything_as_it_was(secrets, rotations, server, first):
    rotations().rotate(NAME, heard)
    before = secrets.get(NAME)
    told = []
    fails = canaries.program([sys.executable, "-c", "raise SystemExit(7)"])
    with pytest.raises(canaries.CanaryError, match="exit code 7"):
        rotations(fails).rotate(NAME, lambda progress: told.append((progress.step, progress.text)))
    assert (secrets.get(NAME), secrets.get(NAME, stage=PREVIOUS)) == (before, first)
    assert stages(secrets) == [CURRENT, PREVIOUS]
    assert all(server.lets_in(value(secrets, stage)) for stage in (CURRENT, PREVIOUS))
    assert told[-1] == (
        "failed",
        f"the canary: {sys.executable} ended with exit code 7; the current one stays as it is",
    )
    rotations().rotate(NAME, heard)
    assert secrets.get(NAME, stage=PREVIOUS) == before


def test_a_canary_sees_the_new_value_and_nobody_else_does(secrets, rotations, first, tmp_path):
    program = "import os, sys; open(sys.argv[1], 'w').write(os.environ['STRATOLAB_CANARY'])"
    asked = canaries.program([sys.executable, "-c", program, str(tmp_path / "seen")])
    rotations(asked).rotate(NAME, heard)
    assert json.loads((tmp_path / "seen").read_text()) == json.loads(secrets.get(NAME))
    assert repr(canaries.Candidate("a", "b", "the value")) == "Candidate(secret='a', version='b')"


def test_a_query_of_the_applications_own_is_a_canary(secrets, rotations, exchange, server, first):
    server.ask(credentials.read(first), "CREATE TABLE games (year INTEGER)")
    rotations(exchange.canary("SELECT count(*) FROM games")).rotate(NAME, heard)
    with pytest.raises(canaries.CanaryError, match="no such table"):
        rotations(exchange.canary("SELECT count(*) FROM gone")).rotate(NAME, heard)
    assert secrets.get(NAME, stage=PREVIOUS) == first


def test_killed_at_any_point_the_next_one_ends_it(run, rotations, secrets, server, first):
    for point in POINTS[server.engine]:
        before = secrets.get(NAME)
        assert run("rotate", crash=f"rotation.{point}")[0] == -signal.SIGKILL, point
        assert server.lets_in(value(secrets)), point
        finished = point == "finish"
        assert (secrets.get(NAME) == before) is not finished, point
        rotations().rotate(NAME, heard)
        assert stages(secrets) == [CURRENT, PREVIOUS], point
        assert all(server.lets_in(value(secrets, stage)) for stage in (CURRENT, PREVIOUS)), point


def test_killed_on_the_way_back_the_next_one_ends_it(run, secrets, server, first):
    assert run("rotate")[0] == 0
    second = secrets.get(NAME)
    fails = (sys.executable, "-c", "raise SystemExit(1)")
    assert run("rotate", *fails, crash="rotation.undone")[0] == -signal.SIGKILL
    assert secrets.get(NAME) == second
    code, _, err = run("rotate", *fails)
    assert code == 1
    assert "CanaryError" in err
    assert stages(secrets) == [CURRENT, PREVIOUS]
    assert all(server.lets_in(value(secrets, stage)) for stage in (CURRENT, PREVIOUS))
    assert run("rotate")[0] == 0


def test_a_rehearsal_changes_nothing_for_anyone(secrets, rotations, server, first, lab_folder):
    rotations().rotate(NAME, heard)
    before = [(one.id, one.stages) for one in secrets.find(NAME).versions]
    seen = []
    done = rotations(lambda candidate: seen.append(credentials.read(candidate.value))).rehearse(NAME, heard)
    assert done.rehearsed
    assert [(one.id, one.stages) for one in secrets.find(NAME).versions] == before
    assert all(server.lets_in(value(secrets, stage)) for stage in (CURRENT, PREVIOUS))
    assert not server.lets_in(seen[0])
    assert seen[0].name.endswith("_rehearsal")


def test_a_rehearsal_that_fails_says_why_and_changes_nothing(secrets, rotations, server, first):
    fails = canaries.program([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(canaries.CanaryError, match="exit code 3"):
        rotations(fails).rehearse(NAME, heard)
    assert stages(secrets) == [CURRENT]
    assert server.lets_in(value(secrets))


def test_a_killed_rehearsal_never_becomes_current(run, rotations, secrets, server, first):
    for point in ("rehearsal", "twin", "undone"):
        assert run("rehearse", crash=f"rotation.{point}")[0] == -signal.SIGKILL
        assert PENDING in stages(secrets)
        left = value(secrets, PENDING)
        rotations().rotate(NAME, heard)
        assert not server.lets_in(left)
        assert not value(secrets).rehearsed
        assert stages(secrets) == [CURRENT, PREVIOUS]


def test_two_at_once_are_refused(run, secrets, rotations, tmp_path):
    os.mkfifo(tmp_path / "gate")
    waits = (sys.executable, "-c", f"open({str(tmp_path / 'gate')!r}).read()")
    slow = run("rotate", *waits, wait=False)
    for line in slow.stdout:
        if "'set'" in line:
            break
    for verb in ("rotate", "rehearse"):
        with pytest.raises(RefusedError, match="another process"):
            getattr(rotations(), verb)(NAME, heard)
    (tmp_path / "gate").write_text("go on")
    out, err = slow.communicate(timeout=60)
    assert (slow.returncode, err) == (0, "")
    assert "'finish'" in out
    rotations().rotate(NAME, heard)


def test_what_is_no_secret_of_a_database_is_refused(secrets, rotations):
    for text in (
        "plain",
        '{"engine": "oracle", "host": "h", "dbname": "d", "username": "u", "password": "canary-p"}',
    ):
        secrets.put("other", text)
        with pytest.raises(InputError) as caught:
            rotations().rotate("other", heard)
        assert "canary-p" not in str(caught.value)
    with pytest.raises(InputError, match="no secret"):
        rotations().rotate("missing", heard)


def test_locks_are_for_their_owner_alone(secrets, rotations, lab_folder):
    rotations().rotate(NAME, heard)
    assert (lab_folder / "rotations").stat().st_mode & 0o77 == 0
    assert LocalSecrets(lab_folder).get(NAME) == secrets.get(NAME)
