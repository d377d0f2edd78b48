"""Telling a secret from a reference to one, so that no secret is kept in a file that is committed.

Nothing here gives back what it looked at: a caller says where a secret stands, never what it is.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stratolab.config.problems import Path

REFERENCE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9/_.@-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?"
)  # a name, or a name and a key of it
REFERENCE_LIMIT = 256  # characters

# What no one writes by chance: an AWS key, a private key, tokens of well-known services.
_KEY = re.compile(
    r"(?<![A-Z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{20,}"
    r"|\bglpat-[A-Za-z0-9_-]{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\bsk-[A-Za-z0-9_-]{20,}|\bhf_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{40,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}"
)
_URL_PASSWORD = re.compile(r"://[^/?#\s@:]*+:[^/?#\s@]++@")
_QUERY_PASSWORD = re.compile(r"[?&](?:password|passwd|pwd|secret|token)=[^&\s]", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-fA-F]{32,}")
_RANDOM_LENGTH = 20  # shorter texts are too short to measure
_RANDOM_BITS = 3.7  # per character; English words have about 3.3, 20 random letters and digits about 4.1
_RANDOM_TURNS = 0.2  # per character, from one of small, capital and digit to another; camelCase has fewer
_TURN = re.compile(r"(?<=[a-z])[A-Z0-9]|(?<=[A-Z])[0-9]|(?<=[0-9])[A-Za-z]")


def is_secret_place(path: Path) -> bool:
    """Whether a value at this path may be a secret by mistake, so that no message may repeat it."""
    if path[:1] == ("databases",):
        return path[2:3] in {("url",), ("secret",)}
    return path[:2] == ("local", "store") or (path[:1] == ("jobs",) and path[2:3] == ("secrets",))


def holds_password(url: str) -> bool:
    """Whether a URL carries a password."""
    return bool(_URL_PASSWORD.search(url) or _QUERY_PASSWORD.search(url))


def holds_secret(text: str) -> str:
    """What kind of secret stands somewhere in `text`, in words; empty if none is seen."""
    if _URL_PASSWORD.search(text):
        return "a URL with a password"
    return "what looks like a key or token" if _KEY.search(text) else ""


def masked(text: str) -> str:
    """The text with `***` for what looks like a secret in it, for whatever a message repeats of a file."""
    return _KEY.sub("***", _URL_PASSWORD.sub("://***@", text))


def why_no_reference(text: str) -> str:
    """Why `text` cannot name a secret, to follow its key; empty if it can."""
    if secret := holds_secret(text):
        return f"holds {secret}"
    if "=" in text:
        return "holds '='"
    if _looks_random(text):
        return "looks like a secret's value"
    if not text or len(text) > REFERENCE_LIMIT or not REFERENCE.fullmatch(text):
        return "is no name of a secret"
    return ""


def _looks_random(text: str) -> bool:
    if _HEX.fullmatch(text):
        return True
    if len(text) < _RANDOM_LENGTH or len(text) > REFERENCE_LIMIT:
        return False
    mixed = any(map(str.isdigit, text)) and any(map(str.isupper, text)) and any(map(str.islower, text))
    turns = len(_TURN.findall(text)) / len(text)
    return mixed and turns >= _RANDOM_TURNS and _entropy(text) > _RANDOM_BITS


def _entropy(text: str) -> float:
    """Shannon's entropy of the text's own characters, in bits per character."""
    shares = [text.count(one) / len(text) for one in set(text)]
    return -sum(share * math.log2(share) for share in shares)
