"""MLflow's tables of the registry, read and written with plain SQL: milliseconds where importing MLflow takes seconds.

Only for stores of a revision whose tables are known here; for any other MLflow itself is asked (`client`). A test
compares what is written here with what MLflow's client writes, row by row. A version and all its tags are one
transaction, and so is the model that it makes, if it is the first.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING, Final, TypeVar

from stratolab.core.crash import crash_point
from stratolab.core.errors import InputError, RemoteError
from stratolab.models.models import Logged
from stratolab.models.tags import JOB, PREFIX, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")

REVISIONS: Final = frozenset(
    {
        "1b5f0d9ad7c1", "e1f2a3b4c5d6", "76601a5f987d", "c3d6457b6d8a", "a5b4c3d2e1f0", "ae8bbe7743c9", "7d34483879f0",
        "da6fb0208061", "89d3d66ed43f", "b7e4c1a90f23", "a8b9c0d1e2f3", "c1d2e3f4a5b6", "c3d9e7f1a2b4", "6f8d9c3b2a1e",
        "1971f2d9a75b", "17e22815139b", "b7e2c1a4d9f3", "75868b020152", "dc11669786a5",
    }
)  # fmt: skip
"""Alembic revisions from the one that brought workspaces to that of MLflow 3.17: none changes what is used here."""

_WAIT: Final = 20.0  # seconds for another writer to let go, as MLflow waits itself
_MODELS: Final = "models:/"
_LINKS: Final = "mlflow.modelVersions"  # a logged model's tag that leads to its versions
_VALUES: Final = {
    "workspace": "default",
    "deleted": "Deleted_Internal",  # the stage of a version that MLflow's client has deleted, whose row stays
    "prompt": "mlflow.prompt.is_prompt",  # the tag of a prompt, which MLflow keeps among the models
    "prefix": PREFIX,
    "job_tag": JOB,
    "ready": 2,  # mlflow.entities.LoggedModelStatus
}

_NO_PROMPT = """
    name NOT IN (
        SELECT name FROM registered_model_tags WHERE workspace = :workspace AND key = :prompt AND value = 'true')
"""
_VERSIONS = f"""
    SELECT name, version, creation_time AS created, description, source, storage_location AS storage, run_id AS run
    FROM model_versions
    WHERE workspace = :workspace AND current_stage <> :deleted AND (:name = '' OR name = :name) AND {_NO_PROMPT}
    ORDER BY name, version DESC
"""  # noqa: S608 - two constants
_TAGS = """
    SELECT name, version, key, value FROM model_version_tags
    WHERE workspace = :workspace AND (:name = '' OR name = :name)
"""
_ALIASES = """
    SELECT name, version, alias FROM registered_model_aliases
    WHERE workspace = :workspace AND (:name = '' OR name = :name)
"""
_RUN_TAGS = """
    SELECT tags.run_uuid AS run, tags.key AS key, tags.value AS value FROM tags
    WHERE substr(tags.key, 1, length(:prefix)) = :prefix AND tags.run_uuid IN (
        SELECT run_id FROM model_versions WHERE workspace = :workspace AND (:name = '' OR name = :name))
"""
_LOGGED = """
    SELECT model_id AS id, name, artifact_location AS location, source_run_id AS run FROM logged_models
    WHERE lifecycle_stage = 'active' AND status = :ready AND (source_run_id = :run OR source_run_id IN (
        SELECT run_uuid FROM tags WHERE key = :job_tag AND value = :job))
    ORDER BY creation_timestamp_ms
"""
_METRICS = """
    SELECT key, value FROM latest_metrics WHERE run_uuid = :run AND NOT is_nan ORDER BY key
"""
_NEW_MODEL = """
    INSERT INTO registered_models (name, creation_time, last_updated_time, workspace)
    VALUES (:name, :now, :now, :workspace)
    ON CONFLICT (workspace, name) DO UPDATE SET last_updated_time = :now
"""
_NEXT = """
    SELECT COALESCE(MAX(version), 0) + 1 FROM model_versions WHERE workspace = :workspace AND name = :name
"""
_NEW_VERSION = """
    INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, current_stage, source,
        run_id, status, storage_location, workspace)
    VALUES (:name, :version, :now, :now, :description, 'None', :source, :run, 'READY', :storage, :workspace)
"""
_SET_TAG = """
    INSERT INTO model_version_tags (key, value, name, version, workspace)
    VALUES (:key, :value, :name, :version, :workspace)
    ON CONFLICT (workspace, key, name, version) DO UPDATE SET value = :value
"""
_SET_ALIAS = """
    INSERT INTO registered_model_aliases (alias, version, name, workspace) VALUES (:alias, :version, :name, :workspace)
    ON CONFLICT (workspace, name, alias) DO UPDATE SET version = :version
"""
_SET_DESCRIPTION = """
    UPDATE model_versions SET description = :description, last_updated_time = :now
    WHERE workspace = :workspace AND name = :name AND version = :version
"""
_SET_LINKS = """
    INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value)
    SELECT model_id, experiment_id, :links, :value FROM logged_models WHERE model_id = :id
    ON CONFLICT (model_id, tag_key) DO UPDATE SET tag_value = :value
"""


def revision(store: Path) -> str:
    """The revision of the store's tables; empty if it has none. Raises `RemoteError` if it cannot be read."""

    def look(connection: sqlite3.Connection) -> str:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return ""
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(found[0]) if found else ""

    return _read(store, look)


class Tables:
    """The tables of the store in a file, whose revision is one of `REVISIONS`.

    Raises `RemoteError` if the file cannot be read or written.
    """

    def __init__(self, store: Path) -> None:
        self._store = store

    def rows(self, name: str = "") -> list[Row]:
        """The versions of a model, or of all models, newest first."""
        return _read(self._store, lambda connection: _rows(connection, {**_VALUES, "name": name}))

    def logged(self, job: str, run: str) -> list[Logged]:
        """The models that a job's runs have logged, oldest first."""
        asked = {**_VALUES, "job": job, "run": run}
        return _read(self._store, lambda found: [Logged(*row) for row in found.execute(_LOGGED, asked)])

    def metrics(self, run: str) -> dict[str, float]:
        """The last number of each metric of a run."""
        return _read(
            self._store, lambda found: {row[0]: row[1] for row in found.execute(_METRICS, {"run": run})}
        )

    def create(self, name: str, source: str, *, run: str, tags: Mapping[str, str], description: str) -> int:
        """Make a version, whole or not at all, and give its number.

        Raises `InputError` if the name is that of one of MLflow's prompts.
        """
        model = source.removeprefix(_MODELS) if source.startswith(_MODELS) else ""
        values = {**_VALUES, "name": name, "now": _now(), "source": source, "run": run or None,
                  "description": description or None}  # fmt: skip

        def write(connection: sqlite3.Connection) -> int:
            _no_prompt(connection, name)
            connection.execute(_NEW_MODEL, values)
            storage = _location(connection, model) if model else source
            version = int(connection.execute(_NEXT, values).fetchone()[0])
            connection.execute(_NEW_VERSION, {**values, "version": version, "storage": storage})
            _set_tags(connection, name, version, tags)
            if model:
                _link(connection, model, name, version)
            crash_point("models.inserted")
            return version

        return _write(self._store, write)

    def update(self, name: str, version: int, *, tags: Mapping[str, str], description: str) -> None:
        """Set these tags of a version, and its description unless that is empty."""
        values = {**_VALUES, "name": name, "version": version, "now": _now(), "description": description}

        def write(connection: sqlite3.Connection) -> None:
            _set_tags(connection, name, version, tags)
            if description:
                connection.execute(_SET_DESCRIPTION, values)

        _write(self._store, write)

    def set_alias(self, name: str, alias: str, version: int) -> None:
        """Let `alias` name this version; it then names no other one."""
        values = {**_VALUES, "name": name, "version": version, "alias": alias}
        _write(self._store, lambda connection: connection.execute(_SET_ALIAS, values))


def _rows(connection: sqlite3.Connection, asked: Mapping[str, object]) -> list[Row]:
    tags: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for found in connection.execute(_TAGS, asked):
        tags[found["name"], found["version"]][found["key"]] = found["value"] or ""
    aliases: dict[tuple[str, int], list[str]] = defaultdict(list)
    for found in connection.execute(_ALIASES, asked):
        aliases[found["name"], found["version"]].append(found["alias"])
    runs: dict[str, dict[str, str]] = defaultdict(dict)
    for found in connection.execute(_RUN_TAGS, asked):
        runs[found["run"]][found["key"]] = found["value"] or ""
    return [
        Row(
            name=found["name"],
            version=found["version"],
            created=found["created"] or 0,
            description=found["description"] or "",
            source=found["source"] or "",
            storage=found["storage"] or "",
            run=found["run"] or "",
            tags=tags[found["name"], found["version"]],
            aliases=tuple(aliases[found["name"], found["version"]]),
            run_tags=runs[found["run"] or ""],
        )
        for found in connection.execute(_VERSIONS, asked)
    ]


def _no_prompt(connection: sqlite3.Connection, name: str) -> None:
    query = (
        "SELECT 1 FROM registered_model_tags WHERE workspace = :workspace AND name = :name AND key = :prompt"
    )
    if connection.execute(query, {**_VALUES, "name": name}).fetchone():
        raise InputError(
            f"{name!r} is the name of a prompt in MLflow", hint="take another name for the model"
        )


def _location(connection: sqlite3.Connection, model: str) -> str:
    query = "SELECT artifact_location FROM logged_models WHERE model_id = :model"
    found = connection.execute(query, {"model": model}).fetchone()
    if found is None:
        raise InputError(f"MLflow has no logged model {model!r}", hint="stratolab models register NAME PATH")
    return str(found[0])


def _set_tags(connection: sqlite3.Connection, name: str, version: int, tags: Mapping[str, str]) -> None:
    values = {"workspace": _VALUES["workspace"], "name": name, "version": version}
    connection.executemany(_SET_TAG, [{**values, "key": key, "value": value} for key, value in tags.items()])


def _link(connection: sqlite3.Connection, model: str, name: str, version: int) -> None:
    """Note the version with the model that MLflow has logged, as MLflow itself does."""
    query = "SELECT tag_value FROM logged_model_tags WHERE model_id = :id AND tag_key = :links"
    found = connection.execute(query, {"id": model, "links": _LINKS}).fetchone()
    try:
        versions = json.loads(found[0]) if found else []
    except ValueError:
        versions = []
    value = json.dumps([*versions, {"name": name, "version": version}])
    connection.execute(_SET_LINKS, {"id": model, "links": _LINKS, "value": value})


def _now() -> int:
    return int(time.time() * 1000)


def _read(store: Path, look: Callable[[sqlite3.Connection], T]) -> T:
    """What `look` sees in one transaction.

    Read-only, but where a writer was killed in the middle of one: only who may write can put that right.
    """
    try:
        try:
            return _once(store, "ro", "BEGIN", look)
        except sqlite3.OperationalError:
            return _once(store, "rw", "BEGIN", look)
    except sqlite3.Error as error:
        raise RemoteError(
            f"{store} cannot be read: {error}",
            doing="reading MLflow's registry",
            hint="try again; if it stays so, look at the file: mlflow doctor",
        ) from error


def _write(store: Path, change: Callable[[sqlite3.Connection], T]) -> T:
    """What `change` gives, in one durable transaction."""
    try:
        return _once(store, "rw", "BEGIN IMMEDIATE", change)
    except sqlite3.Error as error:
        raise RemoteError(
            f"{store} cannot be written: {error}", doing="writing MLflow's registry", hint="try again"
        ) from error


def _once(store: Path, mode: str, begin: str, work: Callable[[sqlite3.Connection], T]) -> T:
    address = f"{store.absolute().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=_WAIT, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(begin)
        found = work(connection)
        connection.execute("COMMIT")
        return found
