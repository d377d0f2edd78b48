"""One job in the host's hands: what was asked, where it is, what it used; and how its process is started.

The process is started by `posix_spawn`, which does not copy the host, and never by running Python code in a
fork. Each job is the leader of a new session. Its output goes straight to its log. The host steps into the
job's folder for the time of the start: nothing else of the host depends on where it is.

`peak_memory` has a floor of some 14 MB: the kernel counts the memory of whoever starts a process as its own.
"""
# ruff: noqa: PTH118, PTH113, PTH116 - pathlib would be a fifth of the host's start

from __future__ import annotations

import errno
import os
import signal
import stat

from stratolab.jobs.engines import spool
from stratolab.jobs.engines.family import MARK
from stratolab.jobs.engines.slots import WHOLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from stratolab.jobs.engines.forks import Spare
    from stratolab.jobs.engines.wire import Message

NEVER = float("inf")
SPARE_DATA = (
    256 << 20
)  # bytes of private memory beyond twice the limit at which the kernel itself refuses more
_DEFAULTS = [signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT]


class SpareGoneError(Exception):
    """The forked process that was to take a job up died before it could."""


class Task:
    """A job. Times that are compared are monotonic; `started` and `ended` are since the epoch."""

    __slots__ = (
        "adopted", "asked_end", "attempt", "began", "command", "cpu_seconds", "cpus", "deadline", "ended", "env",
        "exit_status", "fence", "first", "folder", "give_up", "hidden", "home", "job", "kill_at", "lane",
        "leader_lives", "listeners", "log_start", "members", "memory", "message", "note", "oom_before",
        "peak_memory", "pid", "quick", "retries", "sample_at", "session_env", "spare", "start", "started",
        "timeout", "told", "umask", "wall_seconds", "warm", "width", "words",
    )  # fmt: skip

    def __init__(self, request: Message, session_env: Mapping[str, str], umask: int) -> None:
        self.job = str(request["job"])
        self.fence = int(request["fence"])
        self.command = [str(word) for word in request["command"]]
        self.folder = str(request["folder"])
        self.home = str(request["home"])
        self.env: Mapping[str, str] = request["env"]
        self.hidden = frozenset(request.get("hidden", ()))  # names in `env` that the job alone may hold
        self.cpus = max(round(float(request["cpus"]) * WHOLE), 1)
        self.memory: int | None = request["memory"]
        self.timeout: float | None = request["timeout"]
        self.retries = int(request["retries"])
        self.lane = str(request.get("lane", ""))  # of which at most `width` run at a time; empty for none
        self.width = int(request.get("width", 0))
        self.warm = tuple(map(str, request.get("warm", ())))  # modules that a fork server is to have loaded
        self.quick = bool(request.get("quick"))  # it may start from one that has loaded nothing
        self.session_env = session_env
        self.umask = umask
        self.listeners: set[Any] = set()  # the clients who want its events

        self.attempt = 0  # 0 while it waits
        self.told = 0  # the attempt of which it was told that it runs
        self.pid = 0  # of the leader; 0 while it waits
        self.spare: Spare | None = None  # the fork server's process that takes it up
        self.words = 0  # of the command, that a fork server is started with
        self.note = ""  # why it did not start from a fork server, if it was to
        self.adopted = False  # a killed host started it: the leader is not our child
        self.start = ""
        self.leader_lives = False
        self.exit_status: int | None = None
        self.log_start = 0  # where this attempt's output begins
        self.first: float | None = None  # when the first attempt started
        self.started = self.ended = self.began = 0.0
        self.wall_seconds = self.cpu_seconds = 0.0
        self.peak_memory = 0

        self.asked_end = ""  # the reason for which we end it
        self.message = ""
        self.deadline: float | None = None
        self.kill_at: float | None = None
        self.give_up: float | None = None
        self.sample_at: float | None = None
        self.members: list[int] = []  # its processes, as last seen
        self.oom_before = 0

    @property
    def may_time_out(self) -> bool:
        """Whether its time limit still means something."""
        return self.leader_lives and not self.asked_end

    def next_time(self) -> float:
        """When something about it is due."""
        due = NEVER if self.deadline is None or not self.may_time_out else self.deadline
        if self.kill_at is not None:
            due = min(due, self.kill_at)
        return due if self.sample_at is None else min(due, self.sample_at)

    def facts(self) -> dict[str, object]:
        """What a later host must know to go on with it. No environment."""
        return {
            "job": self.job,
            "fence": self.fence,
            "home": self.home,
            "folder": self.folder,
            "cpus": self.cpus / WHOLE,
            "lane": self.lane,
            "memory": self.memory,
            "timeout": self.timeout,
            "attempt": self.attempt,
            "first": self.first,
            "started": self.started,
            "wall_seconds": self.wall_seconds,
            "cpu_seconds": self.cpu_seconds,
            "peak_memory": self.peak_memory,
        }

    def outcome(self, reason: str, exit_code: int | None, number: int | None, message: str) -> Message:
        """How it ended: the fields of `stratolab.jobs.models.Outcome`."""
        return {
            "job": self.job,
            "fence": self.fence,
            "reason": reason,
            "exit_code": exit_code,
            "signal": number,
            "started": self.ended if self.first is None else self.first,
            "ended": self.ended,
            "wall_seconds": self.wall_seconds,
            "cpu_seconds": self.cpu_seconds,
            "peak_memory": self.peak_memory,
            "attempts": self.attempt,
            "message": message,
        }


def adopted(facts: Mapping[str, Any]) -> Task:
    """The task of a job that a host before us started. It is not run again, whatever retries it had."""
    task = Task({**facts, "command": (), "env": {}, "retries": 0}, {}, 0)
    task.adopted = True
    task.attempt = int(facts["attempt"])
    task.first = float(facts["first"] or facts["started"])
    task.started = float(facts["started"])
    task.wall_seconds = float(facts["wall_seconds"])
    task.cpu_seconds = float(facts["cpu_seconds"])
    task.peak_memory = int(facts["peak_memory"])
    return task


def spawn(task: Task, lab: int) -> int:
    """Start the task's command and give its process. `lab` is a descriptor of the folder to come back to.

    Raises `OSError` as the kernel tells it; `explain` has the words.
    """
    log = open_log(task)
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, log, 1),
        (os.POSIX_SPAWN_DUP2, log, 2),
    ]
    try:
        return run(task, task.command, environment(task), files, lab)
    finally:
        os.close(log)


def run(
    task: Task, command: list[str], env: Mapping[str, str], files: Sequence[tuple[Any, ...]], lab: int
) -> int:
    """Start a program as the task's is started: its folder, its umask, a session of its own."""
    os.chdir(task.folder)
    before = os.umask(task.umask)
    try:
        return os.posix_spawn(
            program(command[0], env),
            command,
            env,
            file_actions=files,
            setsid=True,
            setsigmask=(),
            setsigdef=_DEFAULTS,
        )
    finally:
        os.umask(before)
        os.chdir(lab)


def open_log(task: Task) -> int:
    """The job's log, for what this attempt prints."""
    log = spool.append(f"{task.home}/{spool.LOG}")
    try:
        task.log_start = os.lseek(log, 0, os.SEEK_END)
        if task.attempt > 1 or task.log_start:
            told = f"\n--- attempt {task.attempt} of {task.retries + 1} ---\n"
            task.log_start += os.write(log, told.encode())
    except OSError:
        os.close(log)
        raise
    return log


def environment(task: Task) -> dict[str, str]:
    """What the task's process gets as its environment."""
    return {
        **task.session_env,
        **task.env,
        "STRATOLAB_JOB": task.job,
        MARK: task.home,
        "STRATOLAB_ATTEMPT": str(task.attempt),
    }


def limit_data(task: Task) -> None:
    """Have the kernel refuse memory far beyond the limit, before a fast allocator takes the machine down.

    The limit itself is kept by looking (`Keeper`): what a process reserves and never touches is no use of memory.
    """
    import resource  # noqa: PLC0415 - only for jobs with a limit

    if task.memory is None or not hasattr(resource, "prlimit"):
        return
    bound = 2 * task.memory + SPARE_DATA
    try:
        _, hard = resource.prlimit(task.pid, resource.RLIMIT_DATA)
        if hard == resource.RLIM_INFINITY or bound < hard:
            resource.prlimit(task.pid, resource.RLIMIT_DATA, (bound, bound))
    except (OSError, ValueError):  # it has ended already
        return


def explain(error: OSError, task: Task) -> str:
    """Why a command could not be started, and what mends it: one line."""
    told = f"{error.strerror}: {error.filename!r}" if error.filename else str(error.strerror)
    hint = ""
    if error.filename == task.folder:
        hint = "the working folder is not there"
    elif error.filename is None or error.filename.startswith(task.home):
        hint = "the job's own folder cannot be written"
    elif error.errno == errno.ENOENT and "/" not in task.command[0] and error.filename == task.command[0]:
        hint = "no program of that name on the PATH; is it spelt right and installed?"
    elif error.errno == errno.ENOENT and os.path.isfile(os.path.join(task.folder, error.filename)):
        hint = "its first line names an interpreter that is not there"
    elif error.errno == errno.EACCES:
        hint = f"it may not be executed; chmod +x {error.filename}"
    elif error.errno == errno.ENOEXEC:
        hint = "not a program; begin it with a line such as #!/bin/sh"
    return f"{told} ({hint})" if hint else told


def program(name: str, env: Mapping[str, str]) -> str:
    """The file that `name` means, looked for in the job's own PATH; the name itself if there is none."""
    if "/" in name:
        return name
    refused = ""
    for folder in os.get_exec_path(env):
        path = os.path.join(folder, name)
        try:
            regular = stat.S_ISREG(os.stat(path).st_mode)
        except OSError:
            continue
        if regular and os.access(path, os.X_OK):
            return path
        if regular:
            refused = refused or path
    if refused:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), refused)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
