"""The fork server: it lives inside a Python that is about to run a job's script, and keeps it from getting there.

While Python starts, with everything ready but the script, it imports a module named `sitecustomize`. The host
starts the job's own command with this folder in front of PYTHONPATH, so that it gets this file. It loads the warm
modules and stays, forking a process whenever the host wants one. Such a *spare* waits for a job. Once it has
one, it sets up what differs between jobs and then lets its own import fail: as far as Python can tell there is no
`sitecustomize`. It goes on to run the script as it always does, and nothing of ours is on the stack.

    control   server: "ready BYTES" or "cold WHY"; then the host sends the other end of a channel for each spare
    channel   spare: its number; host: a job, with its log; spare: "+", or "-WHY" or "~WHY" and it ends

"-" has the host start this job cold, "~" says that the whole server is out of date. A spare is forked twice: an
orphan, it becomes the child of the host, which adopts orphans. All of it ends when the host's ends are closed.

This file runs under any CPython from 3.9 on, without the rest of stratolab, and leaves nothing in a job that a
cold start would not have: no thread, no open file, no variable; of modules only `_socket`, `fcntl` and `gc`.
"""
# ruff: noqa: PTH100, PTH120, PTH123 - it imports nothing of its own
# ruff: noqa: PLC0415 - what it must import is imported in a job's name, so late and little

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

    from stratolab.jobs.engines.forkserver import checks
    from stratolab.jobs.engines.forkserver.checks import World
else:
    checks = __import__("checks")  # from this very folder, which comes first
    del sys.modules["checks"]

ROOM = "STRATOLAB_WARM"  # the variable that tells what to do, and makes room for what a job's process has to show
MARK = "STRATOLAB_HOME"  # the variable by which the host knows whose a process is: ours here, then a job's
CHUNK = 1 << 18  # bytes; the kernel takes no larger message


def main() -> bool:
    """Be the fork server if the host wants one. Gives, in a spare with a job, whether Python has a sitecustomize."""
    told = os.environ.pop(ROOM, "")
    os.environ.pop(MARK, None)
    _hide_this_folder()
    if not told:
        return _load_the_real_one()
    _, control, modules, project = told.split("\n", 3)
    try:
        return _serve(int(control), modules.split(",") if modules else [], project)
    except BaseException:  # noqa: BLE001 - whatever happens, a server must not go on to the script
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def _hide_this_folder() -> None:
    here = os.path.dirname(__file__)
    sys.path[:] = [folder for folder in sys.path if folder != here]
    sys.path_importer_cache.pop(here, None)
    first, more, rest = os.environ.get("PYTHONPATH", "").partition(os.pathsep)
    if first == here:
        del os.environ["PYTHONPATH"]
        if more:
            os.environ["PYTHONPATH"] = rest


def _load_the_real_one() -> bool:
    """Import the sitecustomize that this file stands in front of; whether there is one."""
    del sys.modules["sitecustomize"]
    try:
        __import__("sitecustomize")
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        return False
    return True


# --- the server ----------------------------------------------------------------------------------


def _serve(number: int, modules: "list[str]", project: str) -> bool:
    """Load the modules and fork until the host is gone. Returns in a spare that has got its job."""
    import gc

    os.set_inheritable(number, False)  # noqa: FBT003 - the only way to say it
    control = _socket_of(number)
    _end_with_the_host(control, by_signal=True)
    for words in (sys.argv, getattr(sys, "orig_argv", [])):
        del words[-1:]  # what makes room for a job's
    main_references = _references_to_main()
    found = _load_the_real_one()
    before = frozenset(sys.modules)
    loads = (_load(name, number) for name in modules)
    why = next(filter(None, loads), "") if modules else checks.unfit(number)
    world = checks.World(before, project)
    why = why or world.foreign
    if why:
        _tell(control, b"cold " + os.fsencode(why))
        os._exit(0)
    sys.stdout.flush()
    sys.stderr.flush()
    gc.collect()
    own_main = main_references == _references_to_main()
    if own_main:
        gc.freeze()  # a collection, the last one above all, would write to everything that is shared
    _end_with_the_host(control, by_signal=False)
    _tell(control, b"ready %d" % _resident())
    channel = _fork_spares(control, host=os.getppid())
    control.close()
    if own_main:
        _renew_main()
    _work(channel, world)
    return found


def _end_with_the_host(control: "socket", *, by_signal: bool) -> None:
    """While modules load we do not listen: SIGIO ends us when the host's end closes, or says anything too early."""
    import _socket
    import fcntl

    fcntl.fcntl(control.fileno(), fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(control.fileno(), fcntl.F_GETFL) & ~os.O_ASYNC
    fcntl.fcntl(control.fileno(), fcntl.F_SETFL, flags | (os.O_ASYNC if by_signal else 0))
    try:
        if not control.recv(1, _socket.MSG_PEEK | _socket.MSG_DONTWAIT):
            os._exit(0)  # it was closed before we asked for the signal
    except BlockingIOError:
        return


def _references_to_main() -> "tuple[int, int]":
    """Those that `_renew_main` cannot change: of the module and of its variables."""
    main = sys.modules["__main__"]
    names = [name for name, module in sys.modules.items() if module is main]
    return sys.getrefcount(main) - len(names), sys.getrefcount(main.__dict__)


def _renew_main() -> None:
    """Give the script a `__main__` that is not frozen: what it leaves there must be finalized at its end."""
    old = sys.modules["__main__"]
    new = type(sys)("__main__")
    new.__dict__.update(old.__dict__)
    if "__annotations__" in old.__dict__:
        new.__dict__.update(__annotations__={})
    for name in [name for name, module in sys.modules.items() if module is old]:
        sys.modules[name] = new  # multiprocessing has another name for it


def _load(name: str, control: int) -> str:
    """Import a module as a script would. Gives what speaks against forking from now on, if something does."""
    script = sys.modules["__main__"].__dict__
    if sys.argv[0] != "-m":
        script["__file__"] = os.path.abspath(sys.argv[0])
    try:
        __import__(name)
    except BaseException as error:  # noqa: BLE001 - SystemExit too
        sys.excepthook(*sys.exc_info())
        return f"{name} cannot be imported: {type(error).__name__}: {error}"
    finally:
        script.pop("__file__", None)
    what = checks.unfit(control)
    return f"{name} {what}" if what else ""


def _fork_spares(control: "socket", host: int) -> "socket":
    """Fork a spare whenever the host sends a channel for one. Returns in a spare that has a job's turn to wait."""
    while True:
        told, files = _receive(control)
        if not told:
            os._exit(0)
        channel = _socket_of(files[0])
        try:
            child = checks.fork()
        except OSError as error:
            _tell(channel, b"-no process can be forked: " + os.fsencode(str(error.strerror)))
            child = 0
        else:
            if not child:
                _become_an_orphan(channel, host)
                return channel
            os.waitpid(child, 0)
        channel.close()


def _become_an_orphan(channel: "socket", host: int) -> None:
    import time

    parent = os.getpid()
    try:
        if os.fork():
            os._exit(0)
    except OSError as error:
        _tell(channel, b"-no process can be forked: " + os.fsencode(str(error.strerror)))
        os._exit(0)
    os.setsid()
    while os.getppid() == parent:
        time.sleep(0.0001)
    if os.getppid() != host:
        _tell(channel, b"-the kernel gives orphans to another process than the host")
        os._exit(0)


# --- a spare -------------------------------------------------------------------------------------


def _work(channel: "socket", world: "World") -> None:
    """Wait for a job and be its process. Returns when only the script is left to be run."""
    _reseed()
    _tell(channel, b"%d" % os.getpid())
    told, files = _receive(channel)
    if not told:
        os._exit(0)
    try:
        why = _become(world, told, files[0])
    except Exception as error:  # noqa: BLE001 - a cold start will tell better what is wrong
        why = f"-{type(error).__name__}: {error}"
    if why:
        _tell(channel, os.fsencode(why))
        os._exit(0)
    _tell(channel, b"+", needed=False)  # a host may be killed, its jobs go on
    channel.close()


def _reseed() -> None:
    """Have the random state, and what else Python makes at random, as after a cold start. `random` does so itself."""
    numbers = sys.modules.get("numpy.random")
    if numbers:
        numbers.seed()
    process = sys.modules.get("multiprocessing.process")
    if process:
        process.current_process().authkey = os.urandom(32)
    for folder, finder in list(sys.path_importer_cache.items()):
        if finder is None:  # it was no folder; it may have become one
            del sys.path_importer_cache[folder]


def _become(world: "World", told: bytes, log: int) -> str:
    """Be the process of this job but for its script. Gives why not, if not."""
    umask, first, count, folder, *texts = told.split(b"\0")
    command, variables = texts[: int(count)], texts[int(count) :]
    os.chdir(folder)
    os.umask(int(umask))
    if changed := world.changed():
        return f"~{changed} has changed"
    if shadow := world.shadowed():
        return f"-{shadow} stands in front of a module of the same name"
    for text in variables:
        name, _, value = text.partition(b"=")
        os.environb[name] = value
    sys.argv[1:] = [os.fsdecode(word) for word in command[int(first) :]]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = [os.fsdecode(word) for word in command]
    _show(command[int(first) :], variables)
    _set_clocks()
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    return ""


def _show(arguments: "list[bytes]", variables: "list[bytes]") -> None:
    """Have /proc, and so `ps` and the host, find a job's arguments and variables where there is room for them.

    The host put what makes room at the end of both. What is before that stays, for libraries may point to it.
    """
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    _, end_of_arguments, start, end = (int(field) for field in fields[45:49])  # of proc(5), from field 48 on
    with open("/proc/self/cmdline", "rb") as file:
        room = len(file.read().rpartition(b"\0(")[2]) + 1
    with open("/proc/self/environ", "rb") as file:
        kept, _, _ = file.read().partition(b"\0" + MARK.encode() + b"=")
    places = (end_of_arguments - room, end_of_arguments, arguments), (start + len(kept) + 1, end, variables)
    memory = os.open("/proc/self/mem", os.O_WRONLY | os.O_CLOEXEC)
    try:
        for begin, beyond, texts in places:
            data = b"\0".join(texts)[: beyond - begin - 1]
            os.pwrite(memory, data.ljust(beyond - begin, b"\0"), begin)
    finally:
        os.close(memory)


def _set_clocks() -> None:
    """Logging counts from its own import."""
    import time

    logging = sys.modules.get("logging")
    if logging:
        known = vars(logging)
        known["_startTime"] = time.time_ns() if isinstance(known["_startTime"], int) else time.time()


# --- both ----------------------------------------------------------------------------------------


def _socket_of(number: int) -> "socket":
    import _socket

    there = _socket.socket(fileno=number)
    there.settimeout(None)
    return there


def _tell(there: "socket", what: bytes, *, needed: bool = True) -> None:
    """Say something to the host; without one, there is nothing left to do."""
    try:
        there.send(what)
    except OSError:
        if needed:
            os._exit(0)


def _receive(there: "socket") -> "tuple[bytes, list[int]]":
    """One message and the files with it; empty when the other end is closed."""
    import _socket

    try:
        told, beside, _, _ = there.recvmsg(CHUNK, _socket.CMSG_SPACE(4), _socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:  # it was closed with something of ours unread
        return b"", []
    return told, [int.from_bytes(data[:4], sys.byteorder) for _, _, data in beside]


def _resident() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if not main():
    raise ImportError("there is no sitecustomize", name="sitecustomize")
