"""From a command as written and its parameters to the argument vector that runs."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.jobs.models import Param

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*)\}")


def words(command: str | Sequence[str]) -> tuple[str, ...]:
    """The words of a command: a string is split as a shell would, but no shell runs it.

    Raises `InputError` for an unclosed quote or an empty command.
    """
    if not isinstance(command, str):
        return tuple(command)
    try:
        found = tuple(shlex.split(command))
    except ValueError as error:
        raise InputError(f"cannot split {command!r} into words: {error}", hint="close the quote") from error
    if not found:
        raise InputError("the command is empty", hint='command = "python train.py"')
    return found


def with_params(command: Sequence[str], params: Mapping[str, Param]) -> tuple[str, ...]:
    """`command` with each parameter in its place `{name}`, the others appended as `--name value`."""
    placed: set[str] = set()

    def put(found: re.Match[str]) -> str:
        name = found[1]
        if name not in params:
            return found[0]
        placed.add(name)
        return text(params[name])

    line = [_PLACE.sub(put, word) for word in command]
    for name, value in params.items():
        if name not in placed:
            line += [f"--{name}", text(value)]
    return tuple(line)


def text(value: Param) -> str:
    """A parameter as a flag's value: the shortest text that reads back as the same number."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
