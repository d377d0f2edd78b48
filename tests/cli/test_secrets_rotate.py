"""`stratolab secrets rotate` and `rehearse` in a project of this machine, with real servers, as typed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.runtime.rotation.conftest import exchange, first, server, user  # noqa: F401

from stratolab.runtime.rotation import credentials

NAME = "world-series/database"
SCHEMES = {"postgres": "postgresql", "mysql": "mysql"}


@pytest.fixture
def lab(cli, project, server, user):  # noqa: F811
    """A project whose database is spoken to over TLS, and whose owner's secret is in the lab too."""
    place = f"{SCHEMES[server.engine]}://127.0.0.1:{server.port}/{user.database}"
    root = project(
        f"""
        [databases.default]
        url = "{place}?sslmode=verify-full&sslrootcert={server.certificate}"
        secret = "{NAME}"
        rotate = 1
        password_length = 20
        canary = "SELECT 1"
        canary_command = "python smoke.py"
        """,
        {"smoke.py": "import json, os; assert json.loads(os.environ['STRATOLAB_CANARY'])['username']\n"},
    )
    owner = json.dumps({"username": server.owner.name, "password": server.owner.password})
    cli("secrets", "set", "owner", typed=owner, folder=root)
    cli("secrets", "set", NAME, typed=credentials.written(replace(user, owner="owner")), folder=root)
    return root


def current(cli, lab):
    return credentials.read(cli("secrets", "get", NAME, folder=lab).out)


def test_an_exchange_is_followed_and_told(cli, lab, server, user):  # noqa: F811
    assert json.loads(cli("secrets", "ls", "--json", folder=lab).out)["secrets"][1]["rotated"] is None
    done = cli("secrets", "rotate", NAME, folder=lab)
    assert done.code == 0, done.err
    now = current(cli, lab)
    assert f"current is the user {now.name} of the database {user.database}" in done.out
    assert [word for word in ("create", "set", "test", "finish") if word not in done.err] == []
    assert (now.name, len(now.password), now.owner) == (f"{user.name}_clone", 20, "owner")
    assert server.lets_in(now)
    assert server.lets_in(user)
    listed = cli("secrets", "ls", folder=lab)
    assert "ROTATED" in listed.out
    assert "in 23h" in listed.out
    for text in (done.out, done.err, listed.out):
        assert now.password not in text
        assert user.password not in text


def test_a_rehearsal_changes_nothing(cli, lab, server, user):  # noqa: F811
    for words in (("rehearse", NAME), ("rotate", NAME, "--rehearse")):
        done = cli("secrets", *words, "--json", folder=lab)
        assert done.code == 0, done.err
        (told,) = json.loads(done.out)["rotations"]
        assert told["rehearsed"] is True
        assert told["who"].startswith(f"user {user.name}_rehearsal")
    assert current(cli, lab).password == user.password


def test_a_canary_that_fails_keeps_the_current_one(cli, lab, user):  # noqa: F811
    (lab / "smoke.py").write_text("raise SystemExit(5)\n")
    done = cli("secrets", "rotate", NAME, folder=lab)
    assert done.code == 1
    assert "the canary: python ended with exit code 5" in done.err
    assert current(cli, lab).password == user.password


def test_what_is_due_is_exchanged(cli, lab, user):  # noqa: F811
    assert json.loads(cli("secrets", "rotate", "--due", "--json", folder=lab).out) == {"rotations": []}
    kept = json.loads((lab / ".stratolab/secrets.json").read_text())
    for entry in kept["secrets"][NAME]:
        entry["created"] -= 2 * 86_400
    (lab / ".stratolab/secrets.json").write_text(json.dumps(kept))
    (told,) = json.loads(cli("secrets", "rotate", "--due", "--json", folder=lab).out)["rotations"]
    assert (told["name"], told["rehearsed"]) == (NAME, False)
    assert current(cli, lab).name == f"{user.name}_clone"


def test_nothing_named_or_both_is_refused(cli, lab):
    for words in ((), (NAME, "--due")):
        assert cli("secrets", "rotate", *words, folder=lab).code == 2
    assert cli("secrets", "rotate", "owner", folder=lab).code == 2
    assert "--due" in cli("secrets", "rotate", folder=lab).err
