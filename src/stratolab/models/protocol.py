"""The protocol of a registry of models: in a lab's folder, in an AWS lab.

Names, versions and aliases are MLflow's. A version is there whole or not at all, whoever is killed. The contract test
that every registry passes is `stratolab.testing.registry.RegistryContract`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from stratolab.models.models import Draft, Logged, Staged, Version


class Signer(Protocol):
    """The lab's signature."""

    def sign(self, message: bytes) -> str:
        """A signature under `message`: one word of ASCII."""

    def check(self, message: bytes, signature: str) -> None:
        """Return if `signature` is this lab's, under this `message`; else raise `RefusedError`."""


class Registry(Protocol):
    """Where models are registered. Safe to use from several processes at once."""

    @property
    def signer(self) -> Signer:
        """What signs here."""

    def versions(self, name: str = "") -> list[Version]:
        """The versions of a model, newest first; without a name those of all models."""

    def logged(self, job: str, run: str) -> list[Logged]:
        """The models that a job has logged to MLflow by itself, oldest first."""

    def metrics(self, run: str) -> dict[str, float]:
        """The last number of each metric of a run in MLflow; none for a run that is not there."""

    def stage(self, files: Path | Logged) -> AbstractContextManager[Staged]:
        """The files where nobody changes them, for as long as the context lasts.

        Raises `InputError` or `RefusedError` for what cannot be a model (`stratolab.models.tree`).
        """

    def publish(self, draft: Draft, staged: Staged) -> tuple[Version, bool]:
        """Make the version, and say whether it is new: the same bytes of the same run are the same version.

        One that was there gets what the draft says besides: signature, schema, sample, description.
        """

    def set_alias(self, version: Version, alias: str) -> None:
        """Let `alias` name this version, and no other one of this model."""

    def files(self, version: Version) -> Path:
        """The folder on this machine that holds the version's files, unverified.

        Raises `InputError` if they are not to be had.
        """
