"""What drivers raise, as our errors: known by DB-API's names for them, so that no driver is imported for it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_DRIVERS = {"DatabaseError", "InterfaceError", "MySQLError"}


@contextlib.contextmanager
def told(doing: str) -> Iterator[None]:
    """Raise `RemoteError` with the first line of what a driver raises, `InputError` for a text that is none."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise InputError(
            f"a text is no UTF-8: {error.object[error.start : error.end]!a}", doing=doing
        ) from error
    except Exception as error:
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if "Error" not in kinds or not kinds & _OF_DRIVERS:
            raise
        said = str(error.args[-1]) if error.args else ""
        line = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
        raise RemoteError(line, doing=doing) from error
