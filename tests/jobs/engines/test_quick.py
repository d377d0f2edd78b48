"""Quick jobs: forks of a Python that is up and has loaded nothing, where one is there; else cold, without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.jobs.engines.conftest import host_of
from tests.jobs.engines.test_forks import Project, forked
from tests.jobs.engines.test_warm_same import COMMANDS, ENDS, ENVIRONMENTS, Mirror, differences

from stratolab.jobs.engines import forks
from stratolab.jobs.models import Reason, Resources
from stratolab.testing.bench import Bench, eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stratolab.jobs.engines.local import LocalEngine

WHETHER = "import gc; print('forked' if gc.get_freeze_count() else 'cold')"


@pytest.fixture
def mirror(bench: Bench, tmp_path: Path) -> Mirror:
    made = Mirror(bench, tmp_path)
    for name in ("mirror.py", "package/inside.py", "package/__main__.py", "folder/__main__.py"):
        made.write(name)
    made.write("package/__init__.py", "")
    (tmp_path / "linked.py").symlink_to("package/inside.py")
    return made


@pytest.fixture
def project(bench: Bench, tmp_path: Path) -> Project:
    made = Project(bench, tmp_path)
    made.write("train.py", WHETHER)
    return made


def log_of(project: Project, **more: object) -> str:
    """What a quick job of the project's command wrote. Nothing is said of how it started."""
    request = project.start(quick=True, **more)
    outcome, note = project.ends(request)
    assert (outcome.reason, note) == (Reason.DONE, "")
    return project.bench.log(request).strip()


def test_the_first_starts_cold_and_those_after_it_from_a_python_that_is_up(
    project: Project, engine: LocalEngine
) -> None:
    assert log_of(project) == "cold"
    eventually(lambda: len(forked(host_of(engine))) == 2, "the fork server and one spare")
    assert {log_of(project) for _ in range(5)} == {"forked"}


def test_what_is_not_quick_starts_cold_beside_it(project: Project, engine: LocalEngine) -> None:
    log_of(project)
    eventually(lambda: len(forked(host_of(engine))) == 2, "the fork server and one spare")
    request = project.start()
    project.ends(request)
    assert project.bench.log(request).strip() == "cold"


def test_quick_jobs_and_warm_ones_have_servers_of_their_own(project: Project, engine: LocalEngine) -> None:
    project.ends(project.start("counted"))
    log_of(project)
    eventually(lambda: len(forked(host_of(engine))) == 4, "two fork servers and their spares")
    assert log_of(project) == "forked"
    assert project.loads == 1


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_script_sees_the_same(
    mirror: Mirror, engine: LocalEngine, tmp_path: Path, command: Callable[[Path], tuple[str, ...]]
) -> None:
    compare(mirror, engine, command(tmp_path))


@pytest.mark.parametrize("env", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_the_environment_is_the_same(mirror: Mirror, engine: LocalEngine, env: dict[str, str]) -> None:
    mirror.env |= env
    compare(mirror, engine, ("python", "mirror.py", "1"))


@pytest.mark.parametrize("text", ENDS.values(), ids=ENDS)
def test_an_end_is_the_same(mirror: Mirror, engine: LocalEngine, text: str) -> None:
    mirror.write("end.py", text)
    cold, log = mirror.end("python", "end.py", "1", quick=True)
    eventually(lambda: len(forked(host_of(engine))) == 2, "the fork server and one spare")
    quick, quick_log = mirror.end("python", "end.py", "1", quick=True)
    assert quick_log == log
    facts = ("reason", "exit_code", "signal", "message", "attempts")
    assert [getattr(quick, name) for name in facts] == [getattr(cold, name) for name in facts]


def compare(mirror: Mirror, engine: LocalEngine, command: tuple[str, ...]) -> None:
    """Run the script cold and from a Python that is up; what both see must be the same, chance excepted."""
    cold = mirror.run(*command, quick=True)
    eventually(lambda: len(forked(host_of(engine))) == 2, "the fork server and one spare")
    first, second = (mirror.run(*command, quick=True) for _ in range(2))
    for quick in (first, second):
        assert differences(cold["same"], quick["same"]) == {}
        assert quick["log"] == cold["log"]
        assert set(quick["ids"]["modules"]) - set(cold["ids"]["modules"]) <= {"_socket", "fcntl", "gc"}
    for name in cold["chance"].keys() - {"hash"}:
        assert len({one["chance"][name] for one in (cold, first, second)}) == 3, name


# --- where forking will not do -------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        f"kept = open({__file__!r})",
        "import mmap; kept = mmap.mmap(-1, 4096)",
        "import sys; sys.setprofile(lambda *_: None)",
        "import sys; sys.settrace(lambda *_: None)",
    ],
    ids=["thread", "file", "shared memory", "profiler", "debugger"],
)
def test_a_python_that_starts_with_what_no_fork_has_is_not_forked(project: Project, text: str) -> None:
    """As one that a debugger or a profiler hooks itself into by `sitecustomize` or a .pth file."""
    project.write("site-packages/sitecustomize.py", text)
    assert [log_of(project) for _ in range(3)] == ["cold"] * 3


@pytest.mark.parametrize("command", [("sh", "-c", "echo cold"), ("python", "-c", WHETHER)])
def test_what_is_no_script_starts_cold(project: Project, command: tuple[str, ...]) -> None:
    project.command = command
    assert [log_of(project) for _ in range(2)] == ["cold"] * 2


def test_a_limit_below_what_python_takes_is_kept_by_a_cold_start(
    project: Project, engine: LocalEngine
) -> None:
    log_of(project)
    eventually(lambda: len(forked(host_of(engine))) == 2, "the fork server and one spare")
    request = project.start(quick=True, resources=Resources(memory=1 << 20))
    assert project.ends(request)[1] == ""


def test_warm_ones_keep_their_servers(project: Project, engine: LocalEngine) -> None:
    project.write("train.py", "print('ran')")
    for number in range(forks.MOST):
        project.env["KIND"] = str(number)
        project.run("counted")
    eventually(lambda: len(forked(host_of(engine))) == 2 * forks.MOST, "as many as there may be")
    project.env["KIND"] = "another"
    servers = set(forked(host_of(engine)))
    project.write("train.py", WHETHER)
    assert [log_of(project) for _ in range(2)] == ["cold"] * 2
    assert set(forked(host_of(engine))) == servers


def test_a_script_that_runs_long_after_all_is_ended_by_its_limit(
    project: Project, engine: LocalEngine
) -> None:
    log_of(project)
    eventually(lambda: len(forked(host_of(engine))) == 2, "the fork server and one spare")
    project.write("train.py", "import time; time.sleep(60)")
    request = project.start(quick=True, resources=Resources(timeout=0.3))
    assert project.ends(request)[0].reason is Reason.TIMEOUT
