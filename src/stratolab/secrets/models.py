"""What a secret is, as values: its name, its versions, a reference to it. None of them holds what is secret."""

from __future__ import annotations

from dataclasses import dataclass

from stratolab.config.secrecy import REFERENCE_LIMIT, why_no_reference
from stratolab.core.errors import InputError

CURRENT = "AWSCURRENT"  # what a reference means
PREVIOUS = "AWSPREVIOUS"  # what was current before
PENDING = "AWSPENDING"  # what a rotation is trying out

VALUE_LIMIT = 65_536  # bytes in UTF-8, as in AWS Secrets Manager
_EXAMPLE = "world-series/database"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a secret's value. `created` in seconds since the epoch, `size` in bytes."""

    id: str
    created: float
    stages: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Secret:
    """What may be known of a secret: its name and its versions, the newest first.

    `rotated` and `due` are when it was last exchanged and when that is to be done again, in seconds since the epoch;
    `rotates` says whether something exchanges it by itself.
    """

    name: str
    versions: tuple[Version, ...]
    rotated: float | None = None
    due: float | None = None
    rotates: bool = False

    def version(self, stage: str = CURRENT) -> Version | None:
        """The version in that stage."""
        return next((version for version in self.versions if stage in version.stages), None)


@dataclass(frozen=True, slots=True)
class Reference:
    """Which secret is meant; with a `key`, that key of the JSON object that it holds."""

    name: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.key}" if self.key else self.name


def reference(text: str) -> Reference:
    """The reference that `text` is: `name` or `name:key`.

    Raises `InputError`, which does not repeat a text that may be a secret itself.
    """
    if why := why_no_reference(text):
        raise InputError(
            f"what was given as a secret's name {why}",
            doing="secret",
            hint=f"letters, digits and / _ . @ -, at most {REFERENCE_LIMIT}: {_EXAMPLE} or {_EXAMPLE}:password",
        )
    name, _, key = text.partition(":")
    return Reference(name, key)


def checked_name(text: str) -> str:
    """`text`, if it can name a secret. Raises `InputError` if not, also for a reference with a key."""
    found = reference(text)
    if found.key:
        raise InputError(
            f"{found} names a key of a secret, and the whole secret is wanted here",
            doing="secret",
            hint=found.name,
        )
    return found.name


def checked_value(value: str) -> str:
    """`value`, if a secret may hold it. Raises `InputError`, which does not repeat it."""
    why = ""
    if not value:
        why = "is empty"
    elif "\0" in value:
        why = "holds a NUL character, which no environment variable can"
    else:
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            why = "is no text in UTF-8"
        else:
            why = f"has {size:,} bytes; at most {VALUE_LIMIT:,} are kept" if size > VALUE_LIMIT else ""
    if why:
        raise InputError(f"the value {why}", doing="setting a secret")
    return value
