"""The databases of a project, looked after: scripts run in them, and the way to them tried step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.lab.local import LocalLab
    from stratolab.runtime.databases.examining import Step
    from stratolab.runtime.databases.setup import Ran, Script
    from stratolab.tables.address import Address
    from stratolab.tables.client import Client

_DOING = "setting up the database"
LONGEST = 1_000_000  # bytes of a script; data belongs into tables by stratolab.write_table


def set_up(lab: LocalLab, database: str, folder: Path) -> list[Ran]:
    """Run the scripts of a folder in a database of the project: those that have not run in it yet.

    Raises as `runtime.databases.setup.set_up`, and `InputError` for a folder without scripts.
    """
    from stratolab.runtime.databases import setup
    from stratolab.tables.opening import open_connection

    scripts = scripts_in(folder)
    lab.create()
    with open_connection(lab.databases.address(database)) as connection:
        return setup.set_up(connection.raw, connection.dialect, scripts)  # type: ignore[arg-type]


def scripts_in(folder: Path) -> list[Script]:
    """The scripts of a folder, `*.sql`, in the order of their names. Raises `InputError` if there are none."""
    from stratolab.runtime.databases.setup import Script

    if not folder.is_dir():
        raise InputError(
            f"there is no folder {folder}", doing=_DOING, hint="make it, and put a script in it (*.sql)"
        )
    found = []
    for path in sorted(folder.glob("*.sql")):
        if path.stat().st_size > LONGEST:
            raise InputError(f"{path} has more than {LONGEST:,} bytes", doing=_DOING, hint="split it")
        try:
            found.append(Script(path.name, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path} is no UTF-8 at byte {error.start}", doing=_DOING, hint="save it as UTF-8"
            ) from None
    if not found:
        raise InputError(f"{folder} holds no script (*.sql)", doing=_DOING)
    return found


def examine(lab: LocalLab, database: str) -> tuple[Address, list[Step]]:
    """Try the way to a database of the project, step by step. Raises `InputError` for one that is not known."""
    from stratolab.runtime.databases import examining
    from stratolab.tables.opening import load_driver, open_connection

    lab.create()
    address = lab.databases.address(database)
    options = dict(address.options)
    load_driver(address.dialect)
    place = examining.Place(
        dialect=address.dialect,  # type: ignore[arg-type]
        host=address.host,
        port=address.port or examining.PORTS.get(address.dialect, 0),
        file=address.database if address.dialect == "sqlite" else "",
        socket=options.get("unix_socket", ""),
        tls=address.tls,
        authorities=options.get("sslrootcert", ""),
    )
    return address, examining.examine(place, lambda: open_connection(address))


def client(lab: LocalLab, database: str) -> Client:
    """The client program for a database of the project. Raises `InputError` if it is not installed or not known."""
    from stratolab.tables import client

    lab.create()
    return client.client(lab.databases.address(database))
