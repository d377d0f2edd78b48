"""R24: the way to a database as the function tries it, on real servers with TLS and passwords."""

from __future__ import annotations

import json

import pytest

from stratolab.core.errors import RemoteError
from stratolab.runtime.functions import database_test, entering


def names(steps):
    return [(one.name, one.ok) for one in steps]


def test_all_is_well(here):
    steps = database_test.steps(here.database, here.secrets)
    assert names(steps) == [(name, True) for name in ("secret", "name", "port", "tls", "login", "query")]
    assert steps[-1].found.startswith("SELECT NOW(): 2")
    assert all(one.seconds >= 0 for one in steps)


@pytest.mark.parametrize("held", ["no JSON", "[]", '{"username": "x"}'])
def test_a_secret_that_holds_no_login(here, held):
    here.secrets.value = held
    (one,) = database_test.steps(here.database, here.secrets)
    assert (one.name, one.ok, one.found) == ("secret", False, "the secret holds no user name and password")


def test_a_wrong_password_is_not_repeated(here):
    held = json.loads(here.secrets.value)
    here.secrets.value = json.dumps({**held, "password": "hunter-22"})
    steps = database_test.steps(here.database, here.secrets)
    assert names(steps)[-1] == ("login", False)
    assert "stratolab secrets get" in steps[-1].hint
    assert "hunter" not in repr(steps)


def test_nobody_but_the_authority_vouches(here):
    here.settings[f"{entering.PREFIX}AUTHORITIES"] = ""  # RDS's own, which have not signed this one
    steps = database_test.steps(here.database, here.secrets)
    assert names(steps)[-1] == ("tls", False)
    assert "certificate is not believed" in steps[-1].found
    with pytest.raises(RemoteError, match="CERTIFICATE_VERIFY_FAILED"):
        entering.connect(here.database, entering.login(here.database.secret, here.secrets))


def test_nothing_listens(here):
    here.settings[f"{entering.PREFIX}PORT"] = "1"
    steps = database_test.steps(here.database, here.secrets)
    assert (steps[-1].name, steps[-1].found) == ("port", "nothing listens at port 1")


def test_the_owners_login_is_in_no_repr(here):
    who = entering.login(here.database.secret, here.secrets)
    assert who.password not in repr(who)
    assert who.password not in repr(here.database)
