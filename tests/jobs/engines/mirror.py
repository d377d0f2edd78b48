"""A script that writes down what it sees: run cold and warm by `test_warm_same`, which compares.

`same` must be the same, `chance` must differ, `ids` are told for what they are.
"""
# ruff: noqa: PTH109, PTH115, PTH118, PTH119, PTH123, PTH208 - it is to load what a plain script would
# ruff: noqa: E402, I001, ICN001, NPY002, S311 - and looks at everything

import sys

before = sorted(sys.modules)

import asyncio, concurrent.futures, logging.handlers, multiprocessing.pool, numpy, resource, uuid  # noqa: E401
import atexit
import gc
import json
import locale
import os
import random
import secrets
import signal
import ssl
import stat
import subprocess
import tempfile
import threading
import time
import traceback
import warnings


def read(path):
    with open(path, "rb") as file:
        return os.fsdecode(file.read().rstrip(b"\0"))


def link(number):
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        return None


def stream(file):
    names = ("encoding", "errors", "line_buffering", "write_through", "newlines", "name", "mode")
    return {name: getattr(file, name) for name in names} | {
        "buffer": type(file.buffer).__name__,
        "raw": type(getattr(file.buffer, "raw", None)).__name__,
        "number": file.fileno(),
        "terminal": file.isatty(),
        "kind": stat.S_IFMT(os.fstat(file.fileno()).st_mode),
        "flags": read(f"/proc/self/fdinfo/{file.fileno()}").splitlines()[1],
    }


def python():
    names = ("argv", "orig_argv", "path", "executable", "prefix", "warnoptions", "_xoptions")
    return {name: getattr(sys, name) for name in names} | {
        "flags": repr(sys.flags),
        "site": "sitecustomize" in sys.modules,
        "finders": [getattr(one, "__name__", type(one).__name__) for one in sys.meta_path],
        "path_hooks": len(sys.path_hooks),
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_debug(), gc.garbage),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval()),
        "trace": (sys.gettrace(), sys.getprofile()),
        "hooks": (sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__),
        "raised": [name for name in dir(sys) if name.startswith("last_")],
        "error": sys.exc_info(),
        "atexit": atexit._ncallbacks(),
    }


def script():
    frame = sys._getframe(1)
    return {
        "name": __name__,
        "file": __file__,
        "package": __package__,
        "spec": getattr(__spec__, "name", None),
        "loader": type(__loader__).__name__,
        "builtins": repr(__builtins__),
        "globals": sorted(globals()),
        "main": sys.modules["__main__"].__dict__ is globals(),
        "below": frame.f_back and frame.f_back.f_code.co_name,
        "stack": [(one.name, one.line) for one in traceback.extract_stack()[:-1]],
    }


def process():
    files = sorted(int(name) for name in os.listdir("/proc/self/fd"))
    status = read("/proc/self/status").splitlines()
    return {
        "folder": os.getcwd(),
        "umask": oct(os.umask(0o077)),
        "files": [(number, os.get_inheritable(number)) for number in files if link(number)],
        "stdin": (link(0), sys.stdin.read()),
        "stdout": stream(sys.stdout),
        "stderr": stream(sys.stderr),
        "originals": (sys.__stdout__ is sys.stdout, sys.__stderr__ is sys.stderr),
        "log": (link(1) == link(2), os.path.basename(link(1))),
        "group": (os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid()),
        "nice": os.nice(0),
        "cpus": sorted(os.sched_getaffinity(0)),
        "handlers": {
            int(one): repr(signal.getsignal(one)).partition(" at 0x")[0] for one in signal.valid_signals()
        },
        "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "kernel": [line for line in status if line.startswith(("SigBlk", "SigIgn", "SigCgt", "NoNewPrivs"))],
        "limits": {
            name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if "RLIMIT_" in name
        },
        "comm": read("/proc/self/comm"),
        "command": read("/proc/self/cmdline").split("\0"),
        "program": os.readlink("/proc/self/exe"),
        "children": read(f"/proc/self/task/{os.getpid()}/children"),
        "young": time.process_time() < 60,
    }


def environment():
    of_a_child = subprocess.run(["env", "-0"], capture_output=True, check=True).stdout
    return {
        "environment": dict(os.environ),
        "of a child": sorted(os.fsdecode(of_a_child).split("\0")),
        "shown": sorted(read("/proc/self/environ").split("\0")),
        "locale": (
            locale.setlocale(locale.LC_ALL),
            sys.getfilesystemencoding(),
            sys.getfilesystemencodeerrors(),
        ),
        "zone": time.tzname,
        "temporary": tempfile.gettempdir(),
    }


def modules():
    main = threading.current_thread() is threading.main_thread()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        squares = list(pool.map(abs, [-1, -2]))
    return {
        "threads": (threading.active_count(), main, threading.current_thread().name),
        "filters": repr(warnings.filters),
        "logging": (logging.root.level, repr(logging.root.handlers), sorted(logging.root.manager.loggerDict)),
        "clock": logging.makeLogRecord({}).relativeCreated < 60_000,
        "process": (multiprocessing.current_process().name, multiprocessing.active_children()),
        "method": multiprocessing.get_start_method(allow_none=True),
        "algebra": float(numpy.ones((200, 200)).dot(numpy.ones((200, 200))).sum()),
        "loop": asyncio.run(asyncio.sleep(0, "ran")),
        "pool": squares,
    }


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn("whose line is this?", stacklevel=2)

seen = {
    "same": {
        **{f"python: {name}": what for name, what in python().items()},
        **{f"script: {name}": what for name, what in script().items()},
        **{f"process: {name}": what for name, what in process().items()},
        **environment(),
        **modules(),
        "line": [(one.filename, one.lineno) for one in caught],
    },
    "chance": {
        "random": random.random(),
        "numpy": float(numpy.random.rand()),
        "new": float(numpy.random.default_rng().random()),
        "uuid": str(uuid.uuid4()),
        "uuid1": str(uuid.uuid1()),
        "secret": secrets.token_hex(),
        "ssl": ssl.RAND_bytes(8).hex(),
        "key": bytes(multiprocessing.current_process().authkey).hex(),
        "name": next(tempfile._get_candidate_names()),
        "hash": hash("text"),
    },
    "ids": {"parent": os.getppid(), "modules": sorted(sys.modules)},
}
with open(os.path.join(os.environ["OUT_FOLDER"], os.environ["STRATOLAB_JOB"]), "w", encoding="utf-8") as out:
    json.dump(seen, out, default=repr)
print("out")
print("err", file=sys.stderr)
