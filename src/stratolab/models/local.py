"""The registry of a local lab: MLflow's store beside it, the files below `.stratolab/models/`.

    files/<sha256>/    the files of a model, by their hash: never changed, shared by versions with the same bytes
    incoming/<who>/    a copy that is being made; left over if its process was killed, and removed by the next one
    signing-key        see `signing`
    lock               held while a version is made, by MLflow's process too

First the files are there, whole and durable, then MLflow makes the version with all its tags in one transaction. So
a kill at any moment leaves at most files that no version names, which the next registration of them uses.

A model that a script has logged to MLflow itself stays where MLflow keeps it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from stratolab.core.crash import crash_point
from stratolab.core.errors import InputError
from stratolab.core.names import new_id
from stratolab.core.processes import alive, identity
from stratolab.models import tables, tags, tree
from stratolab.models.client import Client
from stratolab.models.models import Logged, Staged
from stratolab.models.signing import LabKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stratolab.models.models import Draft, Version

FOLDER: Final = "models"
STORE: Final = "mlflow.db"
_LAB: Final = ".stratolab"
_ROOM: Final = 64 << 20  # bytes that a copy leaves free on the disk
_DOING: Final = "registering a model"


class LocalRegistry:
    """The registry in the lab's folder `lab`. `make_store` makes MLflow's store there, if there is none.

    `known` are the revisions of MLflow's tables that are read directly.
    """

    def __init__(
        self, lab: Path, make_store: Callable[[], None], *, known: frozenset[str] = tables.REVISIONS
    ) -> None:
        self._lab = lab
        self._folder = lab / FOLDER
        self._store = lab / STORE
        self._make_store = make_store
        self._known = known
        self.signer = LabKey(self._folder / "signing-key")

    def versions(self, name: str = "") -> list[Version]:
        """The versions of a model, newest first; without a name those of all models."""
        if not self._store.exists():
            return []
        return [tags.version_of(row) for row in self._mlflow().rows(name)]

    def logged(self, job: str, run: str) -> list[Logged]:
        """The models that a job has logged to MLflow by itself, oldest first."""
        if not self._store.exists():
            return []
        return self._mlflow().logged(job, run)

    def metrics(self, run: str) -> dict[str, float]:
        """The last number of each metric of a run in MLflow."""
        return self._mlflow().metrics(run) if self._store.exists() else {}

    @contextmanager
    def stage(self, files: Path | Logged) -> Iterator[Staged]:
        """A private copy of the files; a model that MLflow keeps is used where it is."""
        if isinstance(files, Logged):
            place = self._place(files.location)
            with _told(place):
                found = tree.read(place)
            yield Staged(place, found, files.name, f"models:/{files.id}")
            return
        self._check(files)
        incoming = self._private("incoming")
        _tidy(incoming)
        copy = incoming / f"{identity().replace('/', '~')}~{new_id()}"
        try:
            with _told(files):
                found = tree.copy(files, copy)
            yield Staged(copy, found, files.name)
        finally:
            shutil.rmtree(copy, ignore_errors=True)

    def publish(self, draft: Draft, staged: Staged) -> tuple[Version, bool]:
        """Make the version, or bring the one of the same bytes and the same run up to date."""
        self._make_store()
        with self._alone() as lock:
            there = self._same(draft, staged)
            if there is not None:
                if not staged.source:
                    self._keep(staged)  # what was damaged since is mended
                self._bring_up_to_date(there, draft, lock)
                return self._version(draft.name, there.version), False
            crash_point("models.copied")
            source = staged.source or self._keep(staged)
            crash_point("models.kept")
            number = self._mlflow(lock).create(
                draft.name,
                source,
                run=draft.origin.run,
                tags=tags.of_draft(draft),
                description=draft.description,
            )
            crash_point("models.made")
        return self._version(draft.name, number), True

    def set_alias(self, version: Version, alias: str) -> None:
        """Let `alias` name this version, and no other one of this model."""
        with self._alone() as lock:
            self._mlflow(lock).set_alias(version.name, alias, version.version)

    def files(self, version: Version) -> Path:
        """The folder that holds the version's files, unverified."""
        kept = self._folder / "files" / version.content.sha256 if version.content else None
        if kept is not None and kept.is_dir():
            return kept
        return self._place(version.source)

    def _mlflow(self, *holding: int) -> tables.Tables | Client:
        """MLflow's registry: its tables if they are known here, else MLflow in a process, which holds the lock too."""
        known = tables.revision(self._store) in self._known
        return tables.Tables(self._store) if known else Client(self._store, holding)

    def _version(self, name: str, number: int) -> Version:
        return next(version for version in self.versions(name) if version.version == number)

    def _same(self, draft: Draft, staged: Staged) -> Version | None:
        """The version of the same bytes and run; or the one that MLflow has made of the same model by itself."""
        of_run = [version for version in self.versions(draft.name) if version.origin.run == draft.origin.run]
        for version in of_run:
            if version.content is not None and version.content.sha256 == draft.content.sha256:
                return version
        for version in of_run:
            if version.content is None and staged.source and self._is_at(version, staged.folder):
                return version
        return None

    def _is_at(self, version: Version, folder: Path) -> bool:
        try:
            return self._place(version.source).resolve() == folder.resolve()
        except InputError:
            return False

    def _bring_up_to_date(self, there: Version, draft: Draft, lock: int) -> None:
        wanted = tags.of_draft(draft)
        if there.content is not None:
            kept = ("signature", "opening", "reasons", "format", "schema", "sample")
            wanted = {key: value for key, value in wanted.items() if key.removeprefix(tags.PREFIX) in kept}
            had = tags.of_version(there)
            wanted = {key: value for key, value in wanted.items() if had.get(key) != value}
        description = draft.description if draft.description != there.description else ""
        if wanted or description:
            self._mlflow(lock).update(there.name, there.version, tags=wanted, description=description)

    def _keep(self, staged: Staged) -> str:
        """Move the copy to its place by its hash, and give the place's address."""
        files = self._private("files")
        place = files / staged.tree.sha256
        if place.is_dir() and tree.read(place).sha256 == staged.tree.sha256:
            return place.as_uri()
        if place.is_dir():  # damaged since: nobody may open it, and here is a sound one
            place.rename(self._private("incoming") / f"{identity().replace('/', '~')}~{new_id()}")
        staged.folder.rename(place)
        tree.sync_folder(str(files))
        return place.as_uri()

    def _check(self, files: Path) -> None:
        """Refuse what holds the lab, or more than there is room for."""
        lab, path = self._lab.resolve(), files.resolve()
        if path == lab or path in lab.parents:
            raise InputError(
                f"{files} holds the lab itself",
                doing=_DOING,
                hint="name the file or folder that holds the model alone",
            )
        if files.exists():
            size = tree.size_of(files)
            if size + _ROOM > shutil.disk_usage(self._lab).free:
                raise InputError(
                    f"{files} does not fit onto the disk of {self._lab}",
                    doing=_DOING,
                    hint="make room: du -sh .stratolab/*",
                )

    def _place(self, address: str) -> Path:
        """The folder at an address of MLflow's; one of a lab that was moved here is found at its new place."""
        parts = urlsplit(address)
        if parts.scheme == "mlflow-artifacts":
            return self._lab / "mlartifacts" / unquote(parts.path).lstrip("/")
        if parts.scheme not in {"", "file"}:
            raise InputError(
                f"its files are at {address}, not on this machine", doing="looking for the model's files",
                hint="mlflow artifacts download --artifact-uri ADDRESS",
            )  # fmt: skip
        path = Path(unquote(parts.path) if parts.scheme else address)
        _, inside, rest = str(path).rpartition(f"/{_LAB}/")
        if not path.exists() and inside:
            path = self._lab / rest
        if not path.exists():
            raise InputError(
                f"its files are gone from {path}", doing="looking for the model's files",
                hint="register it again, from the file that the job wrote",
            )  # fmt: skip
        return path

    def _private(self, name: str) -> Path:
        for folder in (self._lab, self._folder, self._folder / name):
            folder.mkdir(mode=0o700, exist_ok=True)
        return self._folder / name

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """Hold the lock; gives its handle, by which another process may hold it on."""
        self._private("files")
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)


@contextmanager
def _told(files: Path) -> Iterator[None]:
    """What the system says about files, as one of our errors."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{error.strerror}: {error.filename or files}", doing=_DOING) from error


def _tidy(incoming: Path) -> None:
    """Remove what processes left behind that were killed while they copied."""
    for entry in incoming.iterdir():
        who = "/".join(entry.name.rsplit("~", 3)[:3])
        with suppress(ValueError):
            if alive(who) is False:
                shutil.rmtree(entry, ignore_errors=True)
