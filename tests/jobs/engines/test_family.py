from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.jobs.engines.conftest import wait_for_end

from stratolab.core.processes import started
from stratolab.jobs.engines import family
from stratolab.testing.bench import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    """A process with a child of its own, in a session of its own, which says when both are there."""
    code = "sleep 600 & echo $!; wait"
    process = subprocess.Popen(
        ["sh", "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, family.MARK: "/a/job"},
    )
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdout
    process.stdout.close()


def grandchild_of(child: subprocess.Popen[str]) -> int:
    """Its process id, once it has become what the shell made it for."""
    assert child.stdout
    pid = int(child.stdout.readline())
    command = Path(f"/proc/{pid}/cmdline")
    eventually(lambda: command.read_bytes().startswith(b"sleep"), "the shell's child runs its command")
    return pid


def test_what_is_known_of_a_process(child: subprocess.Popen[str]) -> None:
    grandchild = grandchild_of(child)
    one = family.processes()[grandchild]
    assert (one.pid, one.parent, one.group, one.session) == (grandchild, child.pid, child.pid, child.pid)
    assert one.start == started(grandchild)
    assert 0 < one.memory < 64 << 20
    assert family.mark(grandchild) == "/a/job"
    assert family.mark(os.getpid()) == ""
    assert child.pid in family.children()


def test_a_family_is_whole_and_without_us(child: subprocess.Popen[str]) -> None:
    grandchild = grandchild_of(child)
    table = family.processes()
    assert {one.pid for one in family.family({child.pid}, table)} == {child.pid, grandchild}
    starters = (
        os.getppid(),
        os.getpid(),
        child.pid,
        grandchild,
    )  # a container's first session is in no table
    table = {pid: one for pid in starters if (one := family.process(pid))}
    ours = {one.pid for one in family.family({os.getppid()}, table)}
    assert os.getppid() in ours
    assert not ours & {os.getpid(), child.pid, grandchild}  # a job that started us does not take us along


def test_memory_of_those_that_live(child: subprocess.Popen[str]) -> None:
    pids = [child.pid, grandchild_of(child), 2**22 - 1]
    fair = family.fair_memory(pids)
    assert fair is not None
    assert 0 < fair <= family.memory(pids)


def test_signals_reach_the_very_process_only(child: subprocess.Popen[str]) -> None:
    one = family.process(grandchild_of(child))
    assert one is not None
    other = family.process(one.pid)
    assert other is not None
    other.start = "1"  # as of a process that had this number before
    family.signal_each([other], signal.SIGKILL)
    assert started(one.pid) == one.start
    family.signal_each([one], signal.SIGKILL)
    wait_for_end(one.pid)
    assert not family.signal_group(2**22 - 1, 0)
    assert family.signal_group(child.pid, 0)


def test_processes_that_are_not_there() -> None:
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert family.process(ended.pid) is None  # a zombie
    ended.wait()
    assert family.process(2**22 - 1) is None
    assert family.mark(2**22 - 1) == ""
