"""Findings: everything wrong with an input, collected so that one run shows all of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Level(StrEnum):
    """How bad a finding is: an error stops the command, a warning is shown and passed."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong at one place.

    `line` counts from 1; 0 means that the place has no line. `key` is dotted (`jobs.train.cpus`).
    """

    level: Level
    file: str
    line: int
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        told = (
            f"{place}: {self.level}: {self.key}: {self.message}"
            if self.key
            else f"{place}: {self.level}: {self.message}"
        )
        return f"{told} ({self.hint})" if self.hint else told


def errors(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that stop a command."""
    return [finding for finding in findings if finding.level is Level.ERROR]


def refuse(findings: Sequence[Finding], *, doing: str) -> None:
    """Raise `InputError` with all findings if any of them is an error."""
    found = errors(findings)
    if found:
        count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
        raise InputError(f"{count} found", doing=doing, findings=findings)
