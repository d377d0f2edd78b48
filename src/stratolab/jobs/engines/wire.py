"""What the host and its clients say to each other: JSON, one message a line, over a socket in the lab's folder.

    client: hello submit cancel watch status      host: welcome refused started retried ended unknown status

A client says `hello` first and waits for `welcome`; only then it asks. The host and its clients are often of
different ages (an upgrade while jobs run), so both name `VERSION` before anything else.
"""
# ruff: noqa: PTH109, PTH112, PTH118 - pathlib would be a fifth of the host's start

from __future__ import annotations

import json
import os
from contextlib import contextmanager

TYPE_CHECKING = False  # `typing` would be a fifth of the host's start
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Message = dict[str, Any]

VERSION = 1
SOCKET = "host.sock"
STARTING = "host.start"  # locked by the command that starts a host
LOCK = "host.lock"  # held by the host as long as it lives
LOG = "host.log"  # what the host has to complain about
CHUNK = 1 << 16

_PATH_LIMIT = 100  # sockaddr_un holds 108 bytes, on macOS 104
_write = json.JSONEncoder(separators=(",", ":")).encode


def encode(message: Message) -> bytes:
    """One message as a line. Text that is not UTF-8 (surrogates) passes unharmed."""
    return _write(message).encode("ascii") + b"\n"


class Lines:
    """Bytes as they come in, whole messages out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes. Raises `ValueError` for a line that is not JSON."""
        *lines, self._rest = (self._rest + data).split(b"\n") if self._rest else data.split(b"\n")
        return [json.loads(line) for line in lines]


@contextmanager
def address(lab: str) -> Iterator[str]:
    """A name of the lab's socket that is short enough for the kernel, good inside the `with`.

    A long path is named through a descriptor of the folder; without /proc by working in the folder meanwhile.
    """
    direct = os.path.join(lab, SOCKET)
    if len(os.fsencode(direct)) <= _PATH_LIMIT:
        yield direct
        return
    folder = os.open(lab, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if os.path.isdir("/proc/self/fd"):
            yield f"/proc/self/fd/{folder}/{SOCKET}"
        else:
            before = os.getcwd()
            os.chdir(lab)
            try:
                yield SOCKET
            finally:
                os.chdir(before)
    finally:
        os.close(folder)
