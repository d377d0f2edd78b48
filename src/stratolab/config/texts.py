"""What is wrong with texts and nesting anywhere in a configuration, whatever key they stand at.

Lengths, control characters and characters that turn the reading direction, references that only CloudFormation or
a shell would replace, secrets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stratolab.config.problems import Problem, odd_character
from stratolab.config.secrecy import holds_secret, is_secret_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.config.problems import Path

TEXT_LIMIT = 10_000  # characters
DEPTH_LIMIT = 24  # tables and lists within one another

_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")  # no width, or another direction
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed
_REFERENCE = re.compile(r"\{\{\s*resolve:")
_VARIABLE = re.compile(r"\$\{")


def too_deep(raw: object) -> Path | None:
    """The path at which tables and lists lie too deep within one another; None if nowhere."""
    left: list[tuple[Path, Any]] = [((), raw)]
    while left:
        path, value = left.pop()
        if len(path) > DEPTH_LIMIT:
            return path
        left.extend(((*path, part), inner) for part, inner in _inside(value))
    return None


def text_problems(
    raw: object, *, instead: str = 'keep it out of the file: secrets = { NAME = "project/secret" }'
) -> Iterator[Problem]:
    """What is wrong with texts, in the order of the file. `raw` is not deeper than `DEPTH_LIMIT`.

    `instead` is the advice to who wrote a secret.
    """
    yield from _walk((), raw, instead)


def _walk(path: Path, value: object, instead: str) -> Iterator[Problem]:
    if isinstance(value, str):
        yield from _problems(path, value, instead)
    for part, inner in _inside(value):
        yield from _walk((*path, part), inner, instead)


def _inside(value: object) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _problems(path: Path, text: str, instead: str) -> Iterator[Problem]:
    if len(text) > TEXT_LIMIT:
        yield Problem(path, f"is a text of {len(text):,} characters; at most {TEXT_LIMIT:,} are taken")
        return
    if is_sample(path):
        return  # a payload for the user's own service may be any text
    if odd := _CONTROL.search(text) or _UNSEEN.search(text):
        yield Problem(path, f"holds {odd_character(odd[0])}, which a reader does not see", "take it out")
    if _REFERENCE.search(text):
        yield Problem(
            path, "holds '{{resolve:', a reference that nothing here resolves", "use secrets = { NAME = ... }"
        )
    elif _VARIABLE.search(text) and not _is_command(path):
        yield Problem(path, "holds '${', which nothing here replaces", "write the value itself")
    if not is_secret_place(path) and (secret := holds_secret(text)):
        yield Problem(path, f"holds {secret}", instead)


def is_sample(path: Path) -> bool:
    """Whether the path lies in the sample payload of a service."""
    return path[:1] == ("services",) and path[2:3] == ("sample",)


def _is_command(path: Path) -> bool:
    """A command as one text has its own check; as a list it may hold a program for a shell."""
    return path[:1] == ("jobs",) and path[2:3] == ("command",)
