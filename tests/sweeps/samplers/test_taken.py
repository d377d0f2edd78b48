from __future__ import annotations

import random

from stratolab.sweeps.samplers.taken import Digests, Spoken


def test_digests_are_a_set_however_they_come():
    chance = random.Random(1)  # noqa: S311 - not secrets
    digests = [f"{chance.getrandbits(64):016x}" for _ in range(700)] + ["0" * 16, "f" * 16]
    for portion in (1, 7, 51, 702):
        found, known = Digests(), set()
        for first in range(0, len(digests), portion):
            found.update(digests[first : first + portion])
            known.update(digests[first : first + portion])
            assert all(digest in found for digest in digests[max(0, first - 9) : first + portion])
        assert all((digest in found) == (digest in known) for digest in digests)
        others = [f"{chance.getrandbits(64):016x}" for _ in range(200)]
        assert not any(digest in found for digest in others)


def test_one_digest_twice_is_one():
    found = Digests()
    found.update(["00000000000000ff"] * 2)
    assert "00000000000000ff" in found
    assert "00000000000000fe" not in found


def test_what_is_added_to_one_question_is_not_in_the_next():
    finished = Digests()
    finished.update(["1" * 16])
    one, other = Spoken(finished), Spoken(finished)
    one.add("2" * 16)
    assert ("2" * 16 in one, "2" * 16 in other, "1" * 16 in other) == (True, False, True)
