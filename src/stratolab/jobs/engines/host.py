"""The process that owns a lab's jobs: one per lab, started on demand, gone when there is nothing left to do.

It is run by its path (`python -I -S .../host.py`), with the listening socket and the lock that proves that a
host lives, both opened by the client that starts it (`launch`). It must start fast, so it loads modules of this
package without running the `__init__` of the packages above them, and none of them imports what is slow.

    host.py LAB SOCKET_FD LOCK_FD CPUS LINGER MACHINE
"""

import os
import sys
import types


def main(lab: str, *options: str) -> None:
    """Serve a lab until nothing is left to do."""
    listener, lock, cpus, linger, machine = options
    _keep_only(int(listener), int(lock))
    os.umask(0o077)
    os.chdir(lab)
    _name_packages()

    import socket  # noqa: PLC0415 - what may be imported is settled above

    from stratolab.jobs.engines.family import adopt_orphans  # noqa: PLC0415
    from stratolab.jobs.engines.server import Server  # noqa: PLC0415

    adopt_orphans()
    accepting = socket.socket(fileno=int(listener))
    accepting.settimeout(0)
    Server(accepting, lab, machine=machine, cpus=float(cpus), linger=float(linger)).run()


def _keep_only(listener: int, lock: int) -> None:
    """Close what a shell left open in our starter, and keep ours from the jobs. `lock` follows `listener`."""
    os.closerange(3, listener)
    os.closerange(lock + 1, os.sysconf("SC_OPEN_MAX"))
    for ours in (listener, lock):
        os.set_inheritable(ours, False)  # noqa: FBT003 - the only way to say it


def _name_packages() -> None:
    """Make `stratolab.jobs.engines` importable from where this file lies, as bare names."""
    folder = os.path.abspath(__file__)  # noqa: PTH100
    for name in ("stratolab.jobs.engines", "stratolab.jobs", "stratolab"):
        folder = os.path.dirname(folder)  # noqa: PTH120
        package = types.ModuleType(name)
        package.__path__ = [folder]
        sys.modules[name] = package
    core = types.ModuleType("stratolab.core")
    core.__path__ = [os.path.join(folder, "core")]  # noqa: PTH118
    sys.modules["stratolab.core"] = core


if __name__ == "__main__":
    main(*sys.argv[1:])
