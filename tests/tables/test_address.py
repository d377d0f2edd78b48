from __future__ import annotations

import json

import pytest

from stratolab.core.errors import InputError
from stratolab.tables.address import Address, from_url, with_secret

WORD = "hunter-22"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("sqlite:///games.db", Address("sqlite", "games.db")),
        ("sqlite:////var/games.db", Address("sqlite", "/var/games.db")),
        ("postgresql://db.example/lab", Address("postgresql", "lab", "db.example")),
        ("postgres://ana@db.example:5433/lab", Address("postgresql", "lab", "db.example", 5433, "ana")),
        ("postgresql+psycopg:///lab", Address("postgresql", "lab")),
        (
            "mariadb://a%40b:x%2Fy@127.0.0.1/na%20me",
            Address("mysql", "na me", "127.0.0.1", None, "a@b", "x/y"),
        ),
        ("mysql://[::1]:3307/lab", Address("mysql", "lab", "::1", 3307)),
        (
            "postgresql://h.example/lab?sslmode=require&connect_timeout=3",
            Address(
                "postgresql", "lab", "h.example", options=(("sslmode", "require"), ("connect_timeout", "3"))
            ),
        ),
    ],
)
def test_a_url(url, found):
    assert from_url(url) == found


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("oracle://h/x", "begins with"), ("nothing", "begins with"), ("postgresql://h.example", "names no database"),
        ("postgresql://h.example:port/x", "no database URL"), ("postgresql://[h/x", "no database URL"),
        ("postgresql://h.example/x?ssl=0", "no option 'ssl'"),
        ("postgresql://h.example/x?sslmode=disable", "without TLS"),
        ("mysql://h.example/x?sslmode=prefer", "without TLS"), ("mysql://10.0.0.7/x?sslmode=allow", "without TLS"),
        ("mysql://127.0.0.1/x?sslmode=allow", "without TLS"),
    ],
)  # fmt: skip
def test_what_is_no_url(url, told):
    with pytest.raises(InputError, match=told):
        from_url(url)


def test_a_password_is_never_told():
    for url in (f"oracle://a:{WORD}@h/x", f"postgresql://a:{WORD}@h:x/y", f"postgresql://a:{WORD}@h"):
        with pytest.raises(InputError) as caught:
            from_url(url)
        assert WORD not in str(caught.value)
        assert caught.value.__cause__ is None
    address = from_url(f"postgresql://ana:{WORD}@db.example/lab")
    assert address.password == WORD
    assert WORD not in repr(address) + str(address)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("", True), ("localhost", True), ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True),
        ("/run/postgresql", True), ("db.example", False), ("10.0.0.1", False), ("192.168.1.1", False),
        ("localhost.example", False),
        ("0.0.0.0", False),  # noqa: S104
        ("169.254.169.254", False), ("::ffff:10.0.0.1", False), ("127.0.0.1.example", False),
    ],
)  # fmt: skip
def test_every_host_but_this_one_is_spoken_to_over_tls(host, local):
    address = Address("postgresql", "lab", host)
    assert address.local is local
    assert address.tls == ("" if local else "verify-full")


def test_the_url_may_ask_for_more_or_less_than_that():
    assert from_url("mysql://h.example/x?sslmode=verify-ca").tls == "verify-ca"
    assert from_url("mysql://h.example/x?sslmode=require").tls == "require"
    assert from_url("mysql://localhost/x?sslmode=require").tls == "require"
    assert from_url("postgresql://localhost/x?sslmode=disable").tls == "disable"
    assert Address("sqlite", "x", "").tls == ""


# -- with a secret -----------------------------------------------------------------------------------

BASE = Address("postgresql", "lab", "db.example", 5432, "ana")
RDS = {
    "engine": "postgres", "host": "rds.example", "port": 15432, "dbname": "games", "username": "u", "password": WORD,
}  # fmt: skip


def test_a_secret_is_a_whole_url():
    found = with_secret(BASE, f"mysql://bob:{WORD}@other.example/x\n")
    assert found == Address("mysql", "x", "other.example", None, "bob", WORD)


def test_a_secret_is_a_password():
    assert with_secret(BASE, WORD) == Address("postgresql", "lab", "db.example", 5432, "ana", WORD)
    assert with_secret(BASE, '"[1]').password == '"[1]'
    assert with_secret(BASE, "12345678").password == "12345678"
    with pytest.raises(InputError, match="where the database is") as caught:
        with_secret(None, WORD)
    assert WORD not in str(caught.value)


def test_a_secret_is_what_secrets_manager_keeps():
    assert with_secret(None, json.dumps(RDS)) == Address(
        "postgresql", "games", "rds.example", 15432, "u", WORD
    )
    aurora = {**RDS, "engine": "aurora-mysql", "port": "3306"}
    assert with_secret(None, json.dumps(aurora)).port == 3306
    only = {"username": "u", "password": WORD}  # of a master user that RDS manages
    assert with_secret(BASE, json.dumps(only)) == Address("postgresql", "lab", "db.example", 5432, "u", WORD)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"engine": "oracle"}, "engine"),
        ({"engine": None}, "engine"),
        ({"port": "x"}, "port"),
        ({"dbname": ""}, "database"),
    ],
)
def test_a_secret_that_does_not_tell_is_refused_without_a_word_of_it(change, told):
    with pytest.raises(InputError, match=told) as caught:
        with_secret(None, json.dumps({**RDS, **change}))
    assert WORD not in str(caught.value)


def test_a_url_in_a_secret_is_held_to_tls_too():
    with pytest.raises(InputError, match="TLS"):
        with_secret(None, f"postgresql://ana:{WORD}@db.example/lab?sslmode=disable")
