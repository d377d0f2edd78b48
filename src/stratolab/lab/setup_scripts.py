"""The scripts of a lab's databases: in the folder that `setup` names, beside `lab.toml`.

What lies in it runs in the environment's own database; a folder in it, called like an application that stands apart,
holds the scripts of that application's. Each is read as its engine will read it, so that one which cannot be run stops
`up` before anything is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.core.errors import InputError
from stratolab.core.names import did_you_mean
from stratolab.lab.databases import scripts_in
from stratolab.runtime.databases.setup import check

if TYPE_CHECKING:
    from pathlib import Path

    from stratolab.config.fields import Environment
    from stratolab.config.labs.databases import DatabaseConfig, Engine
    from stratolab.config.labs.models import LabConfig
    from stratolab.runtime.databases.setup import Script
    from stratolab.runtime.databases.splitting import Dialect

_DOING = "reading the scripts that set a database up"
MOST = 200  # scripts of one database: a list of them is read at every set-up
DIALECTS: dict[Engine, Dialect] = {"postgres": "postgresql", "mysql": "mysql"}


def setup_scripts(lab: LabConfig, beside: Path) -> dict[Environment, dict[str, list[Script]]]:
    """The scripts of each environment: under "" those of its own database, under an application's name that one's.

    `beside` is the folder of `lab.toml`. Raises `InputError` that names the file and the line.
    """
    return {
        name: _of_database(environment.database, beside / environment.database.setup)
        for name, environment in lab.environments.items()
        if environment.database and environment.database.setup
    }


def _of_database(options: DatabaseConfig, folder: Path) -> dict[str, list[Script]]:
    apart = options.applications if options.apart else ()
    _refuse_unknown(folder, apart)
    own = {name: _read(folder / name, options) for name in apart if (folder / name).is_dir()}
    if own and not any(folder.glob("*.sql")):
        return own
    return {"": _read(folder, options), **own}


def _read(folder: Path, options: DatabaseConfig) -> list[Script]:
    found = scripts_in(folder)
    if len(found) > MOST:
        raise InputError(f"{folder} holds more than {MOST} scripts", doing=_DOING, hint="put some together")
    check(found, DIALECTS[options.engine])
    return found


def _refuse_unknown(folder: Path, apart: tuple[str, ...]) -> None:
    """A folder of scripts that nobody would run is a mistake."""
    for inner in sorted(folder.iterdir()) if folder.is_dir() else ():
        if inner.is_dir() and inner.name not in apart and any(inner.glob("*.sql")):
            raise InputError(
                f"{inner} is called like no application that stands apart, so its scripts would not run",
                doing=_DOING,
                hint=did_you_mean(inner.name, apart)
                or "move them up; or: applications = [...] with apart = true",
            )
