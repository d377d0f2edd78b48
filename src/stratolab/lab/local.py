"""The local lab: a folder `.stratolab` beside the project's configuration."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.config.models import ProjectConfig
    from stratolab.files.local import LocalBucket
    from stratolab.jobs.database import Database
    from stratolab.jobs.engines.local import LocalEngine
    from stratolab.jobs.models import Job, JobSpec, Outcome, Resources
    from stratolab.jobs.service import JobService
    from stratolab.lab.tracking import Tracking
    from stratolab.models.local import LocalRegistry
    from stratolab.secrets.local import LocalSecrets
    from stratolab.secrets.mask import Mask
    from stratolab.tables.local import LocalDatabases

FOLDER = ".stratolab"
CONFIG = "stratolab.toml"
_WITHIN = "within"  # attribute: a job's folder, from the project's, where it is another one


class LocalLab:
    """A lab on this machine."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.folder = project / FOLDER

    @classmethod
    def around(cls, start: Path | None = None) -> LocalLab:
        """The lab of the nearest folder upwards that holds a configuration or a lab, else of `start`."""
        start = (start or Path.cwd()).absolute()
        for folder in (start, *start.parents):
            if (folder / CONFIG).is_file() or (folder / FOLDER / "store.db").is_file():
                return cls(folder)
        return cls(start)

    @property
    def configured(self) -> bool:
        """Whether the project has a configuration file."""
        return (self.project / CONFIG).is_file()

    @property
    def named(self) -> str:
        """The lab that the project wants: "local", or the name of one in AWS."""
        named = _peek(self.project / CONFIG, "project").get("lab", "local") if self.configured else "local"
        return str(named)

    @property
    def exists(self) -> bool:
        """Whether anything was ever recorded here."""
        return bool(self._store_url) or (self.folder / "store.db").is_file()

    @property
    def shared(self) -> bool:
        """Whether other labs may have their jobs in the same store."""
        return bool(self._store_url)

    @cached_property
    def config(self) -> ProjectConfig:
        """The project's configuration, checked; a plain folder without one gets the defaults.

        Raises `InputError` with every finding.
        """
        from stratolab.config.load import load

        if not self.configured:
            raise InputError(
                f"there is no {CONFIG} in {self.project} or above it",
                hint="stratolab init  (or run a script as it is: stratolab run train.py)",
            )
        return load(self.project / CONFIG)

    @cached_property
    def database(self) -> Database:
        """The job store: SQLite in the lab's folder, or the server that STRATOLAB_STORE names."""
        if self._store_url:
            from stratolab.jobs.stores.alchemy import AlchemyDatabase

            return AlchemyDatabase(self._store_url)
        from stratolab.jobs.stores.sqlite import SqliteDatabase

        self.create()
        return SqliteDatabase(self.folder / "store.db")

    @cached_property
    def engine(self) -> LocalEngine:
        """What runs jobs here: processes of this machine."""
        if self.named != "local":
            raise InputError(
                f"this project's lab is {self.named!r}, and labs in an AWS account are not there yet",
                hint='lab = "local" in [project], or leave it out',
            )
        from stratolab.jobs.engines.local import LocalEngine

        self.create()
        return LocalEngine(self.folder, cpus=self._cpus, secrets=self.secret_values)

    @cached_property
    def secrets(self) -> LocalSecrets:
        """The lab's secrets."""
        from stratolab.secrets.local import LocalSecrets

        tables = self.unchecked("databases")
        days = {one["secret"]: one["rotate"] for one in tables.values() if {"secret", "rotate"} <= one.keys()}
        return LocalSecrets(self.folder, days=days.get)

    def secret_values(self, references: Mapping[str, str]) -> dict[str, str]:
        """The values for variables that name secrets. Raises `InputError` for those that are not there."""
        from stratolab.secrets.service import environment

        return environment(self.secrets, references)

    def mask(self, references: Mapping[str, str]) -> Mask:
        """What takes the values of a job's secrets out of what is shown of it."""
        from stratolab.secrets.mask import Mask
        from stratolab.secrets.service import to_hide

        return Mask(to_hide(self.secrets, references.values()))

    @cached_property
    def databases(self) -> LocalDatabases:
        """The databases that jobs and people work with; not the lab's own store."""
        from stratolab.secrets.service import value
        from stratolab.tables.local import LocalDatabases

        tables = _peek(self.project / CONFIG, "databases") if self.configured else {}
        return LocalDatabases(self.folder, self.project, tables, lambda name: value(self.secrets, name))

    def bucket(self, name: str) -> LocalBucket:
        """A bucket of the lab, by one of the names in `stratolab.files.models.BUCKETS`."""
        from stratolab.files.local import LocalBucket

        return LocalBucket(self.folder, name)

    def jobs(self) -> JobService:
        """The jobs of this lab."""
        from stratolab.jobs.service import JobService

        # By name: a listing does not load what tracks jobs that start.
        begun = lambda jobs: self.tracking.begun(jobs)  # noqa: E731, PLW0108
        return JobService(self.database, self.engine, price=self.price, begun=begun)

    def home(self, job: str) -> Path:
        """The folder of a job: its log, its parameters, its reports."""
        return self.folder / "jobs" / job

    @property
    def project_name(self) -> str:
        """The project's name: the configured one, else the folder's."""
        named = _peek(self.project / CONFIG, "project").get("name") if self.configured else None
        return str(named or self.project.name)

    def names(self, table: str) -> list[str]:
        """The names in a table of the configuration (`jobs`, `sweeps`), unchecked; none without one."""
        return list(self.unchecked(table))

    def unchecked(self, table: str) -> dict[str, Any]:
        """A table of the configuration as it stands in the file; empty without one."""
        return _peek(self.project / CONFIG, table) if self.configured else {}

    def clock(self) -> float:
        """Now, in seconds since the epoch."""
        return time.time()

    def with_capsule(self, spec: JobSpec) -> JobSpec:
        """The spec with the code's present state recorded in the lab, and where in the project it runs."""
        from stratolab.jobs import capsule

        self.create()
        lock = self.config.project.requirements if self.configured else None
        taken = capsule.take(Path(spec.folder), self.capsules, data=spec.data, lock=lock)
        within = os.path.relpath(spec.folder, self.project)
        attributes = spec.attributes if within == "." else {**spec.attributes, _WITHIN: within}
        return replace(spec, capsule=taken.id, attributes=attributes)

    def where(self, job: Job) -> Path:
        """The folder that a job runs in, as it is now: the project may have been copied or moved since."""
        if not self.home(job.id).is_dir():  # a job of another lab, from the store that they share
            return Path(job.folder)
        return Path(os.path.normpath(self.project / job.attributes.get(_WITHIN, ".")))

    def code_differences(self, old: str, new: str) -> list[str]:
        """How code and data of two capsules differ, a line a file."""
        from stratolab.jobs import capsule

        if old == new:
            return []
        then, now = capsule.load(self.capsules, old), capsule.load(self.capsules, new)
        return capsule.differences(then, now, folder=self.project)

    @property
    def capsules(self) -> Path:
        """Where the states of code are kept."""
        return self.folder / "capsules"

    @property
    def tracking_file(self) -> Path:
        """MLflow's store."""
        return self.folder.absolute() / "mlflow.db"

    @cached_property
    def tracking(self) -> Tracking:
        """How jobs and sweeps come into MLflow."""
        from stratolab.lab.tracking import Tracking

        return Tracking(self)

    @cached_property
    def models(self) -> LocalRegistry:
        """The registry of models."""
        from stratolab.models.local import LocalRegistry
        from stratolab.tracking import make

        return LocalRegistry(self.folder.absolute(), lambda: make.make(self.tracking_file))

    def price(self, resources: Resources, outcome: Outcome) -> float | None:
        """What a job would have cost on AWS Fargate, in US dollars; None where no size would hold it."""
        from stratolab.cost.service import job_price

        try:
            price = job_price(
                cpus=resources.cpus,
                memory=resources.memory,
                peak_memory=outcome.peak_memory,
                wall_seconds=outcome.wall_seconds,
                attempts=max(1, outcome.attempts),
            )
        except InputError:
            return None
        return price.dollars

    def close(self) -> None:
        """Let go of the store, if it was opened; the lab is not used any more."""
        if "database" in self.__dict__:
            self.database.close()

    def create(self) -> None:
        """Make the lab's folder, closed to other users, if it is not there."""
        if self.folder.is_dir():
            return
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self.folder.chmod(0o700)
            (self.folder / ".gitignore").write_text("*\n", encoding="ascii")
        except OSError as error:
            raise InputError(
                f"cannot make the lab's folder {self.folder}: {error.strerror}",
                hint="work in a folder where you may write, or name one with -C DIR",
            ) from error

    @cached_property
    def _store_url(self) -> str:
        url = os.environ.get("STRATOLAB_STORE", "")
        if url or not self.configured:
            return url
        return str(_peek(self.project / CONFIG, "local").get("store", ""))

    @cached_property
    def _cpus(self) -> float | None:
        cpus = _peek(self.project / CONFIG, "local").get("cpus") if self.configured else None
        return float(cpus) if isinstance(cpus, (int, float)) else None


def _peek(path: Path, name: str) -> dict[str, Any]:
    """One table of a configuration, unchecked: reading verbs do not pay for checking all of it."""
    import tomllib

    try:
        with path.open("rb") as file:
            table = tomllib.load(file).get(name, {})
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}
