from __future__ import annotations

import pytest

from stratolab.core import names


@pytest.mark.parametrize("name", ["a", "world-series", "x1-2"])
def test_names(name):
    assert names.is_name(name)


@pytest.mark.parametrize(
    "name", ["", "World", "1a", "a_b", "a--b", "-a", "a-", "a" * 41, "\u0430bc", "a b", "a/b", "a\n"]
)
def test_what_is_no_name(name):
    assert not names.is_name(name)


def test_identifiers_sort_by_time_and_do_not_repeat():
    early, late = names.new_id(now=1_000_000.0), names.new_id(now=1_000_000.001)
    assert early < late
    assert len({names.new_id(now=5.0) for _ in range(2000)}) == 2000


def test_the_nearest_word_is_offered():
    assert names.did_you_mean("samler", ["sampler", "seed"]) == "did you mean 'sampler'?"
    assert names.did_you_mean("zzz", ["b", "a"]) == "known: a, b"
    assert names.did_you_mean("zzz", []) == "none is known"
