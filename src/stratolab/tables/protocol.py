"""The protocol of what knows a lab's databases: a configuration and a folder here, AWS's own stores there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from stratolab.tables.address import Address

DEFAULT = "default"


class Databases(Protocol):
    """Knows databases by name; `default` is always there."""

    def address(self, name: str = DEFAULT) -> Address:
        """Where a database is, with the password. Asks for secrets, connects to nothing.

        Raises `InputError` for a name that is not known, or a secret that is not there.
        """
