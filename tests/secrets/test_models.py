from __future__ import annotations

import pytest

from stratolab.core.errors import InputError
from stratolab.secrets.models import CURRENT, PREVIOUS, Secret, Version, checked_name, reference


@pytest.mark.parametrize(
    ("text", "name", "key"),
    [
        ("database", "database", ""),
        ("world-series/database", "world-series/database", ""),
        ("world-series/database:password", "world-series/database", "password"),
        ("a@b.c:user_name-1.x", "a@b.c", "user_name-1.x"),
    ],
)
def test_a_reference_is_a_name_or_a_name_and_a_key(text, name, key):
    found = reference(text)
    assert (found.name, found.key, str(found)) == (name, key, text)


@pytest.mark.parametrize(
    "text", ["", ":", "a:", ":b", "a:b:c", "a b", "a:b c", "a" * 40 + ":" + "b" * 300, "${A}"]
)
def test_what_is_no_reference(text):
    with pytest.raises(InputError, match="name"):
        reference(text)


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://ana:" + "hunter2@db/lab",
        "gh" + "p_" + "a1B2" * 9,
        "Zq8vK2mX9pL4wT7nR3bY6cF1",
        "pa$$word",
    ],
)
def test_a_value_given_as_a_name_is_not_repeated(value):
    with pytest.raises(InputError) as caught:
        reference(value)
    assert value not in str(caught.value)


def test_a_key_is_refused_where_the_whole_is_wanted():
    with pytest.raises(InputError, match="a:b"):
        checked_name("a:b")


def test_the_version_in_a_stage():
    new, old = Version("2", 2.0, (CURRENT,), 3), Version("1", 1.0, (PREVIOUS,), 3)
    secret = Secret("a", (new, old))
    assert (secret.version(), secret.version(PREVIOUS), secret.version("other")) == (new, old, None)
