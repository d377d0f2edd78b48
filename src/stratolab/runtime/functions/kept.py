"""Secrets Manager as a rotation sees it: versions by their ids, stages, values; and notices by SNS.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.md
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import RemoteError
from stratolab.runtime.functions.entering import code_of, failures
from stratolab.runtime.rotation.steps import CURRENT, PENDING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stratolab.runtime.rotation.steps import Notice

_ABSENT = "ResourceNotFoundException"
_GIVEN_ALREADY = "ResourceExistsException"
_SUBJECTS = {"begins": "is being exchanged", "done": "has been exchanged", "failed": "was not exchanged"}
_SUBJECT_MOST = 100  # characters of a mail's subject, as SNS takes it


@dataclass(frozen=True, slots=True)
class Kept:
    """The versions of secrets, by a client of Secrets Manager. It is what `steps.Vault` asks for."""

    client: Any

    def stages(self, name: str) -> dict[str, frozenset[str]]:
        """The stages of each version by its id."""
        found = self._call("looking at a secret", self.client.describe_secret, SecretId=name)
        return {version: frozenset(stages) for version, stages in found.get("VersionIdsToStages", {}).items()}

    def value(self, name: str, version: str) -> str:
        """The value of a version; empty for one that has none, as the pending one before its first step."""
        asked = {"SecretId": name, "VersionId": version}
        try:
            return str(self.client.get_secret_value(**asked).get("SecretString") or "")
        except failures() as error:
            if code_of(error) == _ABSENT:
                return ""
            raise _told("reading a secret", error) from None

    def put_pending(self, name: str, version: str, value: str) -> None:
        """Keep a value as the version of this id, pending. The same again does nothing."""
        try:
            self.client.put_secret_value(
                SecretId=name, ClientRequestToken=version, SecretString=value, VersionStages=[PENDING]
            )
        except failures() as error:
            if code_of(error) != _GIVEN_ALREADY:
                raise _told("keeping a secret", error) from None

    def promote(self, name: str, version: str) -> None:
        """Move AWSCURRENT, whereupon Secrets Manager moves AWSPREVIOUS.

        AWSPENDING stays where it is: taken away by a call of its own, it would tell of a rotation that failed.
        """
        current = next((one for one, stages in self.stages(name).items() if CURRENT in stages), "")
        if current == version:
            return
        moved = {"RemoveFromVersionId": current} if current else {}
        self._call(
            "making a secret current",
            self.client.update_secret_version_stage,
            SecretId=name,
            VersionStage=CURRENT,
            MoveToVersionId=version,
            **moved,
        )

    def discard(self, name: str, version: str) -> None:
        """Take AWSPENDING from a version."""
        if PENDING in self.stages(name).get(version, ()):
            self._call(
                "giving a pending secret up",
                self.client.update_secret_version_stage,
                SecretId=name,
                VersionStage=PENDING,
                RemoveFromVersionId=version,
            )

    def _call(self, doing: str, call: Callable[..., Any], **given: Any) -> Any:
        try:
            return call(**given)
        except failures() as error:
            raise _told(doing, error) from None


def _told(doing: str, error: Exception) -> RemoteError:
    """AWS's code alone: its words repeat what they were asked."""
    return RemoteError(code_of(error) or type(error).__name__, doing=doing)


@dataclass(frozen=True, slots=True)
class Topic:
    """Whoever reads along by SNS. A notice that does not get through is logged, and holds nothing up."""

    client: Callable[[], Any]
    arn: str
    log: Callable[[Mapping[str, str]], None]

    def tell(self, notice: Notice) -> None:
        """Tell of it."""
        self.log({"notice": notice.what, "secret": notice.secret, "text": notice.text})
        if not self.arn:
            return
        name = notice.secret.rpartition(":secret:")[2] or notice.secret
        subject = f"{name} {_SUBJECTS[notice.what]}"[:_SUBJECT_MOST]
        try:
            self.client().publish(TopicArn=self.arn, Subject=subject, Message=f"{subject}: {notice.text}\n")
        except failures() as error:
            self.log({"notice": "lost", "secret": notice.secret, "text": str(_told("telling", error))})


def log(entry: Mapping[str, str]) -> None:
    """A line of JSON in the function's log group."""
    sys.stdout.write(json.dumps(dict(entry)) + "\n")
    sys.stdout.flush()
