"""The tracking server as its stack describes it, for real but Fargate and the load balancer.

The stack is deployed to the emulator; each container's command is then run as a process with the environment and the
secrets that the task definition has there, and the modules of ours that its image has, against a real PostgreSQL with
TLS. What differs from AWS is in
`World.environment`: where the process may write, its port, who vouches for the database, that AWS is the emulator.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine
from tests import servers
from tests.infra.test_deployed import ByBucket, in_account
from tests.tables.conftest import make_certificate

from stratolab.infra.catalogue import stacks
from stratolab.infra.images.tracking import recipe
from stratolab.infra.stacks import tracking
from stratolab.testing.labs import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator.control import Emulator

    from stratolab.infra.catalogue import Stack

NEEDED = ("foundation", "account", "network.prod", "database.prod", "tracking.prod")
DIGEST = f"sha256:{'1' * 64}"
ACCESS = """local all all trust
host all postgres 127.0.0.1/32 trust
hostssl all all 127.0.0.1/32 scram-sha-256
"""
"""Who may connect: the tests' own superuser, and everybody else with TLS and a password, as on RDS."""
NAMES = '''"""The name of the tracking server leads to this machine, and to its port: the load balancer's part."""
import os, socket
_known, _before = os.environ["SERVER_NAME"], socket.getaddrinfo
def _found(host, port, *more, **options):
    here = host == _known
    return _before("127.0.0.1" if here else host, int(os.environ["SERVER_PORT"]) if here else port, *more, **options)
socket.getaddrinfo = _found
'''


@dataclass(frozen=True)
class World:
    """The deployed lab: its outputs, and a folder in which processes run."""

    emulator: Emulator
    outputs: dict[str, dict[str, str]]
    folder: Path
    authorities: Path
    port: int

    @property
    def server(self) -> dict[str, str]:
        """The outputs of the tracking server's stack."""
        return self.outputs["tracking.prod"]

    @property
    def host(self) -> str:
        return self.server["Url"].removeprefix("https://")

    def secret(self, arn: str) -> dict[str, str]:
        found = self.emulator.client("secretsmanager").get_secret_value(SecretId=arn)
        return json.loads(found["SecretString"])

    def container(self, name: str) -> dict[str, Any]:
        """A container of the task that the service runs."""
        ecs = self.emulator.client("ecs")
        found = ecs.describe_services(cluster=self.server["Cluster"], services=[self.server["Service"]])
        task = ecs.describe_task_definition(taskDefinition=found["services"][0]["taskDefinition"])
        (one,) = [one for one in task["taskDefinition"]["containerDefinitions"] if one["name"] == name]
        return one

    def environment(self, name: str) -> dict[str, str]:
        """What Fargate would give the container, and what is elsewhere here."""
        one = self.container(name)
        given = {entry["name"]: entry["value"] for entry in one["environment"]}
        secrets = {entry["name"]: json.dumps(self.secret(entry["valueFrom"])) for entry in one["secrets"]}
        elsewhere = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.folder / "source"),  # our modules as its image has them, and no others
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "STRATOLAB_TRACKING_AUTHORITIES": str(self.authorities),
            **({"MLFLOW_PORT": str(self.port)} if "MLFLOW_PORT" in given else {}),
        }
        return {**given, **secrets, **self.emulator.settings(), **elsewhere}

    def command(self, name: str) -> list[str]:
        """The container's command, with this Python."""
        first, *rest = self.container(name)["command"]
        assert first == "python"
        return [sys.executable, *rest]

    def run(self, name: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a container that ends."""
        return subprocess.run(
            self.command(name),
            env={**self.environment(name), **more},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def client(self, **more: str) -> dict[str, str]:
        """The environment of a client, for which the server's name leads here."""
        names = self.folder / "names"
        names.mkdir(exist_ok=True)
        (names / "sitecustomize.py").write_text(NAMES, encoding="utf-8")
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(names),
            "SERVER_NAME": self.host,
            "SERVER_PORT": str(self.port),
            "MLFLOW_TRACKING_URI": self.server["Url"],
            "MLFLOW_TRACKING_INSECURE_TLS": "true",  # the load balancer, whose certificate is known, is not here
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
            "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",  # through the server, and not past it to S3
            **more,
        }


def deploy(emulator: Emulator, folder: Path) -> World:
    """A lab with its tracking server, whose image is given; its database is a real one."""
    port, authorities = real_postgres(folder)
    emulator.database("127.0.0.1", port)
    lab = in_account(emulator, SAMPLES["standard"])
    client, outputs = ByBucket(emulator), {}
    for stack in stacks(lab):
        if stack.key not in NEEDED:
            continue
        found = with_image(stack) if stack.concern == "tracking" else stack
        assert client.bring(found, outputs) == "CREATE_COMPLETE", (stack.key, client.failures(stack.name))
        outputs[stack.key] = client.outputs(stack.name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    for name, content in recipe().files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    world = World(emulator, outputs, folder, authorities, free)
    own_database(world)
    return world


def real_postgres(folder: Path) -> tuple[int, Path]:
    """A PostgreSQL server that takes TLS and passwords only; its port, and a file with who vouches for it."""
    files = make_certificate(folder)

    def own(place: Any) -> dict[str, object]:
        (place.folder / "hba").write_text(ACCESS, encoding="utf-8")
        for file in files:
            shutil.copy(file, place.folder)
        if place.user:
            for name in ("hba", *(file.name for file in files)):
                shutil.chown(place.folder / name, place.user)
        certificate, key = (place.folder / file.name for file in files)
        return {
            "ssl": "on",
            "ssl_cert_file": certificate,
            "ssl_key_file": key,
            "hba_file": place.folder / "hba",
        }

    url = servers.start_postgres(own)
    if isinstance(url, str):
        pytest.skip(url)
    return int(url.port or 0), files[0]


def own_database(world: World) -> None:
    """The owner, as RDS makes it: may make users and databases, and is no superuser."""
    owner = world.secret(world.outputs["database.prod"]["OwnerSecret"])
    port = world.outputs["database.prod"]["Port"]
    engine = create_engine(
        f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres", isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE ROLE {owner['username']} LOGIN CREATEROLE CREATEDB PASSWORD '{owner['password']}'"
        )
    engine.dispose()


@contextlib.contextmanager
def serving(world: World) -> Iterator[subprocess.Popen[bytes]]:
    """The server's container, until the end of the block; `log` in the folder is what it says."""
    with (world.folder / "log").open("ab") as log:
        process = subprocess.Popen(
            world.command("server"),
            env=world.environment("server"),
            cwd=world.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 240
        while health(world.port) != http.client.OK:
            assert process.poll() is None, (world.folder / "log").read_text()
            assert time.monotonic() < deadline, (world.folder / "log").read_text()
            time.sleep(0.3)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def health(port: int) -> int:
    """What a load balancer is told at /health, asked by an address as it does."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    asked = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
    try:
        asked.request("GET", "/health")
        return asked.getresponse().status
    except OSError:
        return 0
    finally:
        asked.close()


def with_image(stack: Stack) -> Stack:
    """The stack as it is once it has been given an image."""
    given = [
        replace(one, value=f"mlflow@{DIGEST}") if one.parameter == tracking.IMAGE.parameter else one
        for one in stack.inputs
    ]
    return replace(stack, inputs=tuple(given))
