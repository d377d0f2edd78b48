"""The protocol of whatever keeps secrets: a file of this machine, AWS Secrets Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from stratolab.secrets.models import CURRENT

if TYPE_CHECKING:
    from stratolab.secrets.models import Secret, Version


class SecretStore(Protocol):
    """Keeps secrets. Safe to use from several threads and processes: each call is done whole or not at all."""

    def put(self, name: str, value: str, *, stage: str = CURRENT) -> Version:
        """Keep a new version of a secret, made if need be.

        A version that was in that stage before leaves it; the one that was AWSCURRENT becomes AWSPREVIOUS. Versions
        without a stage are forgotten. A value that is current already makes no new version. Raises `InputError` for
        a name or a value that cannot be kept.
        """

    def get(self, name: str, *, stage: str = CURRENT) -> str:
        """The value of the version in that stage. Raises `InputError` if there is no such secret or stage."""

    def find(self, name: str) -> Secret:
        """What is known of a secret. Raises `InputError` if there is none of that name."""

    def all(self) -> list[Secret]:
        """All secrets by name."""

    def remove(self, name: str) -> None:
        """Forget a secret with all its versions. Raises `InputError` if there is none of that name."""
