"""What your own code reaches of its lab: secrets, files, databases. Each name is one of `import stratolab`.

Inside a job it is the job's lab, wherever the job runs; elsewhere (a notebook, a plain script) the lab of the
project that holds the current folder. The same calls will reach an AWS lab.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratolab.lab.local import LocalLab
from stratolab.tables.protocol import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stratolab.files.models import Progress, Transfer
    from stratolab.tables.connection import Connection

_OF_THIS_JOB = "STRATOLAB_HOME"  # the job's own folder, set by what started it


def secret(name: str, *, previous: bool = False) -> str:
    """The value of a secret, or of one key of a JSON secret: `secret("world-series/database:password")`.

    With `previous`, the value that was current before. Nothing is kept or shown of it here; do not print it.
    Raises `InputError` if there is no such secret or key.
    """
    from stratolab.secrets.models import CURRENT, PREVIOUS
    from stratolab.secrets.service import value

    return value(_lab().secrets, name, stage=PREVIOUS if previous else CURRENT)


def upload(
    source: str | os.PathLike[str], target: str, *, progress: Callable[[Progress], None] | None = None
) -> Transfer:
    """Copy a file or a folder to `target`, a place in a bucket: `upload("prices", "data/prices")`.

    The files of a folder go below the place; a single file goes to it, or below it under its own name if it ends
    with a slash. What is there unchanged (same size and time, or same content) is passed over, so a call that was
    broken off goes on where it stopped. Each file is there whole or not at all. `progress` hears how far it is.

    Raises `InputError` if the source cannot be read or the bucket is none of data, models, artifacts.
    """
    from stratolab.files import service
    from stratolab.files.models import address

    to = address(target)
    return service.upload(_made().bucket(to.bucket), Path(source), to.key, progress)


def download(
    source: str, target: str | os.PathLike[str], *, progress: Callable[[Progress], None] | None = None
) -> Transfer:
    """Copy what lies at `source` in a bucket to `target`: `download("data/prices", "prices")`.

    What lies below a place goes below the folder `target`; a single file goes to `target`, or into it if it is a
    folder or ends with a slash. Otherwise as `upload`. Raises `InputError` if there is nothing.
    """
    from stratolab.files import service
    from stratolab.files.models import address

    place = address(source)
    into = os.fspath(target).endswith(os.sep)
    return service.download(_lab().bucket(place.bucket), place.key, Path(target), progress, into=into)


def connect(database: str = DEFAULT) -> Connection:
    """Connect to a database: a name of `[databases]` in stratolab.toml, or a URL such as a job's secret holds.

    Without any configuration "default" is SQLite in the lab's folder. A host that is not this machine is spoken to
    over TLS only. Use it in a `with` block: it commits at the end, or rolls back, and closes.

    Raises `InputError` for a name that is not known or a driver that is not installed, `RemoteError` if the
    server does not answer or does not let us in.
    """
    from stratolab.tables.address import from_url
    from stratolab.tables.opening import open_connection

    if "://" in database:
        return open_connection(from_url(database))
    return open_connection(_made().databases.address(database))


def write_table(
    frame: object, name: str, *, if_exists: str = "fail", schema: str | None = None, database: str = DEFAULT
) -> int:
    """Write a data frame (pandas, polars, a dict of columns, a list of dicts) into a table; the number of rows.

    All rows are written or none. `if_exists` is "fail", "append" (the columns must fit) or "replace", which makes
    the table anew and exchanges the two in one step. The index of a pandas frame is not written.

    Raises `InputError` for values that the database cannot hold as they are, `RefusedError` if the table is there
    and `if_exists` is "fail", `RemoteError` for what the database says.
    """
    from stratolab.tables import service

    with connect(database) as connection:
        return service.write(connection, frame, name, if_exists=if_exists, schema=schema)


def read_table(
    name: str, *, schema: str | None = None, database: str = DEFAULT, into: str | None = None
) -> Any:
    """A table as a data frame. `name` is a name and never a statement.

    `into` is "pandas", "polars" or "columns" (a dict of lists); without it pandas if that is installed, else polars,
    else columns. Raises `RemoteError` if there is no such table, and for whatever else the database says.
    """
    from stratolab.tables import service

    with connect(database) as connection:
        return service.read(connection, name, schema=schema, into=into)


def read_query(
    sql: str, values: Mapping[str, object] | None = None, *, database: str = DEFAULT, into: str | None = None
) -> Any:
    """The rows of a query as a data frame: `read_query("SELECT * FROM games WHERE year > :year", {"year": 2000})`.

    Values go to the places `:name`, on every database. `into` is as for `read_table`. Raises `RemoteError` for what
    the database says of the query, `InputError` if it gives no rows or two columns of one name.
    """
    from stratolab.tables import service

    with connect(database) as connection:
        return service.query(connection, sql, values, into=into)


def ddl(frame: object, name: str, *, dialect: str | None = None, schema: str | None = None) -> str:
    """The CREATE TABLE statement that `write_table` would use for this frame.

    `dialect` is "sqlite", "postgresql" or "mysql"; without it, that of the database "default".
    """
    from stratolab.tables import service

    return service.ddl(frame, name, dialect or _made().databases.address().dialect, schema=schema)


def _lab() -> LocalLab:
    home = os.environ.get(_OF_THIS_JOB)
    return LocalLab(Path(home).parents[2]) if home else LocalLab.around()


def _made() -> LocalLab:
    """The lab, its folder made if it was not there."""
    lab = _lab()
    lab.create()
    return lab
