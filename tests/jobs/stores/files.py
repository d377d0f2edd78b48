"""Files of stores, for tests to fill, break and count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.jobs.stores.sqlite import SqliteDatabase
from stratolab.sweeps import ledger
from stratolab.testing.contenders import NOW

if TYPE_CHECKING:
    from pathlib import Path


def fill(path: Path, sweeps: int = 200) -> None:
    with SqliteDatabase(path) as database:
        database.run(
            lambda tx: [ledger.create(tx, "tune", "p", {"much": "x" * 1000}, NOW) for _ in range(sweeps)]
        )


def count(database: SqliteDatabase) -> int:
    return int(database.read(lambda tx: tx.rows("SELECT COUNT(*) AS n FROM sweep"))[0]["n"])


def flip(path: Path, offset: int, length: int = 1) -> None:
    content = bytearray(path.read_bytes())
    for place in range(offset, offset + length):
        content[place] ^= 0xFF
    path.write_bytes(content)
