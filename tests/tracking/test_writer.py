"""The thread beside the work: nothing is lost, nothing waits, one bad run keeps no other back."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.tracking.runs import job

from stratolab.core.errors import InputError, RemoteError
from stratolab.tracking.writer import RunRefusedError, Writer, alone, drain, told


@dataclass
class Backlog:
    """Entries are names of jobs; `others` are entries that are not for us."""

    entries: list[str]
    others: set[str] = field(default_factory=set)
    shown: list = field(default_factory=list)

    def page(self, after, limit):
        return [entry for entry in sorted(self.entries) if after is None or entry > after][:limit]

    def runs(self, entries):
        return [(entry, [job(entry)]) for entry in entries if entry not in self.others]

    def done(self, entries):
        self.entries = [entry for entry in self.entries if entry not in entries]

    def running(self):
        return self.shown


@dataclass
class Sink:
    """Takes runs, apart from those it refuses; raises `away` if there is one; holds while `gate` is closed."""

    refused: set[str] = field(default_factory=set)
    away: Exception | None = None
    gate: threading.Event | None = None
    written: list[str] = field(default_factory=list)
    closed: int = 0

    def write(self, runs):
        if self.gate is not None:
            self.gate.wait(30)
        if self.away is not None:
            raise self.away
        bad = [run.key for run in runs if run.key in self.refused]
        if bad:
            raise RunRefusedError(f"{bad[0]} is odd")
        self.written += [run.key for run in runs]

    def close(self):
        self.closed += 1
        if self.gate is not None:
            self.gate.set()


def test_everything_is_written_page_by_page():
    backlog, sink = Backlog([f"{number:03}" for number in range(25)]), Sink()
    assert drain(backlog, sink, page=10) == 25
    assert (backlog.entries, sink.written) == ([], [f"{number:03}" for number in range(25)])
    assert drain(backlog, sink) == 0


def test_entries_of_others_stay_and_keep_nothing_back():
    backlog, sink = Backlog(["a", "b", "c", "d"], others={"a", "b"}), Sink()
    assert drain(backlog, sink, page=1) == 2
    assert (backlog.entries, sink.written) == (["a", "b"], ["c", "d"])


def test_a_run_that_is_refused_stays_and_keeps_nothing_back():
    backlog, sink = Backlog(["a", "b", "c", "d"]), Sink(refused={"b"})
    with pytest.raises(RunRefusedError, match="b is odd"):
        drain(backlog, sink, page=3)
    assert (backlog.entries, sink.written) == (["b"], ["a", "c", "d"])


def test_a_store_that_is_away_ends_the_draining_at_once():
    backlog, sink = Backlog(["a", "b"]), Sink(away=RemoteError("away"))
    with pytest.raises(RemoteError, match="away"):
        drain(backlog, sink)
    assert backlog.entries == ["a", "b"]


@pytest.fixture
def lock(tmp_path):
    return str(tmp_path / "lock")


def test_closing_writes_what_is_left(lock):
    backlog, sink = Backlog(["a"]), Sink()
    writer = Writer(backlog, lambda: sink, lock=lock, pause=3600)
    writer.start()
    backlog.entries.append("b")
    assert writer.close(30)
    assert (sink.written, backlog.entries, sink.closed) == (["a", "b"], [], 1)


def test_what_comes_meanwhile_is_written_meanwhile(lock):
    backlog, sink = Backlog([]), Sink()
    writer = Writer(backlog, lambda: sink, lock=lock, pause=0.01)
    writer.start()
    backlog.entries.append("a")
    wait = threading.Event()
    for _ in range(1000):
        if sink.written:
            break
        wait.wait(0.01)
    assert sink.written == ["a"]
    assert writer.close(30)


def test_what_is_wanted_soon_is_written_without_a_pause(lock):
    backlog, sink = Backlog(["a"]), Sink()
    writer = Writer(backlog, lambda: sink, lock=lock, pause=3600)
    writer.start()
    writer.hurry()
    wait = threading.Event()
    for _ in range(1000):
        if not backlog.entries:
            break
        wait.wait(0.01)
    assert (sink.written, backlog.entries, sink.closed) == (["a"], [], 0)
    assert writer.close(30)


def test_with_nothing_to_write_nothing_is_opened(lock):
    opened = []
    writer = Writer(Backlog([]), lambda: opened.append(1), lock=lock)
    writer.start()
    assert writer.close(30)
    assert opened == []


def test_what_runs_is_shown_but_not_at_the_end(lock):
    backlog, sink = Backlog([], shown=[job("running")]), Sink()
    writer = Writer(backlog, lambda: sink, lock=lock, pause=0.01)
    writer.start()
    wait = threading.Event()
    for _ in range(1000):
        if sink.written:
            break
        wait.wait(0.01)
    assert sink.written[0] == "running"
    assert writer.close(30)


def test_closing_does_not_wait_for_ever(lock):
    backlog, sink = Backlog(["a"]), Sink(gate=threading.Event())
    writer = Writer(backlog, lambda: sink, lock=lock, pause=3600)
    writer.start()
    assert not writer.close(0.05)
    assert sink.closed >= 1


@pytest.mark.parametrize(
    "error", [RemoteError("away"), InputError("not installed"), ZeroDivisionError("a mistake")]
)
def test_trouble_is_told_and_harms_nobody(lock, error):
    backlog = Backlog(["a"])

    def refuse():
        raise error

    writer = Writer(backlog, refuse, lock=lock, pause=3600)
    writer.start()
    assert not writer.close(30)
    assert writer.trouble is error
    assert backlog.entries == ["a"]
    assert str(error.args[0]) in told(error)


def test_trouble_that_passes_is_forgotten(lock):
    backlog, sink, attempts = Backlog(["a"]), Sink(), []

    def open_sink():
        attempts.append(1)
        if len(attempts) < 3:
            raise RemoteError("away")
        return sink

    writer = Writer(backlog, open_sink, lock=lock, pause=0.01)
    writer.start()
    wait = threading.Event()
    for _ in range(1000):
        if sink.written:
            break
        wait.wait(0.01)
    assert writer.close(30)
    assert (sink.written, writer.trouble) == (["a"], None)


def test_one_writes_at_a_time(lock):
    backlog, sink = Backlog(["a"]), Sink()
    with Path(lock).open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        writer = Writer(backlog, lambda: sink, lock=lock, pause=0.01)
        writer.start()
        assert not writer.close(2)
        assert "another command" in told(writer.trouble)
        assert sink.written == []


def test_the_end_of_a_command_waits_for_another_one(lock):
    program = (
        "import fcntl, sys\nfile = open(sys.argv[1], 'ab')\nfcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\nsys.stdin.read()"
    )
    command = [sys.executable, "-c", program, lock]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline()
    backlog, sink = Backlog(["a"]), Sink()
    writer = Writer(backlog, lambda: sink, lock=lock, pause=3600)
    writer.start()
    threading.Timer(0.2, holder.stdin.close).start()
    assert writer.close(30)
    assert sink.written == ["a"]
    holder.wait()
    holder.stdout.close()


def test_a_lock_is_private(lock):
    with alone(lock, until=0.0) as mine:
        assert mine
    assert Path(lock).stat().st_mode & 0o777 == 0o600
