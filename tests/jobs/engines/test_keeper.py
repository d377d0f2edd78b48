"""How jobs die, and that all of each of them does: rows R4, R5 and R6 of the fault matrix."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import NamedTuple

import pytest

from stratolab.core.processes import started
from stratolab.jobs.engines.keeper import GRACE
from stratolab.jobs.models import EventKind, Reason, Resources
from stratolab.testing.bench import Bench, Gate, eventually, python, spec

MIB = 1 << 20
HOLD = "import time; time.sleep(600)"


class Death(NamedTuple):
    command: tuple[str, ...]
    reason: Reason
    exit_code: int | None = None
    signal: int | None = None
    message: str = ""
    memory: int | None = None
    folder: str = "/"
    retried: bool = True


def limited(limit: str, code: str) -> tuple[str, ...]:
    return python(f"import resource; resource.setrlimit(resource.{limit}); {code}")


DEATHS = {
    "SIGKILL": Death(python("import os; os.kill(os.getpid(), 9)"), Reason.SIGNAL, signal=9),
    "SIGSEGV": Death(python("import os; os.kill(os.getpid(), 11)"), Reason.SIGNAL, signal=11),
    "SIGTERM": Death(python("import os; os.kill(os.getpid(), 15)"), Reason.SIGNAL, signal=15),
    "os._exit": Death(python("import os; os._exit(3)"), Reason.EXIT, 3),
    "exception": Death(python("raise ValueError('MemoryError: not at all')"), Reason.EXIT, 1),
    "shell": Death(("sh", "-c", "sh -c 'kill -SEGV $$'; exit $?"), Reason.EXIT, 139, message="SIGSEGV"),
    "MemoryError": Death(python("raise MemoryError"), Reason.OUT_OF_MEMORY, 1, message="MemoryError"),
    "RLIMIT_AS": Death(
        limited("RLIMIT_AS, (1 << 30, 1 << 30)", "bytearray(1 << 33)"), Reason.OUT_OF_MEMORY, 1
    ),
    "bad_alloc": Death(
        ("sh", "-c", "echo \"terminate called after throwing 'std::bad_alloc'\"; kill -ABRT $$"),
        Reason.OUT_OF_MEMORY,
        signal=6,
        message="bad_alloc",
    ),
    "abort": Death(python("import os; os.abort()"), Reason.SIGNAL, signal=6),
    "limit": Death(
        python(f"x = bytearray(b'x') * {150 * MIB}; {HOLD}"), Reason.OUT_OF_MEMORY, signal=9, memory=64 * MIB
    ),
    "limit at once": Death(python("x = bytearray(1 << 34)"), Reason.OUT_OF_MEMORY, 1, memory=64 * MIB),
    "RLIMIT_CPU": Death(
        limited("RLIMIT_CPU, (1, 3)", "any(False for _ in iter(int, 1))"), Reason.SIGNAL, signal=24
    ),
    "missing": Death(
        ("pyton", "x.py"), Reason.NOT_STARTED, message="No such file or directory: 'pyton' (no program", retried=False
    ),
    "not executable": Death(("/etc/passwd",), Reason.NOT_STARTED, message="chmod +x /etc/passwd", retried=False),
    "no folder": Death(
        ("true",), Reason.NOT_STARTED, message="folder is not there", folder="/no/such", retried=False
    ),
    "NUL": Death(("true", "a\0b"), Reason.NOT_STARTED, message="null byte", retried=False),
}  # fmt: skip


@pytest.mark.parametrize("retries", [0, 1])
@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
def test_r4_every_death_has_its_reason(bench: Bench, tmp_path: Path, death: Death, retries: int) -> None:
    gate = Gate(tmp_path / "gate")
    neighbour = bench.run(spec(*gate.command()))
    limits = Resources(memory=death.memory)
    outcome = bench.end(spec(*death.command, folder=death.folder, retries=retries, resources=limits))
    assert (outcome.reason, outcome.exit_code, outcome.signal) == (
        death.reason,
        death.exit_code,
        death.signal,
    )
    assert outcome.attempts == (1 + retries if death.retried else 0)
    assert death.message in outcome.message
    assert EventKind.ENDED not in bench.heard.of(neighbour.job)
    gate.open()
    assert bench.heard.outcome(neighbour.job).reason is Reason.DONE


def test_script_without_interpreter(bench: Bench, tmp_path: Path) -> None:
    for name, text, told in (
        ("gone.sh", "#!/no/such/python\n", "its first line names an interpreter"),
        ("none.sh", "echo hello\n", "begin it with a line such as #!"),
    ):
        script = tmp_path / name
        script.write_text(text)
        script.chmod(0o755)
        outcome = bench.end(spec(f"./{name}", folder=tmp_path))
        assert outcome.reason is Reason.NOT_STARTED
        assert told in outcome.message


def test_a_retry_may_help(bench: Bench, tmp_path: Path) -> None:
    code = 'test "$STRATOLAB_ATTEMPT" = 3 || kill -KILL $$'
    outcome = bench.end(spec("sh", "-c", code, retries=4))
    assert (outcome.reason, outcome.attempts) == (Reason.DONE, 3)


# --- memory --------------------------------------------------------------------------------------


def test_memory_is_that_of_all_processes(bench: Bench) -> None:
    code = f"import os; [os.fork() for _ in range(2)]; x = bytearray(b'x') * {60 * MIB}; {HOLD}"
    outcome = bench.end(spec(*python(code), resources=Resources(memory=120 * MIB)))
    assert outcome.reason is Reason.OUT_OF_MEMORY
    assert outcome.peak_memory > 120 * MIB


def test_shared_memory_counts_once(bench: Bench) -> None:
    code = (
        f"import os, time; x = bytearray(b'x') * {60 * MIB}; [os.fork() for _ in range(2)]; time.sleep(0.8)"
    )
    outcome = bench.end(spec(*python(code), resources=Resources(memory=150 * MIB)))
    assert outcome.reason is Reason.DONE
    assert 60 * MIB < outcome.peak_memory < 150 * MIB


# --- R5: what hangs ------------------------------------------------------------------------------

HANGS = {
    "SIGSTOP": (python("import os; os.kill(os.getpid(), 19)"), 15),
    "loop": (python("while True: pass"), 15),
    "ignores SIGTERM": (python("import signal; signal.signal(15, signal.SIG_IGN)\nwhile True: pass"), 9),
    "ends well on SIGTERM": (("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"), None),
}


@pytest.mark.parametrize(("command", "number"), HANGS.values(), ids=HANGS)
def test_r5_what_hangs_is_ended_in_time(bench: Bench, command: tuple[str, ...], number: int | None) -> None:
    outcome = bench.end(spec(*command, resources=Resources(timeout=0.5), retries=2))
    assert (outcome.reason, outcome.signal, outcome.attempts) == (Reason.TIMEOUT, number, 1)
    assert 0.5 <= outcome.wall_seconds < 0.5 + GRACE + 2


FAMILY = """
import os, signal, sys, time

def child(*, stubborn=False, session=False, orphan=False, bare=False):
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer); os.read(reader, 1); os.close(reader)
        return
    os.close(reader)
    if session:
        os.setsid()
    if orphan and os.fork():
        os._exit(0)
    if stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open(sys.argv[1], "a") as file:
        file.write(f"{os.getpid()}\\n")
    words = ["-I", "-S", "-c", "import os, time; os.write(%d, b'x'); time.sleep(600)" % writer]
    os.set_inheritable(writer, True)
    os.execve(sys.executable, [sys.executable, *words], {} if bare else os.environ)

child()
child(stubborn=True)
child(session=True)
child(session=True, stubborn=True)
child(session=True, orphan=True)
child(session=True, orphan=True, stubborn=True)
child(session=True, orphan=True, bare=True)
child(session=True, orphan=True, bare=True, stubborn=True)
"""


def family_of(record: Path) -> list[int]:
    pids = [int(line) for line in record.read_text().split()]
    assert len(pids) == 8
    return pids


def test_r5_a_family_is_ended_whole_at_its_time_limit(bench: Bench, tmp_path: Path) -> None:
    record = tmp_path / "pids"
    command = python(f"{FAMILY}\nwhile True: time.sleep(1)", str(record))
    outcome = bench.end(spec(*command, resources=Resources(timeout=2)))
    assert outcome.reason is Reason.TIMEOUT
    assert [pid for pid in family_of(record) if started(pid)] == []


@pytest.mark.parametrize(
    ("ending", "reason"),
    [("", Reason.DONE), ("os._exit(5)", Reason.EXIT), ("os.kill(os.getpid(), 9)", Reason.SIGNAL)],
)
def test_r5_what_a_job_leaves_behind_is_ended(
    bench: Bench, tmp_path: Path, ending: str, reason: Reason
) -> None:
    record = tmp_path / "pids"
    outcome = bench.end(spec(*python(FAMILY + ending, str(record))))
    assert outcome.reason is reason
    assert [pid for pid in family_of(record) if started(pid)] == []


def test_leftovers_are_gone_before_the_next_attempt(bench: Bench, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    look = f"for pid in $(head -n -1 {pids}); do kill -0 $pid && exit 9; done"
    code = f"sleep 600 & echo $! >>{pids}; {look}; exit 1"
    outcome = bench.end(spec("sh", "-c", code, retries=2))
    assert (outcome.exit_code, outcome.attempts) == (1, 3)


def test_an_orphan_lives_as_long_as_its_job(bench: Bench, tmp_path: Path) -> None:
    gate, pidfile = Gate(tmp_path / "gate"), tmp_path / "pid"
    code = f"(setsid sh -c 'echo $$ >{pidfile}.new; mv {pidfile}.new {pidfile}; exec sleep 600' &); cat {gate.path}"
    request = bench.run(spec("sh", "-c", code))
    bench.heard.started(request.job)
    eventually(pidfile.exists, "the daemon runs")
    pid = int(pidfile.read_text())
    for _ in range(5):
        assert bench.end(spec("true")).reason is Reason.DONE  # each end makes the host look for orphans
    assert started(pid)
    gate.open()
    assert bench.heard.outcome(request.job).reason is Reason.DONE
    assert not started(pid)


def test_orphans_of_many_jobs_side_by_side(bench: Bench, tmp_path: Path) -> None:
    """Looks for orphans are rationed: what is found late is ended late, but it is ended."""
    pids = tmp_path / "pids"
    code = f"(setsid sh -c 'echo $$ >>{pids}; exec sleep 600' </dev/null >/dev/null 2>&1 &); exit 0"
    requests = [bench.run(spec("sh", "-c", code)) for _ in range(20)]
    for request in requests:
        assert bench.heard.outcome(request.job).reason is Reason.DONE
    eventually(lambda: not any(started(int(pid)) for pid in pids.read_text().split()), "all are ended")


# --- R6: SIGTERM from outside, as before a Spot machine goes away --------------------------------

CHECKPOINTS = """
import os, signal, sys
def leave(*_):
    with open("checkpoint", "w") as file:
        file.write(os.environ["STRATOLAB_ATTEMPT"])
    sys.exit(143)
if os.path.exists("checkpoint"):
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
open("ready", "w").close()
while True: signal.pause()
"""


def test_r6_a_worker_told_to_go_comes_back(bench: Bench, tmp_path: Path) -> None:
    request = bench.run(spec(*python(CHECKPOINTS), folder=tmp_path, retries=1))
    pid = bench.heard.started(request.job)
    eventually((tmp_path / "ready").exists, "it listens")
    os.kill(pid, signal.SIGTERM)
    outcome = bench.heard.outcome(request.job)
    assert (outcome.reason, outcome.attempts) == (Reason.DONE, 2)
    assert (tmp_path / "checkpoint").read_text() == "1"


@pytest.mark.parametrize("how", [Reason.CANCELLED, Reason.PRUNED, Reason.TIMEOUT])
def test_r6_but_not_if_it_was_us(bench: Bench, tmp_path: Path, how: Reason) -> None:
    limits = Resources(timeout=2 if how is Reason.TIMEOUT else None)
    request = bench.run(spec(*python(CHECKPOINTS), folder=tmp_path, retries=3, resources=limits))
    bench.heard.started(request.job)
    eventually((tmp_path / "ready").exists, "it listens")
    if how is not Reason.TIMEOUT:
        bench.session.cancel([request.job], reason=how, grace=30)
    outcome = bench.heard.outcome(request.job)
    assert (outcome.reason, outcome.exit_code, outcome.attempts) == (how, 143, 1)


def test_r6_exit_143_without_retries_is_told(bench: Bench, tmp_path: Path) -> None:
    outcome = bench.end(spec("sh", "-c", "exit 143"))
    assert (outcome.reason, outcome.exit_code) == (Reason.EXIT, 143)
    assert "SIGTERM" in outcome.message


def test_cancelling_between_attempts_ends_it(bench: Bench, tmp_path: Path) -> None:
    """The first process has failed, another is left and takes its time: no second attempt is made."""
    gate = Gate(tmp_path / "gate")
    code = f"(trap '' TERM; exec cat {gate.path}) & exit 1"
    request = bench.run(spec("sh", "-c", code, retries=100))
    for _ in range(2):
        bench.heard.started(request.job)
    bench.session.cancel([request.job], reason=Reason.CANCELLED, grace=0)
    outcome = bench.heard.outcome(request.job)
    assert outcome.reason is Reason.CANCELLED
    assert outcome.attempts < 100


# --- claims of one job ---------------------------------------------------------------------------


def test_a_later_claim_takes_the_place_of_an_earlier_one(bench: Bench, tmp_path: Path) -> None:
    record = tmp_path / "record"
    first = bench.run(
        spec(
            "sh",
            "-c",
            f"echo first >>{record}; trap 'sleep 0.2; echo over >>{record}; exit' TERM; sleep 600 & wait",
        ),
        job="twice",
        fence=1,
    )
    bench.heard.started(first.job)
    eventually(record.exists, "the first runs")
    bench.run(spec("sh", "-c", f"echo second >>{record}"), job="twice", fence=2)
    ended: list[tuple[int, Reason]] = []

    def both() -> bool:
        ended[:] = [(event.fence, event.outcome.reason) for event in bench.heard.events if event.outcome]
        return len(ended) == 2

    eventually(both, "both ended")
    assert ended == [(1, Reason.CANCELLED), (2, Reason.DONE)]
    assert record.read_text().split() in (["first", "over", "second"], ["first", "second"])
    assert bench.engine.outcome("twice", 2) is not None
    assert bench.engine.outcome("twice", 1) is None
    bench.run(spec("sh", "-c", f"echo zombie >>{record}"), job="twice", fence=1)
    eventually(
        lambda: len([1 for event in bench.heard.events if event.outcome]) == 3, "the zombie is refused"
    )
    outcome = bench.heard.events[-1].outcome
    assert outcome is not None
    assert (outcome.fence, outcome.reason) == (1, Reason.CANCELLED)
    assert "zombie" not in record.read_text()


def test_an_outcome_that_cannot_be_written_is_tried_again(bench: Bench) -> None:
    request = bench.run(spec("sh", "-c", 'mkdir "$STRATOLAB_HOME/outcome.json.new"'))
    outcome = bench.heard.outcome(request.job)
    assert outcome.reason is Reason.DONE
    assert "not on disk" in outcome.message
    assert bench.engine.outcome(request.job, 1) is None
    Path(request.home, "outcome.json.new").rmdir()
    eventually(lambda: bench.engine.outcome(request.job, 1) is not None, "it is written")


def test_two_hundred_jobs_through_two_slots(bench: Bench, tmp_path: Path) -> None:
    code = (
        "import os, sys; f = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600);"
        "os.write(f, b'+1\\n'); os.write(f, b'-1\\n')"
    )
    record = tmp_path / "record"
    requests = [
        bench.engine.prepare(spec(*python(code, str(record))), job=f"job-{n}", fence=1) for n in range(200)
    ]
    bench.session.submit(requests)
    ends = [bench.heard.outcome(request.job) for request in requests]
    assert {outcome.reason for outcome in ends} == {Reason.DONE}
    running, most = 0, 0
    for line in record.read_text().split():
        running += int(line)
        most = max(most, running)
    assert (running, most) in {(0, 1), (0, 2)}
    assert [bench.engine.outcome(request.job, 1) for request in requests] == ends


def test_events_come_from_one_thread_which_a_bad_listener_does_not_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaints: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: complaints.append(str(args.exc_value)))
    wrong: list[object] = []

    def listen(event: object) -> None:
        wrong.append(event)
        raise RuntimeError("what a listener")

    with bench.engine.open(listen) as session:
        session.submit([bench.engine.prepare(spec("true"), job="bad", fence=1)])
        eventually(lambda: len(wrong) == 2, "both events came")
    assert complaints == ["what a listener"] * 2
