"""A password that a person can remember and the account's password policy takes: three unrelated words, and more.

How hard it is to guess is counted, not felt: the choices that were made, for somebody who knows how they are made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

T = TypeVar("T")

SPECIALS = "!#$%&*+-=?@^_"
"""Symbols that IAM counts as such and that every keyboard has."""

WORDS = 3
SHORTEST = 14  # characters; CIS AWS Foundations 7.0, password policy
_FILE = Path(__file__).with_name("words.txt")


@dataclass(frozen=True, slots=True)
class Password:
    """A password, and how many bits of chance are in it. Secret: to be shown once, and kept nowhere."""

    text: str
    bits: float

    def __repr__(self) -> str:
        return f"Password(bits={self.bits:.0f})"


def propose(chance: Random | None = None) -> Password:
    """A new password: three words, a digit, two or three symbols between them, one or two capitals."""
    bits, chance = 0.0, chance or SystemRandom()

    def pick(among: Sequence[T]) -> T:
        nonlocal bits
        bits += math.log2(len(among))
        return chance.choice(among)

    words: list[str] = []
    while len(words) < WORDS:
        word = pick([one for one in known_words() if one not in words])
        words.append(word)
    for _ in range(pick((1, 2))):
        which = pick([index for index, word in enumerate(words) if word.islower()])
        place = pick(range(len(words[which])))
        word = words[which]
        words[which] = word[:place] + word[place].upper() + word[place + 1 :]
    between = [pick(SPECIALS) for _ in range(WORDS - 1)]
    last = pick((*SPECIALS, ""))
    text = words[0] + between[0] + words[1] + between[1] + words[2] + pick("0123456789") + last
    return Password(text, bits) if len(text) >= SHORTEST else propose(chance)


@cache
def known_words() -> tuple[str, ...]:
    """The words that passwords are made of."""
    return tuple(_FILE.read_text(encoding="ascii").split())
