"""What speaks against forking a Python that has loaded modules, looked at rather than looked up in a list.

    threads        they are not there in a fork, and a lock that one held stays locked: those that are left after a
                   fork count, for OpenBLAS ends its own before one and jemalloc forgets its own after one
    open files     a fork shares the position of a file, and what a socket or the GPU says, with all others
    shared memory  locks between processes are in such, and would be between trials
    processes      they would belong to nobody's trial
    watchers       a debugger, a profiler or coverage would write what all trials did into one file
    files          of the project, or changed since: a trial must load them as they then are

For `sitecustomize` alone, and as careful as that: under any CPython from 3.9 on, leaving nothing behind.
"""
# ruff: noqa: PTH109, PTH110, PTH112, PTH115, PTH116, PTH118, PTH120, PTH123, PTH208 - it may import nothing

import os
import sys

SAFE_THREADS = frozenset({"jemalloc_bg_thd"})
SAFE_FILES = frozenset({"/dev/null", "/dev/urandom", "/dev/random"})  # what has no position to share
SOURCES = (".py", ".pyc", ".so")
SETTLES = 50  # looks, a millisecond apart, that a thread that was ended may take to be gone
LIBRARY = os.path.dirname(os.__file__)


def unfit(control: int) -> str:
    """What speaks against forking now, if something does. `control` is the one file that may be open."""
    return _threads() or _open_files(control) or _shared_memory() or _children() or _watchers()


def fork() -> int:
    """Fork. From Python 3.12 on, a thread that is safe is a warning to the parent, which may be made an error."""
    try:
        return os.fork()
    except Warning:
        return -1


def _threads() -> str:
    import time  # noqa: PLC0415

    if len(os.listdir("/proc/self/task")) == 1:
        return ""
    child = fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    names = _thread_names()
    for _ in range(SETTLES):
        if not names:
            return ""
        time.sleep(0.001)
        names = _thread_names()
    return f"runs threads ({', '.join(sorted(names))})"


def _thread_names() -> "set[str]":
    found = set()
    for thread in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{thread}/comm", encoding="utf-8", errors="replace") as file:
                name = file.read().strip()
        except OSError:
            continue
        if int(thread) != os.getpid() and name not in SAFE_THREADS:
            found.add(name)
    return found


def _open_files(control: int) -> str:
    for number in os.listdir("/proc/self/fd"):
        try:
            what = os.readlink(f"/proc/self/fd/{number}")
        except OSError:  # by which the folder was read
            continue
        if int(number) in {0, 1, 2, control} or what in SAFE_FILES:
            continue
        if what.startswith("/dev/nvidia"):
            return "uses the GPU"
        return f"keeps {'a socket' if what.startswith('socket:') else what} open"
    return ""


def _shared_memory() -> str:
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.split(None, 5)
            if "w" in words[1] and "s" in words[1]:
                return f"shares memory between processes ({words[-1].strip()})"
    return ""


def _children() -> str:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return ""
    return "starts processes"


def _watchers() -> str:
    monitoring = getattr(sys, "monitoring", None)  # from Python 3.12 on
    tools = [monitoring.get_tool(number) for number in range(6)] if monitoring else []
    if sys.gettrace() or sys.getprofile() or any(tools):
        return "is watched by a debugger, a profiler or coverage"
    return ""


# --- files ---------------------------------------------------------------------------------------


class World:
    """The files that the loaded modules came from. `foreign` says if some are such as a job must load itself.

    `before` are the modules that Python itself had loaded, `project` is the folder whose files may change any time.
    """

    def __init__(self, before: "frozenset[str]", project: str) -> None:
        self.foreign = ""
        self._names = {name.partition(".")[0] for name in sys.modules.keys() - before}
        self._times = {folder: _time_of(folder) for folder in sys.path if _installed(folder)}
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__dict__", {}).get("__file__")
            if not isinstance(path, str) or _installed(path):
                continue
            if path.startswith(os.path.join(project, "")):
                told = os.path.relpath(path, project)
                self.foreign = (
                    f"{name} is a file of the project ({told}), which each trial must load as it then is"
                )
            self._times[path] = _time_of(path)

    def changed(self) -> str:
        """What is not as it was when the modules were loaded, such as the folder into which pip has installed."""
        return next((path for path, time in self._times.items() if _time_of(path) != time), "")

    def shadowed(self) -> str:
        """A file beside the script that it would import in place of a module that is loaded."""
        folder = _script_folder()
        try:
            entries = os.listdir(folder) if folder else []
        except OSError:
            return ""
        for entry in entries:
            if entry.partition(".")[0] in self._names:
                path = os.path.join(folder, entry)
                if path.endswith(SOURCES) or os.path.exists(os.path.join(path, "__init__.py")):
                    return path
        return ""


def _time_of(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _installed(path: str) -> bool:
    """Whether only an installer changes what is there, which changes the time of the folder."""
    return "/site-packages" in path or "/dist-packages" in path or path.startswith(LIBRARY)


def _script_folder() -> str:
    """What will be the first of `sys.path`; empty if Python is told not to put it there."""
    if getattr(sys.flags, "safe_path", False):
        return ""
    if sys.argv[0] == "-m":
        return os.getcwd()
    script = os.path.realpath(sys.argv[0])
    return script if os.path.isdir(script) else os.path.dirname(script)
