"""What a script sees in a warm start is what it sees in a cold one: the same script, both ways, compared."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stratolab.jobs.models import Outcome, Reason
from stratolab.testing.bench import Bench, spec

if TYPE_CHECKING:
    from collections.abc import Callable

WARM = (
    "numpy",
    "logging.handlers",
    "multiprocessing.pool",
    "concurrent.futures",
    "asyncio",
    "uuid",
    "resource",
)

MIRROR = Path(__file__).with_name("mirror.py").read_text(encoding="utf-8")


class Mirror:
    """A folder with the script, and what it saw when it was run."""

    def __init__(self, bench: Bench, root: Path) -> None:
        self.bench, self.root, self.out = bench, root, root / "out"
        self.out.mkdir()
        self.env: dict[str, str] = {"OUT_FOLDER": str(self.out)}

    def write(self, name: str, text: str = MIRROR) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def end(self, *command: str, warm: tuple[str, ...] = (), quick: bool = False) -> tuple[Outcome, str]:
        """Run a command: how it ended, and its log."""
        wanted = spec(*command, folder=self.root, env=self.env, warm=warm, quick=quick)
        request = self.bench.run(wanted)
        outcome = self.bench.heard.outcome(request.job)
        notes = [event.note for event in self.bench.heard.events if event.job == request.job]
        assert not any(notes), notes
        return outcome, re.sub("0x[0-9a-f]+", "0x", self.bench.log(request))

    def run(self, *command: str, warm: tuple[str, ...] = (), quick: bool = False) -> dict[str, Any]:
        """Run the script: what it saw."""
        outcome, log = self.end(*command, warm=warm, quick=quick)
        assert outcome.reason is Reason.DONE, log
        seen = json.loads((self.out / outcome.job).read_text().replace(outcome.job, "JOB"))
        return {**seen, "log": log}

    def compare(self, *command: str) -> tuple[dict[str, Any], ...]:
        """Run it cold and twice warm; what both see must be the same. Gives what all three saw."""
        cold = self.run(*command)
        first, second = (self.run(*command, warm=WARM) for _ in range(2))
        for warm in (first, second):
            assert differences(cold["same"], warm["same"]) == {}
            assert warm["log"] == cold["log"]
            assert warm["ids"]["parent"] == cold["ids"]["parent"]
            assert set(warm["ids"]["modules"]) - set(cold["ids"]["modules"]) <= {"_socket", "fcntl", "gc"}
        return cold, first, second


def differences(cold: dict[str, Any], warm: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs; of lists only what stands in one of them."""
    found = {key: (value, warm[key]) for key, value in cold.items() if warm[key] != value}
    for key, (first, second) in found.items():
        if isinstance(first, list) and set(map(str, first)) != set(map(str, second)):
            found[key] = (
                [one for one in first if one not in second],
                [one for one in second if one not in first],
            )
    return found


@pytest.fixture
def mirror(bench: Bench, tmp_path: Path) -> Mirror:
    made = Mirror(bench, tmp_path)
    made.write("mirror.py")
    made.write("package/__init__.py", "")
    made.write("package/inside.py")
    made.write("package/__main__.py")
    made.write("folder/__main__.py")
    (tmp_path / "linked.py").symlink_to("package/inside.py")
    return made


COMMANDS: dict[str, Callable[[Path], tuple[str, ...]]] = {
    "script": lambda _: ("python", "mirror.py", "--rate", "0.1", "", "ü\udcff"),
    "no arguments": lambda _: ("python", "mirror.py"),
    "unbuffered": lambda _: ("python", "-u", "mirror.py", "1"),
    "options": lambda _: (
        "python",
        "-OBs",
        "-Wignore",
        "-W",
        "error::ResourceWarning",
        "-Xutf8=0",
        "mirror.py",
        "1",
    ),
    "development": lambda _: ("python", "-X", "dev", "mirror.py"),
    "safe path": lambda _: ("python", "-P", "mirror.py"),
    "module": lambda _: ("python", "-m", "package.inside", "--rate", "0.1"),
    "package": lambda _: ("python", "-mpackage", "1"),
    "another folder": lambda _: ("python", "package/inside.py"),
    "link": lambda _: ("python", "linked.py"),
    "absolute": lambda root: (sys.executable, str(root / "mirror.py"), "1"),
    "folder": lambda _: ("python", "folder", "1"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_script_sees_the_same(
    mirror: Mirror, tmp_path: Path, command: Callable[[Path], tuple[str, ...]]
) -> None:
    mirror.compare(*command(tmp_path))


ENVIRONMENTS = {
    "PYTHONPATH": {"PYTHONPATH": f"/no/such{os.pathsep}/usr/share"},
    "empty PYTHONPATH": {"PYTHONPATH": ""},
    "buffered": {"PYTHONUNBUFFERED": ""},
    "C locale": {"LC_ALL": "C"},
    "no locale": {"LC_ALL": "", "LANG": ""},
    "latin": {"PYTHONIOENCODING": "latin-1:replace"},
    "variables": {"TZ": "Asia/Tokyo", "PYTHONWARNINGS": "error::FutureWarning", "LARGE": "x" * 9000},
    "secret": {"STRATOLAB_SEED": "7", "MLFLOW_RUN_ID": "1234", "EMPTY": "", "NEWLINE": "a\nb"},
}  # fmt: skip


@pytest.mark.parametrize("env", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_the_environment_is_the_same(mirror: Mirror, env: dict[str, str]) -> None:
    mirror.env |= env
    mirror.compare("python", "mirror.py", "1")


# --- chance --------------------------------------------------------------------------------------


def test_random_state_is_new_in_each(mirror: Mirror) -> None:
    seen = [one["chance"] for one in mirror.compare("python", "mirror.py")]
    for name in seen[0].keys() - {"hash"}:
        assert len({one[name] for one in seen}) == 3, name
    _, first, second = seen
    assert (
        first["hash"] == second["hash"]
    )  # it is Python's from the start; `docs/how-to/warm-trials.md` says so


def test_a_hash_seed_is_kept(mirror: Mirror) -> None:
    mirror.env["PYTHONHASHSEED"] = "5"
    assert len({one["chance"]["hash"] for one in mirror.compare("python", "mirror.py")}) == 1


def test_a_seed_of_the_script_gives_the_same_numbers(mirror: Mirror) -> None:
    code = "import numpy, random, sys; numpy.random.seed(int(sys.argv[1])); random.seed(int(sys.argv[1]))"
    mirror.write("seeded.py", f"{code}; print(numpy.random.rand(3), random.random())")
    assert len({mirror.end("python", "seeded.py", "3", warm=warm)[1] for warm in ((), WARM, WARM)}) == 1


# --- ends ----------------------------------------------------------------------------------------

ENDS = {
    "well": "print('done')",
    "exception": "def deep():\n    raise ValueError('no such value')\nprint('before')\ndeep()",
    "chained": "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise RuntimeError('then') from error",
    "syntax": "print('never'",
    "exit code": "import sys; sys.exit(3)",
    "exit text": "import sys; sys.exit('that is why')",
    "exit None": "raise SystemExit",
    "exit True": "import sys; sys.exit(True)",
    "_exit": "import os; print('lost', end='', flush=False); os._exit(4)",
    "interrupt": "raise KeyboardInterrupt",
    "SIGINT": "import os, signal; os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(60)",
    "SIGTERM": "import os, signal; os.kill(os.getpid(), signal.SIGTERM); import time; time.sleep(60)",
    "SIGKILL": "import os; os.kill(os.getpid(), 9)",
    "abort": "import os; os.abort()",
    "faulthandler": "import faulthandler, os; faulthandler.enable(); os.kill(os.getpid(), 11)",
    "MemoryError": "bytearray(1 << 62)",
    "recursion": "def f(): f()\nimport sys; sys.setrecursionlimit(60); f()",
    "atexit": "import atexit\n@atexit.register\ndef last(): print('last')\nprint('first')",
    "atexit fails": "import atexit, functools\natexit.register(functools.partial(divmod, 1, 0).func, 1, 0)",
    "no newline": "import sys; sys.stdout.write('half'); sys.stderr.write('whole')",
    "thread": "import threading, time; threading.Thread(target=lambda: (time.sleep(0.1), print('joined'))).start()",
    "thread fails": "import threading; threading.Thread(target=lambda: 1 / 0, name='t').start()",
    "closed": "import sys; print('x'); sys.stdout.close()",
    "hook": "import sys; sys.excepthook = lambda *what: print('hooked', what[1]); raise OSError('gone')",
    "finalizer": "class A:\n    def __del__(self): print('deleted')\na = A()",
    "open file": "import os\nfile = open(1, 'w', closefd=False)\nfile.write('not flushed')\ndef f(): return file",
    "main": "import __main__, json\n__main__.x = 3\nprint(x, __main__.__dict__ is globals(), sorted(globals()))",
    "group": "import os, sys\ntry: raise ExceptionGroup('all', [ValueError(1)])\nfinally: print('left')",
    "stack": "import traceback; traceback.print_stack()",
    "input": "input('?')",
}


@pytest.mark.parametrize("text", ENDS.values(), ids=ENDS)
def test_an_end_is_the_same(mirror: Mirror, text: str) -> None:
    mirror.write("end.py", text)
    for buffered in ["", "1"] if "print" in text or "write" in text else [""]:
        mirror.env["PYTHONUNBUFFERED"] = buffered
        cold, log = mirror.end("python", "end.py", "1")
        warm, warm_log = mirror.end("python", "end.py", "1", warm=("json",))
        assert warm_log == log
        facts = ("reason", "exit_code", "signal", "message", "attempts")
        assert [getattr(warm, name) for name in facts] == [getattr(cold, name) for name in facts]


@pytest.mark.parametrize(
    "command", [("no-script.py",), ("-m", "no_module"), ("-m", "package.nothing"), ("-X", "bad", "end.py")]
)
def test_what_cannot_be_run_is_told_the_same(mirror: Mirror, command: tuple[str, ...]) -> None:
    mirror.write("end.py", "print(1)")
    (cold, log), (warm, warm_log) = (mirror.end("python", *command, "1", warm=one) for one in ((), ("json",)))
    assert (warm.exit_code, warm_log) == (cold.exit_code, log)


# --- what is inside ------------------------------------------------------------------------------

PROCESSES = """
import multiprocessing, os, sys

def work(number):
    return number * 2, os.getppid() == multiprocessing.parent_process().pid

if __name__ == "__main__":
    for method in ("spawn", "fork", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, sorted(pool.map(work, range(4)))[-1][0], len(sys.argv))
        lock = multiprocessing.get_context(method).Lock()
        process = multiprocessing.get_context(method).Process(target=work, args=(1,))
        process.start(); process.join(); print(process.exitcode)
"""


@pytest.mark.parametrize("command", [("parallel.py",), ("-m", "parallel")])
def test_processes_of_its_own(mirror: Mirror, command: tuple[str, ...]) -> None:
    mirror.write("parallel.py", PROCESSES)
    (_, log), (warm, warm_log) = (mirror.end("python", *command, "1", warm=one) for one in ((), WARM))
    assert (warm.reason, warm_log) == (Reason.DONE, log)
    assert log.count("0\n") == 3


def test_modules_of_the_project_are_loaded_anew(mirror: Mirror) -> None:
    mirror.write("train.py", "import helper; print(helper.text)")
    for text in ("one", "another", "third"):
        mirror.write("helper.py", f"text = {text!r}")
        assert mirror.end("python", "train.py", warm=("json",))[1] == f"{text}\n"


def test_the_script_is_read_anew(mirror: Mirror) -> None:
    for text in ("one", "two"):
        mirror.write("train.py", f"print({text!r})")
        assert mirror.end("python", "train.py", warm=("json",))[1] == f"{text}\n"


def test_a_sitecustomize_is_loaded_too(mirror: Mirror, tmp_path: Path) -> None:
    mirror.write("site-packages/sitecustomize.py", "import os; os.environ['CUSTOM'] = 'yes'; MINE = True")
    code = (
        "import os, sitecustomize; print(sitecustomize.MINE, sitecustomize.__name__, 'CUSTOM' in os.environ)"
    )
    mirror.write("train.py", f"{code}; print(__import__('sys').modules['sitecustomize'] is sitecustomize)")
    mirror.env["PYTHONPATH"] = str(tmp_path / "site-packages")
    logs = {mirror.end("python", "train.py", warm=warm)[1] for warm in ((), ("json",), ("json",))}
    assert logs == {"True sitecustomize True\nTrue\n"}


def test_what_modules_set_in_the_environment_stays(mirror: Mirror, tmp_path: Path) -> None:
    mirror.write("site-packages/setter.py", "import os; os.environ.setdefault('SET_BY_MODULE', 'yes')")
    mirror.write("train.py", "import os, setter; os.system('echo $SET_BY_MODULE $PYTHONPATH')")
    mirror.env["PYTHONPATH"] = str(tmp_path / "site-packages")
    logs = {mirror.end("python", "train.py", warm=warm)[1] for warm in ((), ("setter",), ("setter",))}
    assert logs == {f"yes {mirror.env['PYTHONPATH']}\n"}


def test_modules_are_really_loaded_once(mirror: Mirror, tmp_path: Path) -> None:
    mirror.write("site-packages/once.py", f"open({str(tmp_path / 'count')!r}, 'a').write('x')")
    mirror.write("train.py", "import once")
    mirror.env["PYTHONPATH"] = str(tmp_path / "site-packages")
    for _ in range(3):
        mirror.end("python", "train.py", warm=("once",))
    assert (tmp_path / "count").read_text() == "x"


def test_a_module_that_keeps_main_keeps_the_right_one(mirror: Mirror, tmp_path: Path) -> None:
    mirror.write("site-packages/keeper.py", "import __main__; kept = __main__")
    mirror.write("train.py", "import __main__, keeper\nx = 3\nprint(keeper.kept.x, keeper.kept is __main__)")
    mirror.env["PYTHONPATH"] = str(tmp_path / "site-packages")
    assert {mirror.end("python", "train.py", warm=warm)[1] for warm in ((), ("keeper",))} == {"3 True\n"}


def test_what_was_loaded_is_frozen(mirror: Mirror) -> None:
    mirror.write(
        "train.py",
        "import gc, sys; print(gc.get_freeze_count() > 10_000, sys.modules['__mp_main__'].gc is gc)",
    )
    assert mirror.end("python", "train.py", warm=WARM)[1] == "True True\n"


SCIENCE = """
import json, sys
import numpy, sklearn
from sklearn.cluster import KMeans
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info
x, y = make_classification(600, random_state=1)
print(HistGradientBoostingClassifier(max_iter=5, random_state=2).fit(x, y).score(x, y))
print(LogisticRegression().fit(x, y).coef_[0, 0])
print(KMeans(3, n_init=1, random_state=4).fit(x).inertia_)
print(numpy.linalg.svd(numpy.outer(numpy.arange(300.0), numpy.arange(300.0)))[1][0])
print(sorted((pool["user_api"], pool["num_threads"]) for pool in threadpool_info()))
"""


@pytest.mark.timeout(300)
def test_openmp_and_blas_work(mirror: Mirror) -> None:
    """OpenMP's and OpenBLAS' threads are started in the trial, none were there before."""
    mirror.write("science.py", SCIENCE)
    mirror.env["PYTHONWARNINGS"] = "ignore"
    warm = ("sklearn.ensemble", "sklearn.linear_model", "sklearn.cluster", "threadpoolctl")
    logs = [mirror.end("python", "science.py", warm=modules)[1] for modules in ((), warm, warm)]
    assert "('openmp', " in logs[0]
    assert logs[1:] == logs[:1] * 2
