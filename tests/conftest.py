"""What every test has: a home and an environment of its own, a project on request, nothing left behind.

Three things hold for all tests without being asked for:
- HOME is a new folder, and no setting of the person who runs the tests reaches the code under test;
- sockets reach this machine only (pyproject.toml);
- when the session ends, no process may be left that was started in a test's folder (invariant I7).

With STRATOLAB_NO_SKIP=1, as in CI, a skipped test is a failed one.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from stratolab.tracking import make

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

pytest.register_assert_rewrite("tests.emulator.types")
pytest_plugins = ("tests.emulator.fixture",)

FOREIGN = ("STRATOLAB_", "MLFLOW_", "XDG_", "GIT_", "PYTHON", "OMP_", "DATABASE_")
"""Beginnings of the names of variables that could steer the code under test."""

OURS = ("STRATOLAB_TEST_", "STRATOLAB_CHAOS", "STRATOLAB_GATES", "STRATOLAB_NO_SKIP")
"""Variables that steer the tests."""

ALLOWED_SKIPS = ("needs macOS",)
"""Beginnings of the reasons for which a test may be skipped in CI: what no CI machine of ours can have."""

LINGER = 15.0
"""Seconds within which everything that tests started must have ended after the last of them."""

# Two cores, many workers: a slow example says nothing. A failing one is printed as code that replays it.
hypothesis.settings.register_profile("stratolab", deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("stratolab")


# --- a world of its own for each test ------------------------------------------------------------


@pytest.fixture(autouse=True, scope="session")
def _no_process_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """I7, once a session: what tests started has ended. What has not is named with its folder."""
    yield
    root = str(tmp_path_factory.getbasetemp())
    left = _ended_within(LINGER, root)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    told = "".join(f"\n  {pid}: {what}" for pid, what in left.items())
    assert not left, f"processes were left behind:{told}"


@pytest.fixture(autouse=True, scope="session")
def _clean_environment(_no_process_is_left: None) -> Iterator[None]:
    """No variable of the user's reaches the code under test; `python` is the one that runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(FOREIGN) and not name.startswith(OURS):
                patch.delenv(name)
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
        patch.setenv("LC_ALL", "C.UTF-8")
        patch.setenv("TZ", "UTC")
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(autouse=True, scope="session")
def _empty_store_of_mlflow(_clean_environment: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have the empty store kept that labs copy: no test is to be the one for which MLflow makes it, in ten seconds."""
    kept = make.kept_store()
    if kept is not None and not kept.is_file():
        make.make(tmp_path_factory.mktemp("mlflow") / "mlflow.db")


_homes = itertools.count()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home folder: new and empty for each test."""
    folder = tmp_path_factory.getbasetemp() / "homes" / str(next(_homes))
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    return folder


# --- projects, labs, the command line ------------------------------------------------------------


@pytest.fixture
def lab_folder(tmp_path: Path) -> Path:
    """An empty lab: a folder that only we may enter."""
    folder = tmp_path / ".stratolab"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """A maker of projects: `project(toml, {"train.py": "..."})` gives the folder.

    Texts may be indented. A `[project]` table with the name `sample` is put in front where there is none.
    """

    def make(toml: str = "", files: Mapping[str, str] | None = None, *, folder: str = "project") -> Path:
        root = tmp_path / folder
        root.mkdir(exist_ok=True)
        config = textwrap.dedent(toml)
        if "[project]" not in config:
            config = f'[project]\nname = "sample"\n\n{config}'
        for name, text in {"stratolab.toml": config, **(files or {})}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return root

    return make


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str


@dataclass
class Cli:
    """`cli("jobs", "ls", folder=project)`: one `stratolab` command in a process of its own."""

    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __call__(
        self,
        *words: str,
        folder: Path | None = None,
        env: Mapping[str, str] | None = None,
        typed: str = "",
        timeout: float = 60,
    ) -> Answer:
        """Run it to its end. `typed` is its standard input, which is not a terminal."""
        process = self.start(*words, folder=folder, env=env)
        try:
            out, err = process.communicate(typed, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(
                f"stratolab {' '.join(words)}: no end, or its output held open, after {timeout} s"
            ) from error
        return Answer(process.returncode, out, err)

    def start(
        self, *words: str, folder: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start it in a session of its own and go on. It is killed when the test ends."""
        process = subprocess.Popen(
            [sys.executable, "-m", "stratolab", *words],
            cwd=folder or self.folder,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb", **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def close(self) -> None:
        """End what still runs, and let go of the pipes."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    """The command line: call it with the words of a command."""
    runner = Cli(tmp_path)
    yield runner
    runner.close()


# --- nothing is skipped in silence ---------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With STRATOLAB_NO_SKIP=1 a skipped test has failed."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that skips itself."""
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not os.environ.get("STRATOLAB_NO_SKIP") or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not reason.removeprefix("Skipped: ").startswith(ALLOWED_SKIPS):
        report.outcome = "failed"
        report.longrepr = f"skipped, which STRATOLAB_NO_SKIP forbids: {reason}"


# --- processes that were started in a folder -----------------------------------------------------


def _ended_within(seconds: float, root: str) -> dict[int, str]:
    """Wait for the processes that belong to `root` to end; give those that did not."""
    deadline = time.monotonic() + seconds
    while (left := _belonging_to(root)) and (remaining := deadline - time.monotonic()) > 0:
        _wait_for_one(next(iter(left)), remaining)
    return left


def _wait_for_one(pid: int, seconds: float) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        poll.poll(seconds * 1000)
    finally:
        os.close(handle)


def _belonging_to(root: str) -> dict[int, str]:
    """The live processes whose environment, command or folder lies in `root`; none where /proc is not."""
    wanted = root.encode()
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
            folder = os.fsencode((entry / "cwd").readlink())
            if any(_inside(wanted, text) for text in (command, environment, folder)):
                shown = command.replace(b"\0", b" ").decode(errors="replace").strip()
                found[int(entry.name)] = f"{shown[:200]} (in {os.fsdecode(folder)})"
    return found


def _inside(root: bytes, text: bytes) -> bool:
    """Whether `text` names `root` or a path below it, and not `root` as the beginning of another name."""
    place = text.find(root)
    while place >= 0:
        if text[place + len(root) : place + len(root) + 1] in {b"", b"\0", b"/", b":", b" ", b'"', b"'"}:
            return True
        place = text.find(root, place + 1)
    return False
