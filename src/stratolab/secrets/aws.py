"""Secrets of a lab in AWS: in Secrets Manager, each below the lab's name.

The reference `world-series/database` is the secret `acme/world-series/database` of the lab acme, so the same
`stratolab.toml` works in every lab. What is removed can be restored by an admin for some days; setting it again takes
the deletion back without giving the old values back.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stratolab.aws.errors import DeniedError
from stratolab.core.errors import InputError
from stratolab.core.names import nearest
from stratolab.secrets.models import (
    CURRENT,
    PENDING,
    PREVIOUS,
    Secret,
    Version,
    checked_name,
    checked_value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stratolab.aws.secretsmanager import KeptSecret, SecretVault

RECOVERY_DAYS = 30
"""Days within which a deleted secret can be restored, where nobody says otherwise: the longest that AWS offers."""
_ORDER = {PENDING: 0, CURRENT: 1, PREVIOUS: 2}  # of versions made in the same second


@dataclass(frozen=True, slots=True)
class Rules:
    """How a lab keeps its secrets: the key (empty for AWS's own), the tags, and the days until one is really gone.

    `databases` are those days for the secrets of applications' databases, by environment.
    """

    key: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    recovery: int = RECOVERY_DAYS
    databases: Mapping[str, int] = field(default_factory=dict)

    def days(self, name: str) -> int:
        """Those of the secret of this name: `world-series/prod/database` is of a database of prod."""
        *_, environment, what = ("", "", *name.split("/"))
        return self.databases.get(environment, self.recovery) if what == "database" else self.recovery


class AwsSecrets:
    """The secrets of the lab `lab`. `rules` is asked when a secret is made or removed."""

    def __init__(
        self,
        vault: SecretVault,
        lab: str,
        rules: Callable[[], Rules] = Rules,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._vault, self._rules, self._clock = vault, rules, clock
        self.lab = lab
        self._prefix = f"{lab}/"

    def put(self, name: str, value: str, *, stage: str = CURRENT) -> Version:
        """Keep a new version of a secret."""
        checked_name(name)
        checked_value(value)
        there = self._vault.find(self.full(name))
        if there is None:
            self._vault.create(self.full(name), key=self._rules().key, tags=self._rules().tags)
        elif there.deleted:
            self._vault.restore(there.name)
        elif same := self._same(there, name, value, stage):
            return same
        version = self._vault.put(self.full(name), value, token=str(uuid.uuid4()), stages=[stage])
        if there is not None and there.deleted:
            self._drop_previous(name)
        return Version(version, self._clock(), (stage,), len(value.encode()))

    def get(self, name: str, *, stage: str = CURRENT) -> str:
        """The value of the version in that stage."""
        checked_name(name)
        value = self._vault.value(self.full(name), stage=stage)
        if value is None:
            raise self._absent(name, stage)
        return value

    def find(self, name: str) -> Secret:
        """What is known of a secret."""
        return _secret(name, self.kept(name))

    def all(self) -> list[Secret]:
        """All secrets by name."""
        found = self._vault.below(self._prefix)
        return sorted(
            (_secret(one.name.removeprefix(self._prefix), one) for one in found if not one.deleted),
            key=lambda secret: secret.name,
        )

    def remove(self, name: str) -> None:
        """Forget a secret; an admin can restore it for some days."""
        self.kept(name)
        self._vault.delete(self.full(name), days=self._rules().days(name))

    def full(self, name: str) -> str:
        """The name of a secret in the account."""
        return f"{self._prefix}{name}"

    def kept(self, name: str) -> KeptSecret:
        """What the account knows of a secret. Raises `InputError` if there is none of that name."""
        checked_name(name)
        found = self._vault.find(self.full(name))
        if found is None or found.deleted:
            raise self._unknown(name)
        return found

    def _same(self, there: KeptSecret, name: str, value: str, stage: str) -> Version | None:
        """The version in that stage if it has this value already. Who may only write is not told."""
        version = next((one for one in there.versions if stage in one.stages), None)
        if version is None:
            return None
        try:
            known = self._vault.value(self.full(name), stage=stage)
        except DeniedError:
            return None
        return (
            Version(version.id, version.created, version.stages, len(value.encode()))
            if known == value
            else None
        )

    def _drop_previous(self, name: str) -> None:
        """Of a secret whose deletion was taken back: what was current before it was deleted."""
        for version in self.kept(name).versions:
            if PREVIOUS in version.stages:
                self._vault.drop_stage(self.full(name), version.id, PREVIOUS)

    def _absent(self, name: str, stage: str) -> InputError:
        secret = self.find(name)
        stages = ", ".join(sorted({known for one in secret.versions for known in one.stages}))
        if not stages:
            return InputError(
                f"{name} has no value yet", doing="secret", hint=f"stratolab secrets set {name}"
            )
        return InputError(f"{name} has no version {stage}", doing="secret", hint=f"it has {stages}")

    def _unknown(self, name: str) -> InputError:
        try:
            near = nearest(name, [secret.name for secret in self.all()])
        except DeniedError:  # who may read this one secret need not be allowed to list all
            near = ""
        hint = f"did you mean {near!r}?" if near else f"stratolab secrets set {name}"
        return InputError(f"there is no secret {name!r} in the lab {self.lab}", doing="secret", hint=hint)


def _secret(name: str, kept: KeptSecret) -> Secret:
    """The newest version first. Sizes are not known without reading values, and are 0."""
    versions = sorted(
        kept.versions,
        key=lambda one: (-one.created, min((_ORDER.get(stage, 3) for stage in one.stages), default=3)),
    )
    return Secret(
        name,
        tuple(Version(one.id, one.created, one.stages, 0) for one in versions),
        kept.rotated,
        kept.due,
        rotates=bool(kept.rotated_by),
    )
