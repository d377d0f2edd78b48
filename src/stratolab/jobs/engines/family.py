"""What the kernel knows of processes: who descends from whom, who uses how much, how to end them all.

A job is the session and process group of its leader (the first process, whose number it is called by), and
everything that descends from those, in whatever session it hides. `MARK` in a process' environment, the job's
own folder, tells whose it is after it has lost its parents. Where there is no /proc, a job is its group.
"""
# ruff: noqa: PTH208, PTH123 - pathlib would be a fifth of the host's start

from __future__ import annotations

import errno
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable
    from resource import struct_rusage

MARK = "STRATOLAB_HOME"
FORK_SERVER = "a fork server"  # the mark of one, and of its processes that have no job yet

_PAGE = os.sysconf("SC_PAGE_SIZE")
_CHILD_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, linux/prctl.h


class Process:
    """A live process. `start` is only good for comparing; `memory` is resident, in bytes."""

    __slots__ = ("group", "memory", "parent", "pid", "session", "start")

    def __init__(self, pid: int, stat: bytes) -> None:
        fields = stat[stat.rindex(b")") + 4 :].split()  # from the fourth field of proc(5) on
        self.pid = pid
        self.parent = int(fields[0])
        self.group = int(fields[1])
        self.session = int(fields[2])
        self.start = fields[18].decode()
        self.memory = int(fields[20]) * _PAGE


def adopt_orphans() -> None:
    """From now on a descendant that loses its parent becomes our child. Linux only; elsewhere nothing."""
    import ctypes  # noqa: PLC0415 - a tenth of the host's start

    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)


def next_dead(leaders: Container[int]) -> tuple[int, int, struct_rusage] | None:
    """Reap one child that has ended: its number, its status and what it used. None while all live.

    What is left of a leader's group gets SIGTERM before the leader's number can become another's. Raises
    `ChildProcessError` when there are no children at all.
    """
    if hasattr(os, "waitid"):
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return None
        if found.si_pid in leaders:
            signal_group(found.si_pid, signal.SIGTERM)
        return os.wait4(found.si_pid, 0)
    pid, status, usage = os.wait4(-1, os.WNOHANG)  # macOS before Python 3.13
    if pid in leaders:
        signal_group(pid, signal.SIGTERM)
    return (pid, status, usage) if pid else None


def process(pid: int) -> Process | None:
    """One process, if it lives (a zombie does not)."""
    try:
        file = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        stat = os.read(file, 1024)
    except OSError:
        return None
    finally:
        os.close(file)
    return None if stat[stat.rindex(b")") + 2 :][:1] in b"ZX" else Process(pid, stat)


def processes() -> dict[int, Process]:
    """Every live process that could be a job's, by number. Costs some 25 microseconds for each."""
    found = {}
    for name in _numbers("/proc"):
        try:
            if not os.getsid(name):  # the kernel's own, and what runs outside of our container
                continue
        except OSError:
            continue
        one = process(name)
        if one:
            found[name] = one
    return found


def children(table: dict[int, Process] | None = None) -> list[int]:
    """Our own live children, without reading every process where the kernel can name them."""
    me = os.getpid()
    try:
        with open(f"/proc/self/task/{me}/children", "rb", buffering=0) as file:
            return [int(pid) for pid in file.readall().split()]
    except OSError:
        table = processes() if table is None else table
        return [one.pid for one in table.values() if one.parent == me]


def family(roots: Collection[int], table: dict[int, Process]) -> list[Process]:
    """The processes in the sessions and groups of `roots`, the roots themselves, and what descends from any.

    Neither we nor what we started ourselves, though a job may have started us.
    """
    me = os.getpid()
    offspring: dict[int, list[Process]] = {}
    for one in table.values():
        offspring.setdefault(one.parent, []).append(one)
    todo = [one for one in table.values() if one.session in roots or one.group in roots or one.pid in roots]
    found: dict[int, Process] = {}
    while todo:
        one = todo.pop()
        if one.pid not in found and one.pid != me:
            found[one.pid] = one
            todo += offspring.get(one.pid, ())
    return list(found.values())


def mark(pid: int) -> str:
    """The folder of the job that a process was started for; empty if it does not say."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            environment = b"\0" + file.read()
    except OSError:
        return ""
    _, found, rest = environment.partition(f"\0{MARK}=".encode())
    return os.fsdecode(rest.partition(b"\0")[0]) if found else ""


def memory(pids: Iterable[int]) -> int:
    """What these processes have resident, in bytes; what they share counts for each."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm", "rb") as file:
                total += int(file.read().split()[1]) * _PAGE
        except (OSError, IndexError):
            continue
    return total


def fair_memory(pids: Iterable[int]) -> int | None:
    """What these processes have resident, in bytes; what they share counts once. None if it is not told."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith(b"Pss:")) * 1024
        except ProcessLookupError:
            continue
        except OSError as error:
            if error.errno == errno.ENOENT:
                continue
            return None
    return total


def signal_group(leader: int, number: int) -> bool:
    """Send a signal to a group; whether the group is there at all. 0 only asks."""
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is there, and someone else's
        return True
    return True


def signal_each(members: Iterable[Process], number: int) -> None:
    """Send a signal to these very processes, not to others that got their numbers meanwhile."""
    for one in members:
        try:
            handle = os.pidfd_open(one.pid)
        except (AttributeError, OSError):
            continue
        try:
            now = process(one.pid)
            if now and now.start == one.start:
                signal.pidfd_send_signal(handle, number)
        except OSError:
            continue
        finally:
            os.close(handle)


def _numbers(folder: str) -> list[int]:
    try:
        return [int(name) for name in os.listdir(folder) if name.isdigit()]
    except OSError:
        return []
