"""Secrets through the local engine: the contract, and what its host leaves on disk and in the process table."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.register_assert_rewrite("stratolab.testing.secrets")

from stratolab.core.errors import InputError  # noqa: E402 - after the rewriting is asked for
from stratolab.jobs.engines.local import LocalEngine  # noqa: E402
from stratolab.jobs.models import Reason, Resources  # noqa: E402
from stratolab.testing.bench import Gate, python, spec  # noqa: E402
from stratolab.testing.secrets import NAME, VALUE, EngineSecretsContract  # noqa: E402


def known(references):
    for name in references.values():
        if name != NAME:
            raise InputError(f"there is no secret {name!r}")
    return dict.fromkeys(references, VALUE)


@pytest.fixture
def engine(engine, lab_folder):
    """The one of conftest, which ends its host, and a second face of it that knows the secret."""
    return LocalEngine(lab_folder, cpus=2, secrets=known)


class TestLocalEngine(EngineSecretsContract):
    """The fixture `engine` is above."""


def test_an_engine_without_secrets_says_so(lab_folder):
    with pytest.raises(InputError, match="TOKEN"):
        LocalEngine(lab_folder).check(spec("true", secrets={"TOKEN": NAME}))


def test_while_a_job_waits_and_runs_nothing_else_holds_the_value(bench, lab_folder, tmp_path):
    gate = Gate(tmp_path / "gate")
    running = bench.run(spec(*gate.command(), secrets={"TOKEN": NAME}, resources=Resources(cpus=2)))
    waiting = bench.run(spec(*python("print(1)"), secrets={"TOKEN": NAME}))
    pid = bench.heard.started(running.job)
    host = bench.engine.status().pid
    files = [path for path in lab_folder.rglob("*") if path.is_file() and VALUE.encode() in path.read_bytes()]
    assert files == []
    assert lines("cmdline") == []
    assert VALUE.encode() in Path(f"/proc/{pid}/environ").read_bytes()
    assert VALUE.encode() not in Path(f"/proc/{host}/environ").read_bytes()
    assert lines("environ") == [pid]
    gate.open()
    assert bench.heard.outcome(waiting.job).reason is Reason.DONE
    files = [path for path in lab_folder.rglob("*") if path.is_file() and VALUE.encode() in path.read_bytes()]
    assert files == []


def lines(of):
    """The processes whose command line or environment holds the value."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if VALUE.encode() in (process / of).read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found
