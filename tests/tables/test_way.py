"""R24: the way to a database, tried step by step against real servers: what is found, and why it ends where it ends."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from stratolab.runtime.databases.examining import Place, examine
from stratolab.tables.address import Address
from stratolab.tables.opening import open_connection


def steps(address, **changes):
    place = Place(address.dialect, address.host, address.port or 0, tls=address.tls)
    return examine(replace(place, **changes), lambda: open_connection(address))


def names(made):
    return [step.name for step in made]


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_the_whole_way(kind, request):
    made = steps(request.getfixturevalue(kind))
    assert names(made) == ["name", "port", "login", "query"]
    assert all(step.ok and step.seconds > 0 for step in made)
    assert made[-1].found.startswith("SELECT NOW(): 2")


def test_a_file(sqlite):
    with open_connection(sqlite) as connection:
        connection.execute("CREATE TABLE a (x INT)")
    assert [step.ok for step in steps(sqlite, file=sqlite.database)] == [True, True, True]
    (only,) = steps(sqlite, file=f"{sqlite.database}.none")
    assert not only.ok
    assert "No such file" in only.found


def test_a_name_that_nobody_knows():
    (only,) = steps(Address("postgresql", "x", host="nowhere.invalid", port=5432))
    assert not only.ok
    assert only.found == "nobody knows the name nowhere.invalid"


def test_a_port_where_nothing_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = steps(Address("postgresql", "x", host="127.0.0.1", port=port))
    assert names(made) == ["name", "port"]
    assert made[-1].found == f"nothing listens at port {port}"


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"user": "no-such-user", "password": "not-it"}, "the user or the password"),
        ({"database": "not_there"}, "make it, or name another"),
    ],
)
def test_a_login_that_is_refused(kind, change, hint, request):
    made = steps(replace(request.getfixturevalue(kind), **change))
    assert names(made) == ["name", "port", "login"]
    assert not made[-1].ok
    assert hint in made[-1].hint
    assert "not-it" not in made[-1].found


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_server_without_tls(kind, request):
    made = steps(request.getfixturevalue(kind), tls="verify-full")
    assert names(made) == ["name", "port", "tls"]
    assert made[-1].found == "the server talks without TLS"


def test_tls_and_its_certificate(server, certificate):
    made = steps(server, tls="verify-full", authorities=str(certificate[0]))
    assert [step.ok for step in made] == [True] * 5
    assert "TLSv1" in made[2].found
    assert "certificate for another 0 days" in made[2].found
    assert "certificate not looked at" in steps(server, tls="require")[2].found


def test_a_certificate_that_nobody_vouches_for(server):
    made = steps(server, tls="verify-full")
    assert names(made) == ["name", "port", "tls"]
    assert "certificate is not believed" in made[-1].found
    assert "sslrootcert" in made[-1].hint


def test_a_port_that_is_no_databases():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = Address("postgresql", "x", host="127.0.0.1", port=listening.getsockname()[1])
        made = steps(address, tls="verify-full", host="localhost")
    assert not made[-1].ok
