"""Rotations of a lab in AWS: Secrets Manager begins one and calls the lab's function; we look on until it has ended.

How far it is, and why it failed, stands in the function's log group. Who may not read that learns only how it ended.
"""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.aws.errors import BusyError, DeniedError, GoneError
from stratolab.core.errors import InputError, RefusedError, RemoteError, WorkFailedError
from stratolab.secrets.models import CURRENT, PENDING
from stratolab.secrets.rotations.models import Progress, Rotated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stratolab.aws.functions import Functions
    from stratolab.aws.logsearch import LogSearch
    from stratolab.aws.secretsmanager import KeptSecret, SecretVault
    from stratolab.runtime.rotation.steps import Rotation
    from stratolab.secrets.aws import AwsSecrets

PAUSE = 2.0  # seconds between two looks
PATIENCE = 600.0
"""Seconds to look on: four steps of two minutes at most, and what Secrets Manager takes between them."""
DEAD = 900.0
"""Seconds after which a pending version belongs to nobody: no function runs longer."""
_EARLIER = 60.0  # seconds by which clocks may differ
_DOING = "rotating a secret"


@dataclass(frozen=True, slots=True)
class AwsRotations:
    """Rotations of `secrets`. `by_hand` says how one is exchanged that no function exchanges, if it can be at all."""

    secrets: AwsSecrets
    vault: SecretVault
    functions: Functions
    logs: LogSearch
    by_hand: Callable[[str], Rotation | None]
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def rotate(self, name: str, tell: Callable[[Progress], None]) -> Rotated:
        """Exchange a secret."""
        kept = self.secrets.kept(name)
        self._clear_dead(kept, name, tell)
        began, token = self.clock(), str(uuid.uuid4())
        if not kept.rotated_by:
            return self._rotated_here(kept, name, token, tell)
        try:
            self.vault.rotate(kept.name, token=token)
        except BusyError as error:
            raise RefusedError(
                error.what, doing=_DOING, hint="wait for its end: stratolab secrets ls"
            ) from None
        return self._followed(kept, name, token, began, tell)

    def rehearse(self, name: str, tell: Callable[[Progress], None]) -> Rotated:
        """Try it, and take it back."""
        kept, began, token = self._rotating(name), self.clock(), str(uuid.uuid4())
        tell(Progress("rehearse", "the lab's function tries it"))
        given = {"Step": "rehearse", "SecretId": kept.arn, "ClientRequestToken": token}
        answer = self.functions.call(_function(kept), given)
        if not answer.get("ok"):
            raise _failed(str(answer.get("reason", "")), str(answer.get("kind", "")))
        return Rotated(name, token, str(answer["who"]), self.clock() - began, rehearsed=True)

    def _rotated_here(
        self, kept: KeptSecret, name: str, token: str, tell: Callable[[Progress], None]
    ) -> Rotated:
        """Take the steps in this process."""
        began, rotation = self.clock(), self.by_hand(kept.name)
        if rotation is None:
            raise self._fixed(name)
        for step in rotation.whole(kept.name, token):
            tell(Progress(step, ""))
        return Rotated(name, token, rotation.who(kept.name, token), self.clock() - began)

    def _rotating(self, name: str) -> KeptSecret:
        kept = self.secrets.kept(name)
        if not kept.rotated_by:
            raise self._fixed(name)
        return kept

    @staticmethod
    def _fixed(name: str) -> InputError:
        return InputError(
            f"nothing exchanges {name}",
            doing=_DOING,
            hint='an application\'s database does: applications = ["..."] and rotation = "lambda" in lab.toml',
        )

    def _clear_dead(self, kept: KeptSecret, name: str, tell: Callable[[Progress], None]) -> None:
        """Give up a version that a killed rotation or rehearsal has left behind, which no other could begin beside."""
        for version in kept.versions:
            if PENDING not in version.stages or CURRENT in version.stages:
                continue
            if self.clock() - version.created < DEAD:
                raise RefusedError(
                    f"a rotation of {name} is going on",
                    doing=_DOING,
                    hint="wait for its end: stratolab secrets ls",
                )
            tell(Progress("cleared", "what an earlier rotation has left behind is given up"))
            self.vault.drop_stage(kept.name, version.id, PENDING)

    def _followed(
        self, kept: KeptSecret, name: str, token: str, began: float, tell: Callable[[Progress], None]
    ) -> Rotated:
        seen: set[str] = set()
        who = ""
        while self.clock() - began < PATIENCE:
            stages = self._stages(kept.name, token)
            for entry in self._news(kept, token, began, seen):
                who = str(entry.get("who", who))
                tell(
                    Progress(
                        str(entry.get("done", "failed")), str(entry.get("who") or entry.get("failed", ""))
                    )
                )
                if "failed" in entry and not stages:
                    raise _failed(str(entry["failed"]), str(entry.get("kind", "")))
            if CURRENT in stages:
                return Rotated(name, token, who, self.clock() - began)
            if not stages:
                self.sleep(PAUSE)  # the log comes a little later than the end
                for entry in self._news(kept, token, began, set()):
                    if "failed" in entry:
                        raise _failed(str(entry["failed"]), str(entry.get("kind", "")))
                raise _failed("it was given up; the function's log group says why", "")
            self.sleep(PAUSE)
        raise RemoteError(
            f"it has not ended within {PATIENCE:g} seconds",
            doing=_DOING,
            hint="stratolab secrets ls shows when it has",
        )

    def _stages(self, full: str, token: str) -> tuple[str, ...]:
        found = self.vault.find(full)
        versions = found.versions if found else ()
        return next((one.stages for one in versions if one.id == token), ())

    def _news(self, kept: KeptSecret, token: str, began: float, seen: set[str]) -> Iterator[dict[str, Any]]:
        """What the function has said of this rotation since the last look."""
        lines: list[str] = []
        with contextlib.suppress(DeniedError, GoneError):
            lines = self.logs.lines(_log_group(kept), token, since=began - _EARLIER)
        for line in lines:
            if line in seen:
                continue
            seen.add(line)
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and {"done", "failed"} & entry.keys():
                    yield entry


def _failed(reason: str, kind: str) -> RemoteError | WorkFailedError:
    """The function's reason, as the error that it was there."""
    what, _, hint = reason.partition("; try: ")
    error = WorkFailedError if kind == "CanaryError" else RemoteError
    return error(f"{what}; the current credential stays as it is", doing=_DOING, hint=hint)


def _function(kept: KeptSecret) -> str:
    return kept.rotated_by.rpartition(":function:")[2]


def _log_group(kept: KeptSecret) -> str:
    """The log group of the function `LAB-ENVIRONMENT-NAME`; the secret's name says the first two."""
    lab, environment = kept.name.split("/")[0], kept.name.split("/")[-2]
    return f"/stratolab/{lab}/{environment}/functions/{_function(kept).removeprefix(f'{lab}-{environment}-')}"
