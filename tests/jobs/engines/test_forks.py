"""The fork servers: one for each kind of job, there when wanted, gone when not, replaced by cold starts where unfit."""

from __future__ import annotations

import ast
import contextlib
import ctypes
import os
import selectors
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.jobs.engines.conftest import client, end, host_of, kill_host, line_of, wait_for_end

from stratolab.core.processes import started
from stratolab.jobs.engines import family, forks
from stratolab.jobs.engines.tasks import Task
from stratolab.jobs.models import EventKind, Reason, Resources
from stratolab.testing.bench import Bench, Gate, eventually, spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stratolab.jobs.engines.local import LocalEngine
    from stratolab.jobs.models import Outcome, Request

MIB = 1 << 20
CHILDREN = "/proc/{0}/task/{0}/children"


def forked(host: int) -> list[int]:
    """The fork servers of a host, and their processes without a job; the oldest first."""
    pids = [int(pid) for pid in Path(CHILDREN.format(host)).read_text().split()]
    return [pid for pid in pids if family.mark(pid) == family.FORK_SERVER]


class Project:
    """A folder with a script, `site-packages` for modules that count as installed, and what jobs of it told."""

    def __init__(self, bench: Bench, root: Path) -> None:
        self.bench, self.root = bench, root
        self.env = {"PYTHONPATH": str(root / "site-packages")}
        self.command: tuple[str, ...] = ("python", "train.py")
        self.write("train.py", "print('ran')")
        self.install("counted", f"open({str(root / 'count')!r}, 'a').write('x')")

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def install(self, name: str, text: str) -> None:
        self.write(f"site-packages/{name}.py", text)

    def start(self, *warm: str, folder: str | Path = "", **more: object) -> Request:
        wanted = spec(*self.command, folder=folder or self.root, env=self.env, warm=warm, **more)
        return self.bench.run(wanted)

    def ends(self, request: Request) -> tuple[Outcome, str]:
        """How it ended, and why it started cold."""
        outcome = self.bench.heard.outcome(request.job)
        notes = [event.note for event in self.bench.heard.events if event.job == request.job and event.note]
        return outcome, "; ".join(notes)

    def run(self, *warm: str, **more: object) -> str:
        """Run a job well; why it started cold."""
        request = self.start(*warm, **more)
        outcome, note = self.ends(request)
        assert (outcome.reason, self.bench.log(request)) == (Reason.DONE, "ran\n"), outcome
        return note

    @property
    def loads(self) -> int:
        """How many times `counted` was loaded."""
        path = self.root / "count"
        return len(path.read_text()) if path.exists() else 0


@pytest.fixture
def project(bench: Bench, tmp_path: Path) -> Project:
    return Project(bench, tmp_path)


# --- one for each kind of job --------------------------------------------------------------------


def test_one_server_serves_all_jobs_of_a_kind(project: Project, engine: LocalEngine) -> None:
    requests = [project.start("counted") for _ in range(12)]
    assert {project.ends(request)[1] for request in requests} == {""}
    assert project.loads == 1
    eventually(lambda: len(forked(host_of(engine))) == 2, "it and one spare")


def test_cold_jobs_beside_warm_ones_leave_the_server_alone(project: Project) -> None:
    """What the host does about orphans when a job ends does not take a spare for one."""
    for _ in range(10):
        requests = [project.start("counted"), project.bench.run(spec("true"))]
        assert [project.ends(request)[1] for request in requests] == ["", ""]
    assert project.loads == 1


@pytest.mark.parametrize("change", ["variable", "folder", "script", "modules", "options"])
def test_another_kind_has_a_server_of_its_own(project: Project, tmp_path: Path, change: str) -> None:
    project.run("counted")
    project.write("other/train.py", "print('ran')")
    if change == "variable":
        project.env["OMP_NUM_THREADS"] = "3"
    elif change == "script":
        project.command = ("python", "other/train.py")
    elif change == "options":
        project.command = ("python", "-O", "train.py")
    modules = ("counted", "json") if change == "modules" else ("counted",)
    assert project.run(*modules, folder=tmp_path / "other" if change == "folder" else "") == ""
    assert project.loads == 2


def test_what_differs_from_trial_to_trial_makes_no_other_kind(project: Project) -> None:
    for trial in range(3):
        project.env |= {"STRATOLAB_TRIAL": str(trial), "MLFLOW_RUN_ID": str(trial)}
        project.command = ("python", "train.py", "--x", str(trial))
        assert project.run("counted") == ""
    assert project.loads == 1


def test_at_most_so_many_are_kept(project: Project, engine: LocalEngine) -> None:
    for number in range(forks.MOST + 2):
        project.env["KIND"] = str(number)
        assert project.run("counted") == ""
    assert project.loads == forks.MOST + 2
    eventually(lambda: len(forked(host_of(engine))) == 2 * forks.MOST, "a spare of each")
    assert project.run("counted") == ""
    assert project.loads == forks.MOST + 2  # the latest are those that were kept


# --- where forking will not do -------------------------------------------------------------------

UNFIT = {
    "thread": ("import threading, time; threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
               "module runs threads (python)"),
    "socket": ("import socket; s = socket.socket()", "module keeps a socket open"),
    "file": ("f = open('/etc/passwd')", "module keeps /etc/passwd open"),
    "loop": ("import asyncio; loop = asyncio.new_event_loop()", "module keeps a"),
    "shared memory": ("import mmap; m = mmap.mmap(-1, 4096)", "module shares memory between processes"),
    "lock": ("import multiprocessing; lock = multiprocessing.Lock()", "module "),
    "process": ("import subprocess; p = subprocess.Popen(['sleep', '600'])", "module starts processes"),
    "profiler": ("import sys; sys.setprofile(lambda *_: None)", "module is watched by a debugger, a profiler"),
    "missing": ("import nothing", "module cannot be imported: ModuleNotFoundError: No module named 'nothing'"),
    "raises": ("raise RuntimeError('not today')", "module cannot be imported: RuntimeError: not today"),
    "exits": ("raise SystemExit(3)", "module cannot be imported: SystemExit: 3"),
    "interrupt": ("raise KeyboardInterrupt", "module cannot be imported: KeyboardInterrupt: "),
    "really exits": ("import os; os._exit(3)", "loading its modules ends Python"),
    "crash": ("import os; os.kill(os.getpid(), 11)", "loading its modules ends Python"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "note"), UNFIT.values(), ids=UNFIT)
def test_modules_that_cannot_be_forked_are_told(
    project: Project, engine: LocalEngine, text: str, note: str
) -> None:
    project.install("module", text)
    for _ in range(2):
        assert project.run("counted", "module").startswith(note)
    assert project.loads == (
        forks.LIVES if "ends Python" in note else 1
    )  # and is not tried again for a while
    eventually(lambda: forked(host_of(engine)) == [], "none is left")


FIT = {
    "null": "f = open('/dev/null', 'w')",
    "randomness": "f = open('/dev/urandom', 'rb')",
    "ended thread": "import threading; t = threading.Thread(target=print); t.start(); t.join()",
    "closed": "import socket; socket.socket().close()",
    "private memory": "import mmap; m = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE)",
    "ended process": "import subprocess; subprocess.run(['true'])",
    "prints": "import sys; print('while loading'); sys.stderr.write('x')",
    "handlers": "import atexit, signal; atexit.register(int); signal.signal(signal.SIGUSR1, lambda *a: None)",
    "arguments": "import sys; assert sys.argv == ['train.py'], sys.argv",
    "main": "import __main__, os; assert os.path.samefile(__main__.__file__, 'train.py')",
    "no job": "import os; assert not [name for name in os.environ if name.startswith('STRATOLAB_')], os.environ",
    "path": "import os; assert os.environ['PYTHONPATH'].endswith('site-packages')",
}


@pytest.mark.parametrize("text", FIT.values(), ids=FIT)
def test_modules_that_can_be_forked(project: Project, text: str) -> None:
    project.install("module", text)
    assert project.run("counted", "module") == ""
    assert project.run("counted", "module") == ""
    assert project.loads == 1


COMMANDS = {
    "shell": (("sh", "-c", "echo ran"), "the command begins with sh, not with python"),
    "code": (("python", "-c", "print('ran')"), "the command runs python -c"),
    "isolated": (("python", "-I", "train.py"), "python -I looks nowhere for what a fork server needs"),
    "wrapper": (("./python", "train.py"), "./python is a script that starts Python"),
    "long": (("python", "train.py", "x" * 90_000, "y" * 90_000), "its arguments are too long"),
}


@pytest.mark.parametrize(("command", "note"), COMMANDS.values(), ids=COMMANDS)
def test_commands_that_cannot_be_forked(project: Project, command: tuple[str, ...], note: str) -> None:
    project.write("python", '#!/bin/sh\nexec python "$@"\n').chmod(0o755)
    project.command = command
    assert project.run("counted").replace(f"{project.root}/", "").startswith(note)
    assert project.loads == 0


def test_modules_of_the_project_are_refused(project: Project) -> None:
    project.write("mine.py", "x = 1")
    project.env["PYTHONPATH"] += os.pathsep + str(project.root)
    assert (
        project.run("mine")
        == "mine is a file of the project (mine.py), which each trial must load as it then is"
    )


def test_a_file_beside_the_script_that_hides_a_module(project: Project) -> None:
    """`python train.py` would find it first; so a job that was forked must not go on with the other."""
    assert project.run("counted") == ""
    project.write("counted.py", "print('mine')")
    project.write("train.py", "import counted; print('ran')")
    request = project.start("counted")
    assert project.ends(request)[0].reason is Reason.DONE
    assert project.bench.log(request) == "mine\nran\n"
    request = project.start("counted")
    assert project.ends(request)[1].endswith("counted.py stands in front of a module of the same name")
    assert project.bench.log(request) == "mine\nran\n"


def test_a_limit_below_what_the_modules_take(project: Project) -> None:
    project.install("large", f"x = bytearray(b'x') * {90 * MIB}")
    small, large = Resources(memory=64 * MIB), Resources(memory=512 * MIB)
    assert (
        project.run("large", resources=small)
        == "its memory limit is below what the modules take by themselves"
    )
    assert project.run("large", resources=large) == ""
    assert (
        project.run("large", resources=small)
        == "its memory limit is below what the modules take by themselves"
    )


@pytest.mark.parametrize(
    "command", [("python", "a\0b"), ("python", "train.py", "a\0b"), ("pyton", "train.py")]
)
def test_what_cannot_be_started_at_all(project: Project, command: tuple[str, ...]) -> None:
    project.command = command
    outcome, _ = project.ends(project.start("counted"))
    assert (outcome.reason, outcome.attempts) == (Reason.NOT_STARTED, 0)


def test_a_folder_that_is_gone(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    project.command = ("python", "../train.py")
    assert project.run("counted", folder=folder) == ""
    folder.rmdir()
    request = project.start("counted", folder=folder)
    outcome, _ = project.ends(request)
    assert (outcome.reason, outcome.attempts) == (Reason.NOT_STARTED, 0)
    assert "the working folder is not there" in outcome.message
    assert project.bench.heard.of(request.job) == [EventKind.ENDED]


# --- never out of date ---------------------------------------------------------------------------


def test_an_installation_meanwhile_makes_a_new_server(project: Project) -> None:
    assert project.run("counted") == ""
    project.install("another", "")
    assert project.run("counted") == ""
    assert project.loads == 2


def test_a_change_elsewhere_makes_a_new_server(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("source")
    (elsewhere / "linked.py").write_text("x = 'old'")
    project.env["PYTHONPATH"] += os.pathsep + str(elsewhere)
    assert project.run("linked") == ""
    (elsewhere / "linked.py").write_text("x = 'newer'")
    project.write("train.py", "import linked; assert linked.x == 'newer'; print('ran')")
    assert project.run("linked") == ""


def test_what_changes_all_the_time_starts_cold(project: Project) -> None:
    project.write("train.py", "import os, time; os.utime('site-packages', (0, time.time())); print('ran')")
    notes = [project.run("counted") for _ in range(forks.LIVES + 2)]
    assert notes[-1].endswith("site-packages has changed") or notes[-1] == ""
    assert project.loads <= forks.LIVES + 2


# --- faults --------------------------------------------------------------------------------------


def test_an_idle_server_is_killed(project: Project, engine: LocalEngine) -> None:
    assert project.run("counted") == ""
    server = forked(host_of(engine))[0]
    os.kill(server, signal.SIGKILL)
    assert [project.run("counted") for _ in range(2)] == ["", ""]  # the spare that it leaves is good for one
    assert project.loads == 2
    assert server not in forked(host_of(engine))


def test_a_spare_is_killed(project: Project, engine: LocalEngine) -> None:
    assert project.run("counted") == ""
    for _ in range(3):
        eventually(lambda: len(forked(host_of(engine))) == 2, "a spare waits")
        os.kill(forked(host_of(engine))[1], signal.SIGKILL)
        assert project.run("counted") == ""
    assert project.loads == 1


def test_spares_that_are_always_killed(project: Project, engine: LocalEngine) -> None:
    assert project.run("counted") == ""
    for _ in range(forks.LIVES):
        eventually(lambda: len(forked(host_of(engine))) == 2, "a spare waits")
        spare = forked(host_of(engine))[1]
        os.kill(spare, signal.SIGKILL)
        eventually(lambda: spare not in forked(host_of(engine)), "it is buried")  # noqa: B023 - used at once
    assert project.run("counted") == "its forked processes are killed"


def test_a_server_is_killed_while_its_jobs_run(project: Project, engine: LocalEngine, tmp_path: Path) -> None:
    gates = [Gate(tmp_path / name) for name in ("one", "two")]
    project.write("train.py", "import sys; open(sys.argv[1]).read(); print('ran')")
    requests = []
    for gate in gates:
        project.command = ("python", "train.py", str(gate.path))
        requests.append(project.start("counted"))
    pids = [project.bench.heard.started(request.job) for request in requests]
    os.kill(forked(host_of(engine))[0], signal.SIGKILL)
    eventually(lambda: forked(host_of(engine)) == [], "its spare is gone too")
    assert all(started(pid) for pid in pids)
    for gate in gates:
        gate.open()
    for request in requests:
        outcome, note = project.ends(request)
        assert (outcome.reason, outcome.exit_code, note) == (Reason.DONE, 0, "")


@pytest.mark.parametrize("times", [1, forks.LIVES])
def test_a_server_is_killed_while_it_loads(
    project: Project, engine: LocalEngine, tmp_path: Path, times: int
) -> None:
    gate = Gate(tmp_path / "gate")
    project.install("slow", f"open({str(gate.path)!r}).read()")
    request = project.start("slow")
    for _ in range(times):
        eventually(lambda: len(forked(host_of(engine))) == 1, "it loads", within=20)
        server = forked(host_of(engine))[0]
        os.kill(server, signal.SIGKILL)
        wait_for_end(server)
        eventually(lambda: server not in forked(host_of(engine)), "it is buried")  # noqa: B023 - used at once
    if times < forks.LIVES:
        gate.open()
    outcome, note = project.ends(request)
    assert outcome.reason is Reason.DONE
    assert note == ("" if times < forks.LIVES else "loading its modules ends Python")


def test_a_job_that_waits_for_a_server(project: Project, engine: LocalEngine, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    project.install("slow", f"open({str(gate.path)!r}).read()")
    first, second = project.start("slow"), project.start("slow")
    third = project.bench.run(spec("true"))
    eventually(lambda: len(forked(host_of(engine))) == 1, "it loads", within=20)
    status = engine.status()
    assert status is not None
    assert (status.free, status.running) == (0, ())
    assert [one.reason for one in status.waiting] == [
        "its modules are being loaded",
        "its modules are being loaded",
        "it needs 1 CPU, 0 of 2 are free",
    ]
    assert engine.knows(first.job, 1)
    project.bench.session.cancel([first.job], reason=Reason.CANCELLED, grace=5)
    outcome, _ = project.ends(first)
    assert (outcome.reason, outcome.attempts, outcome.wall_seconds) == (Reason.CANCELLED, 0, 0.0)
    assert project.bench.heard.outcome(third.job).reason is Reason.DONE
    gate.open()
    assert project.ends(second)[0].reason is Reason.DONE


@pytest.mark.parametrize("when", ["loading", "ready"])
def test_all_of_it_ends_with_a_killed_host(
    project: Project, engine: LocalEngine, tmp_path: Path, when: str
) -> None:
    gate = Gate(tmp_path / "gate")
    project.install("slow", f"open({str(gate.path)!r}).read()")
    if when == "ready":
        project.run("counted")
        eventually(lambda: len(forked(host_of(engine))) == 2, "it and a spare")
    else:
        project.start("slow")
        eventually(lambda: len(forked(host_of(engine))) == 1, "it loads", within=20)
    left = forked(host_of(engine))
    kill_host(engine)
    for pid in left:
        wait_for_end(pid)


def test_all_of_it_ends_with_the_host(lab_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print('ran')")
    then = """
    import os
    from pathlib import Path
    from stratolab.jobs.engines import family
    host = engine.status().pid
    session.submit([engine.prepare(spec("python", "train.py", folder=os.getcwd(), warm=("json",)), job="j", fence=1)])
    heard.outcome("j")
    print(*[pid for pid in Path(f"/proc/{host}/task/{host}/children").read_text().split() if family.mark(int(pid))])
    """
    process = client(lab_folder, then=then, cwd=tmp_path)
    host, others = line_of(process), line_of(process).split()
    end(process)
    assert others
    for pid in (host, *others):
        wait_for_end(int(pid))


def test_it_says_what_it_could_not_load_in_the_hosts_log(project: Project, lab_folder: Path) -> None:
    project.install("module", "def f(): raise RuntimeError('deep inside')\nf()")
    project.run("module")
    assert "in f\n" in (lab_folder / "host.log").read_text()


# --- time ----------------------------------------------------------------------------------------


class Table:
    """Fork servers on a table: their time is set by hand, and what they say is read when asked for."""

    def __init__(self, lab: Path) -> None:
        self.now = 0.0
        self.given: list[Task] = []
        self.returned: list[Task] = []
        self._selector = selectors.DefaultSelector()
        self._folder = os.open(lab, os.O_RDONLY)
        self._lab = lab
        self._others = _children()
        family.adopt_orphans()
        self.forks = forks.Forks(
            str(lab), self._folder, attach=self._attach, detach=self._selector.unregister,
            ready=self._run, again=self.returned.append, clock=lambda: self.now,
        )  # fmt: skip

    def task(self, job: str, warm: str = "json") -> Task:
        home = self._lab / "jobs" / job
        home.mkdir(parents=True, exist_ok=True)
        request = {
            "job": job, "fence": 1, "command": ["python", "train.py"], "folder": str(self._lab.parent), "cpus": 1,
            "home": str(home), "env": dict(os.environ), "memory": None, "timeout": None, "retries": 0, "warm": [warm],
        }  # fmt: skip
        task = Task(request, {}, 0o077)
        task.attempt = 1
        return task

    def until(self, true: Callable[[], bool]) -> None:
        def happened() -> bool:
            for key, _ in self._selector.select(0.01):
                key.data()
            return true()

        eventually(happened, "the fork server says so")

    def close(self) -> None:
        self.until(lambda: all(task.spare is None for task in self.given))
        self.forks.close()
        self._selector.close()
        os.close(self._folder)
        eventually(self._reaped, "all that the servers left is reaped")

    def _reaped(self) -> bool:
        """Whether none of ours is left; what other fixtures of this process started is not ours to wait for."""
        for pid in _children() - self._others:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        return _children() <= self._others

    def _attach(self, file: int, heard: Callable[[], None]) -> None:
        self._selector.register(file, selectors.EVENT_READ, heard)

    def _run(self, task: Task) -> None:
        task.pid = self.forks.run(task)
        self.given.append(task)


@pytest.fixture
def table(lab_folder: Path, tmp_path: Path) -> Iterator[Table]:
    """For the time of a test we are as a host is: orphans become ours, and our files are not inherited."""
    (tmp_path / "train.py").write_text("print('ran')")
    numbers = [int(path.name) for path in Path("/proc/self/fd").iterdir()]
    inherited = [number for number in numbers if number > 2 and _inherits(number)]
    for number in inherited:
        os.set_inheritable(number, False)  # noqa: FBT003
    made = Table(lab_folder)
    yield made
    made.close()
    ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    for number in inherited:
        os.set_inheritable(number, True)  # noqa: FBT003


def _children() -> set[int]:
    """The children of this process, by whichever of its threads they were started."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(pid) for children in lists for pid in children.read_text().split()}


def _inherits(number: int) -> bool:
    try:
        return os.get_inheritable(number)
    except OSError:
        return False


def test_a_server_that_nobody_wants_ends(table: Table) -> None:
    assert table.forks.next_time() == float("inf")
    assert table.forks.take(table.task("one"))
    table.until(lambda: len(table.given) == 1)
    assert table.forks.next_time() in {
        forks.ANSWER,
        forks.IDLE,
    }  # before, and after, the next spare has answered
    table.until(lambda: table.forks.next_time() == forks.IDLE)
    table.now = forks.IDLE - 1
    table.forks.tick()
    assert table.forks.take(table.task("two"))
    assert len(table.given) == 2  # at once
    table.until(lambda: table.forks.next_time() == 2 * forks.IDLE - 1)
    table.now = 2 * forks.IDLE
    table.forks.tick()
    assert table.forks.next_time() == float("inf")


def test_modules_that_never_finish_loading(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "endless.py").write_text("import time; time.sleep(600)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site-packages"))
    task = table.task("one", "endless")
    assert table.forks.take(task)
    table.now = forks.LOADING - 1
    table.forks.tick()
    assert table.returned == []
    table.now = forks.LOADING
    table.forks.tick()
    assert table.returned == [task]
    assert not table.forks.take(task)
    assert task.note == "its modules are not loaded after 120 s"
    table.now += forks.REMEMBERED
    assert table.forks.take(task)


def test_a_server_that_does_not_answer(table: Table) -> None:
    assert table.forks.take(table.task("one"))
    table.until(lambda: len(table.given) == 1)
    table.until(lambda: table.forks.next_time() == forks.IDLE)
    (server,) = {
        pid for pid in forked(os.getpid()) if "forks with" in Path(f"/proc/{pid}/cmdline").read_text()
    } - {max(forked(os.getpid()))}
    os.kill(server, signal.SIGSTOP)
    assert table.forks.take(table.task("two"))  # by the spare that is there
    task = table.task("three")
    assert table.forks.take(task)
    table.now = forks.ANSWER
    table.forks.tick()
    assert table.returned == [task]
    assert table.forks.take(task)  # by another server
    table.until(lambda: len(table.given) == 3)


@pytest.mark.parametrize("name", ["sitecustomize", "checks"])
def test_a_fork_server_may_be_an_older_python(name: str) -> None:
    source = Path(forks.__file__).parent / "forkserver" / f"{name}.py"
    tree = ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= {"os", "sys", "time", "gc", "fcntl", "_socket"}
