"""Which revision of the schema this version of the program speaks, and what to do with any other."""

from __future__ import annotations

from pathlib import Path

from stratolab.core.errors import RefusedError

HEAD = "0002"
MIGRATIONS = Path(__file__).with_name("migrations")
SCHEMA = Path(__file__).with_name("schema.sql")


def is_current(found: str, *, place: str) -> bool:
    """Whether a database at revision `found` can be used as it is; False if it must be migrated first.

    Raises `RefusedError` naming both versions if a newer program wrote it. Revisions are numbers of four
    digits that only grow.
    """
    if found > HEAD or len(found) != len(HEAD):
        raise RefusedError(
            f"its schema has version {found}, and this stratolab knows versions up to {HEAD}",
            doing=f"open {place}",
            hint="pip install --upgrade stratolab",
        )
    return found == HEAD
