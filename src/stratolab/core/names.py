"""Names and identifiers: what may be one, how a new one is made, which one was meant."""

from __future__ import annotations

import difflib
import os
import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NAME_LIMIT = 40
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_ID_LENGTH = 16
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]


def is_name(text: str) -> bool:
    """Whether `text` can name a project, job, sweep or lab: `world-series`, at most 40 characters."""
    return len(text) <= NAME_LIMIT and NAME.fullmatch(text) is not None


def new_id(*, now: float | None = None) -> str:
    """A new identifier: 16 characters that sort by time (milliseconds), with 39 random bits."""
    milliseconds = int((time.time() if now is None else now) * 1000)
    number = (milliseconds << 39) | (int.from_bytes(os.urandom(5), "big") >> 1)
    return "".join(_PAIRS[number >> shift & 1023] for shift in range(5 * _ID_LENGTH - 10, -1, -10))


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was most likely meant, or an empty string."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a word that is not known: the nearest one, else all of them."""
    known = sorted(known)
    near = nearest(word, known)
    if near:
        return f"did you mean {near!r}?"
    return f"known: {', '.join(known)}" if known else "none is known"
