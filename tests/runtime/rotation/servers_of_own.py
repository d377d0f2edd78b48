"""Servers as RDS has them: TLS or nothing, passwords are checked, and an owner who is no superuser."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from tests import servers
from tests.runtime.rotation.server import OWNER, OWNERS_PASSWORD, Server
from tests.tables.conftest import make_certificate

ACCESS = "host all postgres 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
OWNERS = {
    "postgres": (f"CREATE ROLE {OWNER} LOGIN CREATEROLE CREATEDB PASSWORD '{OWNERS_PASSWORD}'",),
    "mysql": (
        f"CREATE USER {OWNER}@'%' IDENTIFIED BY '{OWNERS_PASSWORD}'",
        f"GRANT ALL PRIVILEGES ON *.* TO {OWNER}@'%' WITH GRANT OPTION",
        f"REVOKE SUPER, SHUTDOWN, FILE ON *.* FROM {OWNER}@'%'",
        "SET GLOBAL require_secure_transport = ON",
    ),
}
"""Who owns a server that RDS made, and what its parameters say."""


def start(engine: str, folder: Any) -> Server:
    """Start one. It ends with the process that runs the tests."""
    files = make_certificate(folder)
    log: list[Any] = []

    def own(place: Any) -> dict[str, object]:
        log.append(place.folder / "log")
        (place.folder / "hba").write_text(ACCESS, encoding="utf-8")
        for file in files:
            shutil.copy(file, place.folder)
        if place.user:
            for name in ("hba", *(file.name for file in files)):
                shutil.chown(place.folder / name, place.user)
        here = [place.folder / file.name for file in files]
        if engine == "mysql":
            return {
                "ssl-cert": here[0], "ssl-key": here[1],
                "general-log": 1, "general-log-file": place.folder / "statements",
            }  # fmt: skip
        return {
            "ssl": "on", "ssl_cert_file": here[0], "ssl_key_file": here[1], "hba_file": place.folder / "hba",
            "log_statement": "all", "log_min_messages": "debug1",
        }  # fmt: skip

    begin = {"postgres": servers.start_postgres, "mysql": servers.start_mariadb}[engine]
    url = begin(own)
    if isinstance(url, str):
        pytest.skip(url)
    execute(url, *OWNERS[engine])
    return Server(engine, int(url.port or 0), files[0], log[0])


def execute(url: Any, *statements: str) -> None:
    """As the superuser, before TLS is wanted of everybody."""
    servers._execute(url, *statements)
