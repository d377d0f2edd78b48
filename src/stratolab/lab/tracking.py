"""How a lab's jobs and sweeps come into MLflow: where to, how, and what a job is told of it.

`begun` is asked before jobs start, `feed` runs beside them, `sync` brings up to date what was left behind. Where it
goes: the store in the lab's folder, or the one that MLFLOW_TRACKING_URI names. How: straight into an SQLite store
that we know, else through MLflow's client.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, RemoteError, StratolabError
from stratolab.jobs import outbox
from stratolab.lab.live import Live
from stratolab.lab.runs import LabBacklog, Runs, beginning, experiment_of
from stratolab.sweeps import ledger
from stratolab.tracking import installed, make, scripts
from stratolab.tracking.ids import run_id, sweep_run_id
from stratolab.tracking.store import WHOLE, Experiment, Store, UnknownStoreError, revision
from stratolab.tracking.writer import Sink, Writer, alone, drain, told

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from stratolab.jobs.models import Job, JobSpec
    from stratolab.lab.local import LocalLab
    from stratolab.tracking.models import Run
    from stratolab.tracking.scripts import Use
    from stratolab.tracking.server import Server

URI, EXPERIMENT, RUN = "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID"
_ARTIFACT_ROOT = "_MLFLOW_SERVER_ARTIFACT_ROOT"  # where MLflow puts experiments that a script makes itself
_AT_THE_START = 2.0  # seconds that a job's start waits for another writer
_SQLITE = "sqlite:///"
_SCRIPTS = (".py", ".sh")


@dataclass(frozen=True, slots=True)
class Standing:
    """How tracking stands. `how` is direct, client or none; `backlog` counts what MLflow does not have yet."""

    store: str
    version: str
    revision: str
    how: str
    experiments: tuple[Experiment, ...]
    backlog: int


class Tracking:
    """The tracking of one lab."""

    def __init__(self, lab: LocalLab) -> None:
        self._lab = lab
        self._note: Callable[[str], None] = _unheard
        self._uses: dict[tuple[str, ...], Use] = {}
        self._begun: set[str] = set()  # sweeps whose runs are there
        self._maker: subprocess.Popen[str] | None = None  # a process that makes the store
        self._runs = Runs(lab)
        self._writer: Writer[outbox.Entry] | None = None
        self._live = Live(self._runs, os.fspath(lab.home("")), told=self._takes_run)

    @cached_property
    def uri(self) -> str:
        """Where MLflow keeps things."""
        return os.environ.get(URI) or f"{_SQLITE}{self._lab.tracking_file}"

    @cached_property
    def own(self) -> bool:
        """Whether that is the lab's own store."""
        return self._path is not None and self._path == self._lab.tracking_file

    @cached_property
    def shown_uri(self) -> str:
        """The same without a password."""
        scheme, slashes, rest = self.uri.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}" if slashes and scheme != "sqlite" else self.uri

    # -- what jobs are told ----------------------------------------------------------------------

    def begun(self, jobs: Sequence[Job]) -> Mapping[str, Mapping[str, str]]:
        """The variables for jobs that are about to start, by job: where a script's own MLflow calls go.

        A job whose script speaks of MLflow gets its run before it starts, and is told of it.
        """
        self._live.begun([job for job in jobs if self._begins_none(job)])
        env = {job.id: self._env(job) for job in jobs}
        takers = [job for job in jobs if self._takes_run(job) and env[job.id]]
        if takers:
            for run in self._begin(takers):
                env[run] = {**env[run], RUN: run_id(run)}
        return env

    def hurry(self) -> None:
        """No further job will begin: what has ended is better written now than at the end."""
        if self._writer is not None:
            self._writer.hurry()

    def prepare(self, spec: JobSpec, note: Callable[[str], None]) -> None:
        """Have the store there before the first job of a script that speaks of MLflow.

        MLflow makes its tables when they are first used, and two processes that do so at once hinder each other.
        Raises `RemoteError` if it cannot be made.
        """
        if self._path is not None and self._use(spec.command, spec.folder).speaks and installed.present():
            self._made(note)

    def _env(self, job: Job) -> dict[str, str]:
        if job.env.get(URI, self.uri) != self.uri:
            return {}  # the job's own configuration sends it elsewhere
        return {**self._everywhere, EXPERIMENT: experiment_of(job)}

    @cached_property
    def _everywhere(self) -> dict[str, str]:
        """The variables that all jobs get."""
        return {URI: self.uri, **({_ARTIFACT_ROOT: str(self._lab.folder / WHOLE)} if self.own else {})}

    def _takes_run(self, job: Job) -> bool:
        use = self._use(job.command, job.folder)
        return use.speaks and not use.chooses and self._path is not None and installed.present()

    def _begins_none(self, job: Job) -> bool:
        """Whether the job's script seems to begin no run itself."""
        use = self._use(job.command, job.folder)
        return use.seen and (not use.speaks or self._takes_run(job))

    def _use(self, command: Sequence[str], folder: str) -> Use:
        known = (folder, *[word for word in command if word[-3:] in _SCRIPTS or word == "-m"])
        if known not in self._uses:
            self._uses[known] = scripts.look(command, folder)
        return self._uses[known]

    def _begin(self, jobs: Sequence[Job]) -> list[str]:
        """Write the runs of these jobs; gives the jobs that may log to theirs."""
        runs = [beginning(self._runs.of_job(job)) for job in jobs]
        sweeps = {job.sweep for job in jobs if job.sweep and job.trial is not None} - self._begun
        if self._beginner is None:
            return []
        try:
            there = self._beginner.begin([*map(self._sweep, sorted(sweeps)), *runs])
        except RemoteError:  # another writer is at it; what the script begins itself is found by its tag
            return []
        self._begun |= sweeps
        return [run.key for run in runs if run.id in there]

    def _sweep(self, sweep: str) -> Run:
        return self._lab.database.read(lambda tx: self._runs.of_sweep(tx, ledger.get(tx, sweep)))

    # -- beside the work -------------------------------------------------------------------------

    @contextmanager
    def feed(self, note: Callable[[str], None]) -> Iterator[None]:
        """Bring MLflow up to date while jobs run; at the end wait a moment for the rest, and `note` what remains."""
        self._note = note
        self._lab.create()
        before = self._left()
        writer = Writer(LabBacklog(self._lab, self._live), self._open_behind, lock=self._lock)
        writer.start()
        self._writer = writer
        try:
            yield
        finally:
            self._writer = None
            if not writer.close():
                self._tell(writer.trouble, before)

    def sync(self, note: Callable[[str], None]) -> int:
        """Bring MLflow up to date with everything that was left behind; gives how many runs were written.

        Raises what keeps it from doing so: `InputError` without MLflow, `RemoteError`.
        """
        if not self._left():
            return 0
        if self._path is not None and installed.present():
            self._made(note)
        with alone(self._lock, until=float("inf")):
            sink = self._open()
            try:
                return drain(LabBacklog(self._lab), sink)
            finally:
                sink.close()

    def add_everything(self) -> int:
        """Put everything of the project into the backlog again."""
        return self._lab.database.run(lambda tx: outbox.add_everything(tx, self._lab.project_name))

    @contextmanager
    def server(self, host: str, port: int | None, note: Callable[[str], None]) -> Iterator[Server]:
        """MLflow's server on the lab's store, until the end of the block; `port` None is any that is free.

        Raises `InputError` without MLflow, for a port that is taken, and where MLFLOW_TRACKING_URI names another store.
        """
        from stratolab.tracking import server

        if not self.own:
            raise InputError(
                f"{URI} names another store: {self.shown_uri}",
                doing="tracking ui",
                hint=f"look there, or at this lab's own: env -u {URI} stratolab tracking ui",
            )
        if not installed.present():
            raise InputError("MLflow is not installed", doing="tracking ui", hint=installed.GET)
        self._lab.create()
        free = server.free_port(host, port)
        self._made(note)
        note("starting MLflow's server")
        found = server.start(
            self._lab.tracking_file,
            self._artifacts,
            host=host,
            port=free,
            log=self._lab.folder / "mlflow-server.log",
        )
        try:
            yield found
        finally:
            found.stop()

    def standing(self) -> Standing:
        """How tracking stands."""
        here = installed.installed()
        how, found = "none", ""
        experiments: tuple[Experiment, ...] = ()
        if self._path is not None and (found := revision(self._path)):
            try:
                with Store(self._path, self._artifacts, own=self.own) as store:
                    how, experiments = "direct", tuple(store.experiments())
            except UnknownStoreError:
                how = "client"
        elif self._path is None:
            how = "client" if here else "none"
        backlog = self._left() if self._lab.exists else 0
        return Standing(self.shown_uri, here.version if here else "", found, how, experiments, backlog)

    def run_of(self, job: str) -> str:
        """The run of a job in an SQLite store that we know; empty if it is not there, or elsewhere."""
        return self._find(run_id(job), job)

    def run_of_sweep(self, sweep: str) -> str:
        """The same of a sweep."""
        return self._find(sweep_run_id(sweep))

    def _find(self, id: str, job: str = "") -> str:  # noqa: A002
        if self._path is None or not self._path.is_file():
            return ""
        try:
            with Store(self._path, self._artifacts, own=self.own) as store:
                return store.run_of(id, job)
        except RemoteError:
            return ""

    # -- the store -------------------------------------------------------------------------------

    @cached_property
    def _path(self) -> Path | None:
        """The store's file, if it is an SQLite one."""
        if not self.uri.startswith(_SQLITE) or "?" in self.uri:
            return None
        return Path(self.uri.removeprefix(_SQLITE)).absolute()

    @property
    def _artifacts(self) -> Path:
        return (self._path or self._lab.tracking_file).parent / WHOLE

    @property
    def _lock(self) -> str:
        return str(self._lab.folder / "mlflow.lock")

    @cached_property
    def _beginner(self) -> Store | None:
        """For the start of jobs: quick rather than durable, since the end is written again. None if it cannot be."""
        path = self._path or self._lab.tracking_file
        try:
            self._made(self._note)
            return Store(path, self._artifacts, own=self.own, durable=False, busy_timeout=_AT_THE_START)
        except UnknownStoreError:
            return None
        except StratolabError as error:
            self._note(f"tracking: {told(error)}")
            return None

    def _made(self, note: Callable[[str], None]) -> None:
        """Have an SQLite store there, of the schema that the installed MLflow wants."""
        path = self._path or self._lab.tracking_file
        if make.ready(path):
            if backup := make.upgrade(path):
                note(
                    f"MLflow's store was brought to the schema of MLflow {self._version}; as it was: {backup}"
                )
        elif not make.copied(path):
            note("preparing MLflow's store (once)")
            make.make(path)

    def _open_behind(self) -> Sink:
        """The same as `_open`, without waiting for a store that has to be made: it is there another time."""
        if self._path is not None and not make.ready(self._path) and not make.copied(self._path):
            maker = self._maker = self._maker or make.start(self._path)
            if maker.poll() is None:
                raise RemoteError(
                    "MLflow's store is being made, once for this Python environment", doing="tracking"
                )
            self._maker = None
            make.finish(maker, self._path)
        return self._open()

    def _open(self) -> Sink:
        """Where to write to."""
        if not installed.present():
            raise InputError("MLflow is not installed", doing="tracking", hint=installed.GET)
        if self._path is not None:
            make.make(self._path)
            with suppress(UnknownStoreError):
                return Store(self._path, self._artifacts, own=self.own)
        from stratolab.tracking.client import ClientWriter

        return ClientWriter(self.uri, {_ARTIFACT_ROOT: str(self._artifacts)} if self.own else None)

    @property
    def _version(self) -> str:
        here = installed.installed()
        return here.version if here else ""

    def _left(self) -> int:
        return self._lab.database.read(outbox.count)

    def _tell(self, trouble: Exception | None, before: int) -> None:
        left = self._left()
        if not left:
            return
        if isinstance(
            trouble, InputError
        ):  # no MLflow: said once, by the first command that has something for it
            if not before:
                self._note(f"to see jobs and sweeps in MLflow: {trouble.hint}; then: stratolab tracking ui")
            return
        what = "1 change is" if left == 1 else f"{left:,} changes are"
        why = f" ({told(trouble)})" if trouble is not None else ""
        self._note(f"{what} not in MLflow yet{why}; the next command goes on, or: stratolab tracking sync")


def _unheard(_text: str) -> None:
    """What is noted when nobody listens."""
