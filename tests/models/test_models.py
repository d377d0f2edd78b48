from __future__ import annotations

import pytest

from stratolab.core.errors import InputError
from stratolab.models.models import Reference, check_alias, parse_reference


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("model", Reference("model")),
        ("model@latest", Reference("model")),
        ("model/3", Reference("model", version=3)),
        ("model@champion", Reference("model", alias="champion")),
        ("Churn Model@Prod_2-x", Reference("Churn Model", alias="Prod_2-x")),
    ],
)
def test_a_reference_is_read(text, meant):
    assert parse_reference(text) == meant
    assert parse_reference(str(meant)) == meant


@pytest.mark.parametrize(
    "text", ["", "@champion", "/3", "model@", "model/", "model/x", "model/-1", "model/3@champion", "model@v3",
             "model@champion/3", "model/٣", "model@a b", "model@@a"],
)  # fmt: skip
def test_what_names_nothing_is_refused(text):
    with pytest.raises(InputError, match="names no model"):
        parse_reference(text)


@pytest.mark.parametrize("alias", ["", "latest", "v1", "V22", "a b", "a@b", "1st", "ü", "x" * 41])
def test_a_word_that_cannot_be_an_alias_is_refused(alias):
    with pytest.raises(InputError, match="cannot be an alias"):
        check_alias(alias)
