"""One tree of errors, and the exit code that each branch gives the command line.

    StratolabError            1  the work failed
    |- WorkFailedError        1  the same, said by name
    |- InputError             2  what the user gave is wrong (a file, a key, a flag)
    |- RefusedError           3  refused for safety: doing it could lose or repeat work
    |- RemoteError            4  the other side failed: a database, a server, AWS
    `- Interrupted          130  Ctrl-C

Every error has three parts, written for its reader: what we were doing, what happened, what to try.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratolab.core.findings import Finding


class StratolabError(Exception):
    """Something the user should read.

    `what` says what happened, `doing` what we were about, `hint` the next thing to try (a command
    where there is one). None of the three may hold a secret.
    """

    exit_code = 1

    def __init__(self, what: str, *, doing: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.doing = doing
        self.hint = hint

    def __str__(self) -> str:
        told = f"{self.doing}: {self.what}" if self.doing else self.what
        return f"{told}\n  try: {self.hint}" if self.hint else told


class InputError(StratolabError):
    """A file, key or flag is wrong; nothing was begun. Carries every finding of the run."""

    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        doing: str = "",
        hint: str = "",
        findings: Sequence[Finding] = (),
    ) -> None:
        super().__init__(what, doing=doing, hint=hint)
        self.findings = tuple(findings)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {finding}" for finding in self.findings)])


class RefusedError(StratolabError):
    """Refused for safety: going on could lose work or do it twice."""

    exit_code = 3


class RemoteError(StratolabError):
    """A database, a server or AWS did not do its part."""

    exit_code = 4


class WorkFailedError(StratolabError):
    """The work was done as asked, and failed."""


class Interrupted(StratolabError):  # noqa: N818 - it is an event, like KeyboardInterrupt
    """The user stopped the command; what was running has been cleaned up."""

    exit_code = 130
