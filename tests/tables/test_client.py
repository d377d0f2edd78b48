"""Clients: the password by the environment alone, TLS as it is asked for, and the real programs at real servers."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from stratolab.core.errors import InputError
from stratolab.tables import client as clients
from stratolab.tables.address import from_url
from stratolab.tables.client import client

WORD = "hunter-22"


def test_postgres_asks_for_tls_elsewhere():
    given = clients._postgres(
        from_url(f"postgresql://ana:{WORD}@db.example.com:15432/games?sslrootcert=ca.pem")
    )
    assert given == {
        "PGHOST": "db.example.com",
        "PGPORT": "15432",
        "PGUSER": "ana",
        "PGPASSWORD": WORD,
        "PGDATABASE": "games",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "ca.pem",
        "PGAPPNAME": "stratolab",
    }


@pytest.mark.parametrize(
    ("url", "of_mariadb", "tls"),
    [
        ("mysql://ana@db.example.com/games", True, ["--ssl", "--ssl-verify-server-cert"]),
        ("mysql://ana@db.example.com/games", False, ["--ssl-mode=VERIFY_IDENTITY"]),
        ("mysql://ana@db.example.com/games?sslmode=require", True, ["--ssl"]),
        ("mysql://ana@db.example.com/games?sslmode=verify-ca", False, ["--ssl-mode=VERIFY_CA"]),
        ("mysql://ana@127.0.0.1/games", True, []),
    ],
)
def test_mysqls_two_makers(url, of_mariadb, tls):
    given = clients._mysql(from_url(url), of_mariadb=of_mariadb)
    assert [word for word in given if word.startswith("--ssl")] == tls
    assert given[-1] == "--database=games"


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_the_real_programs(kind, request):
    address = request.getfixturevalue(kind)
    made = client(address)
    assert not any(address.password in word for word in made.arguments if address.password)
    assert address.password not in repr(made)
    told = subprocess.run(
        made.arguments,
        input="SELECT 41 + 1 AS answer;\n",
        env={**os.environ, **made.variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "42" in told.stdout


def test_a_program_that_is_not_there(sqlite, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(InputError, match="sqlite3 is not installed"):
        client(sqlite)
