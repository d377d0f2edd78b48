"""Canaries: what has to work with a new credential before anybody gets it. The first one that fails ends the rotation.

A canary is a function of the secret's name, the version's id and the value; it raises `CanaryError` with a reason that
holds no value. A program gets the value by a variable, never by an argument, and what it prints is not repeated.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stratolab.core.errors import WorkFailedError

VARIABLE = "STRATOLAB_CANARY"
"""The variable that gives a canary's program the new value."""
SECONDS = 60.0
"""How long a canary may take."""


class CanaryError(WorkFailedError):
    """A consumer does not get along with the new credential. Nothing of it was given to anybody."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A credential that is tried out: a version of a secret."""

    secret: str
    version: str
    value: str = field(default="", repr=False)


Canary = Callable[[Candidate], None]


def program(
    words: list[str], *, folder: str = ".", env: Mapping[str, str] | None = None, seconds: float = SECONDS
) -> Canary:
    """A canary that is a program: exit code 0 means that it got along."""

    def ask(candidate: Candidate) -> None:
        environment = {**(os.environ if env is None else env), VARIABLE: candidate.value}
        try:
            done = subprocess.run(
                words, cwd=folder, env=environment, timeout=seconds, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError:
            raise CanaryError(f"there is no program {words[0]}", doing="the canary") from None
        except subprocess.TimeoutExpired:
            raise CanaryError(
                f"{words[0]} took longer than {seconds:g} seconds", doing="the canary"
            ) from None
        if done.returncode:
            raise CanaryError(
                f"{words[0]} ended with exit code {done.returncode}",
                doing="the canary",
                hint=f"what it prints is not shown, for it knows the value: run it by hand with {VARIABLE} set",
            )

    return ask
