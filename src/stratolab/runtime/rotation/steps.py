"""A rotation, step by step, as Secrets Manager has it; each step may be repeated, and all of them resumed at any point.

    create   put a new value beside the current one (AWSPENDING), unless there is one for this token already
    set      have the new credential where it is to open something
    test     use it: log in, ask, call the canaries; on failure go back to where we were and say why
    finish   make it AWSCURRENT; the one before is then AWSPREVIOUS, and good until the next rotation

The token is the id of the new version. Secrets Manager gives it to every step, and gives the same one when it repeats a
rotation that was broken off. It takes a rotation for ended when AWSPENDING is where AWSCURRENT is, or nowhere:
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from stratolab.core.crash import crash_point
from stratolab.core.errors import InputError, RefusedError, StratolabError
from stratolab.runtime.rotation.canaries import Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from stratolab.runtime.rotation.canaries import Canary

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"
Step = Literal["create", "set", "test", "finish"]
STEPS: tuple[Step, ...] = ("create", "set", "test", "finish")
_DOING = "rotating a secret"


class Vault(Protocol):
    """Keeps the versions of secrets and their stages."""

    def stages(self, name: str) -> Mapping[str, frozenset[str]]:
        """The stages of each version by its id, of a version without any too if it is known."""

    def value(self, name: str, version: str) -> str:
        """The value of a version; empty if it has none."""

    def put_pending(self, name: str, version: str, value: str) -> None:
        """Keep a value as the version of this id, in the stage AWSPENDING alone. Repeated, it does nothing."""

    def promote(self, name: str, version: str) -> None:
        """Make a version AWSCURRENT, and the one that is it AWSPREVIOUS, in one step."""

    def discard(self, name: str, version: str) -> None:
        """Take AWSPENDING from a version. Repeated, it does nothing."""


class Exchange(Protocol):
    """Something that secrets open, and that can have two credentials at a time."""

    def next(self, current: str) -> str:
        """The value that takes the place of the current one, empty if there is none yet."""

    def rehearsal(self, current: str) -> str:
        """The value of a credential that does not outlive a rehearsal."""

    def apply(self, current: str, pending: str) -> None:
        """Have the pending credential open what it is for. May be repeated."""

    def test(self, pending: str) -> None:
        """Use it. Raises `StratolabError` if that fails."""

    def undo(self, current: str, pending: str, previous: str) -> None:
        """Have the pending one open nothing, and the one before open what it did. May be repeated."""

    def moved(self, current: str) -> bool:
        """Whether the current one opens something else than what is wanted now."""

    def discarded(self, pending: str) -> bool:
        """Whether it was meant for a rehearsal."""

    def people(self, value: str) -> str:
        """Who it is, in words: no secret."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the users of a secret are told. `what` is `begins`, `done` or `failed`."""

    what: Literal["begins", "done", "failed"]
    secret: str
    text: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """How a secret is exchanged: with whom, where it is kept, what has to work, who is told."""

    vault: Vault
    exchange: Exchange
    canaries: tuple[Canary, ...] = ()
    tell: Callable[[Notice], None] = field(default=lambda _notice: None)

    def take(self, step: Step, secret: str, token: str) -> None:
        """Take one step. Raises `StratolabError`, with everything as it was before, if it cannot be done."""
        stages = self.vault.stages(secret)
        mine = stages.get(token, frozenset())
        if CURRENT in mine and step != "test":
            return  # done by an earlier try
        if PENDING not in mine and not (step == "test" and CURRENT in mine):
            raise RefusedError(
                f"the version {token[:8]} is not the one that is pending: its rotation was given up",
                doing=_DOING,
                hint="begin a new one: stratolab secrets rotate",
            )
        {"create": self._create, "set": self._set, "test": self._test, "finish": self._finish}[step](
            secret, token
        )

    def whole(self, secret: str, token: str) -> Iterator[Step]:
        """Every step, each given when it has been taken, where nobody else has made the version pending."""
        if token not in self.vault.stages(secret):
            self._create(secret, token)
            yield "create"
        for step in STEPS[1:] if self.vault.value(secret, token) else STEPS:
            self.take(step, secret, token)
            yield step

    def rehearse(self, secret: str, token: str) -> str:
        """Everything up to the canaries with a credential of its own, which then is gone; who it was.

        Nothing changes for anybody: neither the current credential nor the one before is touched. Raises
        `StratolabError` if it could not be exchanged.
        """
        current = self._current(secret)
        if any(PENDING in names and CURRENT not in names for names in self.vault.stages(secret).values()):
            raise RefusedError(
                "a rotation of it has not ended", doing="rehearsing a rotation", hint="wait for it"
            )
        pending = self.exchange.rehearsal(current)
        self.vault.put_pending(secret, token, pending)
        crash_point("rotation.rehearsal")
        try:
            self.exchange.apply(current, pending)
            self._try(Candidate(secret, token, pending))
        finally:
            self.give_up(secret, token)
        return self.exchange.people(pending)

    def begin(self, secret: str, token: str) -> str:
        """Have a first credential there, or one for another place than the current one's; who it is.

        One that is there and fits is used once, and stays. Raises `StratolabError` if nobody gets in.
        """
        current = self._current(secret, needed=False)
        if current and not self.exchange.moved(current):
            self._try(Candidate(secret, token, current))
            return self.exchange.people(current)
        pending = self.vault.value(secret, token) or self.exchange.next(current)
        self.vault.put_pending(secret, token, pending)
        crash_point("rotation.create")
        try:
            self.exchange.apply(current, pending)
            crash_point("rotation.set")
            self._try(Candidate(secret, token, pending))
        except StratolabError:
            self.give_up(secret, token)
            raise
        self.vault.promote(secret, token)
        return self.exchange.people(pending)

    def who(self, secret: str, token: str) -> str:
        """Who a version is, in words."""
        return self.exchange.people(self._pending(secret, token))

    # -- the steps -------------------------------------------------------------------------------

    def _create(self, secret: str, token: str) -> None:
        there = self.vault.value(secret, token)
        if there and self.exchange.discarded(there):
            self.give_up(secret, token)
            raise RefusedError(
                "what was pending had been left behind by a rehearsal; it is gone now",
                doing=_DOING,
                hint="the same again exchanges the secret",
            )
        if there:
            return
        with self._or_back(secret, token):
            value = self.exchange.next(self._current(secret, needed=False))
        crash_point("rotation.made")
        self.vault.put_pending(secret, token, value)
        crash_point("rotation.create")
        self.tell(Notice("begins", secret, f"{self.exchange.people(value)} is about to take over"))

    def _set(self, secret: str, token: str) -> None:
        with self._or_back(secret, token):
            self.exchange.apply(self._current(secret, needed=False), self._pending(secret, token))
        crash_point("rotation.set")

    def _test(self, secret: str, token: str) -> None:
        """Secrets Manager also asks for this step alone, to see whether a rotation would do: there is no value then."""
        pending = self.vault.value(secret, token) or self._current(secret)
        with self._or_back(secret, token):
            self._try(Candidate(secret, token, pending))
        crash_point("rotation.test")

    def _finish(self, secret: str, token: str) -> None:
        pending = self._pending(secret, token)
        self.vault.promote(secret, token)
        crash_point("rotation.finish")
        told = f"{self.exchange.people(pending)} has taken over; who came before is let in until the next rotation"
        self.tell(Notice("done", secret, told))

    def _try(self, candidate: Candidate) -> None:
        self.exchange.test(candidate.value)
        for canary in self.canaries:
            canary(candidate)

    # -- the way back ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _or_back(self, secret: str, token: str) -> Iterator[None]:
        """What fails in here leaves everything as it was, and the users told why."""
        try:
            yield
        except StratolabError as error:
            if CURRENT not in self.vault.stages(secret).get(token, frozenset()):
                self.give_up(secret, token)
            reason = f"{error.doing}: {error.what}" if error.doing else error.what
            self.tell(Notice("failed", secret, f"{reason}; the current one stays as it is"))
            raise

    def give_up(self, secret: str, token: str) -> None:
        """Undo what a pending version opened, then forget it; the second also where the first cannot be done."""
        try:
            if pending := self.vault.value(secret, token):
                self.exchange.undo(self._current(secret, needed=False), pending, self._in(PREVIOUS, secret))
        except StratolabError as error:
            self.tell(Notice("failed", secret, f"and what was begun could not be undone: {error.what}"))
        crash_point("rotation.undone")
        self.vault.discard(secret, token)

    # -- values ----------------------------------------------------------------------------------

    def _current(self, secret: str, *, needed: bool = True) -> str:
        found = self._in(CURRENT, secret)
        if not found and needed:
            raise InputError(f"{secret} has no value yet", doing=_DOING, hint="stratolab secrets set")
        return found

    def _in(self, stage: str, secret: str) -> str:
        version = next((one for one, names in self.vault.stages(secret).items() if stage in names), "")
        return self.vault.value(secret, version) if version else ""

    def _pending(self, secret: str, token: str) -> str:
        found = self.vault.value(secret, token)
        if not found:
            raise RefusedError(f"the version {token[:8]} has no value", doing=_DOING)
        return found
