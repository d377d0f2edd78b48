from __future__ import annotations

import re

import pytest

from stratolab.lab.passwords import SPECIALS, Password, known_words, propose


@pytest.mark.parametrize("number", range(200))
def test_every_password_passes_the_accounts_policy(number):
    text = propose().text
    assert len(text) >= 14
    assert 1 <= sum(letter.isupper() for letter in text) <= 2
    assert 2 <= sum(letter in SPECIALS for letter in text) <= 3
    assert sum(letter.isdigit() for letter in text) == 1
    assert any(letter.islower() for letter in text)
    words = re.findall("[a-z]+", text.lower())
    assert len(set(words)) == 3
    assert set(words) <= set(known_words())


def test_the_bits_are_those_of_the_choices():
    assert 45 < propose().bits < 65
    assert len(known_words()) > 500


def test_no_two_are_alike_and_none_shows_in_a_traceback():
    assert len({propose().text for _ in range(100)}) == 100
    assert "secret-word" not in repr(Password("secret-word", 50.0))
