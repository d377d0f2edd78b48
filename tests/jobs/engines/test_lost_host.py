"""A host that is killed with -9: its jobs go on, are found, kept within their limits, and end as lost."""

from __future__ import annotations

import os
import queue
import random
import signal
import subprocess
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.jobs.engines.conftest import (
    client,
    end,
    host_of,
    kill_host,
    line_of,
    wait_for_end,
)

from stratolab.core.errors import RemoteError
from stratolab.core.processes import alive, identity, started
from stratolab.jobs.engines import spool
from stratolab.jobs.models import EventKind, Outcome, Reason, Resources
from stratolab.testing.bench import LAST, PATIENCE, Bench, Gate, Heard, eventually, python, spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stratolab.jobs.engines.local import LocalEngine
    from stratolab.jobs.models import JobEvent, Request


@pytest.fixture
def held(bench: Bench, tmp_path: Path) -> Iterator[tuple[Request, Gate, int]]:
    """A job that runs until its gate opens."""
    gate = Gate(tmp_path / "gate")
    request = bench.run(spec(*gate.command()))
    pid = bench.heard.started(request.job)
    yield request, gate, pid
    if started(pid):
        os.kill(pid, signal.SIGKILL)


Held = tuple["Request", Gate, int]


def wait_for_adoption(bench: Bench, job: str) -> None:
    """Until the session has found another host, and that the job."""
    eventually(lambda: bench.heard.of(job).count(EventKind.STARTED) == 2, "told again that it runs")


def lost(outcome: Outcome) -> bool:
    return outcome.reason is Reason.LOST and outcome.exit_code is None and "was killed" in outcome.message


def test_jobs_outlive_the_host_and_end_as_lost(bench: Bench, engine: LocalEngine, held: Held) -> None:
    request, gate, _ = held
    before = kill_host(engine)
    wait_for_adoption(bench, request.job)
    gate.open()
    outcome = bench.heard.outcome(request.job)
    assert lost(outcome)
    assert outcome.wall_seconds > 0
    assert engine.outcome(request.job, 1) == outcome
    assert host_of(engine) != before


def test_another_session_finds_them(engine: LocalEngine, lab_folder: Path, tmp_path: Path) -> None:
    gate, heard = Gate(tmp_path / "gate"), Heard()
    gone = client(lab_folder, *gate.command())
    line_of(gone)
    end(gone)
    kill_host(engine)
    facts = spool.live(str(lab_folder), "job")
    assert facts is not None
    assert alive(facts["process"])
    assert engine.knows("job", 1)  # though there is no host
    assert engine.status() is None
    with engine.open(heard) as session:
        session.watch({"job": 1})
        assert heard.started("job") == int(facts["process"].split("/")[1])
        gate.open()
        assert lost(heard.outcome("job"))


def test_what_waited_is_unknown_and_runs_when_it_is_submitted_again(
    bench: Bench, engine: LocalEngine, held: Held, tmp_path: Path
) -> None:
    request, gate, _ = held
    large = spec("touch", str(tmp_path / "ran"), resources=Resources(cpus=2))
    waiting = bench.run(large)
    kill_host(engine)
    assert bench.heard.wait(waiting.job, *LAST).kind is EventKind.UNKNOWN
    bench.session.submit([waiting])
    status = engine.status()
    assert status is not None
    assert [one.job for one in status.running] == [request.job]  # it keeps its slot under the new host
    assert [one.reason for one in status.waiting] == ["it needs 2 CPUs, 1 of 2 are free"]
    gate.open()
    eventually(lambda: engine.outcome(waiting.job, 1) is not None, "the second runs")
    assert (tmp_path / "ran").exists()


def test_what_ended_while_there_was_no_host_is_unknown(
    engine: LocalEngine, lab_folder: Path, tmp_path: Path
) -> None:
    gate, heard = Gate(tmp_path / "gate"), Heard()
    gone = client(lab_folder, *gate.command())
    line_of(gone)
    end(gone)
    kill_host(engine)
    facts = spool.live(str(lab_folder), "job")
    assert facts is not None
    gate.open()
    wait_for_end(int(facts["process"].split("/")[1]))
    assert not engine.knows("job", 1)
    with engine.open(heard) as session:
        session.watch({"job": 1})
        assert heard.wait("job", *LAST).kind is EventKind.UNKNOWN
    assert list((lab_folder / "live").iterdir()) == []


@pytest.mark.parametrize("cancelled", ["before", "after"])
def test_jobs_of_a_killed_host_can_be_cancelled(
    bench: Bench, engine: LocalEngine, held: Held, cancelled: str
) -> None:
    request, _, pid = held
    host = host_of(engine)
    if cancelled == "before":  # the request is on its way when the host dies
        os.kill(host, signal.SIGSTOP)
        bench.session.cancel([request.job], reason=Reason.PRUNED, grace=30)
    os.kill(host, signal.SIGKILL)
    wait_for_end(host)
    if cancelled == "after":
        bench.session.cancel([request.job], reason=Reason.PRUNED, grace=30)
    outcome = bench.heard.outcome(request.job)
    assert outcome.reason is Reason.PRUNED
    assert not started(pid)


def test_the_time_limit_holds_under_the_next_host(bench: Bench, engine: LocalEngine) -> None:
    request = bench.run(spec("sleep", "600", resources=Resources(timeout=1)))
    bench.heard.started(request.job)
    kill_host(engine)
    outcome = bench.heard.outcome(request.job)
    assert outcome.reason is Reason.TIMEOUT
    assert 1 <= outcome.wall_seconds < 5


def test_the_memory_limit_holds_under_the_next_host(
    bench: Bench, engine: LocalEngine, tmp_path: Path
) -> None:
    gate = Gate(tmp_path / "gate")
    code = f"open({str(gate.path)!r}).read(); x = bytearray(b'x') * (100 << 20); import time; time.sleep(600)"
    request = bench.run(spec(*python(code), resources=Resources(memory=64 << 20)))
    bench.heard.started(request.job)
    kill_host(engine)
    gate.open()
    assert bench.heard.outcome(request.job).reason is Reason.OUT_OF_MEMORY


@pytest.mark.parametrize("ends", ["with a host", "without"])
def test_what_a_lost_job_leaves_behind_is_ended(
    bench: Bench, engine: LocalEngine, tmp_path: Path, ends: str
) -> None:
    gate, pids = Gate(tmp_path / "gate"), tmp_path / "pids"
    code = f"sleep 600 & echo $! >>{pids}; setsid sh -c 'echo $$ >>{pids}; exec sleep 600' & cat {gate.path}"
    request = bench.run(spec("sh", "-c", code))
    bench.heard.started(request.job)
    eventually(lambda: pids.exists() and len(pids.read_text().split()) == 2, "both run")
    kill_host(engine)
    if ends == "with a host":
        wait_for_adoption(bench, request.job)
    gate.open()
    assert lost(bench.heard.outcome(request.job))
    assert [pid for pid in pids.read_text().split() if started(int(pid))] == []


def test_a_host_killed_while_it_starts_a_job(engine: LocalEngine, lab_folder: Path, tmp_path: Path) -> None:
    """The job runs, but its process was not noted: it is found by the mark in its environment."""
    home, gate = lab_folder / "jobs" / "job", Gate(tmp_path / "gate")
    home.mkdir(parents=True)
    env = {**os.environ, "STRATOLAB_HOME": str(home)}
    unnoted = subprocess.Popen(gate.command(), env=env, start_new_session=True)
    facts = {
        "job": "job",
        "fence": 1,
        "home": str(home),
        "folder": "/",
        "cpus": 1,
        "memory": None,
        "timeout": None,
    }
    more = {
        "attempt": 1,
        "first": None,
        "started": 1.0,
        "wall_seconds": 0,
        "cpu_seconds": 0,
        "peak_memory": 0,
    }
    os.close(spool.begin(str(lab_folder), "job", facts | more))
    heard = Heard()
    with engine.open(heard) as session:
        session.watch({"job": 1})
        assert heard.started("job") == unnoted.pid
        gate.open()
        unnoted.wait(timeout=60)
        assert lost(heard.outcome("job"))


def test_notes_of_another_machine_are_left_alone(engine: LocalEngine, lab_folder: Path) -> None:
    facts = {"job": "job", "fence": 1, "home": str(lab_folder / "jobs" / "job")}
    elsewhere = identity().replace("/", "-elsewhere/", 1)
    spool.add_process(spool.begin(str(lab_folder), "job", facts), elsewhere)
    (lab_folder / "live" / "torn").write_text('{"job"')
    heard = Heard()
    with engine.open(heard) as session:
        session.watch({"job": 1})
        assert heard.wait("job", *LAST).kind is EventKind.UNKNOWN
    assert [path.name for path in (lab_folder / "live").iterdir()] == ["job"]


def test_when_no_other_host_can_be_had(
    bench: Bench, engine: LocalEngine, held: Held, lab_folder: Path
) -> None:
    request, _, _ = held
    host = host_of(engine)
    (lab_folder / "live").rename(lab_folder / "hidden")
    (lab_folder / "live").write_text("no folder: a host cannot start")
    os.kill(host, signal.SIGKILL)
    assert bench.heard.wait(request.job, *LAST).kind is EventKind.UNKNOWN
    with pytest.raises(RemoteError, match="host was lost"):
        bench.session.submit([request])


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(3))
def test_hosts_killed_at_random(engine: LocalEngine, tmp_path: Path, seed: int) -> None:
    """Every job ends once as done, is run at most once more for each time it was lost, and leaves nothing."""
    dice, record = random.Random(seed), tmp_path / "record"  # noqa: S311 - nothing secret
    inbox: queue.SimpleQueue[JobEvent] = queue.SimpleQueue()
    jobs, kills = (600, 60) if os.environ.get("STRATOLAB_CHAOS") == "full" else (60, 6)
    wanted = [f"job-{number}" for number in range(jobs)]
    fences, again, done = dict.fromkeys(wanted, 1), 0, Counter[str]()
    when = sorted(dice.sample(range(jobs), kills))
    with engine.open(inbox.put) as session:

        def submit(*names: str) -> None:
            command = ("sh", "-c", f'echo "$STRATOLAB_JOB" >>{record}')
            session.submit([engine.prepare(spec(*command), job=job, fence=fences[job]) for job in names])

        submit(*wanted)
        while len(done) < jobs:
            event = inbox.get(timeout=PATIENCE)
            if event.kind not in LAST or event.fence != fences[event.job]:
                continue
            if event.outcome is not None and event.outcome.reason is Reason.DONE:
                done[event.job] += 1
            else:
                assert event.outcome is None or event.outcome.reason is Reason.LOST, event
                fences[event.job] += 1
                again += 1
                submit(event.job)
            status = engine.status() if when and len(done) >= when[0] else None
            if status is not None:  # None while the next host is on its way
                when.pop(0)
                os.kill(status.pid, signal.SIGKILL)
    ran = Counter(record.read_text().split())
    assert set(done.values()) == {1}
    assert set(ran) == set(wanted)
    assert sum(ran.values()) <= jobs + again
    assert len(when) < kills
