"""The contract that every engine must pass: subclass `EngineContract` and give it the fixture `engine`.

    class TestMyEngine(EngineContract):
        @pytest.fixture
        def engine(self, tmp_path):
            yield MyEngine(...)     # with exactly two CPU slots, able to run programs of this machine

Tests wait for events, never for time: a job that must run until told reads from a pipe (`Gate`).
"""

# ruff: noqa: D102 - a test's name is its promise

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stratolab.core.errors import InputError
from stratolab.core.names import new_id
from stratolab.jobs.models import EventKind, JobState, Reason, Resources
from stratolab.testing.bench import LAST, PATIENCE, Bench, Gate, Heard, python, spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stratolab.jobs.engine import Engine


class EngineContract:
    """What every engine does. The fixture `engine` must give one with exactly two CPU slots."""

    @pytest.fixture
    def bench(self, engine: Engine) -> Iterator[Bench]:
        """An open session."""
        heard = Heard()
        with engine.open(heard) as session:
            yield Bench(engine, session, heard)

    @pytest.fixture
    def gate(self, tmp_path: Path) -> Gate:
        """A gate for one job."""
        return Gate(tmp_path / "gate")

    # --- ends ------------------------------------------------------------------------------------

    def test_success(self, bench: Bench) -> None:
        before = time.time()
        request = bench.run(spec("true"))
        outcome = bench.heard.outcome(request.job)
        assert (outcome.reason, outcome.exit_code, outcome.signal) == (Reason.DONE, 0, None)
        assert (outcome.state, outcome.attempts, outcome.fence) == (JobState.SUCCEEDED, 1, 1)
        assert bench.heard.of(request.job) == [EventKind.STARTED, EventKind.ENDED]
        assert before - 1 <= outcome.started <= outcome.ended <= time.time() + 1

    def test_exit_code(self, bench: Bench) -> None:
        outcome = bench.end(spec("sh", "-c", "exit 3"))
        assert (outcome.reason, outcome.exit_code, outcome.signal) == (Reason.EXIT, 3, None)
        assert outcome.state is JobState.FAILED

    def test_signal(self, bench: Bench) -> None:
        outcome = bench.end(spec("sh", "-c", "kill -SEGV $$"))
        assert (outcome.reason, outcome.exit_code, outcome.signal) == (Reason.SIGNAL, None, 11)

    def test_program_that_is_missing(self, bench: Bench) -> None:
        request = bench.run(spec("no-such-program-anywhere"))
        outcome = bench.heard.outcome(request.job)
        assert (outcome.reason, outcome.exit_code, outcome.attempts) == (Reason.NOT_STARTED, None, 0)
        assert "no-such-program-anywhere" in outcome.message
        assert bench.heard.of(request.job) == [EventKind.ENDED]

    def test_time_limit(self, bench: Bench) -> None:
        outcome = bench.end(spec("sleep", "600", resources=Resources(timeout=0.3)))
        assert outcome.reason is Reason.TIMEOUT
        assert outcome.wall_seconds >= 0.3

    def test_time_limit_is_not_retried(self, bench: Bench) -> None:
        outcome = bench.end(spec("sleep", "600", retries=3, resources=Resources(timeout=0.1)))
        assert (outcome.reason, outcome.attempts) == (Reason.TIMEOUT, 1)

    def test_retries(self, bench: Bench, tmp_path: Path) -> None:
        count = tmp_path / "count"
        request = bench.run(spec("sh", "-c", f'echo x >>{count}; [ "$(wc -l <{count})" -ge 3 ]', retries=5))
        outcome = bench.heard.outcome(request.job)
        assert (outcome.reason, outcome.attempts) == (Reason.DONE, 3)
        kinds = [EventKind.STARTED, EventKind.RETRIED, EventKind.RETRIED, EventKind.ENDED]
        assert bench.heard.of(request.job) == kinds

    def test_retries_end(self, bench: Bench) -> None:
        outcome = bench.end(spec("sh", "-c", "exit 7", retries=1))
        assert (outcome.reason, outcome.exit_code, outcome.attempts) == (Reason.EXIT, 7, 2)

    def test_what_it_used(self, bench: Bench) -> None:
        code = "import time; x = bytearray(64 << 20)\nwhile time.process_time() < 0.2: pass"
        outcome = bench.end(spec(*python(code)))
        assert outcome.reason is Reason.DONE
        assert 0.2 <= outcome.cpu_seconds <= outcome.wall_seconds + 1
        assert 64 << 20 <= outcome.peak_memory < 256 << 20

    # --- what a job finds ------------------------------------------------------------------------

    def test_log(self, bench: Bench) -> None:
        request = bench.run(spec("sh", "-c", "echo one; echo two >&2; echo three"))
        bench.heard.outcome(request.job)
        assert bench.log(request) == "one\ntwo\nthree\n"

    def test_log_of_all_attempts(self, bench: Bench) -> None:
        request = bench.run(spec("sh", "-c", "echo here; exit 1", retries=1))
        bench.heard.outcome(request.job)
        first, line, second = (line for line in bench.log(request).splitlines() if line)
        assert (first, second) == ("here", "here")
        assert "attempt 2 of 2" in line

    def test_folder(self, bench: Bench, tmp_path: Path) -> None:
        request = bench.run(spec("pwd", "-P", folder=tmp_path))
        bench.heard.outcome(request.job)
        assert bench.log(request).strip() == str(tmp_path.resolve())

    def test_environment(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FROM_THE_SESSION", "session")
        monkeypatch.setenv("HIDDEN", "session")
        heard = Heard()
        with engine.open(heard) as session:
            bench = Bench(engine, session, heard)
            code = "import json, os; print(json.dumps(dict(os.environ)))"
            request = bench.run(spec(*python(code), env={"HIDDEN": "spec", "UMLAUT": "ü"}))
            assert heard.outcome(request.job).reason is Reason.DONE
        found = json.loads(bench.log(request))
        assert (found["FROM_THE_SESSION"], found["HIDDEN"], found["UMLAUT"]) == ("session", "spec", "ü")
        assert found["STRATOLAB_JOB"] == request.job
        assert found["PYTHONUNBUFFERED"] == "1"
        assert Path(found["STRATOLAB_PARAMS"]).is_file()
        assert Path(found["STRATOLAB_REPORT"]).parent.is_dir()

    def test_spec_decides_on_buffering(self, bench: Bench) -> None:
        request = bench.run(spec("sh", "-c", 'echo "$PYTHONUNBUFFERED"', env={"PYTHONUNBUFFERED": ""}))
        bench.heard.outcome(request.job)
        assert bench.log(request) == "\n"

    def test_parameters(self, bench: Bench) -> None:
        params = {"depth": 7, "rate": 0.25, "model": "gbm", "early": True}
        request = bench.run(spec("sh", "-c", 'cat "$STRATOLAB_PARAMS"', params=params))
        bench.heard.outcome(request.job)
        assert json.loads(bench.log(request)) == params

    def test_standard_input_is_empty(self, bench: Bench) -> None:
        request = bench.run(spec("sh", "-c", "cat; echo end"))
        assert bench.heard.outcome(request.job).reason is Reason.DONE
        assert bench.log(request) == "end\n"

    @pytest.mark.parametrize("module", ["json", "no_such_module"])
    def test_warm_modules_are_a_hint(self, bench: Bench, tmp_path: Path, module: str) -> None:
        (tmp_path / "script.py").write_text(
            "import json, os, sys; print(sys.argv[1:], os.getcwd()); sys.exit(3)"
        )
        wanted = spec("python", "script.py", "7", folder=tmp_path)
        requests = [bench.run(replace(wanted, warm=warm)) for warm in ((), (module,), (module,))]
        outcomes = [bench.heard.outcome(request.job) for request in requests]
        assert {(outcome.reason, outcome.exit_code, outcome.attempts) for outcome in outcomes} == {
            (Reason.EXIT, 3, 1)
        }
        assert {bench.log(request) for request in requests} == {f"['7'] {tmp_path.resolve()}\n"}

    # --- ending it -------------------------------------------------------------------------------

    @pytest.mark.parametrize("reason", [Reason.CANCELLED, Reason.PRUNED])
    def test_cancel(self, bench: Bench, reason: Reason) -> None:
        request = bench.run(spec("sleep", "600", retries=3))
        bench.heard.started(request.job)
        bench.session.cancel([request.job], reason=reason, grace=PATIENCE)
        outcome = bench.heard.outcome(request.job)
        assert (outcome.reason, outcome.signal, outcome.attempts) == (reason, 15, 1)
        assert outcome.state is JobState.CANCELLED

    def test_cancel_kills_what_does_not_listen(self, bench: Bench, gate: Gate) -> None:
        request = bench.run(spec("sh", "-c", f"trap '' TERM; cat {gate.path}; sleep 600 & wait"))
        bench.heard.started(request.job)
        gate.open()  # so the trap is set
        bench.session.cancel([request.job], reason=Reason.CANCELLED, grace=0.2)
        outcome = bench.heard.outcome(request.job)
        assert (outcome.reason, outcome.signal) == (Reason.CANCELLED, 9)

    def test_cancel_one_that_waits(self, bench: Bench, tmp_path: Path, gate: Gate) -> None:
        long = bench.run(spec(*gate.command(), resources=Resources(cpus=2)))
        waiting = bench.run(spec("touch", str(tmp_path / "ran")))
        bench.heard.started(long.job)
        bench.session.cancel([waiting.job], reason=Reason.CANCELLED, grace=5)
        outcome = bench.heard.outcome(waiting.job)
        assert (outcome.reason, outcome.attempts, outcome.wall_seconds) == (Reason.CANCELLED, 0, 0.0)
        gate.open()
        assert bench.heard.outcome(long.job).reason is Reason.DONE
        assert not (tmp_path / "ran").exists()

    def test_cancel_after_the_end(self, bench: Bench) -> None:
        request = bench.run(spec("true"))
        bench.heard.outcome(request.job)
        bench.session.cancel([request.job], reason=Reason.CANCELLED, grace=0)
        assert bench.end(spec("true")).reason is Reason.DONE  # and nothing else was told of the first
        assert bench.heard.of(request.job) == [EventKind.STARTED, EventKind.ENDED]

    # --- sessions --------------------------------------------------------------------------------

    def test_watch(self, engine: Engine, bench: Bench, gate: Gate) -> None:
        request = bench.run(spec(*gate.command()))
        pid = bench.heard.started(request.job)
        heard = Heard()
        with engine.open(heard) as other:
            other.watch({request.job: 1})
            assert heard.started(request.job) == pid
            gate.open()
            assert heard.outcome(request.job).reason is Reason.DONE
        assert bench.heard.outcome(request.job).reason is Reason.DONE

    def test_watch_one_that_ended(self, engine: Engine, bench: Bench) -> None:
        request = bench.run(spec("sh", "-c", "exit 4"))
        first = bench.heard.outcome(request.job)
        heard = Heard()
        with engine.open(heard) as other:
            other.watch({request.job: 1})
            assert heard.outcome(request.job) == first
        assert heard.of(request.job) == [EventKind.ENDED]

    @pytest.mark.parametrize("fence", [0, 2])
    def test_watch_one_that_is_not_there(self, bench: Bench, fence: int) -> None:
        request = bench.run(spec("true"))
        bench.heard.outcome(request.job)
        unknown = new_id()
        bench.session.watch({unknown: 1})
        assert bench.heard.wait(unknown, *LAST).kind is EventKind.UNKNOWN
        bench.session.watch({request.job: fence})
        assert bench.heard.wait(request.job, EventKind.UNKNOWN).fence == fence

    def test_submitting_twice_is_once(self, bench: Bench, tmp_path: Path, gate: Gate) -> None:
        wanted = spec("sh", "-c", f"echo x >>{tmp_path / 'count'}; cat {gate.path}")
        request = bench.run(wanted)
        bench.heard.started(request.job)
        bench.session.submit([request, request])
        gate.open()
        assert bench.heard.outcome(request.job).reason is Reason.DONE
        bench.session.submit([request])
        bench.end(spec("true"))
        assert (tmp_path / "count").read_text() == "x\n"

    def test_outcome_when_the_session_is_gone(self, engine: Engine, gate: Gate) -> None:
        heard = Heard()
        with engine.open(heard) as session:
            request = Bench(engine, session, heard).run(spec(*gate.command()))
            pid = heard.started(request.job)
            assert engine.outcome(request.job, 1) is None
        gate.open()
        again = Heard()
        with engine.open(again) as session:
            session.watch({request.job: 1})
            outcome = again.outcome(request.job)
        assert pid
        assert outcome.reason is Reason.DONE
        assert engine.outcome(request.job, 1) == outcome
        assert engine.outcome(request.job, 2) is None
        assert engine.outcome(new_id(), 1) is None

    def test_closing_at_once_loses_nothing(self, engine: Engine, tmp_path: Path) -> None:
        wanted = spec("touch", str(tmp_path / "ran"))
        with engine.open(Heard()) as session:
            request = engine.prepare(wanted, job=new_id(), fence=1)
            session.submit([request])
        heard = Heard()
        with engine.open(heard) as session:
            session.watch({request.job: 1})
            assert heard.outcome(request.job).reason is Reason.DONE
        assert (tmp_path / "ran").exists()

    def test_tells_of_a_start_that_nobody_heard(self, engine: Engine, bench: Bench, gate: Gate) -> None:
        running = bench.run(spec(*gate.command(), resources=Resources(cpus=2)))
        waiting = bench.run(spec("true"))
        heard = bench.heard.wait(running.job, EventKind.STARTED)
        told = engine.started(running.job, 1)
        assert told is not None
        assert (told.kind, told.job, told.fence) == (EventKind.STARTED, running.job, 1)
        assert (told.pid, told.at) == (heard.pid, heard.at)
        assert engine.started(running.job, 2) is None
        assert engine.started(waiting.job, 1) is None
        gate.open()
        bench.heard.outcome(waiting.job)
        assert engine.started(running.job, 1) is None

    def test_knows_what_waits_and_runs(self, engine: Engine, bench: Bench, gate: Gate) -> None:
        assert not engine.knows(new_id(), 1)
        running = bench.run(spec(*gate.command(), resources=Resources(cpus=2)))
        waiting = bench.run(spec("true"))
        bench.heard.started(running.job)
        assert engine.knows(running.job, 1)
        assert engine.knows(waiting.job, 1)
        assert not engine.knows(running.job, 2)
        gate.open()
        bench.heard.outcome(waiting.job)
        assert not engine.knows(running.job, 1)
        assert not engine.knows(waiting.job, 1)

    # --- slots and order -------------------------------------------------------------------------

    def test_many_at_once(self, bench: Bench) -> None:
        codes = list(range(1, 41))
        wanted = [spec("sh", "-c", f"exit {code}") for code in codes]
        requests = [bench.engine.prepare(one, job=new_id(), fence=1) for one in wanted]
        bench.session.submit(requests)
        outcomes = [bench.heard.outcome(request.job) for request in requests]
        assert [outcome.exit_code for outcome in outcomes] == codes
        told = [event.job for event in bench.heard.events if event.kind is EventKind.STARTED]
        assert told == [request.job for request in requests]

    def test_never_more_than_the_slots(self, bench: Bench, tmp_path: Path) -> None:
        record = tmp_path / "record"
        code = f"echo +1 >>{record}; : work; echo -1 >>{record}"
        requests = [bench.run(spec("sh", "-c", code)) for _ in range(30)]
        assert {bench.heard.outcome(request.job).reason for request in requests} == {Reason.DONE}
        assert 1 <= _most(record) <= 2

    def test_fractions_of_a_cpu_add_up(self, bench: Bench, tmp_path: Path) -> None:
        gates = [Gate(tmp_path / f"gate{number}") for number in range(20)]
        small = Resources(cpus=0.1)
        requests = [bench.run(spec(*gate.command(), resources=small)) for gate in gates]
        for request in requests:
            bench.heard.started(request.job)
        late = bench.run(spec("true", resources=small))
        for gate in gates:
            gate.open()
        assert bench.heard.outcome(late.job).reason is Reason.DONE
        ended = [event.job for event in bench.heard.events if event.kind is EventKind.ENDED]
        started = [event.job for event in bench.heard.events if event.kind is EventKind.STARTED]
        assert started[-1] == late.job
        assert ended[0] != late.job

    def test_a_large_job_is_not_overtaken(self, bench: Bench, tmp_path: Path) -> None:
        gates = [Gate(tmp_path / name) for name in ("first", "large")]
        first = bench.run(spec(*gates[0].command()))
        large = bench.run(spec(*gates[1].command(), resources=Resources(cpus=2)))
        small = bench.run(spec("true"))
        bench.heard.started(first.job)
        gates[0].open()
        bench.heard.started(large.job)
        assert bench.heard.of(small.job) == []
        gates[1].open()
        bench.heard.outcome(small.job)
        ends = [event.job for event in bench.heard.events if event.kind is EventKind.ENDED]
        assert ends == [first.job, large.job, small.job]

    # --- before anything runs --------------------------------------------------------------------

    @pytest.mark.parametrize(
        "wrong",
        [
            {"resources": Resources(cpus=64000)},
            {"resources": Resources(cpus=0)},
            {"resources": Resources(memory=0)},
            {"resources": Resources(timeout=0)},
            {"retries": -1},
            {"command": ()},
        ],
        ids=lambda wrong: next(iter(wrong)),
    )
    def test_check_refuses(self, engine: Engine, wrong: dict[str, object]) -> None:
        engine.check(spec("true"))
        with pytest.raises(InputError):
            engine.check(replace(spec("true"), **wrong))  # type: ignore[arg-type]

    def test_prepare_touches_nothing(self, engine: Engine, tmp_path: Path) -> None:
        before = _all_files(tmp_path)
        wanted = spec("true", params={"depth": 3}, retries=2, resources=Resources(cpus=0.5, timeout=9))
        request = engine.prepare(wanted, job="job", fence=4)
        assert request == engine.prepare(wanted, job="job", fence=4)
        assert (request.job, request.fence, request.retries) == ("job", 4, 2)
        assert (request.command, request.resources) == (wanted.command, wanted.resources)
        assert _all_files(tmp_path) == before


def _most(record: Path) -> int:
    """How many ran at once, from lines of +1 and -1."""
    running = most = 0
    for line in record.read_text().split():
        running += int(line)
        most = max(most, running)
    assert running == 0
    return most


def _all_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))
