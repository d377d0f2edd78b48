"""What the account's own settings should be: from what is there and `lab.toml` to a list of changes, and their doing.

Each setting has a rule, a function that gives what should be for what is. A rule gives back what is already as strict
as it should be, so a second run has nothing to do, and one that was broken off goes on with what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import RemoteError, StratolabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from stratolab.aws.settings import Setting, Value
    from stratolab.config.labs.models import LabConfig
    from stratolab.lab.aws import AwsLab

LENGTH = 14
"""Characters of a password at least (R4; CIS AWS Foundations 7.0, 2.8)."""
REMEMBERED = 24
"""Former passwords that may not come back: the most that IAM remembers (CIS 2.9)."""
DEFAULT_GROUP = "default-group"
_SHORTEST_ALIAS = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A setting as it is and as it should be. The two are equal where there is nothing to do."""

    name: str
    about: str
    before: Value
    after: Value

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be set, and what could not be looked at."""

    changes: tuple[Change, ...]
    unread: Mapping[str, RemoteError] = field(default_factory=dict)

    @property
    def needed(self) -> tuple[Change, ...]:
        """The changes that there are."""
        return tuple(one for one in self.changes if one.needed)


@dataclass(frozen=True, slots=True)
class Done:
    """How a change went; `error` is None where it was made."""

    change: Change
    error: StratolabError | None = None


def of(lab: AwsLab) -> dict[str, Setting]:
    """Every setting of the lab's account and region, with the default groups of the lab's own networks."""
    from stratolab.aws import settings
    from stratolab.infra import tags

    found = settings.settings(lab.clients, lab.caller.account)
    return {**found, **settings.default_groups(lab.clients, (tags.LAB, lab.name))}


def plan(settings: Mapping[str, Setting], lab: LabConfig) -> Plan:
    """What should be changed in an account. Changes nothing.

    A setting that we may not read is left out and named. Raises `CredentialsError` and what else stops everything.
    """
    return compared(settings, lambda name, before: wanted(name, before, lab))


def compared(settings: Mapping[str, Setting], wanted: Callable[[str, Value], Value]) -> Plan:
    """Each setting as it is beside what is wanted of it."""
    from stratolab.aws.errors import DeniedError

    changes: list[Change] = []
    unread: dict[str, RemoteError] = {}
    for name, setting in settings.items():
        try:
            before = setting.read()
        except DeniedError as error:
            unread[name] = error
        else:
            changes.append(Change(name, about(name), before, wanted(name, before)))
    return Plan(tuple(changes), unread)


def carry_out(changes: Sequence[Change], settings: Mapping[str, Setting]) -> Iterator[Done]:
    """Make the changes, one after the other, and tell of each; one that fails does not stop the others.

    Credentials that have run out do, since nothing else would succeed: raises `CredentialsError`.
    """
    from stratolab.aws.errors import CredentialsError

    for change in changes:
        try:
            settings[change.name].write(change.after)
        except CredentialsError:
            raise
        except RemoteError as error:
            yield Done(change, error)
        else:
            yield Done(change)


def about(name: str) -> str:
    """What a setting is for, in a few words."""
    return _ABOUT[name.partition(":")[0]]


def wanted(name: str, before: Value, lab: LabConfig) -> Value:
    """What a setting should be where it is `before`."""
    return _RULES[name.partition(":")[0]](before, lab)


_ABOUT = {
    "password-policy": "what people's passwords must be",
    "alias": "the name to sign in with, in place of 12 digits",
    "s3-public-access-block": "no bucket can be made public, whatever its policy says",
    "ebs-encryption": "new volumes are encrypted",
    "snapshot-sharing": "snapshots of volumes are shared with nobody outside",
    "image-sharing": "images of machines are shared with nobody outside",
    "instance-metadata": "new machines give their credentials to whoever has a session only",
    "ecs-tag-rights": "who makes something in ECS needs the right to tag it",
    DEFAULT_GROUP: "the group that AWS makes in a network lets nothing through",
}


def _password_policy(before: Any, lab: LabConfig) -> Value:
    there: Mapping[str, Any] = before or {}
    kinds = (
        "RequireSymbols",
        "RequireNumbers",
        "RequireUppercaseCharacters",
        "RequireLowercaseCharacters",
        "AllowUsersToChangePassword",
    )
    days = [one for one in (there.get("MaxPasswordAge"), lab.access.password_days) if one]
    return {
        **there,
        **dict.fromkeys(kinds, True),
        "MinimumPasswordLength": max(LENGTH, there.get("MinimumPasswordLength", 0)),
        "PasswordReusePrevention": max(REMEMBERED, there.get("PasswordReusePrevention", 0)),
        **({"MaxPasswordAge": min(days)} if days else {}),
    }


def _alias(before: Any, lab: LabConfig) -> Value:
    """A name that somebody has given stays: people sign in with it."""
    name = lab.lab.name
    return lab.lab.alias or before or (name if len(name) >= _SHORTEST_ALIAS else f"{name}-lab")


def _metadata(before: Any, _lab: LabConfig) -> Value:
    """Sessions are needed. One hop keeps containers from the machine's credentials; another number was chosen."""
    return {"HttpPutResponseHopLimit": 1, **(before or {}), "HttpTokens": "required"}


_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_RULES: Mapping[str, Callable[[Any, LabConfig], Value]] = {
    "password-policy": _password_policy,
    "alias": _alias,
    "s3-public-access-block": lambda _before, _lab: dict.fromkeys(_BLOCKS, True),
    "ebs-encryption": lambda _before, _lab: True,
    "snapshot-sharing": lambda _before, _lab: "block-all-sharing",
    "image-sharing": lambda _before, _lab: "block-new-sharing",
    "instance-metadata": _metadata,
    "ecs-tag-rights": lambda _before, _lab: "on",
    DEFAULT_GROUP: lambda _before, _lab: {"ingress": [], "egress": []},
}
