"""The host: exactly one, gone when idle, deaf to what would end it, and whom it listens to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from tests.jobs.engines.conftest import (
    WAIT,
    client,
    end,
    host_of,
    kill_host,
    line_of,
    raw,
    wait_for_end,
)

from stratolab.core.errors import RefusedError, RemoteError
from stratolab.jobs.engines import launch, wire
from stratolab.jobs.engines.local import LocalEngine
from stratolab.jobs.engines.server import Client
from stratolab.jobs.models import Lane, Reason, Resources
from stratolab.testing.bench import LAST, Bench, Gate, Heard, spec

# --- one host ------------------------------------------------------------------------------------


def test_host_leaves_when_nobody_needs_it(engine: LocalEngine, lab_folder: Path) -> None:
    with engine.open(Heard()):
        pid = host_of(engine)
        assert (lab_folder / "host.sock").is_socket()
    wait_for_end(pid)
    assert engine.status() is None
    assert not (lab_folder / "host.sock").exists()
    assert (lab_folder / "host.log").read_text() == ""
    with engine.open(Heard()):
        assert host_of(engine) != pid


def test_status_starts_nothing(engine: LocalEngine, lab_folder: Path) -> None:
    assert engine.status() is None
    assert not engine.knows("job", 1)
    assert list(lab_folder.iterdir()) == []


@pytest.mark.parametrize("before", ["nothing", "a stale socket", "a file"])
def test_clients_that_race_get_one_host(engine: LocalEngine, lab_folder: Path, before: str) -> None:
    if before == "a stale socket":
        with engine.open(Heard()):
            kill_host(engine)
    elif before == "a file":
        (lab_folder / "host.sock").write_text("")
    racers = [client(lab_folder, then=WAIT, stdin=subprocess.PIPE) for _ in range(5)]
    hosts = {line_of(racer) for racer in racers}
    for racer in racers:
        assert racer.stdin
        racer.stdin.close()
        end(racer)
    assert len(hosts) == 1
    assert hosts != {""}


def test_connecting_to_a_host_that_is_leaving(lab_folder: Path) -> None:
    """Hosts that do not linger, and clients that come and go: each gets its welcome."""
    hosts: set[int] = set()
    wrong: list[BaseException] = []

    def come_and_go() -> None:
        try:
            for _ in range(25):
                hello = launch.hello({}, cpus=None)
                connection = launch.connect(str(lab_folder), hello, cpus=1, linger=0)
                hosts.add(connection.welcome["pid"])
                connection.socket.close()
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            wrong.append(error)

    threads = [threading.Thread(target=come_and_go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    for pid in hosts:
        wait_for_end(pid)
    launch.bury_hosts()


def test_host_takes_nothing_from_its_starter(engine: LocalEngine, lab_folder: Path, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    reader, writer = os.pipe()
    env = {**os.environ, "CANARY": "environment"}
    starter = client(lab_folder, *gate.command(), pass_fds=(writer,), env=env, cwd=tmp_path)
    os.close(writer)
    pid = int(line_of(starter))
    end(starter)
    assert os.read(reader, 1) == b""  # neither the host nor the job holds the other end
    os.close(reader)
    assert b"CANARY" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert Path(f"/proc/{pid}/cwd").readlink() == lab_folder
    assert os.getsid(pid) == pid
    gate.open()


def test_long_paths(tmp_path: Path) -> None:
    lab = tmp_path / ("long-name-" * 12) / ("deep-" * 20)
    lab.mkdir(parents=True)
    engine, heard = LocalEngine(lab, cpus=1), Heard()
    assert len(str(lab)) > 200
    with engine.open(heard) as session:
        session.submit([engine.prepare(spec("true"), job="job", fence=1)])
        assert heard.outcome("job").reason is Reason.DONE
        pid = host_of(engine)
    wait_for_end(pid)


def test_signals_of_a_terminal_do_not_end_it(bench: Bench, engine: LocalEngine) -> None:
    pid = host_of(engine)
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGHUP)
    assert bench.end(spec("true")).reason is Reason.DONE
    assert host_of(engine) == pid


def test_jobs_have_the_usual_signals_and_files(bench: Bench) -> None:
    code = """
        import os
        for line in open("/proc/self/status"):
            if line.startswith(("SigBlk", "SigIgn")):
                print(int(line.split()[1], 16))
        print(sorted(os.listdir("/proc/self/fd"))[:-1])
    """
    request = bench.run(spec(sys.executable, "-I", "-S", "-c", textwrap.dedent(code)))
    bench.heard.outcome(request.job)
    blocked, ignored, files = bench.log(request).splitlines()
    assert blocked == "0"
    of_python = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1  # what Python itself ignores
    assert int(ignored) & 0x7FFFFFFF & ~of_python == 0  # above are those that the C library keeps for itself
    assert files == "['0', '1', '2']"


def test_sigterm_ends_everything_and_says_so(bench: Bench, engine: LocalEngine, lab_folder: Path) -> None:
    running = [bench.run(spec("sleep", "600", retries=3)) for _ in range(2)]
    waiting = bench.run(spec("sleep", "600"))
    for request in running:
        bench.heard.started(request.job)
    pid = host_of(engine)
    os.kill(pid, signal.SIGTERM)
    for request in (*running, waiting):
        outcome = bench.heard.outcome(request.job)
        assert outcome.reason is Reason.CANCELLED
        assert "told to stop" in outcome.message
        assert engine.outcome(request.job, 1) == outcome
    wait_for_end(pid)
    assert list((lab_folder / "live").iterdir()) == []
    assert bench.end(spec("true")).reason is Reason.DONE  # the same session, another host
    assert host_of(engine) != pid


# --- clients -------------------------------------------------------------------------------------


def test_a_client_that_is_killed_loses_nothing(engine: LocalEngine, lab_folder: Path, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    killed = client(lab_folder, *gate.command(), then=WAIT, stdin=subprocess.PIPE)
    host = int(line_of(killed))
    killed.kill()
    end(killed)
    assert killed.stdin
    killed.stdin.close()
    assert engine.knows("job", 1)
    assert not engine.knows("job", 2)
    assert engine.outcome("job", 1) is None
    gate.open()
    wait_for_end(host)
    outcome = engine.outcome("job", 1)
    assert outcome is not None
    assert outcome.reason is Reason.DONE
    assert not engine.knows("job", 1)
    heard = Heard()
    with engine.open(heard) as session:
        session.watch({"job": 1})
        assert heard.outcome("job") == outcome


def test_a_client_that_talks_rubbish_is_dropped(bench: Bench, lab_folder: Path) -> None:
    hello = wire.encode(launch.hello({}, cpus=None))
    for said in (b"\x00\xff\n", b"{}\n", b"[1]\n", b'{"do": "status"}\n', hello + b'{"do": "fly"}\n'):
        with raw(lab_folder) as there:
            there.sendall(said)
            while there.recv(4096):
                pass
    assert bench.end(spec("true")).reason is Reason.DONE
    assert (lab_folder / "host.log").read_text().count("dropped a client") == 5


def test_a_client_that_does_not_listen_holds_nobody_up(bench: Bench, lab_folder: Path) -> None:
    with raw(lab_folder) as there:
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        there.sendall(wire.encode(launch.hello({}, cpus=None)))
        there.sendall(wire.encode({"do": "watch", "jobs": {f"unknown-{n}": 1 for n in range(20_000)}}))
        assert bench.end(spec("true")).reason is Reason.DONE
        told = b""
        while told.count(b"\n") < 20_001:  # and when it listens at last, it hears all
            told += there.recv(1 << 20)


def test_a_client_of_another_version(engine: LocalEngine, lab_folder: Path, tmp_path: Path) -> None:
    newer = {**launch.hello({}, cpus=None), "version": wire.VERSION + 1}
    heard, gate = Heard(), Gate(tmp_path / "gate")
    with engine.open(heard) as session:
        host = host_of(engine)
        session.submit([engine.prepare(spec(*gate.command()), job="job", fence=1)])
        heard.started("job")
        with pytest.raises(RefusedError, match="another version"):
            launch.connect(str(lab_folder), newer, cpus=1)
        gate.open()
        heard.outcome("job")
    assert launch.find(str(lab_folder), newer) is None  # idle, it leaves for our sake
    wait_for_end(host)


def test_an_idle_host_makes_way_when_its_lab_was_moved(
    bench: Bench, engine: LocalEngine, lab_folder: Path
) -> None:
    bench.end(spec("true"))
    before = host_of(engine)
    bench.session.close()
    moved = LocalEngine(lab_folder.rename(lab_folder.with_name("moved")), cpus=2)
    heard = Heard()
    with moved.open(heard) as session:
        assert host_of(moved) != before
        assert Bench(moved, session, heard).end(spec("true")).reason is Reason.DONE
    wait_for_end(before)


def test_a_host_that_cannot_start(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    (lab / "live").write_text("no folder")
    with pytest.raises(RemoteError, match=r"host\.log"):
        LocalEngine(lab, cpus=1).open(Heard())
    assert "NotADirectoryError" in (lab / "host.log").read_text()


def test_an_idle_host_takes_the_number_of_slots_that_is_asked_for(
    engine: LocalEngine, lab_folder: Path
) -> None:
    heard = Heard()
    with engine.open(heard) as first:
        assert first.cpus == 2
        with LocalEngine(lab_folder, cpus=5).open(Heard()) as second:
            assert second.cpus == 5
        with LocalEngine(lab_folder).open(Heard()) as third:
            assert third.cpus == 5
            third.submit([engine.prepare(spec("true", resources=Resources(cpus=9)), job="large", fence=1)])
            first.watch({"large": 1})
            outcome = heard.wait("large", *LAST).outcome
    assert outcome is None or "9 CPUs" in outcome.message


def test_what_a_job_waits_for(bench: Bench, engine: LocalEngine, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    first = bench.run(spec(*gate.command(), resources=Resources(cpus=1.5)))
    second, third, fourth = (bench.run(spec("true")) for _ in range(3))
    pid = bench.heard.started(first.job)
    status = engine.status()
    assert status is not None
    assert (status.cpus, status.free) == (2, 0.5)
    assert [(one.job, one.pid, one.attempt) for one in status.running] == [(first.job, pid, 1)]
    assert [(one.job, one.reason) for one in status.waiting] == [
        (second.job, "it needs 1 CPU, 0.5 of 2 are free"),
        (third.job, "one job is ahead of it"),
        (fourth.job, "2 jobs are ahead of it"),
    ]
    gate.open()
    assert bench.heard.outcome(fourth.job).reason is Reason.DONE


def test_of_a_lane_only_so_many_run(engine: LocalEngine, tmp_path: Path) -> None:
    gate, heard = Gate(tmp_path / "gate"), Heard()
    lane = Lane("driver", 1)
    with engine.open(heard) as session:
        commands = {"first": gate.command(), "second": ("true",)}
        session.submit(
            [engine.prepare(spec(*words), job=job, fence=1, lane=lane) for job, words in commands.items()]
        )
        session.submit([engine.prepare(spec("true"), job="other", fence=1)])
        assert heard.outcome("other").reason is Reason.DONE
        assert heard.of("second") == []
        status = engine.status()
        assert status is not None
        assert [waiting.reason for waiting in status.waiting] == ["1 of its sweep run already"]
        gate.open()
        first, second = heard.outcome("first"), heard.outcome("second")
    assert first.ended <= second.started


def test_a_host_that_was_woken_is_the_one_that_is_connected_to(engine: LocalEngine) -> None:
    engine.wake()
    woken = host_of(engine)
    engine.wake()
    with engine.open(Heard()):
        assert host_of(engine) == woken


def test_a_start_is_not_told_with_the_end_of_the_same_job() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = Client(ours)
        for job in ("short", "long"):
            client.send_soon(job, {"event": "started", "job": job})
        client.send(wire.encode({"event": "ended", "job": "short"}), "short")
        client.flush()
        told = wire.Lines().feed(theirs.recv(wire.CHUNK))
    assert [(one["event"], one["job"]) for one in told] == [("ended", "short"), ("started", "long")]


def test_a_closed_session(engine: LocalEngine) -> None:
    session = engine.open(Heard())
    session.close()
    session.close()
    with pytest.raises(RefusedError, match="closed"):
        session.submit([engine.prepare(spec("true"), job="job", fence=1)])
