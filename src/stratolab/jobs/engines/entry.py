"""Whether a command is one that a fork server can run: Python, options that matter to it, a script or a module.

The server is started with the words up to the script, so that Python itself acts on its options. What stands
after the script differs from trial to trial.
"""
# ruff: noqa: PTH119, PTH123 - pathlib would be a fifth of the host's start

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_HARMLESS = frozenset("bBdOPqRsuvx")
_WITH_VALUE = frozenset("WX")
_NO_SITECUSTOMIZE = frozenset("EIS")  # they keep Python from looking where the fork server is
_ELF = b"\x7fELF"


class ColdStartError(Exception):
    """Why a job cannot be started from a fork server, in words that go on after "start cold: "."""


def words_before_arguments(command: Sequence[str]) -> int:
    """How many words of the command say which script Python runs, and how.

    Raises `ColdStartError` for every other kind of command.
    """
    name = os.path.basename(command[0])
    if not name.startswith("python") or name.removeprefix("python").strip("0123456789."):
        raise ColdStartError(f"the command begins with {name}, not with python")
    if name.startswith("python2"):
        raise ColdStartError("no fork server is written in Python 2")
    at = 1
    while at < len(command):
        word = command[at]
        at += 1
        if word == "--check-hash-based-pycs":
            at += 1
        elif word == "--":
            break
        elif not word.startswith("-"):
            return at
        elif word == "-" or word.startswith("--"):
            raise ColdStartError(f"the command runs python {word}")
        else:
            module, at = _after_options(word, at)
            if module:
                return _within(at, command)
    return _within(at + 1, command)


def is_program(path: str) -> bool:
    """Whether this is a program and not a script around one, which may treat its arguments as it likes."""
    try:
        with open(path, "rb") as file:
            return file.read(len(_ELF)) == _ELF
    except OSError:
        return False


def _after_options(word: str, at: int) -> tuple[bool, int]:
    """Read a word such as `-uO`, `-Wignore` or `-m`: whether it names a module, and where the next word is."""
    for place, letter in enumerate(word[1:], 2):
        value_apart = place == len(word)
        if letter == "m":
            return True, at + value_apart
        if letter in _WITH_VALUE:
            return False, at + value_apart
        if letter in _NO_SITECUSTOMIZE:
            raise ColdStartError(f"python -{letter} looks nowhere for what a fork server needs")
        if letter not in _HARMLESS:
            raise ColdStartError(f"the command runs python -{letter}")
    return False, at


def _within(count: int, command: Sequence[str]) -> int:
    if count > len(command):
        raise ColdStartError("the command names no script")
    return count
