"""The databases of a local lab: what `[databases.NAME]` says, else SQLite files in the lab's folder.

.stratolab/databases/default.db
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError, RemoteError
from stratolab.core.names import did_you_mean
from stratolab.tables.address import Address, from_url, with_secret
from stratolab.tables.protocol import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FOLDER = "databases"


class LocalDatabases:
    """The databases of the lab in `folder`. `tables` is `[databases]` of the project's file, `secret` gives a value."""

    def __init__(
        self, folder: Path, project: Path, tables: Mapping[str, Any], secret: Callable[[str], str]
    ) -> None:
        self._folder, self._project, self._tables, self._secret = folder, project, tables, secret

    def address(self, name: str = DEFAULT) -> Address:
        """Where a database is; an SQLite file of the lab is made, empty, if it is not there."""
        known = {DEFAULT, *self._tables}
        if name not in known:
            raise InputError(
                f"there is no database {name!r} in this project",
                doing="connect",
                hint=did_you_mean(name, known),
            )
        table = self._tables.get(name, {})
        url, secret = table.get("url"), table.get("secret")
        address = from_url(url) if url else None
        if secret:
            address = with_secret(address, self._secret(secret))
        if address is None:
            return Address("sqlite", str(self._own(f"{name}.db")))
        if address.dialect == "sqlite":
            return Address("sqlite", os.path.join(self._project, address.database))  # noqa: PTH118 - keeps absolute ones
        return address

    def _own(self, file: str) -> Path:
        """A file that only its owner may read, whatever the umask; SQLite gives its mode to those beside it."""
        path = self._folder / FOLDER / file
        try:
            if not path.exists():
                path.parent.mkdir(mode=0o700, exist_ok=True)
                _make_empty(path)
        except OSError as error:
            raise RemoteError(
                f"cannot make {path}: {error.strerror}", doing="connect", hint="df -h ."
            ) from error
        return path


def _make_empty(path: Path) -> None:
    """An empty file in its place, by way of another name.

    A descriptor of the database's own file must never be closed here: it would take the locks of every connection
    that this process has to it (POSIX locks belong to the process).
    """
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}.new")
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
