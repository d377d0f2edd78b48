"""The protocol of whatever exchanges secrets: this process, a function in AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.secrets.rotations.models import Progress, Rotated


class Rotator(Protocol):
    """Exchanges secrets. Of one secret one rotation runs at a time; a second one is refused."""

    def rotate(self, name: str, tell: Callable[[Progress], None]) -> Rotated:
        """Exchange a secret and wait for the end.

        Raises `InputError` for one that cannot be exchanged, `RefusedError` while another rotation of it runs, and
        what else went wrong as `StratolabError`: the current value is then the same as before.
        """

    def rehearse(self, name: str, tell: Callable[[Progress], None]) -> Rotated:
        """Do all of it up to the canaries with a credential of its own, and take that back. Raises the same."""
