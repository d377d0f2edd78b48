"""What a fork server is started with, and what its spare is told of the job that it gets.

Jobs are of one *kind*, and share a fork server, if all is the same that Python and the modules may look at while
they start: interpreter, options and script, folder, modules, and the environment but for what is late. Late is
what differs from trial to trial, and what is secret: it is for the job alone.
"""
# ruff: noqa: PTH100, PTH118, PTH120 - pathlib would be a fifth of the host's start

from __future__ import annotations

import os
import sys

from stratolab.jobs.engines import tasks
from stratolab.jobs.engines.entry import ColdStartError, is_program, words_before_arguments
from stratolab.jobs.engines.family import FORK_SERVER, MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from stratolab.jobs.engines.tasks import Task

    Kind = tuple[object, ...]

ROOM = "STRATOLAB_WARM"  # the variable by which a fork server knows what it is
LATE = ("STRATOLAB_", "MLFLOW_RUN_ID")  # beginnings of variables that differ from trial to trial
LONGEST = 1 << 17  # bytes of arguments and late variables; the kernel passes some 200,000 on at a time
SPACE = 256  # bytes of room beyond what this job has to show, for the next one
MOST_SPACE = 1 << 16


def kind_of(task: Task) -> Kind:
    """The kind of a job; `task.words` is how much of its command belongs to it.

    Raises `ColdStartError` for one that no fork server can start.
    """
    if sys.platform != "linux":
        raise ColdStartError("fork servers are for Linux")
    task.words = words_before_arguments(task.command)
    env = tasks.environment(task)
    if any("\0" in text for text in (*task.command, *env.values())):
        raise ColdStartError("there is a NUL in it")
    if len(job(task)) > LONGEST:
        raise ColdStartError("its arguments are too long")
    early = frozenset((name, value) for name, value in env.items() if not _is_late(name, task))
    return tuple(task.command[: task.words]), task.folder, task.warm, early


def start(task: Task, control: int, project: str, lab: int) -> int:
    """Start a fork server for jobs of this task's kind: its process. `control` is its end of the socket.

    Raises `ColdStartError` for what is no program, `OSError` and `ValueError` as `tasks.run` does.
    """
    env = _environment(task, control, project)
    program = os.path.join(task.folder, tasks.program(task.command[0], env))
    if not is_program(program):
        what = f"{program} is a script that starts Python"
        raise ColdStartError(f"{what}; name that Python, or activate its environment")
    arguments = "\0".join(task.command[task.words :])
    what = f"forks with {', '.join(task.warm)}" if task.warm else "forks"
    room = f"(stratolab: {what})".ljust(min(len(arguments) + SPACE, MOST_SPACE))
    return tasks.run(task, [*task.command[: task.words], room], env, [], lab)


def job(task: Task) -> bytes:
    """All that a spare must know to be the job's process; its log goes with it."""
    counts = [b"%d" % count for count in (task.umask, task.words, len(task.command))]
    return b"\0".join([*counts, os.fsencode(task.folder), *map(os.fsencode, task.command), *_late(task)])


def _environment(task: Task, control: int, project: str) -> dict[str, str]:
    """The environment of a fork server. What a job's late variables take the place of, in /proc, comes last."""
    env = tasks.environment(task)
    path = env.pop("PYTHONPATH", "")
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "forkserver")
    room = "." * min(len(b"\0".join(_late(task))) + SPACE, MOST_SPACE)
    return {
        **{name: value for name, value in env.items() if not _is_late(name, task)},
        MARK: FORK_SERVER,
        ROOM: f"{room}\n{control}\n{','.join(task.warm)}\n{project}",
        "PYTHONPATH": f"{here}{os.pathsep}{path}" if path else here,
    }


def _late(task: Task) -> list[bytes]:
    env = tasks.environment(task)
    names = [name for name in env if name == "PYTHONPATH" or _is_late(name, task)]
    return [os.fsencode(f"{name}={env[name]}") for name in names]


def _is_late(name: str, task: Task) -> bool:
    return name in task.hidden or name.startswith(LATE)
