"""What is exchanged: an access key of a user of AWS, of which IAM lets a user have two.

A rotation first deletes the key that is not current: the one before, whose overlap is over, or one that a broken-off
rotation made and nobody has kept. Then it makes the second. The current one stays active as the one before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from stratolab.core.crash import crash_point
from stratolab.core.errors import InputError, RefusedError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Sequence

USER, KEY, VALUE = "UserName", "AccessKeyId", "SecretAccessKey"
"""The keys of such a secret, as IAM calls them."""
_BY = "exchanging an access key"


class Keys(Protocol):
    """The access keys of one user."""

    user: str

    def all(self) -> Sequence[str]:
        """The ids of the keys that there are."""

    def make(self) -> tuple[str, str]:
        """Make a key: its id and its secret part, which is told this once."""

    def close(self, key: str) -> None:
        """Have a key open nothing. Repeated, it does nothing."""

    def delete(self, key: str) -> None:
        """Have no such key. Repeated, it does nothing."""

    def whose(self, key: str, secret: str) -> str:
        """Whose a key is, by using it: the name of the user. Waits for a new key to be known everywhere."""


@dataclass(frozen=True, slots=True)
class AccessKeys:
    """The keys of the user of `keys`."""

    keys: Keys

    def next(self, current: str) -> str:
        """Make the second key, after what is not current has gone."""
        held = _read(current)[KEY] if current else ""
        for key in self.keys.all():
            if key != held:
                self._remove(key)
        made, secret = self.keys.make()
        crash_point("rotation.key")
        return json.dumps({USER: self.keys.user, KEY: made, VALUE: secret})

    def rehearsal(self, current: str) -> str:  # noqa: ARG002 - the protocol's
        """There is no third key, and a rehearsal must not take the one before from whoever still has it."""
        raise RefusedError(
            "an access key cannot be rehearsed: a user has two at most, and both are in use",
            doing="rehearsing a rotation",
            hint="a rotation that fails leaves the current one as it is: stratolab secrets rotate",
        )

    def apply(self, current: str, pending: str) -> None:
        """A key is good from its making on."""

    def test(self, pending: str) -> None:
        """Use it."""
        document = _read(pending)
        found = self.keys.whose(document[KEY], document[VALUE])
        if found != self.keys.user:
            raise RemoteError(f"the new key is of {found} and not of {self.keys.user}", doing=_BY)

    def undo(self, current: str, pending: str, previous: str) -> None:  # noqa: ARG002 - the protocol's
        """Have the new key not exist. The one before had gone before it could be made."""
        key = _read(pending)[KEY]
        if not current or key != _read(current)[KEY]:
            self._remove(key)

    def moved(self, current: str) -> bool:
        """Whether the current one is another user's."""
        return _read(current).get(USER) != self.keys.user

    def discarded(self, pending: str) -> bool:  # noqa: ARG002 - the protocol's
        """There are no rehearsals."""
        return False

    def people(self, value: str) -> str:
        """Who it is, in words."""
        return f"access key {_read(value)[KEY]} of {self.keys.user}"

    def _remove(self, key: str) -> None:
        self.keys.close(key)
        crash_point("rotation.closed")
        self.keys.delete(key)


def is_one(value: str) -> bool:
    """Whether a secret holds an access key with the name of its user."""
    try:
        document = json.loads(value)
    except ValueError:
        return False
    return isinstance(document, dict) and {USER, KEY, VALUE} <= document.keys()


def user_of(value: str) -> str:
    """The user whose key a secret holds."""
    return _read(value)[USER]


def _read(text: str) -> dict[str, str]:
    try:
        document = json.loads(text)
        return {**document, KEY: document[KEY], VALUE: document[VALUE]}
    except (ValueError, TypeError, KeyError):
        raise InputError(f"the secret is no JSON object with {KEY} and {VALUE}", doing=_BY) from None
