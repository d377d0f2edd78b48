"""Where a lab's rows are kept: SQLite beside the project, PostgreSQL or MySQL by a URL.

`sqlite` needs nothing but the standard library, because it is on the path of every command. `alchemy`
drives the servers. Both hold one schema: `schema` defines it, `migrations` builds it revision by revision
on the servers and on older files, `schema.sql` is the newest revision for a fresh SQLite file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stratolab.jobs.stores.alchemy import AlchemyDatabase
    from stratolab.jobs.stores.sqlite import SqliteDatabase

_URL = re.compile(r"([a-z][a-z0-9+]+)://")


def open_database(address: str | Path) -> SqliteDatabase | AlchemyDatabase:
    """The database at `address`: a file's path, `sqlite:///path`, or the URL of a server.

    Raises `InputError` for a kind of URL that is not known, and what opening that kind of database raises.
    """
    text = str(address)
    scheme = _URL.match(text)
    if scheme is None or scheme[1] == "sqlite":
        from stratolab.jobs.stores.sqlite import SqliteDatabase  # noqa: PLC0415 - one of the two is enough

        return SqliteDatabase(Path(text.removeprefix("sqlite:///")))
    from stratolab.jobs.stores.alchemy import AlchemyDatabase  # noqa: PLC0415 - SQLAlchemy costs 600 ms

    return AlchemyDatabase(text)
