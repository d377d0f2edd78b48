"""Real database servers for tests: one that is there, else one of our own, else the reason to skip.

A server is looked for at STRATOLAB_TEST_POSTGRES or STRATOLAB_TEST_MARIADB (a URL), then at its usual place
on this machine. If none answers and the programs are installed, one is started in a temporary folder and
ended with the test run. Each test process gets a database of its own, which it drops when it ends.
"""

from __future__ import annotations

import contextlib
import functools
import getpass
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

POSTGRES, MARIADB = "postgresql", "mysql"
_DRIVERS = {POSTGRES: "postgresql+psycopg", MARIADB: "mysql+pymysql"}
_VARIABLES = {POSTGRES: "STRATOLAB_TEST_POSTGRES", MARIADB: "STRATOLAB_TEST_MARIADB"}
_INSTALL = {POSTGRES: "apt-get install postgresql", MARIADB: "apt-get install mariadb-server"}
_DROP = {POSTGRES: "DROP DATABASE IF EXISTS {} WITH (FORCE)", MARIADB: "DROP DATABASE IF EXISTS {}"}
_DROPS = """
import os, sqlalchemy
with sqlalchemy.create_engine(os.environ["URL"], isolation_level="AUTOCOMMIT").connect() as connection:
    connection.execute(sqlalchemy.text(os.environ["DROP"]))
"""
_kept: list[subprocess.Popen[bytes]] = []  # a dropped Popen would warn that its process still runs
_EMPTY = (
    "DELETE FROM trial",
    "DELETE FROM sweep",
    "DELETE FROM job_event",
    "DELETE FROM job_attribute",
    "DELETE FROM job",
    "DELETE FROM outbox",
)


@contextlib.contextmanager
def fresh_database(kind: str) -> Iterator[str]:
    """The URL of a new, empty database on a real server; dropped afterwards. Skips if there is no server."""
    server = _server(kind)
    name = _new_name()
    _execute(server, f"CREATE DATABASE {name}")
    try:
        yield _address(server.set(database=name))
    finally:
        _execute(server, _DROP[kind].format(name))


def _new_name() -> str:
    return f"stratolab_{os.getpid()}_{os.urandom(4).hex()}"


def _address(url: URL) -> str:
    return url.set(drivername=_DRIVERS[url.get_backend_name()]).render_as_string(hide_password=False)


def emptied_database(kind: str) -> str:
    """The URL of this process's own database on a real server, with the schema and without rows."""
    url = own_database(kind)
    with contextlib.suppress(DBAPIError):  # before it was first opened there are no tables
        _execute(make_url(url), *_EMPTY)
    return url


@functools.cache
def own_database(kind: str) -> str:
    """The URL of this process's own database on a real server, as it is."""
    server = _server(kind)
    name = _new_name()
    _execute(server, f"CREATE DATABASE {name}")
    drop = {"URL": _address(server), "DROP": _DROP[kind].format(name)}
    _when_we_end(sys.executable, "-c", _DROPS, env=drop)
    return _address(server.set(database=name))


def _when_we_end(*command: str, env: Mapping[str, str]) -> None:
    """Run a command when this process ends, however it ends: workers of xdist run no `atexit`.

    A shell waits for the other end of its pipe to close. What it runs finds nothing of a test in its
    environment or folder that would make it look left behind by one.
    """
    waiting = subprocess.Popen(
        ["sh", "-c", 'cat > /dev/null; exec "$@"', "sh", *command],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", env=env,
        start_new_session=True,
    )  # fmt: skip
    _kept.append(waiting)


def _execute(url: URL, *statements: str) -> None:
    engine = create_engine(url.set(drivername=_DRIVERS[url.get_backend_name()]), poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


# -- finding or starting a server ----------------------------------------------------------------


def _server(kind: str) -> URL:
    found = _reach(kind)
    if isinstance(found, str):
        pytest.skip(found)
    return found


@functools.cache
def _reach(kind: str) -> URL | str:
    """The URL of a server, or why there is none."""
    given = os.environ.get(_VARIABLES[kind])
    if given:
        _execute(make_url(given), "SELECT 1")  # one that was named must answer
        return make_url(given)
    for url in map(make_url, _usual_places(kind)):
        with contextlib.suppress(DBAPIError, OSError):
            _execute(url, "SELECT 1")
            return url
    return start_postgres() if kind == POSTGRES else start_mariadb()


def _usual_places(kind: str) -> list[str]:
    if kind == POSTGRES:
        users = dict.fromkeys([getpass.getuser(), "postgres", "root"])
        return [
            f"postgresql://{user}@127.0.0.1:5432/{name}" for user in users for name in ("test", "postgres")
        ]
    return [
        "mysql://root@127.0.0.1:3306/test",
        *(
            f"mysql://{user}@localhost/test?unix_socket=/run/mysqld/mysqld.sock"
            for user in ("root", getpass.getuser())
        ),
    ]


def _nothing_more(_place: _Place) -> Mapping[str, object]:
    return {}


def start_postgres(more: Callable[[_Place], Mapping[str, object]] = _nothing_more) -> URL | str:
    """Start a PostgreSQL server of our own, with `more` options that may lie in its folder."""
    initdb, server = (_program(name, "/usr/lib/postgresql/*/bin") for name in ("initdb", "postgres"))
    if not (initdb and server):
        return f"no PostgreSQL server: {_INSTALL[POSTGRES]}"
    place = _Place.new("postgres")
    data, port = place.folder / "data", _free_port()
    place.call(initdb, "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
    url = make_url(f"postgresql://postgres@127.0.0.1:{port}/postgres")
    options = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": place.folder,
        "fsync": "off",
        **more(place),
    }
    return place.serve(
        url, server, "-D", str(data), *(f"--{name}={value}" for name, value in options.items())
    )


def start_mariadb(more: Callable[[_Place], Mapping[str, object]] = _nothing_more) -> URL | str:
    """Start a MariaDB server of our own, with `more` options that may lie in its folder."""
    install, server = _program("mariadb-install-db"), _program("mariadbd", "/usr/sbin", "/usr/libexec")
    if not (install and server):
        return f"no MariaDB server: {_INSTALL[MARIADB]}"
    place = _Place.new("mysql")
    data, port = place.folder / "data", _free_port()
    place.call(install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
               "--skip-test-db", "--skip-name-resolve", f"--tmpdir={place.folder}")  # fmt: skip
    url = make_url(f"mysql://root@127.0.0.1:{port}/mysql")
    options = {
        "datadir": data, "port": port, "socket": place.folder / "s", "bind-address": "127.0.0.1",
        "pid-file": place.folder / "pid", "tmpdir": place.folder, "innodb-flush-log-at-trx-commit": 0,
        "skip-name-resolve": 1, **more(place),
    }  # fmt: skip
    return place.serve(
        url, server, "--no-defaults", *(f"--{name}={value}" for name, value in options.items())
    )


@dataclass(frozen=True)
class _Place:
    """A folder for one server, and the user it runs as: servers refuse to run as root."""

    folder: Path
    user: str | None

    @classmethod
    def new(cls, service_user: str) -> _Place:
        folder = Path(tempfile.mkdtemp(prefix="stratolab-server-"))
        user = None
        if os.getuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            user = next(name for name in (service_user, "nobody") if name in names)
            shutil.chown(folder, user)
        return cls(folder, user)

    def call(self, *command: str) -> None:
        done = subprocess.run(command, **self._options(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def serve(self, url: URL, *command: str) -> URL:
        """Start the server and wait until it answers."""
        log = (self.folder / "log").open("wb")
        process = subprocess.Popen(command, **self._options(), stdout=log, stderr=log)
        log.close()
        _kept.append(process)
        environment = {"PATH": os.defpath, "PID": str(process.pid), "FOLDER": str(self.folder)}
        _when_we_end("sh", "-c", 'kill -9 "$PID"; rm -rf "$FOLDER"', env=environment)
        for attempt in range(300):
            try:
                _execute(url, "SELECT 1")
            except DBAPIError:
                told = (self.folder / "log").read_text(errors="replace")
                assert process.poll() is None, told
                assert attempt < 299, told
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.1)  # a server says nowhere that it is ready; it may also have ended
            else:
                break
        return url

    def _options(self) -> dict[str, object]:
        # A clean environment: the test's own would make the server look like something the test left behind.
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.folder),
        }
        return {
            "cwd": self.folder,
            "env": environment,
            "user": self.user,
            "extra_groups": [] if self.user else None,
        }


def _program(name: str, *patterns: str) -> str | None:
    places = [
        path for pattern in patterns for path in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)
    ]
    return shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", os.defpath)]))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
