"""A server of each engine for the whole session, and for each test a database with a user of its own."""

from __future__ import annotations

import itertools

import pytest
from tests.runtime.rotation.servers_of_own import start

from stratolab.runtime.rotation import credentials
from stratolab.runtime.rotation.databases import Databases

_numbers = itertools.count()


@pytest.fixture(scope="session", params=["postgres", "mysql"])
def server(request, tmp_path_factory):
    return start(request.param, tmp_path_factory.mktemp(f"server-{request.param}"))


@pytest.fixture
def exchange(server):
    """Exchanges users of the server, whose owner makes them."""
    return Databases(server.connect, lambda _login: server.owner)


@pytest.fixture
def first(server, exchange):
    """The value of an application's first user: a database of its own is made with it."""
    name = f"application_{next(_numbers)}"
    seed = server.login("", "", name)
    value = Databases(exchange.connect, exchange.owner, seed=seed).next("")
    Databases(exchange.connect, exchange.owner, seed=seed).apply("", value)
    return value


@pytest.fixture
def user(first):
    return credentials.read(first)
