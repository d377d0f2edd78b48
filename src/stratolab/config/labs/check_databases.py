"""What is wrong with a database's options: what an engine, a disk or a zone does not take; what risks data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stratolab.config.labs.databases import SETUP_MOST, VERSIONS
from stratolab.config.labs.regions import WITHOUT_RDS_ROOT
from stratolab.config.problems import Problem, clipped, name_problem, table, warning
from stratolab.core.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stratolab.config.problems import Path

_CLASS = re.compile(r"db\.[a-z][a-z0-9-]*\.(?:micro|small|medium|large|[0-9]*xlarge)")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FUNCTION = re.compile(r"[A-Za-z0-9_-]{1,64}")
CANARIES_MOST = 2_000
"""Characters of all canaries of an environment: a function's settings have 4 KB together."""
_SNAPSHOT = re.compile(
    r"(?:arn:aws[a-z-]*:rds:[a-z0-9-]+:[0-9]{12}:snapshot:)?(?:rds:)?[A-Za-z][A-Za-z0-9-]{0,254}"
)
_RESERVED = frozenset(
    {
        "admin",
        "all",
        "database",
        "default",
        "group",
        "information_schema",
        "mysql",
        "order",
        "performance_schema",
        "postgres",
        "rdsadmin",
        "select",
        "sys",
        "table",
        "template0",
        "template1",
        "user",
    }
)
_USUAL_PORTS = {5432: "PostgreSQL", 3306: "MySQL", 1433: "SQL Server", 1521: "Oracle"}
_LARGE = 400  # GiB; from here RDS takes iops and throughput of a gp3 disk
_GROWTH = 1.1  # the least factor between the storage and its limit


def database_problems(
    path: Path, given: object, whole: Mapping[str, Any], *, environment: str
) -> Iterator[Problem]:
    """What is wrong with one database in completed tables; nothing if there is none."""
    database = table(given)
    if not database:
        return
    yield from _engine_problems(path, database)
    yield from _storage_problems(path, database)
    yield from _place_problems(path, database, table(whole.get("lab")).get("region"))
    yield from _name_problems(path, database)
    yield from _application_problems(path, database, table(whole.get("projects")))
    yield from _setup_problems(path, database, whole)
    yield from _tunnel_problems(path, database, whole)
    if environment == "prod":
        yield from _risk_problems(path, database)


def _engine_problems(path: Path, database: Mapping[str, Any]) -> Iterator[Problem]:
    engine, version = database.get("engine", "postgres"), database.get("version")
    known = VERSIONS.get(engine, ()) if isinstance(engine, str) else ()  # type: ignore[call-overload]
    if isinstance(version, str) and known and version not in known:
        major = version.split(".")[0]
        hint = f'version = "{major}"' if major in known else f"known: {', '.join(known)}"
        yield Problem((*path, "version"), f'"{clipped(version)}" is no major version of {engine}', hint)
    machine = database.get("class")
    if isinstance(machine, str) and not _CLASS.fullmatch(machine):
        told = f'"{clipped(machine)}" is no class of a database'
        yield Problem((*path, "class"), told, 'for example: class = "db.t4g.medium"')


def _storage_problems(path: Path, database: Mapping[str, Any]) -> Iterator[Problem]:
    disk, storage, most = (
        database.get("storage_type", "gp3"),
        database.get("storage", 20),
        database.get("storage_most"),
    )
    if type(storage) is int and type(most) is int and most < storage * _GROWTH:
        yield Problem((*path, "storage_most"), f"must be at least a tenth more than storage, {storage}")
    for key in ("iops", "throughput"):
        if key not in database:
            continue
        if disk == "gp2" or (disk == "io2" and key == "throughput"):
            yield Problem((*path, key), f"a disk of type {disk} has no such option", 'storage_type = "gp3"')
        elif disk == "gp3" and type(storage) is int and storage < _LARGE:
            yield Problem((*path, key), f"a gp3 disk takes it from {_LARGE} GiB on", f"storage = {_LARGE}")
    if disk == "io2" and "iops" not in database:
        yield Problem((*path, "iops"), "is missing, which a disk of type io2 needs", "iops = 3000")


def _place_problems(path: Path, database: Mapping[str, Any], region: object) -> Iterator[Problem]:
    zone, port, snapshot = database.get("zone"), database.get("port"), database.get("restore_from")
    if (
        isinstance(zone, str)
        and isinstance(region, str)
        and not re.fullmatch(re.escape(region) + "[a-f]", zone)
    ):
        yield Problem(
            (*path, "zone"), f'"{clipped(zone)}" is no zone of {region}', f'zone = "{clipped(region)}a"'
        )
    elif isinstance(zone, str) and database.get("multi_zone") is True:
        yield Problem((*path, "zone"), "cannot be pinned while another zone stands by", "multi_zone = false")
    if isinstance(snapshot, str) and not _SNAPSHOT.fullmatch(snapshot):
        told = f'"{clipped(snapshot)}" is no name or ARN of a snapshot'
        yield Problem((*path, "restore_from"), told, "aws rds describe-db-snapshots lists them")
    if isinstance(port, int) and port in _USUAL_PORTS:
        yield Problem(
            (*path, "port"), f"is the usual port of {_USUAL_PORTS[port]}, the first that anyone tries"
        )


def _name_problems(path: Path, database: Mapping[str, Any]) -> Iterator[Problem]:
    name = database.get("name", "lab")
    if not isinstance(name, str):
        return
    if not _NAME.fullmatch(name):
        told = f'"{clipped(name)}" is no name for a database: small letters, digits and _, a letter first'
        yield Problem((*path, "name"), told)
    elif name in _RESERVED:
        yield Problem((*path, "name"), f'"{name}" is a word of the engine itself', "choose another name")


def _application_problems(
    path: Path, database: Mapping[str, Any], projects: Mapping[str, Any]
) -> Iterator[Problem]:
    names = database.get("applications", [])
    managed = "managed" if database.get("apart") is True else "lambda"
    for index, name in enumerate(names if isinstance(names, list) else ()):
        here = (*path, "applications", index)
        if not isinstance(name, str):
            continue
        yield from name_problem(here, name, "database")
        if name in names[:index]:
            yield Problem(here, f'"{clipped(name)}" is there twice')
        elif name.replace("-", "_") == database.get("name", "lab") or name in _RESERVED:
            yield Problem(
                here, f'"{clipped(name)}" is the name of another database in it', "choose another name"
            )
        elif name not in projects and (database.get("rotation") or managed) != "managed":
            told = (
                f'"{clipped(name)}" is no project of the lab, so no role but an admin\'s may read its secret'
            )
            yield warning(here, told, f"[projects.{clipped(name)}]")
    if database.get("apart") is True and names == []:
        yield warning((*path, "apart"), "has no meaning without applications")
    if database.get("rotation") == "managed" and names and database.get("apart") is not True:
        told = (
            "RDS exchanges the password of an instance's owner only, and the applications share an instance"
        )
        yield Problem((*path, "rotation"), told, 'rotation = "lambda", or apart = true')
    yield from _canary_problems(path, database, names if isinstance(names, list) else [])


def _canary_problems(path: Path, database: Mapping[str, Any], names: list[Any]) -> Iterator[Problem]:
    canaries = table(database.get("canaries"))
    managed = "managed" if database.get("apart") is True else "lambda"
    if canaries and (database.get("rotation") or managed) != "lambda":
        yield warning((*path, "canaries"), "are asked by the lab's function only", 'rotation = "lambda"')
    if len(str(canaries)) > CANARIES_MOST:
        told = (
            f"hold more than {CANARIES_MOST:,} characters together, which a function's settings do not take"
        )
        yield Problem((*path, "canaries"), told, "a view with a short name, or a function")
    for name, given in canaries.items():
        here = (*path, "canaries", name)
        if name not in names:
            yield Problem(
                here, f'"{clipped(name)}" is none of the applications', f'applications = ["{clipped(name)}"]'
            )
        function = table(given).get("function")
        if isinstance(function, str) and not _FUNCTION.fullmatch(function):
            yield Problem(
                (*here, "function"),
                f'"{clipped(function)}" is no name of a function',
                "letters, digits, - and _",
            )


def _setup_problems(path: Path, database: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[Problem]:
    folder, limit = database.get("setup"), database.get("setup_timeout")
    if isinstance(folder, str):
        yield from _function_problems(path, whole)
    if isinstance(folder, str) and (not folder.strip() or folder.startswith(("/", "~")) or ".." in folder):
        told = f'"{clipped(folder)}" is no folder beside lab.toml'
        yield Problem((*path, "setup"), told, 'for example: setup = "sql"')
    if isinstance(limit, str) and len(limit) <= 40:
        try:
            limit = parse_duration(limit)
        except (ValueError, OverflowError):
            return
    if isinstance(limit, (int, float)) and limit > SETUP_MOST:
        yield Problem(
            (*path, "setup_timeout"), "must be at most 15 minutes, which no Lambda exceeds", '"15m"'
        )


def _function_problems(path: Path, whole: Mapping[str, Any]) -> Iterator[Problem]:
    """What keeps a function in the network from setting the database up."""
    here, region = (*path, "setup"), table(whole.get("lab")).get("region")
    if path[0] != "environments":
        yield Problem(here, "is for environments' databases: the tracking server sets its own up itself")
        return
    environment = table(table(whole.get("environments")).get(str(path[1])))
    if environment.get("nat") == "none" and environment.get("endpoints") == "gateway":
        told = "needs a way from the network to Secrets Manager, and there is none"
        yield Problem(here, told, 'nat = "one", or endpoints = "needed"')
    if isinstance(region, str) and region in WITHOUT_RDS_ROOT:
        told = (
            f"is not possible in {region}: stratolab does not have the root that vouches for databases there"
        )
        yield Problem(here, told, "run them by hand: stratolab db setup, from within the network")


def _tunnel_problems(path: Path, database: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[Problem]:
    if database.get("tunnel") is not True:
        return
    if path[0] != "environments":
        yield Problem((*path, "tunnel"), "is for environments' databases")
        return
    environment = table(table(whole.get("environments")).get(str(path[1])))
    if environment.get("nat") == "none" and environment.get("endpoints") != "all":
        told = "needs a way from the network to Session Manager, and there is none"
        yield Problem((*path, "tunnel"), told, 'nat = "one", or endpoints = "all"')


def _risk_problems(path: Path, database: Mapping[str, Any]) -> Iterator[Problem]:
    for key, risky, told in (
        ("deletion_protection", False, "so that one command can delete the production database"),
        ("snapshot", False, "so that nothing is left when the production database is deleted"),
        ("backups", 0, "so that nothing in the production database can be restored"),
    ):
        value = database.get(key, not risky)
        if type(value) is type(risky) and value == risky:
            yield warning((*path, key), f"is {str(risky).lower()}, {told}")
