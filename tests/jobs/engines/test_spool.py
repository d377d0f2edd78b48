"""What the engine leaves on disk, and what it does not."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.jobs.engines.conftest import (
    CLIENT,
    kill_host,
    raw,
    wait_for_end,
)

from stratolab.jobs.engines import spool, wire
from stratolab.jobs.engines.local import LocalEngine
from stratolab.jobs.models import Outcome, Reason
from stratolab.testing.bench import Bench, Heard, spec

if TYPE_CHECKING:
    import pytest


def test_modes_whatever_the_umask(lab_folder: Path, tmp_path: Path, engine: LocalEngine) -> None:
    lab, made = tmp_path / "new-lab", tmp_path / "made"
    code = "import os; os.umask(0)\n" + CLIENT + "heard.outcome('job'); session.close()"
    command = ("sh", "-c", f"touch {made}; umask")
    subprocess.run([sys.executable, "-c", code, str(lab), *command], check=True, capture_output=True)
    modes = {
        path.relative_to(lab).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in [lab, *lab.rglob("*")]
    }
    assert modes.pop(".") == 0o700
    assert {"jobs/job/log", "jobs/job/params.json", "jobs/job/outcome.json", "host.sock", "host.log"} <= set(
        modes
    )
    for name, mode in modes.items():
        assert mode == (0o700 if (lab / name).is_dir() else 0o600), name
    assert stat.S_IMODE(made.stat().st_mode) == 0o666  # the job has the umask of whoever submitted it
    assert (lab / "jobs" / "job" / "log").read_text().strip() == "0000"
    status = LocalEngine(lab).status()
    if status:
        wait_for_end(status.pid)


CANARY = "c4n4ry-value-that-must-not-be-written"


def test_no_environment_on_disk(
    engine: LocalEngine, lab_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SESSION", CANARY)
    heard = Heard()
    secret = {"SECRET_OF_THE_SPEC": CANARY}
    with engine.open(heard) as session:
        bench = Bench(engine, session, heard)
        ends = [
            bench.end(spec("sh", "-c", 'test "$SECRET_OF_THE_SPEC$SECRET_OF_THE_SESSION"', env=secret)),
            bench.end(spec("no-such-program", env=secret)),
            bench.end(spec("true", env={**secret, "NUL": "\0"})),
            bench.end(spec("sh", "-c", "exit 3", env=secret, retries=2)),
        ]
        running = bench.run(spec("sleep", "600", env=secret))
        heard.started(running.job)
        with raw(lab_folder) as there:
            there.sendall(wire.encode({"do": "hello", "env": {"SECRET": CANARY}}))
            assert there.recv(10) == b""
        found = [path for path in lab_folder.rglob("*") if path.is_file() and CANARY in path.read_text()]
        kill_host(engine)
        session.cancel([running.job], reason=Reason.CANCELLED, grace=0)
        heard.outcome(running.job)
    assert [outcome.reason for outcome in ends] == [
        Reason.DONE,
        Reason.NOT_STARTED,
        Reason.NOT_STARTED,
        Reason.EXIT,
    ]
    assert found == []
    assert not [path for path in lab_folder.rglob("*") if path.is_file() and CANARY in path.read_text()]
    assert not any(CANARY in outcome.message for outcome in ends)


def test_the_lab_s_python_is_python(bench: Bench) -> None:
    request = bench.run(spec("python", "-c", "import sys; print(sys.executable)"))
    bench.heard.outcome(request.job)
    assert Path(bench.log(request).strip()).parent == Path(sys.executable).parent


def test_a_job_inside_a_job_is_no_part_of_it(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JOB", "TRIAL", "SWEEP", "HOME", "REPORT"):
        monkeypatch.setenv(f"STRATOLAB_{name}", "of the outer one")
    heard = Heard()
    with engine.open(heard) as session:
        bench = Bench(engine, session, heard)
        request = bench.run(spec("sh", "-c", "env | grep outer; true"))
        heard.outcome(request.job)
    assert bench.log(request) == ""


def test_outcome_file_is_what_models_say(bench: Bench) -> None:
    request = bench.run(spec("true"))
    outcome = bench.heard.outcome(request.job)
    written = json.loads(Path(request.home, "outcome.json").read_text())
    assert Outcome(**{**written, "reason": Reason(written["reason"])}) == outcome


def test_an_outcome_is_whole_or_not_there(tmp_path: Path) -> None:
    home = str(tmp_path)
    assert spool.load_outcome(home) is None
    for torn in (b"", b'{"fence": 1', b"[]", b"{}"):
        spool.save_outcome(home, torn)
        assert spool.load_outcome(home) is None
    spool.save_outcome(home, b'{"fence": 3}\n')
    assert spool.load_outcome(home) == {"fence": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["outcome.json"]


def test_notes_of_running_jobs(tmp_path: Path) -> None:
    lab = str(tmp_path)
    assert list(spool.all_live(lab)) == []
    note = spool.begin(lab, "job", {"fence": 1})
    assert spool.live(lab, "job") == {"fence": 1, "process": ""}
    spool.add_process(note, "machine/1/2")
    assert list(spool.all_live(lab)) == [("job", {"fence": 1, "process": "machine/1/2"})]
    spool.end(lab, "job")
    spool.end(lab, "job")
    assert spool.live(lab, "job") is None


def test_the_file_of_a_job_that_ended_becomes_that_of_the_next(tmp_path: Path) -> None:
    lab = str(tmp_path)
    note = spool.begin(lab, "first", {"fence": 1, "long": "x" * 200})
    spool.add_process(note, "machine/1/2")
    same = (tmp_path / "live" / "first").stat().st_ino
    spool.end(lab, "first")
    assert list(spool.all_live(lab)) == []
    note = spool.begin(lab, "second", {"fence": 2})
    assert list(spool.all_live(lab)) == [("second", {"fence": 2, "process": ""})]
    spool.add_process(note, "machine/3/4")
    assert spool.live(lab, "second") == {"fence": 2, "process": "machine/3/4"}
    assert (tmp_path / "live" / "second").stat().st_ino == same
    assert stat.S_IMODE((tmp_path / "live" / "second").stat().st_mode) == 0o600
