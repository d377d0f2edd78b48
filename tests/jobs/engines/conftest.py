"""An engine with two slots on an empty lab; its host is gone when the test ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from stratolab.jobs.engines import wire
from stratolab.jobs.engines.local import LocalEngine
from stratolab.testing.bench import Bench, Heard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def wait_for_end(pid: int, seconds: float = 30) -> None:
    """Wait until a process has ended, by its descriptor."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        assert poll.poll(seconds * 1000), f"process {pid} has not ended within {seconds} s"
    finally:
        os.close(handle)


@pytest.fixture
def engine(lab_folder: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(lab_folder, cpus=2)
    yield engine
    status = engine.status()
    if status:
        with contextlib.suppress(ProcessLookupError):
            os.kill(status.pid, signal.SIGTERM)
        wait_for_end(status.pid)


@pytest.fixture
def bench(engine: LocalEngine) -> Iterator[Bench]:
    heard = Heard()
    with engine.open(heard) as session:
        yield Bench(engine, session, heard)


def host_of(engine: LocalEngine) -> int:
    status = engine.status()
    assert status is not None
    return status.pid


def kill_host(engine: LocalEngine) -> int:
    pid = host_of(engine)
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    return pid


CLIENT = """
import os, sys
from pathlib import Path
from stratolab.jobs.engines import wire
from stratolab.jobs.engines.local import LocalEngine
from stratolab.testing.bench import Heard, spec

lab, *command = sys.argv[1:]
engine, heard = LocalEngine(Path(lab), cpus=2), Heard()
session = engine.open(heard)
if command:
    request = engine.prepare(spec(*command), job="job", fence=1)
    session.submit([request])
    heard.started("job")
print(engine.status().pid, flush=True)
"""


def client(lab: Path, *command: str, then: str = "", **more: object) -> subprocess.Popen[str]:
    """A command in a process of its own: starts a job if it is given one, and prints the host's process."""
    code = CLIENT + textwrap.dedent(then)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(lab), *command], stdout=subprocess.PIPE, text=True, **more
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.wait(timeout=60)
    assert process.stdout
    process.stdout.close()


WAIT = "sys.stdin.read()"


def raw(lab: Path) -> socket.socket:
    """A connection without manners."""
    there = socket.socket(socket.AF_UNIX)
    with wire.address(str(lab)) as place:
        there.connect(place)
    return there
