from __future__ import annotations

import pytest

from stratolab.core.errors import InputError
from stratolab.secrets.local import LocalSecrets
from stratolab.secrets.models import PREVIOUS
from stratolab.secrets.service import environment, to_hide, value

DOCUMENT = '{"user": "ana", "password": "hunter-22", "port": 5432, "tls": true, "empty": "", "none": null, "more": [1]}'


@pytest.fixture
def store(lab_folder):
    store = LocalSecrets(lab_folder)
    store.put("plain", "old-value")
    store.put("plain", "plain-value")
    store.put("json", DOCUMENT)
    store.put("list", "[1]")
    return store


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("plain", "plain-value"), ("json", DOCUMENT), ("json:user", "ana"), ("json:password", "hunter-22"),
        ("json:port", "5432"), ("json:tls", "true"), ("json:empty", ""), ("json:more", "[1]"),
    ],
)  # fmt: skip
def test_the_value_of_a_reference(store, reference, found):
    assert value(store, reference) == found


def test_the_value_before(store):
    assert value(store, "plain", stage=PREVIOUS) == "old-value"


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("json:nothing", "no key 'nothing'"), ("json:none", "no key 'none'"), ("plain:key", "no JSON object"),
        ("list:key", "no JSON object"), ("other", "no secret 'other'"),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_told_without_values(store, reference, told):
    with pytest.raises(InputError, match=told) as caught:
        value(store, reference)
    assert "hunter-22" not in str(caught.value)
    assert "plain-value" not in str(caught.value)
    assert caught.value.__context__ is None or "plain-value" not in repr(vars(caught.value.__context__))


def test_an_environment(store):
    assert environment(store, {"A": "plain", "B": "json:user"}) == {"A": "plain-value", "B": "ana"}
    assert environment(store, {}) == {}


def test_everything_that_lacks_is_told_at_once(store):
    with pytest.raises(InputError) as caught:
        environment(store, {"A": "one", "B": "plain", "C": "two", "D": "one"})
    assert "'one' in this lab (wanted for A, D)" in caught.value.what
    assert "'two' in this lab (wanted for C)" in caught.value.what
    assert caught.value.hint == "stratolab secrets set one"


def test_what_to_hide(store):
    assert to_hide(store, ["plain"]) == ["plain-value", "old-value"]
    assert to_hide(store, ["json:password"]) == [DOCUMENT, "hunter-22"]
    assert to_hide(store, ["gone", "not a name", "json:nothing"]) == [DOCUMENT, "hunter-22"]
    store.put("url", "postgresql://ana:p%40ss" + "word@db.example/lab")
    assert to_hide(store, ["url"])[1:] == ["p%40ssword", "p@ssword"]
