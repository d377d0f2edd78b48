"""How an attempt ended, from what the kernel says of the process and from what it wrote last.

Running out of memory has four faces, and all are told as `out_of_memory`: over the job's limit (the host
ended it), Python's MemoryError or C++'s bad_alloc (it ended itself, and wrote so last), and the kernel's
out-of-memory killer (SIGKILL from nowhere while the kernel's counter of such kills rose).
"""
# ruff: noqa: PTH118, PTH123 - pathlib would be a fifth of the host's start

from __future__ import annotations

import os
import signal

from stratolab.jobs.engines import spool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.jobs.engines.tasks import Task

RETRIED = frozenset({"exit", "signal", "out_of_memory"})  # reasons after which another attempt may help

_TAIL = 2048  # bytes of the log in which the last line is looked for
_SHELL_SIGNAL = 128  # what a shell adds to the number of the signal that ended its child
_COUNT_FOR = 1.0  # seconds that a count of the kernel's kills is good for


class KernelKills:
    """How often the kernel ended a process for want of memory since it booted; 0 where it does not tell."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counted = float("-inf")
        self._count = 0

    def lately(self) -> int:
        """The count, at most a second old: good enough to begin with, and cheap."""
        if self._clock() - self._counted > _COUNT_FOR:
            self.now()
        return self._count

    def now(self) -> int:
        """The count of this moment."""
        self._counted = self._clock()
        try:
            with open("/proc/vmstat", "rb") as file:
                lines = file.read().splitlines()
        except OSError:
            return self._count
        self._count = next((int(line.split()[1]) for line in lines if line.startswith(b"oom_kill ")), 0)
        return self._count


def judge(task: Task, kills: KernelKills) -> tuple[str, int | None, int | None, str]:
    """The reason (of `jobs.models.Reason`), the exit code, the signal, and what more there is to say."""
    status = task.exit_status
    if status is None:
        lost = "the host that ran it was killed, so its exit code is unknown"
        return task.asked_end or "lost", None, None, f"{task.message}; {lost}" if task.message else lost
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    if task.asked_end:
        return task.asked_end, code, number, task.message
    if code == 0:
        return "done", 0, None, task.message
    why = _out_of_memory(task, number, kills)
    if why:
        return "out_of_memory", code, number, why
    if code is not None:
        return "exit", code, None, task.message or _from_a_shell(code)
    return "signal", None, number, task.message


def _out_of_memory(task: Task, number: int | None, kills: KernelKills) -> str:
    if number == signal.SIGKILL:
        return "the kernel's out-of-memory killer ran" if kills.now() > task.oom_before else ""
    if number not in {None, signal.SIGABRT}:
        return ""
    last = _last_line(task)
    if number is None and _is_memory_error(last):
        return "it ended with a MemoryError"
    return "it ended with std::bad_alloc" if b"std::bad_alloc" in last else ""


def _is_memory_error(line: bytes) -> bool:
    """Whether this is how Python, or NumPy, says at the end of a traceback that memory was refused."""
    name = line.partition(b":")[0].rpartition(b".")[2]
    return name in {b"MemoryError", b"_ArrayMemoryError"}


def _last_line(task: Task) -> bytes:
    try:
        with open(os.path.join(task.home, spool.LOG), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(task.log_start, size - _TAIL))
            lines = file.read().split(b"\n")
    except OSError:
        return b""
    said = [line for line in lines if line.strip()]
    return b"\n".join(said[-2:]) if said[-1:] and b"bad_alloc" in b"".join(said[-2:]) else b"".join(said[-1:])


def _from_a_shell(code: int) -> str:
    try:
        return f"as a shell says: {signal.Signals(code - _SHELL_SIGNAL).name}"
    except ValueError:
        return ""
