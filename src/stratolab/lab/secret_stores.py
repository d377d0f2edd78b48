"""Which lab's secrets a command means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.lab.choosing import chosen
from stratolab.lab.local import LocalLab

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.secrets.protocol import SecretStore


def open_secrets(named: str = "", start: Path | None = None, *, create: bool = False) -> SecretStore:
    """The secrets of the lab `named`; without a name, of the lab that the folder belongs to.

    With `create`, a local lab's folder is made. Raises `InputError` if there is no such lab.
    """
    lab = chosen(named, start)
    if create and isinstance(lab, LocalLab):
        lab.create()
    return lab.secrets
