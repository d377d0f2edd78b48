"""The fork servers in the host's hands: which job may start from one, and the spare process that it starts in.

A fork server is a Python of the job's own, with the warm modules loaded (`forkserver/sitecustomize.py` tells
what goes on inside). There is one for each kind of job (`orders`). It starts when a job wants it and ends when
none did for a while.

    take(job) -> waits -> a spare is there: `ready` -> run(job)
                            the server, or the spare, cannot: `again`, after which `take` may say no

A job that cannot start from one starts cold, and `task.note` says why. Nothing here is a job, or waited for.
"""
# ruff: noqa: PTH120 - pathlib would be a fifth of the host's start

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress

from stratolab.jobs.engines import orders, tasks
from stratolab.jobs.engines.entry import ColdStartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from stratolab.jobs.engines.orders import Kind
    from stratolab.jobs.engines.tasks import Task

MOST = 4  # fork servers at a time
LIVES = 3  # times that one of a kind may die, or be out of date, before its jobs start cold
REMEMBERED = 60.0  # seconds for which they then do
LOADING = 120.0  # seconds that the modules may take to load
ANSWER = 30.0  # seconds that a fork may take on a busy machine
IDLE = 300.0  # seconds after which one that nobody wanted ends
_TOO_SMALL = "its memory limit is below what the modules take by themselves"


class Spare:
    """A forked process: it is on its way (no `pid`), it waits, or it was given a job."""

    __slots__ = ("channel", "pid", "server", "task", "until")

    def __init__(self, server: Server, channel: socket.socket, until: float) -> None:
        self.server = server
        self.channel = channel
        self.until = until
        self.pid = 0
        self.task: Task | None = None


class Server:
    """A fork server. It loads its modules until `resident`, in bytes, is known."""

    __slots__ = ("control", "kind", "pid", "resident", "spares", "until", "used", "waiting")

    def __init__(self, kind: Kind, pid: int, control: socket.socket, until: float) -> None:
        self.kind = kind
        self.pid = pid  # 0 when it is dead and buried
        self.control = control
        self.until = until
        self.used = 0.0
        self.resident = 0
        self.waiting: dict[str, Task] = {}
        self.spares: list[Spare] = []  # without a job


class Forks:
    """All fork servers of a host. `ready` and `again` tell how it goes with a job that was taken."""

    def __init__(
        self,
        lab: str,
        folder: int,
        *,
        attach: Callable[[int, Callable[[], None]], None],
        detach: Callable[[int], None],
        ready: Callable[[Task], None],
        again: Callable[[Task], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._project = os.path.dirname(lab)
        self._folder = folder
        self._clock = clock
        self._attach, self._detach = attach, detach
        self._ready, self._again = ready, again
        self._servers: dict[Kind, Server] = {}
        self._deaths: dict[Kind, int] = {}
        self._refused: dict[Kind, tuple[float, str]] = {}  # until when, and why

    def take(self, task: Task) -> bool:
        """Have a job started by a fork server, now or soon. If that cannot be, `task.note` says why.

        A quick one does not wait for a server that is starting, and nobody asked for its fork: there is nothing to say.
        """
        task.note = ""
        try:
            server = self._server_for(task)
        except ColdStartError as why:
            task.note = "" if task.quick else str(why)
            return False
        if task.quick and not server.resident:
            return False
        server.waiting[task.job] = task
        self._serve(server)
        return True

    def leave(self, task: Task) -> None:
        """A job that waits for a spare wants none any more."""
        for server in self._servers.values():
            server.waiting.pop(task.job, None)

    def run(self, task: Task) -> int:
        """Start the job in the spare that is there for it, and give its process.

        Raises `OSError` as `tasks.spawn` does, and `tasks.SpareGoneError` if it has died: take the job again.
        """
        spare = task.spare
        assert spare  # noqa: S101 - `ready` told of it
        try:
            self._send(spare, task)
        except OSError as error:
            self._close(spare)
            if error.filename is not None:
                raise
            self._failed(spare.server, b"")
            raise tasks.SpareGoneError from error
        self._serve(spare.server)
        return spare.pid

    def hear(self, spare: Spare, *, dead: bool = False) -> None:
        """Take note of what a spare has said, if it has; of a `dead` one, that it will say nothing."""
        if spare.channel.fileno() < 0:  # closed since the kernel named it
            return
        try:
            told = spare.channel.recv(1 << 12)
        except BlockingIOError:
            if not dead:  # its server may still hold that end open
                return
            told = b""
        except OSError:
            told = b""
        if spare.task:
            self._answered(spare, spare.task, told)
        elif told.isdigit():
            spare.pid, spare.until = int(told), float("inf")
            self._serve(spare.server)
        else:
            self._close(spare)
            self._failed(spare.server, told)

    def close(self) -> None:
        """End them all."""
        for server in list(self._servers.values()):
            self._end(server)

    def buried(self, pid: int) -> None:
        """A process is no more, and its number may become another's."""
        for server in self._servers.values():
            if server.pid == pid:
                server.pid = 0

    def pids(self) -> list[int]:
        """The processes of the servers."""
        return [server.pid for server in self._servers.values()]

    def next_time(self) -> float:
        """When `tick` has something to do."""
        times = [server.until for server in self._servers.values()]
        times += [spare.until for server in self._servers.values() for spare in server.spares]
        return min(times, default=float("inf"))

    def tick(self) -> None:
        """End what takes too long, and what nobody wants."""
        now = self._clock()
        for server in list(self._servers.values()):
            if not server.resident and now >= server.until:
                self._refuse(server, f"its modules are not loaded after {LOADING:g} s")
            elif any(now >= spare.until for spare in server.spares):
                self._lost(server, "its fork server does not answer")
            elif now >= server.until:
                self._end(server)

    # --- servers ---------------------------------------------------------------------------------

    def _send(self, spare: Spare, task: Task) -> None:
        log = tasks.open_log(task)
        try:
            os.chdir(task.folder)  # only to hear what is wrong with it
            os.chdir(self._folder)
            socket.send_fds(spare.channel, [orders.job(task)], [log])
        finally:
            os.close(log)

    def _server_for(self, task: Task) -> Server:
        kind = orders.kind_of(task)
        until, why = self._refused.get(kind, (0.0, ""))
        if self._clock() < until:
            raise ColdStartError(why)
        server = self._servers.get(kind) or self._launch(kind, task)
        if server.resident and _too_small(task, server):
            raise ColdStartError(_TOO_SMALL)
        return server

    def _launch(self, kind: Kind, task: Task) -> Server:
        if len(self._servers) >= MOST:
            unused = [server for server in self._servers.values() if server.resident and not server.waiting]
            if task.quick or not unused:
                raise ColdStartError(f"{MOST} fork servers are at work already")
            self._end(min(unused, key=lambda server: server.used))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            theirs.set_inheritable(True)
            pid = orders.start(task, theirs.fileno(), self._project, self._folder)
        except (OSError, ValueError, ColdStartError) as error:
            ours.close()
            what = "" if isinstance(error, ColdStartError) else "its fork server cannot be started: "
            raise ColdStartError(f"{what}{error}") from error
        finally:
            theirs.close()
        ours.settimeout(0)
        server = self._servers[kind] = Server(kind, pid, ours, self._clock() + LOADING)
        self._attach(ours.fileno(), lambda: self._heard(server))
        return server

    def _heard(self, server: Server) -> None:
        if server.control.fileno() < 0:
            return
        try:
            told = server.control.recv(1 << 12)
        except BlockingIOError:
            return
        except OSError:
            told = b""
        what, _, rest = told.partition(b" ")
        if what == b"ready":
            server.resident = int(rest)
            for task in [one for one in server.waiting.values() if _too_small(one, server)]:
                del server.waiting[task.job]
                self._again(task)
            self._serve(server)
        elif what == b"cold":
            self._refuse(server, _text(rest))
        else:
            self._lost(
                server, "its fork server died" if server.resident else "loading its modules ends Python"
            )

    def _serve(self, server: Server) -> None:
        """Give the spares that are there to the jobs that wait, and have one more forked than jobs wait."""
        if not server.resident:
            return
        server.used = self._clock()
        server.until = server.used + IDLE
        while server.waiting and (spare := next((one for one in server.spares if one.pid), None)):
            task = server.waiting.pop(next(iter(server.waiting)))
            server.spares.remove(spare)
            spare.task, task.spare = task, spare
            self._ready(task)
        if self._servers.get(server.kind) is server:
            for _ in range(len(server.waiting) + 1 - len(server.spares)):
                self._ask(server)

    def _ask(self, server: Server) -> None:
        """Have a spare forked."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(0)
        spare = Spare(server, ours, self._clock() + ANSWER)
        server.spares.append(spare)
        self._attach(ours.fileno(), lambda: self.hear(spare))
        with theirs, suppress(OSError):  # we hear from `control` that it is dead
            socket.send_fds(server.control, [b"fork"], [theirs.fileno()])

    def _answered(self, spare: Spare, task: Task, told: bytes) -> None:
        """A spare begins with the script, or will never: it says why, or was killed."""
        self._close(spare)
        if told == b"+":
            self._deaths.pop(spare.server.kind, None)
        elif not task.asked_end:  # of which it died
            self._failed(spare.server, told)
            self._again(task)

    # --- ends ------------------------------------------------------------------------------------

    def _failed(self, server: Server, told: bytes) -> None:
        """One of its spares will run nothing."""
        if told[:1] == b"-":
            self._refuse(server, _text(told[1:]))
        elif told[:1] == b"~":
            self._lost(server, _text(told[1:]))
        elif self._is_hopeless(server, "its forked processes are killed"):
            return
        else:
            self._serve(server)

    def _lost(self, server: Server, why: str) -> None:
        """This server is no good any more; the next one may be."""
        if not self._is_hopeless(server, why):
            self._end(server)

    def _is_hopeless(self, server: Server, why: str) -> bool:
        """Whether that happened too often."""
        if self._servers.get(server.kind) is not server:
            return True
        deaths = self._deaths[server.kind] = self._deaths.get(server.kind, 0) + 1
        if deaths < LIVES:
            return False
        del self._deaths[server.kind]
        self._refuse(server, why)
        return True

    def _refuse(self, server: Server, why: str) -> None:
        """For a while, start the jobs of this server's kind cold."""
        now = self._clock()
        self._refused = {kind: refusal for kind, refusal in self._refused.items() if refusal[0] > now}
        self._refused[server.kind] = now + REMEMBERED, why
        self._end(server)

    def _end(self, server: Server) -> None:
        if self._servers.get(server.kind) is not server:
            return
        del self._servers[server.kind]
        self._detach(server.control.fileno())
        server.control.close()
        if server.pid:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
        for spare in list(server.spares):
            self._close(spare)
        for task in list(server.waiting.values()):
            self._again(task)

    def _close(self, spare: Spare) -> None:
        """Let go of a spare: one without a job ends by this."""
        self._detach(spare.channel.fileno())
        spare.channel.close()
        if spare.task:
            spare.task.spare = None
        else:
            spare.server.spares.remove(spare)


def _too_small(task: Task, server: Server) -> bool:
    return task.memory is not None and task.memory <= server.resident


def _text(told: bytes) -> str:
    return os.fsdecode(told).encode(errors="replace").decode()
