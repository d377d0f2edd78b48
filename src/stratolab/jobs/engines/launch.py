"""Finding the lab's host, or starting it: the client's side of there being exactly one.

A client connects if somebody listens. If nobody does, it takes the lock `host.start`, so that one client at a
time starts a host, and looks again. Then it takes the host's lock (waiting for a host that is just leaving),
makes the listening socket itself, and starts the host with both. So it can connect at once, while the host
still starts; and a lock that is taken always means a host that lives.
"""

# ruff: noqa: PTH100, PTH118, PTH120 - text paths, as the host has them

from __future__ import annotations

import errno
import fcntl
import os
import socket
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stratolab.core.errors import RefusedError, RemoteError
from stratolab.core.processes import machine
from stratolab.jobs.engines import spool, wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stratolab.jobs.engines.wire import Message

DOING = "connecting to the lab's host"
TRIES = 5  # times that a host may be lost between connecting and its welcome
ANSWER_WITHIN = 30.0  # seconds; a host answers in milliseconds, on a machine that is not stuck
LINGER = 1.0  # seconds that a host without work waits for more
_BACKLOG = 128
_NEEDED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "HOME", "TMPDIR")
_NOBODY = frozenset({errno.ENOENT, errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE})


@dataclass
class Connection:
    """An open connection to a host that has welcomed us."""

    socket: socket.socket
    welcome: Message
    lines: wire.Lines
    early: list[Message] = field(default_factory=list)

    def messages(self) -> Iterator[Message]:
        """What the host says, until it or we close the connection."""
        yield from self.early
        while True:
            try:
                data = self.socket.recv(wire.CHUNK)
            except OSError:
                return
            if not data:
                return
            yield from self.lines.feed(data)


def connect(lab: str, hello: Message, *, cpus: float, linger: float = LINGER) -> Connection:
    """Connect to the lab's host; start one with `cpus` slots if there is none.

    Raises `RefusedError` if the host is of another version and has jobs, `RemoteError` if none can be had.
    """
    doing = DOING
    for _ in range(TRIES):
        try:
            connection = _greet(_dial(lab) or _launch(lab, cpus, linger), hello)
        except TimeoutError:
            raise RemoteError(
                f"it does not answer within {ANSWER_WITHIN:.0f} s",
                doing=doing,
                hint="see whether the machine is overloaded or the host is stopped (ps -e | grep host.py)",
            ) from None
        except OSError as error:
            if error.errno not in _NOBODY:
                raise RemoteError(str(error), doing=doing, hint="stratolab doctor") from error
            continue
        if connection:
            return connection
    raise RemoteError("it ended before it answered", doing=doing, hint=f"read {os.path.join(lab, wire.LOG)}")


def wake(lab: str, *, cpus: float, linger: float = LINGER) -> None:
    """Begin to start a host if there is none, without waiting for it. Whoever connects later hears what fails."""
    with suppress(OSError):
        (_dial(lab) or _launch(lab, cpus, linger)).close()


def find(lab: str, hello: Message) -> Connection | None:
    """Connect to the lab's host if there is one. Starts nothing.

    Raises `RefusedError` if it is of another version and has jobs.
    """
    try:
        there = _dial(lab)
        return _greet(there, hello) if there else None
    except OSError:
        return None


def hello(env: Mapping[str, str], *, cpus: float | None) -> Message:
    """How a client introduces itself: version, the environment of its jobs and the umask they shall have."""
    return {
        "do": "hello",
        "version": wire.VERSION,
        "env": dict(env),
        "umask": _umask(),
        "cpus": cpus,
    }


def _dial(lab: str) -> socket.socket | None:
    """A connection to whoever listens; None if nobody does."""
    there = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with wire.address(lab) as place:
            there.connect(place)
    except OSError as error:
        there.close()
        if error.errno in _NOBODY:
            return None
        raise
    return there


def _greet(there: socket.socket, hello: Message) -> Connection | None:
    """Say hello; None if that host is of another version, or of where the lab was before, and leaves for our sake."""
    connection = Connection(there, {}, wire.Lines())
    try:
        there.settimeout(ANSWER_WITHIN)
        there.sendall(wire.encode(hello))
        heard = _first(connection)
        there.settimeout(None)
    except BaseException:
        there.close()
        raise
    if heard["event"] == "welcome":
        connection.welcome = heard
        return connection
    if heard["leaving"]:
        there.recv(1)  # until it has closed
        there.close()
        return None
    there.close()
    raise RefusedError(
        f"it runs jobs under another version of stratolab (protocol {heard['version']}, ours {wire.VERSION})",
        doing=DOING,
        hint="wait until they have ended, or cancel them with the version that started them",
    )


def _first(connection: Connection) -> Message:
    while True:
        data = connection.socket.recv(wire.CHUNK)
        if not data:
            raise ConnectionResetError(errno.ECONNRESET, "the host ended")
        messages = connection.lines.feed(data)
        if messages:
            connection.early = messages[1:]
            return messages[0]


def _launch(lab: str, cpus: float, linger: float) -> socket.socket:
    """Start a host and give a connection to it."""
    spool.make_folder(lab)
    with _starting(lab) as folder:
        there = _dial(lab)
        if there:
            return there
        lock = os.open(os.path.join(lab, wire.LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with _listener(lab, folder) as listener:
                _spawn(lab, listener.fileno(), lock, cpus, linger)
                there = _dial(lab)
        finally:
            os.close(lock)
    if not there:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "the host ended")
    return there


@contextmanager
def _starting(lab: str) -> Iterator[int]:
    """Be the only one who starts a host here. Gives a descriptor of the folder.

    The lock is a file of its own: the folder itself is locked by whoever has the database open.
    """
    folder = os.open(lab, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    start = os.open(wire.STARTING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        fcntl.flock(start, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(start)
        os.close(folder)


def _listener(lab: str, folder: int) -> socket.socket:
    """The socket at which a host will listen; one that a killed host left is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(FileNotFoundError):
            os.unlink(wire.SOCKET, dir_fd=folder)
        with wire.address(lab) as place:
            listener.bind(place)
        os.chmod(wire.SOCKET, 0o600, dir_fd=folder)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _spawn(lab: str, listener: int, lock: int, cpus: float, linger: float) -> None:
    """Start the host process: a session of its own, nothing of our environment but what Python needs."""
    log = spool.append(os.path.join(lab, wire.LOG))
    base = max(listener, lock, log) + 1  # numbers that are none of those, so that no copy overwrites another
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "host.py")
    options = (str(base), str(base + 1), str(cpus), str(linger), machine())
    try:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", script, os.path.abspath(lab), *options],
            {name: os.environ[name] for name in _NEEDED if name in os.environ},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
                (os.POSIX_SPAWN_DUP2, listener, base),
                (os.POSIX_SPAWN_DUP2, lock, base + 1),
            ],
            setsid=True,
            setsigmask=(),
        )
    finally:
        os.close(log)
    bury_hosts()
    _started.add(pid)


_started: set[int] = set()  # hosts that we are the parent of


def bury_hosts() -> None:
    """Let go of hosts that we started and that have left: they are zombies until we look."""
    for pid in list(_started):
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                continue
        _started.discard(pid)


def _umask() -> int:
    """Ours. It can only be read by setting it; meanwhile nobody else may read what another thread makes."""
    ours = os.umask(0o077)
    os.umask(ours)
    return ours
