"""One command with everything that it starts: wall time, CPU, memory, all from the kernel's own accounts.

The command runs below a small process of its own, which becomes the parent of what the command leaves behind (a lab's
host, a peer's daemons), waits for all of that, and so knows the CPU time of the whole tree. Memory is the sum over
the tree's processes of what each has for itself and its share of what it shares (PSS), looked at ten times a second if
that is asked for: a look holds up who is looked at, so it has no place in a run whose time counts. The largest single
process is the kernel's own number. Linux only.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of linux/prctl.h
_LOOK = 0.1  # seconds between two looks at memory
_LINGER = 20.0  # seconds that what a command left behind has to end by itself
_TAIL = 600  # bytes of output that a failure shows


@dataclass(frozen=True)
class Usage:
    """What a command took. Times in seconds, memory in MB; `began` in seconds since the epoch."""

    began: float
    wall: float
    cpu: float
    tree: float
    largest: float
    code: int
    left: int  # processes that had to be killed after it
    tail: str  # the end of its output


class Failed(Exception):  # noqa: N818 - said of a peer, not of our code
    """A command that did not do what it should; the text is the reason, fit for a table."""


def measure(
    command: Sequence[str],
    *,
    folder: Path,
    env: Mapping[str, str] | None = None,
    seconds: float = 600,
    memory: bool = False,
) -> Usage:
    """Run a command in `folder` to its end and the end of what it started; `tree` is 0 without `memory`.

    Raises `Failed` if it ends with another exit code than 0, or not within `seconds`.
    """
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        order = {
            "command": list(command),
            "folder": str(folder),
            "log": log.name,
            "seconds": seconds,
            "memory": memory,
        }
        done = subprocess.run(
            [sys.executable, "-I", "-S", __file__],
            input=json.dumps(order),
            env={**_environment(), **(env or {})},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    usage = Usage(**json.loads(done.stdout))
    if usage.code:
        end = f"not over after {seconds:g} s" if usage.wall >= seconds else f"exit code {usage.code}"
        said = usage.tail.strip().splitlines() or [""]
        raise Failed(f"{end}: {said[-1][:160]}")
    return usage


def _environment() -> dict[str, str]:
    """Ours, but Python keeps the bytecode of what it imports, ours and theirs, as it does on a user's machine."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _watch(command: list[str], folder: str, log: str, seconds: float, *, memory: bool) -> Usage:
    """In the small process: run, look, reap."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    os.chdir(folder)
    file = os.open(log, os.O_WRONLY | os.O_TRUNC)
    null = os.open(os.devnull, os.O_RDONLY)
    began, start = time.time(), time.perf_counter()
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, file, 1), (os.POSIX_SPAWN_DUP2, file, 2)]
    first = os.posix_spawnp(command[0], command, os.environ, file_actions=actions, setsid=True)
    peak = _look_until_end(first, start + seconds, every=_LOOK if memory else None)
    wall = time.perf_counter() - start
    if wall >= seconds:
        _kill_all()
    code = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
    left = _reap_rest()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    tail = Path(log).read_bytes()[-_TAIL:].decode(errors="replace")
    return Usage(
        began=began,
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        tree=peak / 1024,
        largest=used.ru_maxrss / 1024,
        code=code if code >= 0 else 128 - code,
        left=left,
        tail=tail,
    )


def _look_until_end(first: int, deadline: float, *, every: float | None) -> int:
    """The greatest memory seen, in KB, until the command has ended or its time is over; 0 if nobody is to look."""
    handle = os.pidfd_open(first)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    peak = 0
    while (left := deadline - time.perf_counter()) > 0 and not poll.poll((every or left) * 1000):
        if every:
            peak = max(peak, sum(_share(pid) for pid in tree(os.getpid())))
    os.close(handle)
    return peak


def tree(pid: int) -> Iterator[int]:
    """Every living descendant of a process."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                yield int(child)
                yield from tree(int(child))


def _share(pid: int) -> int:
    """A process's proportional share of memory in KB; 0 if it has ended."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def _reap_rest() -> int:
    """Wait for all that the command left, and kill what does not end: how many that were."""
    deadline, killed = time.perf_counter() + _LINGER, 0
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return killed
        if pid:
            continue
        if time.perf_counter() > deadline:
            killed += _kill_all()
        time.sleep(0.005)


def _kill_all() -> int:
    pids = list(tree(os.getpid()))
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(pids)


if __name__ == "__main__":
    print(json.dumps(asdict(_watch(**json.loads(sys.stdin.read())))))
