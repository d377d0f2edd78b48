"""The engine of a local lab: jobs are processes on this machine, owned by the lab's host.

`LocalEngine` says what would run and reads what was left behind, both without a host. `LocalSession` is a connection
to the host: requests go out, events come in on a thread. If the host is killed, it asks another one for all jobs that
have not ended: those that live end as `lost`, those without a trace are UNKNOWN, for the caller to decide.
"""

# ruff: noqa: PTH100, PTH120 - text paths, as the host has them

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from json import dumps
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, RefusedError, RemoteError
from stratolab.core.processes import alive, usable_cpus
from stratolab.jobs.engines import launch, spool, wire
from stratolab.jobs.models import EventKind, JobEvent, Outcome, Reason, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from stratolab.jobs.engines.wire import Message
    from stratolab.jobs.models import JobSpec, Lane

    Secrets = Callable[[Mapping[str, str]], Mapping[str, str]]

OF_A_JOB = {"MLFLOW_RUN_ID"} | {
    f"STRATOLAB_{name}" for name in ("ATTEMPT", "HOME", "JOB", "PARAMS", "REPORT", "STORE", "SWEEP", "TRIAL")
}  # what a job does not inherit: of a job that submitted it, and the store's URL, which may hold a password


@dataclass(frozen=True, slots=True)
class Running:
    """A job that runs on the host. `started` is when its present attempt began, since the epoch."""

    job: str
    fence: int
    cpus: float
    pid: int
    started: float
    attempt: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job in the line for CPU slots, and what it waits for in words."""

    job: str
    fence: int
    cpus: float
    reason: str


@dataclass(frozen=True, slots=True)
class HostStatus:
    """What a lab's host does: its process, its CPU slots, what runs and what waits, in order."""

    pid: int
    cpus: float
    free: float
    running: tuple[Running, ...]
    waiting: tuple[Waiting, ...]


class LocalEngine:
    """Runs the jobs of the lab in folder `lab`, at most `cpus` CPUs' worth of them at a time.

    `cpus` is by default what this process may use. A host that is already at work keeps the number it has.
    `secrets` gives the values for variables that name secrets, or raises `InputError`.
    """

    name = "local"
    keeps_lanes = True

    def __init__(self, lab: Path, *, cpus: float | None = None, secrets: Secrets | None = None) -> None:
        self._secrets = secrets or _no_secrets
        self._lab = os.path.abspath(lab)
        self._wanted = cpus
        self.cpus = self.cpus_here = usable_cpus() if cpus is None else cpus

    def check(self, spec: JobSpec) -> None:
        """Raise `InputError` if this spec could never run here."""
        wants = spec.resources
        doing = f"checking job {spec.name}"
        if not spec.command:
            raise InputError("it has no command", doing=doing)
        if not 0 < wants.cpus <= self.cpus:
            what = f"it wants {wants.cpus:g} CPUs and this lab has {self.cpus:g}"
            raise InputError(what, doing=doing, hint=f"ask for at most {self.cpus:g} CPUs")
        if wants.memory is not None and wants.memory <= 0:
            raise InputError(f"memory must be more than {wants.memory} bytes", doing=doing)
        if wants.timeout is not None and not wants.timeout > 0:
            raise InputError(f"timeout must be more than {wants.timeout:g} s", doing=doing)
        if spec.retries < 0:
            raise InputError(f"retries cannot be {spec.retries}", doing=doing)
        if spec.secrets:
            self._secrets(spec.secrets)

    def prepare(self, spec: JobSpec, *, job: str, fence: int, lane: Lane | None = None) -> Request:
        """The exact request for `spec`. Touches nothing.

        Raises `InputError` for an identifier that cannot be the name of a folder.
        """
        if not job or job.startswith(".") or "/" in job or "\0" in job:
            raise InputError(f"{job!r} cannot be a job's identifier")
        home = spool.home_of(self._lab, job)
        env = {
            "PYTHONUNBUFFERED": "1",
            "STRATOLAB_PARAMS": f"{home}/{spool.PARAMS}",
            "STRATOLAB_REPORT": f"{home}/{spool.REPORT}",
            **spec.env,
            "STRATOLAB_JOB": job,
        }
        return Request(
            job=job,
            fence=fence,
            command=spec.command,
            folder=spec.folder,
            home=home,
            env=env,
            resources=spec.resources,
            retries=spec.retries,
            params=spec.params,
            secrets=spec.secrets,
            warm=spec.warm,
            quick=spec.quick,
            lane=lane,
        )

    def open(self, notify: Callable[[JobEvent], None]) -> LocalSession:
        """Connect to the lab's host, starting it if there is none.

        `notify` is called from the session's one thread. Raises `RemoteError` if no host can be had and
        `RefusedError` if one of another version is at work.
        """
        hello = launch.hello(_base_environment(), cpus=self._wanted)
        return LocalSession(lambda: launch.connect(self._lab, hello, cpus=self.cpus), notify, self._secrets)

    def wake(self) -> None:
        """Have a host begin to start, if there is none, for an `open` that comes soon. What fails, that will say."""
        launch.wake(self._lab, cpus=self.cpus)

    def outcome(self, job: str, fence: int) -> Outcome | None:
        """How that job ended, from its folder; None if it has not, or nobody saw it."""
        found = spool.load_outcome(spool.home_of(self._lab, job))
        return _outcome(found) if found and found["fence"] == fence else None

    def started(self, job: str, fence: int) -> JobEvent | None:
        """That job's start if it runs, with or without a host. Starts nothing."""
        facts = spool.live(self._lab, job)
        if not facts or facts["fence"] != fence or not facts["process"] or not alive(facts["process"]):
            return None
        pid = int(facts["process"].rsplit("/", 2)[1])
        return JobEvent(EventKind.STARTED, job, fence, at=facts["first"] or facts["started"], pid=pid)

    def knows(self, job: str, fence: int) -> bool:
        """Whether that job waits or runs, with or without a host. Starts nothing."""
        if self.started(job, fence):
            return True
        try:
            status = self.status()
        except RefusedError:  # a host of another version is at work: it may well be one of its jobs
            return True
        there: tuple[Running | Waiting, ...] = (*status.running, *status.waiting) if status else ()
        return any((one.job, one.fence) == (job, fence) for one in there)

    def status(self) -> HostStatus | None:
        """What the lab's host does, None without one; starts none. Raises `RefusedError` for one of another version."""
        connection = launch.find(self._lab, launch.hello({}, cpus=None))
        if connection is None:
            return None
        with connection.socket:
            connection.socket.sendall(wire.encode({"do": "status"}))
            for message in connection.messages():
                return _status(message)
        return None


class LocalSession:
    """A connection to the host. Safe to call from several threads. Jobs go on when it is closed.

    `cpus` is how many CPU slots the host has.
    """

    def __init__(
        self,
        connect: Callable[[], launch.Connection],
        notify: Callable[[JobEvent], None],
        secrets: Secrets | None = None,
    ) -> None:
        self._connect = connect
        self._notify = notify
        self._secrets = secrets or _no_secrets
        self._lock = threading.RLock()  # held while anything below changes
        self._open: dict[str, int] = {}  # jobs whose end we have not heard of: their fences
        self._cancelled: dict[str, Message] = {}  # what was asked for those of them that shall end
        self._failure: Exception | None = None
        self._closing = False
        self._connected = False
        self._join()

    def submit(self, requests: Sequence[Request]) -> None:
        """Take the requests in this order; each starts as soon as it has its resources.

        Makes each job's folder. Raises `RemoteError` if it cannot be written, or if the host was lost and no other
        can be had, `InputError` if a secret is not there any more.
        """
        messages = [_as_message(request, self._secrets) for request in requests]
        for request in requests:
            _make_home(request)
        with self._lock:
            self._open.update((request.job, request.fence) for request in requests)
            self._send({"do": "submit", "requests": messages})

    def cancel(self, jobs: Iterable[str], *, reason: Reason, grace: float) -> None:
        """End these jobs: SIGTERM to all their processes, SIGKILL `grace` seconds later."""
        named = list(jobs)
        message = {"do": "cancel", "jobs": named, "reason": reason.value, "grace": grace}
        with self._lock:
            self._cancelled.update((job, message) for job in named if job in self._open)
            self._send(message)

    def watch(self, jobs: Mapping[str, int]) -> None:
        """Ask for the events of jobs (id: fence) submitted by another session."""
        with self._lock:
            self._open.update(jobs)
            self._send({"do": "watch", "jobs": dict(jobs)})

    def close(self) -> None:
        """Let go, when the host has taken all that was submitted. No more events come."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            with suppress(OSError):
                self._connection.socket.shutdown(socket.SHUT_WR)
        if threading.current_thread() is not self._reader:
            self._reader.join(launch.ANSWER_WITHIN)
        self._connection.socket.close()
        launch.bury_hosts()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _join(self) -> None:
        """Connect, and hear what the host has to say."""
        self._connection = self._connect()
        self._connected = True
        self.cpus = float(self._connection.welcome["cpus"])
        self._reader = threading.Thread(target=self._read, name="stratolab-events", daemon=True)
        self._reader.start()

    def _send(self, message: Message) -> None:
        if self._failure:
            raise RemoteError(
                f"the lab's host was lost: {self._failure}", doing="talking to it", hint="stratolab doctor"
            )
        if self._closing:
            raise RefusedError("the session is closed", doing="talking to the lab's host")
        if not self._connected:
            self._join()
        with suppress(OSError):  # the reader sees it too, and asks another host for every job in `_open`
            self._connection.socket.sendall(wire.encode(message))

    # --- on the reader's thread ------------------------------------------------------------------

    def _read(self) -> None:
        for message in self._connection.messages():
            self._take(_event(message))
        with self._lock:
            self._connected = False
            if self._closing:
                return
            self._connection.socket.close()
            gone = self._find_again() if self._open else {}
        for job, fence in gone.items():
            self._take(JobEvent(EventKind.UNKNOWN, job, fence, time.time()))

    def _find_again(self) -> dict[str, int]:
        """Ask another host for the jobs that have not ended. Gives those that nobody can be asked for."""
        try:
            self._join()
        except (RemoteError, RefusedError) as error:
            self._failure = error
            return dict(self._open)
        self._send({"do": "watch", "jobs": dict(self._open)})
        for job, message in self._cancelled.items():
            self._send({**message, "jobs": [job]})
        return {}

    def _take(self, event: JobEvent) -> None:
        with self._lock:
            if (
                event.kind in {EventKind.ENDED, EventKind.UNKNOWN}
                and self._open.get(event.job) == event.fence
            ):
                del self._open[event.job]
                self._cancelled.pop(event.job, None)
            if self._closing:
                return
        try:
            self._notify(event)
        except Exception:  # noqa: BLE001 - the listener's mistake must not end the news for everybody
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))


def _base_environment() -> dict[str, str]:
    """Ours, for our jobs: with this Python as `python`, and nothing of a job that we run in."""
    env = {name: value for name, value in os.environ.items() if name not in OF_A_JOB}
    ours = os.path.dirname(sys.executable)
    path = env.get("PATH", os.defpath)
    if ours and ours not in path.split(os.pathsep):
        env["PATH"] = f"{ours}{os.pathsep}{path}"
    return env


def _make_home(request: Request) -> None:
    try:
        spool.make_folder(request.home)
        spool.write(f"{request.home}/{spool.PARAMS}", dumps(dict(request.params)).encode())
    except OSError as error:
        raise RemoteError(
            str(error), doing=f"making the folder of job {request.job}", hint="free some space: df -h ."
        ) from error


def _no_secrets(references: Mapping[str, str]) -> Mapping[str, str]:
    raise InputError(
        f"nothing here keeps secrets, and {', '.join(references)} is to hold one", doing="secrets"
    )


def _as_message(request: Request, secrets: Secrets) -> Message:
    """What the host gets. Values of secrets are in it as variables: the host writes no environment to disk."""
    hidden = secrets(request.secrets) if request.secrets else {}
    return {
        "job": request.job,
        "fence": request.fence,
        "command": request.command,
        "folder": request.folder,
        "home": request.home,
        "env": {**request.env, **hidden},
        "hidden": list(hidden),
        "cpus": request.resources.cpus,
        "memory": request.resources.memory,
        "timeout": request.resources.timeout,
        "retries": request.retries,
        "warm": request.warm,
        "quick": request.quick,
        "lane": request.lane.name if request.lane else "",
        "width": request.lane.width if request.lane else 0,
    }


def _event(message: Message) -> JobEvent:
    outcome = message.get("outcome")
    return JobEvent(
        kind=EventKind(message["event"]),
        job=message["job"],
        fence=message["fence"],
        at=message["at"],
        pid=message.get("pid"),
        outcome=_outcome(outcome) if outcome else None,
        note=message.get("note", ""),
    )


def _outcome(message: Message) -> Outcome:
    return Outcome(**{**message, "reason": Reason(message["reason"])})


def _status(message: Message) -> HostStatus:
    return HostStatus(
        pid=message["pid"],
        cpus=message["cpus"],
        free=message["free"],
        running=tuple(Running(**one) for one in message["running"]),
        waiting=tuple(Waiting(**one) for one in message["waiting"]),
    )
