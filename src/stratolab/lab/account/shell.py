"""A shell, or one command, with credentials of hours: how people work with the lab without keys that last (R7).

A user with a key gets a session by way of the second factor, whose code is asked for on the terminal. Whoever comes
with a session already (`aws login`, `aws sso login`, a role) gets that one handed on. With `--role` it becomes the
role's.
The credentials stand in the environment of what is started, and nowhere else: not on a disk, not in a command line,
not in anything that is printed. They end with it, or at their time.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stratolab.aws.identity import Factor
    from stratolab.lab.aws import AwsLab

LAB = "STRATOLAB_SHELL"
UNTIL = "STRATOLAB_SHELL_UNTIL"
_DOING = "stratolab shell"
_DIGITS = 6
_LEFT_OUT = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_",
)
"""Beginnings of variables by which a tool would find other credentials than these."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session: who it is, until when, and the environment that holds it, which is secret."""

    who: str
    until: datetime | None
    environment: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Opened({self.who!r}, {self.until!r})"


def ends() -> datetime | None:
    """When the shell ends that we are in; None if we are in none, or nobody knows."""
    try:
        return datetime.fromisoformat(os.environ.get(UNTIL, ""))
    except ValueError:
        return None


def refuse_nested() -> None:
    """Raise `RefusedError` inside of such a shell."""
    if os.environ.get(LAB):
        raise RefusedError(
            f"this is a shell of the lab {os.environ[LAB]} already",
            doing=_DOING,
            hint="exit, then type it again",
        )


def open_session(
    lab: AwsLab, *, role: str, seconds: float | None, device: str, ask: Callable[[str], str]
) -> Opened:
    """A session for a lab. `ask` gets the second factor's code from somebody, `device` says which one's.

    Raises `RefusedError` for root and for who has no second factor, `InputError` for a wrong code or time.
    """
    from stratolab.aws.clients import Clients
    from stratolab.aws.identity import SHORTEST, Identity

    caller, kind = lab.caller, lab.clients.kind()
    if caller.is_root:
        raise RefusedError(
            "these are the root user's credentials, which are for nothing but opening the account",
            doing=_DOING,
            hint="sign in as one of the lab's people",
        )
    lasting = kind.lasting and bool(caller.user)
    if not lasting and not role:
        return Opened(caller.name, kind.until, _environment(lab, lab.clients.environment(), kind.until))
    wanted = _seconds(lab, seconds, role=bool(role), lasting=lasting)
    clients, who = lab.clients, caller.user or caller.name
    if lasting:
        keys = Identity(clients.of("sts")).session(SHORTEST if role else wanted, _factor(lab, device, ask))
        clients = Clients(lab.region, keys=keys)
    if role:  # from a session that the factor has opened, since a key alone may do nothing
        keys = Identity(clients.of("sts")).take_on(caller.role(role), wanted, name=who)
        clients = Clients(lab.region, keys=keys)
        who = f"{role.rpartition('/')[2]} (taken on by {who})"
    return Opened(who, keys.until, _environment(lab, clients.environment(), keys.until))


def start(opened: Opened, lab: str, command: list[str]) -> None:
    """Become the command, or a shell if there is none: this program ends here. Raises `InputError` if it cannot."""
    words = command or _shell(lab, opened.until)
    try:
        os.execvpe(words[0], words, opened.environment)  # noqa: S606 - the user's own program, by words
    except OSError as error:
        raise InputError(f"cannot start {words[0]!r}: {error.strerror}", doing=_DOING) from error


def _seconds(lab: AwsLab, given: float | None, *, role: bool, lasting: bool) -> int:
    from stratolab.aws.identity import CHAINED, LONGEST, LONGEST_OF_ROLE, SHORTEST

    longest = CHAINED if not lasting else LONGEST_OF_ROLE if role else LONGEST
    wanted = int(given) if given is not None else min(lab.config.access.session_hours * 3600, longest)
    if not SHORTEST <= wanted <= longest:
        least, most = SHORTEST // 60, longest // 3600
        raise InputError(
            f"a session of this kind lasts from {least} minutes to {most} h",
            doing=_DOING,
            hint="--duration 1h",
        )
    return wanted


def _factor(lab: AwsLab, device: str, ask: Callable[[str], str]) -> Factor:
    from stratolab.aws.identity import Factor
    from stratolab.aws.people import People

    user = lab.caller.user
    found = People(lab.clients.of("iam")).factors(user)
    typed = [one for one in found if ":u2f/" not in one and device in {"", _named(one), one}]
    if not found:
        raise RefusedError(
            f"{user} has no second factor, and without one the lab allows nothing else",
            doing=_DOING,
            hint="enrol one: AWS console, your name at the top right, Security credentials, Assign MFA device",
        )
    if not typed and device:
        raise InputError(
            f"{user} has no second factor {device!r}",
            doing=_DOING,
            hint=f"--factor {' or '.join(map(_named, found))}",
        )
    if not typed:
        raise RefusedError(
            f"{user} has security keys only, and those work in a browser", doing=_DOING, hint="aws login"
        )
    code = ask(f"code of the second factor {_named(typed[0])}: ").strip().replace(" ", "")
    if len(code) != _DIGITS or not code.isascii() or not code.isdigit():
        raise InputError(f"a code has {_DIGITS} digits", doing=_DOING, hint="type what the device shows now")
    return Factor(typed[0], code)


def _named(serial: str) -> str:
    return serial.rpartition("/")[2]


def _environment(lab: AwsLab, keys: Mapping[str, str], until: datetime | None) -> dict[str, str]:
    rest = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    return {**rest, **keys, LAB: lab.name, UNTIL: until.isoformat(timespec="seconds") if until else ""}


def _shell(lab: str, until: datetime | None) -> list[str]:
    """The user's shell, its prompt beginning with the lab and the time at which it ends.

    bash reads its prompt from its start-up file, so it gets one that reads the user's own and puts ours in front: by a
    pipe, so that nothing lies about. Other shells are started as they are.
    """
    shell = os.environ.get("SHELL") or "/bin/sh"
    mark = f"({lab}{f' until {until.astimezone():%H:%M}' if until else ''}) "
    if Path(shell).name != "bash":
        return [shell, "-i"]
    read, write = os.pipe()
    lines = ("[ -f ~/.bashrc ] && . ~/.bashrc", f"PS1={shlex.quote(mark)}$PS1", f"exec {read}<&-")
    with os.fdopen(write, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.set_inheritable(read, True)  # noqa: FBT003
    return [shell, "--rcfile", f"/dev/fd/{read}", "-i"]
