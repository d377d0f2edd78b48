"""The host's sockets and its one loop, which sleeps until a client speaks, a child ends or a time comes.

A client that goes away is no event for its jobs. A client that does not read is dropped when too much waits
for it: it can connect again and ask. The host leaves when no job and no client is left, after a short linger.
"""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from functools import partial

from stratolab.jobs.engines import wire
from stratolab.jobs.engines.keeper import Keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BACKLOG_LIMIT = 8 << 20  # bytes that may wait for a client
HOLD = 0.03  # seconds for which news may wait for more, while nobody's doing depends on it


class Client:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.env: Mapping[str, str] = {}
        self.umask = 0o077
        self.greeted = False
        self.lines = wire.Lines()
        self.waiting = bytearray()
        self.deaf = False  # it takes no more; what it said before still counts
        self._starts: dict[str, wire.Message] = {}  # of jobs whose start is not told yet
        self.on_send: Callable[[], None] = lambda: None

    def send(self, line: bytes, job: str = "") -> None:
        """Send a message when this round of the loop is over, or as soon as the client reads.

        If it is of a job's end or of a later attempt, the start of `job` is not told any more.
        """
        if not self.deaf:
            self._starts.pop(job, None)
            self.waiting += line
            self.on_send()

    def send_soon(self, job: str, message: wire.Message) -> None:
        """Send the start of a job, unless something else is sent of it before."""
        if not self.deaf:
            self._starts[job] = message
            self.on_send()

    def flush(self) -> None:
        """Send as much as the client takes."""
        for message in self._starts.values():
            self.waiting += wire.encode(message)
        self._starts.clear()
        try:
            sent = self.socket.send(self.waiting)
            del self.waiting[:sent]
        except BlockingIOError:
            self.deaf = len(self.waiting) > BACKLOG_LIMIT
        except OSError:
            self.deaf = True
        if self.deaf:
            self.waiting.clear()


class Server:
    """Everything of one host."""

    def __init__(
        self, listener: socket.socket, lab: str, *, machine: str, cpus: float, linger: float
    ) -> None:
        self._listener, self._lab = listener, lab
        self._folder = os.open(lab, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._starting = os.open(
            wire.STARTING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600, dir_fd=self._folder
        )
        self._linger = linger
        self._selector = selectors.DefaultSelector()
        self._clients: set[Client] = set()
        self._told: set[Client] = set()  # those for whom there is news
        self._tell_at: float | None = None  # when it is sent at the latest
        self._asked = False  # somebody waits for an answer
        self._children_changed = False
        self._leaving = False
        self._due = 0.0  # when the keeper wants to look around
        self._idle_since: float | None = None
        self._keeper = Keeper(lab, machine=machine, cpus=cpus, attach=self._attach, detach=self._detach)
        self._attach(listener.fileno(), self._accept)

    def run(self) -> None:
        """Work until there is nothing left to do."""
        self._hear_signals()
        self._keeper.adopt()
        while not self._done():
            for key, events in self._selector.select(self._patience()):
                key.data(events)
            if self._children_changed:
                self._children_changed = False
                self._keeper.reap()
            if time.monotonic() >= self._due:
                self._keeper.tick()
            self._tell()

    # --- when to wake, when to leave -------------------------------------------------------------

    def _patience(self) -> float | None:
        until = self._due = self._keeper.next_time()
        if self._tell_at is not None:
            until = min(until, self._tell_at)
        if self._idle_since is not None:
            until = min(until, self._idle_since + self._linger)
        return None if until == float("inf") else max(until - time.monotonic(), 0.0)

    def _done(self) -> bool:
        if not self._keeper.idle or (self._clients and not self._leaving):
            self._idle_since = None
            return False
        now = time.monotonic()
        self._idle_since = now if self._idle_since is None else self._idle_since
        if now < self._idle_since + self._linger and not self._leaving:
            return False
        self._keeper.look_for_orphans()
        return self._keeper.idle and self._close()

    def _close(self) -> bool:
        """Remove the socket, unless someone is about to connect: who starts hosts holds that lock."""
        try:
            fcntl.flock(self._starting, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._idle_since = None
            return self._leaving
        if not self._leaving:
            self._accept(0)
            if self._clients:
                fcntl.flock(self._starting, fcntl.LOCK_UN)
                return False
        with suppress(FileNotFoundError):  # someone has removed the whole lab
            os.unlink(wire.SOCKET, dir_fd=self._folder)
        self._listener.close()
        return True  # the lock goes with the process

    # --- what wakes us ---------------------------------------------------------------------------

    def _attach(self, file: int, callback: Callable[[int], None]) -> None:
        self._selector.register(file, selectors.EVENT_READ, callback)

    def _detach(self, file: int) -> None:
        self._selector.unregister(file)

    def _hear_signals(self) -> None:
        """Signals arrive as bytes in a pipe. Ours have handlers, so that jobs do not inherit that we ignore them."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._attach(reader, lambda _: self._signalled(os.read(reader, 4096)))
        self._children_changed = True

    def _signalled(self, numbers: bytes) -> None:
        if signal.SIGCHLD in numbers:
            self._children_changed = True
        if signal.SIGTERM in numbers:
            self._leaving = True
            self._keeper.cancel_all("the lab's host was told to stop")

    def _accept(self, _: int) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            connection.settimeout(0)
            if not _is_ours(connection):
                connection.close()
                continue
            self._welcome(Client(connection))

    def _welcome(self, client: Client) -> None:
        client.on_send = partial(self._told.add, client)
        self._clients.add(client)
        self._selector.register(client.socket, selectors.EVENT_READ, partial(self._serve, client))

    def _tell(self) -> None:
        """Send what there is to tell, all of it at once: to wake a driver for each line took it 0.3 ms of CPU a job.

        While jobs wait in a full lane the next one starts whether their driver knows or not; then news is held for
        a moment, so that it hears of several together.
        """
        if not self._told:
            return
        now = time.monotonic()
        self._tell_at = now + HOLD if self._tell_at is None else self._tell_at
        if now < self._tell_at and not self._asked and self._keeper.slots.refills:
            return
        self._tell_at, self._asked = None, False
        for client in self._told:
            client.flush()
            if client.waiting:
                self._listen_to(client, selectors.EVENT_WRITE)
        self._told.clear()

    def _listen_to(self, client: Client, more: int) -> None:
        if client in self._clients:
            key = self._selector.get_key(client.socket)
            self._selector.modify(client.socket, selectors.EVENT_READ | more, key.data)

    # --- clients ---------------------------------------------------------------------------------

    def _serve(self, client: Client, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            client.flush()
            if not client.waiting:
                self._listen_to(client, 0)
        if not events & selectors.EVENT_READ:
            return
        try:
            data = client.socket.recv(wire.CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            for message in client.lines.feed(data):
                self._answer(client, message)
        except (KeyError, TypeError, ValueError) as error:
            sys.stderr.write(f"dropped a client that sent what is no message: {error!r}\n")
            sys.stderr.flush()
            data = b""
        if not data:
            self._drop(client)

    def _answer(self, client: Client, message: wire.Message) -> None:
        verb = message["do"]
        self._asked = self._asked or verb != "submit"
        if not client.greeted:
            self._greet(client, message)
        elif verb == "submit":
            for request in message["requests"]:
                self._keeper.submit(request, client)
        elif verb == "cancel":
            self._keeper.cancel(message["jobs"], reason=message["reason"], grace=float(message["grace"]))
        elif verb == "watch":
            self._keeper.watch(message["jobs"], client)
        elif verb == "status":
            client.send(wire.encode(self._keeper.status()))
        else:
            raise ValueError(f"unknown verb {verb!r}")

    def _greet(self, client: Client, message: wire.Message) -> None:
        if message["do"] != "hello":
            raise ValueError("no hello")
        alone = self._keeper.idle and len(self._clients) == 1
        if message["version"] != wire.VERSION or (alone and self._moved()):
            self._leaving = self._leaving or alone
            answer = {
                "event": "refused",
                "version": wire.VERSION,
                "leaving": self._leaving,
                "pid": os.getpid(),
            }
            client.send(wire.encode(answer))
            return
        client.env, client.umask = message["env"], int(message["umask"])
        client.greeted = True
        if message["cpus"] is not None and self._keeper.idle:
            self._keeper.slots.resize(float(message["cpus"]))
        capacity = self._keeper.slots.cpus
        client.send(
            wire.encode({"event": "welcome", "version": wire.VERSION, "pid": os.getpid(), "cpus": capacity})
        )

    def _moved(self) -> bool:
        """Whether our paths lead to another folder than the one that we serve, or nowhere."""
        try:
            return not os.path.samestat(os.stat(self._lab), os.fstat(self._folder))  # noqa: PTH116
        except OSError:
            return True

    def _drop(self, client: Client) -> None:
        client.deaf = True
        self._selector.unregister(client.socket)
        client.socket.close()
        self._clients.discard(client)
        self._keeper.forget(client)


def _is_ours(connection: socket.socket) -> bool:
    """Whether the other side is our own user; the folder's mode says so too."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", raw)[1] in {os.geteuid(), 0})
