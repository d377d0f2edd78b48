"""Run one command to its end, and the end of everything that it started, and say what that took.

The meter becomes the parent of what the command leaves behind (the lab's host and, after it, its jobs), so that the
kernel's own count of CPU is complete. It is a process of its own because a process that is started begins with the
peak memory of who starts it. Memory is read five times a second, of the command and of the process whose command
line holds WATCH; so is the CPU time that the command has used by then, with the children that it waited for.

    python -I -S meter.py RESULT WATCH COMMAND...      writes JSON: the fields of `Measured`
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, linux/prctl.h
PERIOD = 0.2  # seconds between two looks at memory


def main(result: str, watch: str, *command: str) -> int:
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    began = time.time()
    first = os.posix_spawnp(command[0], command, os.environ)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    looks = {"command": Memory(first), "watched": Memory(0)}
    ended, code, own = 0.0, 0, 0.0
    used_by: list[tuple[float, float]] = [(0.0, 0.0)]
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == first:
            ended, code = time.time(), os.waitstatus_to_exitcode(status)
            own = usage.ru_utime + usage.ru_stime
        if not pid:
            looks["watched"].pid = looks["watched"].pid or _find(watch)
            for memory in looks.values():
                memory.look(began)
            used_by += _used(first, began)
            signal.sigtimedwait({signal.SIGCHLD}, PERIOD)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = {
        "began": began,
        "ended": ended,
        "code": code,
        "cpu": used.ru_utime + used.ru_stime,
        "own": own,
        "used_by": [*used_by, (ended - began, own)],
        "memory": {name: memory.seen for name, memory in looks.items()},
        "peaks": {name: memory.peak for name, memory in looks.items()},
    }
    with open(result, "w", encoding="ascii") as file:
        json.dump(told, file)
    return code


class Memory:
    """What a process has resident, as (seconds since the beginning, MB), and its peak in MB as the kernel tells it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.seen: list[tuple[float, float]] = []
        self.peak = 0.0

    def look(self, began: float) -> None:
        try:
            with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as file:
                lines = dict(line.split(":", 1) for line in file)
            self.seen.append((round(time.time() - began, 2), _megabytes(lines["VmRSS"])))
            self.peak = _megabytes(lines["VmHWM"])
        except (OSError, KeyError):  # it has ended
            return


def _used(pid: int, began: float) -> list[tuple[float, float]]:
    """When it is, in seconds since the beginning, and the seconds of CPU used by now; nothing if it has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()  # from the third field of proc(5) on
    except OSError:
        return []
    return [(time.time() - began, sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK"))]


def _megabytes(text: str) -> float:
    return round(int(text.split()[0]) / 1024, 1)


def _find(watch: str) -> int:
    """The process whose command line holds this text, but for ourselves; 0 if there is none."""
    for name in os.listdir("/proc") if watch else ():
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read()
                    if b"host.py" in words and watch.encode() in words:
                        return int(name)
            except OSError:
                continue
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
