"""Secrets are told from names of secrets, and names from secrets."""

from __future__ import annotations

import random
import string

import pytest

from stratolab.config.secrecy import holds_password, holds_secret, is_secret_place, masked, why_no_reference

NAMES = [
    "world-series/database",
    "prod/Database-Credentials-2024",
    "team.a/db_main@2",
    "prodEuWest1/worldSeriesDatabase2Main",
    "WorldSeries/OracleDb19c/ReadOnlyUser",
    "550e8400-e29b-41d4-a716-446655440000",
    "a",
]
VALUES = [
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "ghp_0123456789abcdefghijABCDEFGHIJ",
    "sk-0123456789abcdefghijABCDEFGHIJ",
    "d41d8cd98f00b204e9800998ecf8427e",
    "password=hunter2",
    "postgresql://ana:hunter2@db.example/lab",
    "two words",
    "-----BEGIN RSA PRIVATE\x20KEY-----",
    "",
    "x" * 257,
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_secrets_are_taken(name: str) -> None:
    assert why_no_reference(name) == ""


@pytest.mark.parametrize("value", VALUES)
def test_values_are_refused_without_being_told(value: str) -> None:
    why = why_no_reference(value)
    assert why
    assert not value or value not in why


@pytest.mark.parametrize("alphabet", [string.hexdigits[:16], string.ascii_letters + string.digits + "+/"])
def test_random_keys_are_seen(alphabet: str) -> None:
    draw = random.Random(1903)  # noqa: S311 - a test that repeats itself
    keys = ["".join(draw.choices(alphabet, k=40)) for _ in range(1000)]
    assert sum(bool(why_no_reference(key)) for key in keys) > 990


def test_words_of_a_language_are_names() -> None:
    words = [
        "training",
        "Database",
        "prod",
        "Season2015",
        "reader",
        "export",
        "Champion",
        "model",
        "eu-west-1",
    ]
    draw = random.Random(1903)  # noqa: S311 - a test that repeats itself
    names = ["/".join(draw.choices(words, k=5)) for _ in range(1000)]
    assert [name for name in names if why_no_reference(name)] == []


@pytest.mark.parametrize(
    ("url", "held"),
    [
        ("postgresql://ana@db/lab", False),
        ("postgresql://db/lab", False),
        ("postgresql://db:5432/lab", False),
        ("postgresql://ana:@db/lab", False),
        ("postgresql://ana:x@db/lab", True),
        ("postgresql://:x@db/lab", True),
        ("postgresql://db/lab?password=x", True),
        ("postgresql://db/lab?user=a&PASSWORD=x", True),
        ("postgresql://db/lab?sslmode=require", False),
    ],
)
def test_passwords_in_urls(url: str, held: bool) -> None:  # noqa: FBT001
    assert holds_password(url) is held


def test_secrets_within_a_text() -> None:
    assert holds_secret("python train.py --db mysql://u:p@h/d") == "a URL with a password"
    assert holds_secret("KEY=AKIAIOSFODNN7EXAMPLE python") == "what looks like a key or token"
    assert holds_secret("python train.py --at 12:30 --mail a@b.example --image repo/img@sha256:00") == ""


def test_what_a_message_repeats_is_masked() -> None:
    assert masked("no job AKIAIOSFODNN7EXAMPLE") == "no job ***"
    assert masked("mysql://u:p@h/d and more") == "mysql://***@h/d and more"
    assert masked("nothing to hide") == "nothing to hide"


def test_places_whose_values_are_never_told() -> None:
    assert is_secret_place(("local", "store"))
    assert is_secret_place(("jobs", "a", "secrets", "KEY"))
    assert not is_secret_place(("jobs", "a", "env", "KEY"))
    assert not is_secret_place(())
