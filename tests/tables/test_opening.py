"""Opening databases: TLS with real servers that have it, and what is told when there is no way in."""

from __future__ import annotations

import sqlite3
import sys
from dataclasses import replace

import pytest

from stratolab.core.errors import InputError, RemoteError
from stratolab.tables.address import Address
from stratolab.tables.opening import open_connection

WORD = "hunter-22"


def asking(address, mode, **options):
    return replace(address, options=(("sslmode", mode), *options.items()))


def is_encrypted(address):
    sql = {
        "postgresql": "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        "mysql": "SHOW SESSION STATUS LIKE 'Ssl_cipher'",
    }[address.dialect]
    with open_connection(address) as connection:
        return bool(connection.execute(sql).fetchone()[-1])


def test_a_certificate_that_is_vouched_for(server, certificate):
    assert is_encrypted(asking(server, "verify-full", sslrootcert=str(certificate[0])))


def test_a_certificate_that_nobody_vouches_for_is_refused(server):
    for mode in ("verify-ca", "verify-full"):
        with pytest.raises(RemoteError, match=r"(?i)certificate"):
            open_connection(asking(server, mode))


def test_a_certificate_of_another_host_is_refused(server, certificate):
    elsewhere = replace(server, host="localhost")
    with pytest.raises(RemoteError, match=r"(?i)certificate"):
        open_connection(asking(elsewhere, "verify-full", sslrootcert=str(certificate[0])))
    assert is_encrypted(asking(elsewhere, "verify-ca", sslrootcert=str(certificate[0])))


def test_whoever_answers_may_be_believed(server):
    assert is_encrypted(asking(server, "require"))


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_server_without_tls_is_refused_where_it_is_asked_for(kind, request):
    address = request.getfixturevalue(kind)
    for mode in ("require", "verify-full"):
        with pytest.raises(RemoteError, match="SSL"):
            open_connection(asking(address, mode))
    with open_connection(address) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_wrong_password_is_not_told(kind, request):
    address = replace(request.getfixturevalue(kind), password=WORD, user="no-such-user")
    with pytest.raises(RemoteError, match="no-such-user") as caught:
        open_connection(address)
    assert WORD not in str(caught.value) + str(caught.value.__cause__)
    assert f"connecting to {address.dialect} 127.0.0.1" in str(caught.value)


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_a_server_that_is_not_there(dialect):
    address = Address(dialect, "lab", "127.0.0.1", 9, "ana", WORD)
    with pytest.raises(RemoteError) as caught:
        open_connection(address)
    assert caught.value.hint
    assert WORD not in str(caught.value)


@pytest.mark.parametrize(("dialect", "module"), [("postgresql", "psycopg"), ("mysql", "pymysql")])
def test_a_driver_that_is_not_installed(monkeypatch, dialect, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match="not installed") as caught:
        open_connection(Address(dialect, "lab", "127.0.0.1"))
    assert caught.value.hint.startswith("pip install 'stratolab[")


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "x.db").write_bytes(b"no database at all, but long enough to be read as one" * 50)
    with pytest.raises(RemoteError, match="not a database"):
        open_connection(Address("sqlite", str(tmp_path / "x.db")))
    with pytest.raises(RemoteError, match="unable to open"):
        open_connection(Address("sqlite", str(tmp_path / "nowhere" / "x.db")))


def test_a_connection_is_the_drivers_own_besides(sqlite):
    with open_connection(sqlite) as connection:
        assert isinstance(connection.raw, sqlite3.Connection)
        cursor = connection.cursor()
        cursor.execute("SELECT ?", (1,))
        assert cursor.fetchall() == [(1,)]
        connection.rollback()
