"""Who a process is, across time and machines: enough to ask later whether it still lives.

An identity is `machine/pid/start`. `machine` changes with the computer and with every boot, `start`
tells a process from a later one that was given the same number.
"""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path


@cache
def machine() -> str:
    """This computer since its last boot."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        boot = "0"
    return f"{socket.gethostname()}-{boot}"


def started(pid: int) -> str:
    """When process `pid` started, in a form only good for comparing; empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _signalled(pid)
    fields = stat[stat.rindex(b")") + 2 :].split()
    return "" if fields[0] in {b"Z", b"X"} else fields[19].decode()


def identity(pid: int | None = None) -> str:
    """The identity of process `pid`, by default of this one."""
    return _own(os.getpid()) if pid is None else f"{machine()}/{pid}/{started(pid)}"


@cache
def _own(pid: int) -> str:
    return f"{machine()}/{pid}/{started(pid)}"


def alive(identity: str) -> bool | None:
    """Whether that process lives; None when it is another machine's and we cannot know."""
    where, pid, start = identity.rsplit("/", 2)
    if where != machine():
        return None
    return bool(start) and started(int(pid)) == start


def usable_cpus() -> float:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return float(len(os.sched_getaffinity(0)))
    return float(os.cpu_count() or 1)


def _signalled(pid: int) -> str:
    """On systems without /proc: a constant if the process exists, else an empty string."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "unknown"
