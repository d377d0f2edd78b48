"""The way from this machine to a private database: a port here that leads to it, for as long as the block lasts.

A machine in the lab's network is started where there is none, AWS's Session Manager connects to it, and its plugin on
this machine passes a local port on to the database. At the end the session is ended, and the machine stopped unless
somebody else uses it. Nothing of the lab is open to the world meanwhile.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratolab.core.errors import InputError, RemoteError, StratolabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stratolab.aws.sessions import Machines, Session, Sessions
    from stratolab.lab.aws_databases import LabDatabase

PLUGIN = "session-manager-plugin"
_HOW_TO_GET_IT = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
_ANSWER = "AWS_SSM_START_SESSION_RESPONSE"
"""The variable by whose name the plugin (1.2.497 or newer) is told where AWS's answer is: no argument holds it."""
BEGINS_WITHIN = 300.0  # seconds for the machine to come up; a minute is usual
OPENS_WITHIN = 30.0
_AGAIN = 2.0
_DOING = "db tunnel"


@dataclass(frozen=True, slots=True)
class Tunnel:
    """An open way: the port on this machine that leads to the database, and the process that passes it on."""

    port: int
    process: subprocess.Popen[bytes]


@contextmanager
def opened(
    database: LabDatabase,
    port: int,
    note: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Tunnel]:
    """A way to a database; `port` 0 is any that is free.

    Raises `InputError` if the lab has no way in, the plugin is not installed or the port is taken, `RemoteError` if the
    machine does not come up or the session does not open.
    """
    from stratolab.aws.sessions import Machines, Sessions
    from stratolab.infra.parts.database_tunnel import DOCUMENT

    group, plugin, about = _group(database), _plugin(), database.published
    free = _free(port)
    clients = database.lab.clients
    machines, sessions = Machines(clients.of("autoscaling"), group), Sessions(clients.of("ssm"))
    machine = _machine(machines, sessions, note, sleep, clock)
    try:
        where = {"host": [about["host"]], "portNumber": [about["port"]], "localPortNumber": [str(free)]}
        session = sessions.start(machine, DOCUMENT, where)
        try:
            with _passing_on(plugin, session) as process:
                _wait_for_port(free, process, sleep, clock)
                yield Tunnel(free, process)
        finally:
            with suppress(StratolabError):  # it ends by itself when nobody is there any more
                sessions.end(session)
    finally:
        _leave(machines, sessions, machine, note)


def _group(database: LabDatabase) -> str:
    shared = database.lab.published.get(f"{database.environment}/database/tunnel")
    if not shared:
        raise InputError(
            f"the databases of {database.environment} have no way in from outside",
            doing=_DOING,
            hint="tunnel = true in the database's table of lab.toml, then: stratolab up database",
        )
    return shared


def _plugin() -> str:
    found = shutil.which(PLUGIN)
    if found is None:
        raise InputError(f"{PLUGIN} is not installed", doing=_DOING, hint=_HOW_TO_GET_IT)
    return found


def _free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise InputError(
                f"port {port} of this machine is taken", doing=_DOING, hint="--port 0 takes any that is free"
            ) from error
        return int(probe.getsockname()[1])


def _machine(
    machines: Machines,
    sessions: Sessions,
    note: Callable[[str], None],
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> str:
    """The machine, once its agent is there."""
    until, machine = clock() + BEGINS_WITHIN, machines.ready()
    if not machine:
        note("starting the machine that passes on (about a minute)")
        machines.want(1)
    try:
        while not (machine and sessions.reached(machine)) and clock() < until:
            sleep(_AGAIN)
            machine = machines.ready()
    except BaseException:
        with suppress(StratolabError):
            machines.want(0)
        raise
    if clock() < until:
        return machine
    with suppress(StratolabError):
        machines.want(0)
    raise RemoteError(
        f"no machine answered to Session Manager within {BEGINS_WITHIN:g} seconds",
        doing=_DOING,
        hint='does its network lead to AWS (nat, or endpoints = "all")? the group\'s activities say more',
    )


@contextmanager
def _passing_on(plugin: str, session: Session) -> Iterator[subprocess.Popen[bytes]]:
    """AWS's plugin at work. What opens the session goes by its environment, which nobody else can see."""
    process = subprocess.Popen(
        [plugin, _ANSWER, session.region, "StartSession", "", json.dumps(session.asked), session.endpoint],
        env={**os.environ, _ANSWER: json.dumps(session.answer)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is ours: the session is ended first
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _wait_for_port(
    port: int,
    process: subprocess.Popen[bytes],
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> None:
    until = clock() + OPENS_WITHIN
    while True:
        if process.poll() is not None:
            told = process.stderr.read().decode("utf-8", "replace").strip() if process.stderr else ""
            raise RemoteError(
                f"{PLUGIN} ended: {told.splitlines()[-1] if told else f'exit code {process.returncode}'}",
                doing=_DOING,
            )
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if clock() > until:
            raise RemoteError("the session does not open", doing=_DOING, hint=f"is {PLUGIN} up to date?")
        sleep(0.2)


def _leave(machines: Machines, sessions: Sessions, machine: str, note: Callable[[str], None]) -> None:
    """Stop the machine, unless somebody else is there."""
    try:
        if sessions.others(machine):
            note("somebody else uses the machine: it stays")
            return
        machines.want(0)
    except StratolabError as error:
        note(f"the machine could not be stopped ({error.what}); it is every night at 3:00 UTC")
