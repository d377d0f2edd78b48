"""Jobs that start from a fork server pass what all jobs pass, and die of the same things."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite("stratolab.testing.engine")

from tests.jobs.engines.conftest import kill_host, wait_for_end  # noqa: E402 - after the rewriting is asked for
from tests.jobs.engines.test_keeper import DEATHS, FAMILY, HANGS, family_of  # noqa: E402
from tests.jobs.engines.test_lost_host import lost, wait_for_adoption  # noqa: E402

from stratolab.core.names import new_id  # noqa: E402
from stratolab.core.processes import started  # noqa: E402
from stratolab.jobs.engines import family, spool  # noqa: E402
from stratolab.jobs.engines.local import LocalEngine  # noqa: E402
from stratolab.jobs.models import EventKind, Reason, Resources  # noqa: E402
from stratolab.testing.bench import Bench, Gate, eventually, spec  # noqa: E402
from stratolab.testing.engine import EngineContract  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from stratolab.jobs.engine import Session
    from stratolab.jobs.models import JobEvent, Request

MIB = 1 << 20
WARM = ("json",)
BECOME = """
import os, signal, sys
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


class WarmSession:
    """A session whose jobs start from a fork server, whatever they are: a script becomes the program."""

    def __init__(self, session: Session, script: Path) -> None:
        self.plain, self._script = session, script

    def submit(self, requests: Sequence[Request]) -> None:
        self.plain.submit([self._warmed(request) for request in requests])

    def cancel(self, jobs: Iterable[str], *, reason: Reason, grace: float) -> None:
        self.plain.cancel(jobs, reason=reason, grace=grace)

    def watch(self, jobs: Mapping[str, int]) -> None:
        self.plain.watch(jobs)

    def close(self) -> None:
        self.plain.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _warmed(self, request: Request) -> Request:
        path = request.env.get("PATH", os.environ["PATH"])
        if not request.command or not shutil.which(request.command[0], path=path):
            return request
        command = ("python", str(self._script), *request.command)
        return replace(request, command=command, warm=WARM)


class WarmEngine(LocalEngine):
    """A local engine with such sessions. `notes` are the reasons for which jobs started cold."""

    def __init__(self, lab: Path, script: Path) -> None:
        super().__init__(lab, cpus=2)
        self._script = script
        self.notes: list[str] = []

    def open(self, notify: Callable[[JobEvent], None]) -> WarmSession:  # type: ignore[override]
        def hear(event: JobEvent) -> None:
            self.notes += [event.note] if event.note else []
            notify(event)

        return WarmSession(super().open(hear), self._script)


@pytest.fixture
def engine(lab_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmEngine]:
    script = tmp_path_factory.mktemp("become") / "become.py"
    script.write_text(BECOME)
    engine = WarmEngine(lab_folder, script)
    yield engine
    status = engine.status()
    if status:
        with contextlib.suppress(ProcessLookupError):
            os.kill(status.pid, signal.SIGTERM)
        wait_for_end(status.pid)
    assert engine.notes == []


class TestWarmEngine(EngineContract):
    """The contract, with every program started by a script that was forked."""


# --- deaths --------------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [0, 1])
@pytest.mark.parametrize(
    "death",
    [death for death in DEATHS.values() if death.retried],
    ids=[n for n, d in DEATHS.items() if d.retried],
)
def test_every_death_has_its_reason(bench: Bench, death: object, retries: int) -> None:
    limits = Resources(memory=death.memory)
    outcome = bench.end(spec(*death.command, folder=death.folder, retries=retries, resources=limits))
    assert (outcome.reason, outcome.exit_code, outcome.signal) == (
        death.reason,
        death.exit_code,
        death.signal,
    )
    assert outcome.attempts == 1 + retries
    assert death.message in outcome.message


@pytest.mark.parametrize(("command", "number"), HANGS.values(), ids=HANGS)
def test_what_hangs_is_ended_in_time(bench: Bench, command: tuple[str, ...], number: int | None) -> None:
    outcome = bench.end(spec(*command, resources=Resources(timeout=0.5), retries=2))
    assert (outcome.reason, outcome.signal, outcome.attempts) == (Reason.TIMEOUT, number, 1)


# --- limits and ends of forked scripts -----------------------------------------------------------


@pytest.fixture
def script(bench: Bench, tmp_path: Path) -> Callable[..., Request]:
    """Run a script from a fork server; `bench` of this module does not wrap it once more."""

    def run(code: str, *arguments: str, **more: object) -> Request:
        (tmp_path / "script.py").write_text(code)
        command = ("python", "script.py", *arguments)
        request = bench.engine.prepare(
            spec(*command, folder=tmp_path, warm=WARM, **more), job=new_id(), fence=1
        )
        bench.session.plain.submit([request])
        return request

    return run


Run = "Callable[..., Request]"


def test_the_family_of_a_forked_script_is_ended_whole(bench: Bench, script: Run, tmp_path: Path) -> None:
    record = tmp_path / "pids"
    code = f"{FAMILY}\nwhile True: time.sleep(1)"
    request = script(code, str(record), resources=Resources(timeout=2))
    assert bench.heard.outcome(request.job).reason is Reason.TIMEOUT
    assert [pid for pid in family_of(record) if started(pid)] == []


def test_what_a_forked_script_leaves_behind_is_ended(bench: Bench, script: Run, tmp_path: Path) -> None:
    record = tmp_path / "pids"
    assert bench.heard.outcome(script(FAMILY, str(record)).job).reason is Reason.DONE
    assert [pid for pid in family_of(record) if started(pid)] == []


def test_forks_of_forks_are_known_by_their_mark(
    bench: Bench, engine: WarmEngine, script: Run, tmp_path: Path
) -> None:
    """A process that has only been forked says whose it is, also to a host that comes later."""
    gate, record = Gate(tmp_path / "gate"), tmp_path / "pid"
    code = f"""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open({str(record)!r}, "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
open({str(gate.path)!r}).read()
"""
    request = script(code)
    bench.heard.started(request.job)
    eventually(lambda: record.exists() and record.read_text() != "", "it runs")
    stray = int(record.read_text())
    assert family.mark(stray) == request.home
    kill_host(engine)
    wait_for_adoption(bench, request.job)
    gate.open()
    assert lost(bench.heard.outcome(request.job))
    assert not started(stray)


def test_a_killed_host_is_followed_by_one_that_knows_forked_jobs(
    bench: Bench, engine: WarmEngine, script: Run, tmp_path: Path
) -> None:
    gate = Gate(tmp_path / "gate")
    request = script(f"open({str(gate.path)!r}).read()")
    pid = bench.heard.started(request.job)
    facts = spool.live(str(tmp_path / ".stratolab"), request.job)
    assert facts is not None
    assert facts["process"].split("/")[1] == str(pid)
    kill_host(engine)
    wait_for_adoption(bench, request.job)
    gate.open()
    assert lost(bench.heard.outcome(request.job))


@pytest.mark.parametrize("limit", [{"timeout": 1}, {"memory": 64 * MIB}], ids=["timeout", "memory"])
def test_limits_hold_under_the_next_host(
    bench: Bench, engine: WarmEngine, script: Run, tmp_path: Path, limit: dict[str, int]
) -> None:
    gate = Gate(tmp_path / "gate")
    code = f"import time\nopen({str(gate.path)!r}).read()\nx = bytearray(b'x') * {100 * MIB}; time.sleep(600)"
    request = script(code, resources=Resources(**limit))
    bench.heard.started(request.job)
    kill_host(engine)
    if "memory" in limit:
        gate.open()
    expected = Reason.TIMEOUT if "timeout" in limit else Reason.OUT_OF_MEMORY
    assert bench.heard.outcome(request.job).reason is expected


def test_a_forked_script_can_be_cancelled(bench: Bench, script: Run) -> None:
    request = script("import time; time.sleep(600)")
    bench.heard.started(request.job)
    bench.session.cancel([request.job], reason=Reason.PRUNED, grace=30)
    outcome = bench.heard.outcome(request.job)
    assert (outcome.reason, outcome.signal) == (Reason.PRUNED, signal.SIGTERM)


def test_attempts_are_forked_each(bench: Bench, script: Run) -> None:
    code = (
        "import os, sys; now = os.environ['STRATOLAB_ATTEMPT']; print(os.getpid(), now); sys.exit(now != '3')"
    )
    request = script(code, retries=5)
    outcome = bench.heard.outcome(request.job)
    assert (outcome.reason, outcome.attempts) == (Reason.DONE, 3)
    lines = [line.split() for line in bench.log(request).splitlines() if line and not line.startswith("---")]
    assert [attempt for _, attempt in lines] == ["1", "2", "3"]
    assert len({pid for pid, _ in lines}) == 3
    kinds = [EventKind.STARTED, EventKind.RETRIED, EventKind.RETRIED, EventKind.ENDED]
    assert bench.heard.of(request.job) == kinds


# --- memory --------------------------------------------------------------------------------------


@pytest.mark.parametrize("touched", [20, 90])
def test_memory_counts_as_after_a_cold_start(bench: Bench, script: Run, tmp_path: Path, touched: int) -> None:
    """What the modules take counts for each job, though the pages are there once: the same limit means the same."""
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "large.py").write_text(f"x = bytearray(b'x') * {60 * MIB}")
    env = {"PYTHONPATH": str(tmp_path / "site-packages")}
    seconds = 0.5 if touched == 20 else 600
    code = f"import large, time; y = bytearray(b'y') * {touched * MIB}; time.sleep({seconds})"
    limits = Resources(memory=128 * MIB)
    (tmp_path / "script.py").write_text(code)
    outcomes = []
    for warm in ((), ("large",)):
        wanted = spec("python", "script.py", folder=tmp_path, env=env, resources=limits, warm=warm)
        request = bench.engine.prepare(wanted, job=new_id(), fence=1)
        bench.session.plain.submit([request])
        outcomes.append(bench.heard.outcome(request.job))
    cold, warm = outcomes
    assert warm.reason is cold.reason is (Reason.DONE if touched == 20 else Reason.OUT_OF_MEMORY)
    assert 0.8 < warm.peak_memory / cold.peak_memory < 1.2
