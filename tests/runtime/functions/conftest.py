"""Real servers with TLS and passwords, as RDS has them, and what Lambda would hand to a function."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from tests import servers
from tests.servers import MARIADB, POSTGRES
from tests.tables.conftest import make_certificate

from stratolab.runtime.functions import entering

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL

OWNER, PASSWORD = "lab_owner", "o'wn \"er%s\\"
SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:x"
ENGINES = {POSTGRES: "postgres", MARIADB: "mysql"}


ACCESS = """local all all trust
host all postgres 127.0.0.1/32 trust
hostssl all all 127.0.0.1/32 scram-sha-256
"""
"""PostgreSQL: the tests' own superuser gets in, and everybody else with TLS and a password, as on RDS."""


@dataclass
class Server:
    """A server that takes TLS and passwords; `authority` is a file with who vouches for it."""

    kind: str
    url: URL
    authority: Path

    def statements(self, *sql, database=None):
        """Run statements as the tests' superuser."""
        with self.engine(database).connect() as connection:
            for one in sql:
                connection.exec_driver_sql(one)

    def engine(self, database=None):
        driver = {POSTGRES: "postgresql+psycopg", MARIADB: "mysql+pymysql"}[self.kind]
        url = self.url.set(drivername=driver, **({"database": database} if database else {}))
        return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)

    def forget(self, user, database=""):
        """Drop a user and a database, if they are there."""
        self.statements(
            *([f"DROP DATABASE IF EXISTS {database}"] if database else []),
            f"DROP {'ROLE' if self.kind == POSTGRES else 'USER'} IF EXISTS {user}",
        )

    def busy(self, database):
        """How many statements run in a database just now, besides this question."""
        where = {
            POSTGRES: "pg_stat_activity WHERE state = 'active' AND query LIKE '%%sleep%%' AND datname",
            MARIADB: "information_schema.processlist WHERE command = 'Query' AND info LIKE '%%SLEEP%%60%%' AND db",
        }[self.kind]
        with self.engine().connect() as connection:
            asked = f"SELECT COUNT(*) FROM {where} = '{database}'"  # noqa: S608 - names of the tests' own
            return connection.exec_driver_sql(asked).scalar()

    def database(self, name, user, password):
        """A new database with an owner who is no superuser."""
        if self.kind == POSTGRES:
            quoted = password.replace("'", "''").replace("%", "%%")
            self.statements(
                f"CREATE DATABASE {name}",
                f"CREATE ROLE {user} LOGIN PASSWORD '{quoted}'",
                f"ALTER DATABASE {name} OWNER TO {user}",
            )
            return
        quoted = password.replace("\\", "\\\\").replace("'", "\\'").replace("%", "%%")
        self.statements(
            f"CREATE DATABASE {name}",
            f"CREATE USER {user} IDENTIFIED BY '{quoted}' REQUIRE SSL",
            f"GRANT ALL ON {name}.* TO {user}",
        )


def start(kind, folder):
    """Start one, whose certificate only its own authority vouches for. Skips if there is no such server here."""
    files = make_certificate(folder)

    def own(place):
        if kind == POSTGRES:
            (place.folder / "hba").write_text(ACCESS, encoding="utf-8")
        for file in files:
            shutil.copy(file, place.folder)
        if place.user:
            for name in ("cert.pem", "key.pem", *(["hba"] if kind == POSTGRES else [])):
                shutil.chown(place.folder / name, place.user)
        certificate, key = (place.folder / file.name for file in files)
        if kind == POSTGRES:
            hba = place.folder / "hba"
            return {"ssl": "on", "ssl_cert_file": certificate, "ssl_key_file": key, "hba_file": hba}
        return {"ssl-cert": certificate, "ssl-key": key}

    url = servers.start_postgres(own) if kind == POSTGRES else servers.start_mariadb(own)
    if isinstance(url, str):
        pytest.skip(url)
    return Server(kind, url, files[0])


@pytest.fixture(scope="session", params=[POSTGRES, MARIADB])
def server(request, tmp_path_factory):
    """A server of each kind."""
    return start(request.param, tmp_path_factory.mktemp("certificate"))


@dataclass
class Secrets:
    """Secrets Manager with one secret, as botocore's client answers."""

    value: str

    def get_secret_value(self, SecretId):  # noqa: N803 - AWS's name
        assert SecretId == SECRET
        return {"SecretString": self.value}


@dataclass
class Here:
    """A database on the server, its owner, and how a function is told of them."""

    server: Server
    name: str
    settings: dict
    secrets: Secrets

    @property
    def database(self):
        return entering.database(self.settings)

    def ask(self, sql):
        """What the tests' superuser sees in it."""
        with self.server.engine(self.name).connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]


@pytest.fixture
def here(server):
    """A new database whose owner has a password that needs every kind of quoting."""
    name = f"functions_{os.urandom(4).hex()}"
    user = f"{OWNER}_{name[-8:]}"
    server.database(name, user, PASSWORD)
    settings = entering.variables(ENGINES[server.kind], "127.0.0.1", server.url.port, name, SECRET)
    settings[f"{entering.PREFIX}AUTHORITIES"] = server.authority
    return Here(
        server,
        name,
        {key: str(value) for key, value in settings.items()},
        Secrets(json.dumps({"username": user, "password": PASSWORD})),
    )


@pytest.fixture
def bucket(tmp_path):
    """A bucket as the function reads it."""
    return Bucket(tmp_path / "bucket")


@dataclass
class Bucket:
    """Objects in a folder, as botocore's client of S3 gives them."""

    folder: Path

    def put(self, sent):
        for one in sent:
            path = self.folder / one.key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(one.archive())

    def get_object(self, Bucket, Key):  # noqa: N803
        assert Bucket == "code"
        return {"Body": (self.folder / Key).open("rb")}
