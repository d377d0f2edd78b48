"""MLflow's own server, unmodified, on a lab's store: started, waited for, and ended with all its processes."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, RemoteError
from stratolab.tracking import make
from stratolab.tracking.store import uri_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PORT = 5000
_PORTS_TRIED = 50
_STARTS_WITHIN = 120.0  # seconds: its first import on a cold disk takes many
_LOOK_AGAIN = 0.2
_LEAVES_WITHIN = 10.0
_SETTINGS = {
    **make.QUIET,
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # its own job runner: three more processes, for nothing here
}
_IN_THE_WAY = ("MLFLOW_BACKEND_STORE_URI", "MLFLOW_REGISTRY_STORE_URI", "MLFLOW_ENABLE_WORKSPACES")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs, and where it answers."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def wait(self) -> int:
        """Wait for its end; gives its exit code."""
        return self.process.wait()

    def stop(self) -> None:
        """End it and everything that it started. Calling it twice does no harm."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_LEAVES_WITHIN)
                if number is signal.SIGTERM and not _group_lives(self.process.pid):
                    return


def start(
    store: Path,
    artifacts: Path,
    *,
    host: str,
    port: int,
    log: Path,
    began: Callable[[], None] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Server:
    """Start the server on the SQLite store and wait until it answers. `log` gets what it prints.

    `began` is called when there is something to stop. Raises `RemoteError` with its last words if it ends before.
    """
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{store}", "--default-artifact-root", uri_of(artifacts),
    ]  # fmt: skip
    env = {name: value for name, value in {**os.environ, **_SETTINGS}.items() if name not in _IN_THE_WAY}
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        process = subprocess.Popen(
            command, cwd=store.parent, env=env, stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor,
            start_new_session=True,  # a group of its own, which can be ended whole
        )  # fmt: skip
    finally:
        os.close(descriptor)
    shown = f"[{host}]" if ":" in host else host
    server = Server(process, f"http://{shown}:{port}", log)
    try:
        began()
        _await(server, host, port, sleep)
    except BaseException:
        server.stop()
        raise
    return server


def free_port(host: str, wanted: int | None) -> int:
    """A port that can be listened on: the wanted one, else the first free one from `PORT` up.

    Raises `InputError` if the wanted one is taken, or none is free.
    """
    for port in [wanted] if wanted is not None else range(PORT, PORT + _PORTS_TRIED):
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if wanted is not None:
                raise InputError(
                    f"port {port} of {host} cannot be had: {error.strerror}",
                    doing="tracking ui",
                    hint="leave --port out, and a free one is taken",
                ) from error
        else:
            return port
    raise InputError(
        f"no port from {PORT} to {PORT + _PORTS_TRIED - 1} of {host} can be had",
        doing="tracking ui",
        hint="name one: --port",
    )


def _await(server: Server, host: str, port: int, sleep: Callable[[float], None]) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while not _answers(host, port):
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise RemoteError(
                _last_words(server.log), doing="starting MLflow's server", hint=f"read {server.log}"
            )
        sleep(_LOOK_AGAIN)


def _answers(host: str, port: int) -> bool:
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - asked for by the user
    connection = http.client.HTTPConnection(asked, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it ended without a word"


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
