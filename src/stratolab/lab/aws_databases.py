"""The databases of a lab in AWS. Nobody reaches them from outside, so functions beside them do what a person asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError, RemoteError
from stratolab.core.names import did_you_mean
from stratolab.lab import choosing
from stratolab.lab.local import LocalLab
from stratolab.runtime.databases.examining import Step
from stratolab.runtime.databases.setup import Ran

if TYPE_CHECKING:
    from stratolab.aws.functions import Functions
    from stratolab.lab.deployed import DeployedLab
    from stratolab.tables.address import Address
    from stratolab.tables.client import Client

_DOING = "looking for a database"
ENVIRONMENTS = ("dev", "stage", "prod")


@dataclass(frozen=True)
class LabDatabase:
    """A database of an environment: its own one, or an application's where those stand apart."""

    lab: DeployedLab
    environment: str
    application: str = ""

    @property
    def published(self) -> dict[str, str]:
        """What its stack publishes about it: `host`, `port`, `name`, `owner-secret`, `test-function` ..."""
        found = self.lab.published
        shared = _below(found, f"{self.environment}/database/")
        if not self.application:
            return shared
        own = _below(found, f"{self.environment}/applications/{self.application}/database/")
        return {
            **{key: value for key, value in shared.items() if key in {"engine", "port"}},
            **own,
            "name": self.application.replace("-", "_"),
            "owner-secret": own.get("secret", ""),
        }

    @property
    def address(self) -> str:
        """Where it is, in a line."""
        about = self.published
        return f"{about['engine']} {about['host']}:{about['port']}/{about['name']}"

    def examine(self) -> list[Step]:
        """Try the way to it, from within its network. Raises `RemoteError` if nobody can."""
        answer = self._functions.call(self._function("test-function", "stratolab up database"), {})
        return [
            Step(one["step"], ok=one["ok"], seconds=one["seconds"], found=one["found"], hint=one["hint"])
            for one in answer["steps"]
        ]

    def set_up(self) -> list[Ran]:
        """Run what has not run yet of the scripts that were deployed. Raises `RemoteError` that names what failed."""
        function = self._function(
            "setup-function", 'setup = "sql" in its table of lab.toml, then: stratolab up database'
        )
        answer = self._functions.call(function, {})
        if not answer["ok"]:
            raise RemoteError(answer["error"], doing=answer["doing"], hint=answer["hint"])
        return [Ran(one["script"], one["statements"], one["before"]) for one in answer["scripts"]]

    def entrance(self, secret: str = "") -> Address:
        """Where one gets in, and as whom: as the owner, or as whom another secret of the lab names.

        Raises `InputError` if there is no such secret, `RemoteError` if it may not be read.
        """
        import json

        from stratolab.aws.secretsmanager import SecretVault
        from stratolab.runtime.functions.entering import authorities
        from stratolab.secrets.models import CURRENT
        from stratolab.tables.address import Address, with_secret

        about = self.published
        place = Address(
            "postgresql" if about["engine"] == "postgres" else "mysql",
            about["name"],
            host=about["host"],
            port=int(about["port"]),
            options=(("sslmode", "verify-full"), ("sslrootcert", authorities())),
        )
        named = secret or about["owner-secret"]
        held = SecretVault(self.lab.clients.of("secretsmanager")).value(named, stage=CURRENT)
        if held is None:
            raise InputError(f"there is no secret {named}", doing=_DOING, hint="stratolab secrets ls")
        login = json.loads(held) if held.startswith("{") else {}
        known = {key: login[key] for key in ("username", "password") if key in login}
        return with_secret(place, json.dumps(known) if known else held)

    def client(self, address: Address, port: int) -> Client:
        """The client program by way of a port of this machine. Raises `InputError` if it is not installed."""
        from stratolab.tables import client

        return client.client(address, by_way_of=port)

    def _function(self, key: str, hint: str) -> str:
        name = self.published.get(key)
        if not name:
            raise InputError(
                f"{self.environment} has no function that does it", doing=f"asking for its {key}", hint=hint
            )
        return name

    @cached_property
    def _functions(self) -> Functions:
        from stratolab.aws.functions import WAITS, Functions

        return Functions(self.lab.clients.of("lambda", waits=WAITS))


def chosen(name: str, lab: str, environment: str) -> tuple[LocalLab, str] | LabDatabase:
    """The database that a command means: one of the project on this machine, or one of a lab in AWS.

    Raises `InputError` if there is no such lab or database.
    """
    found = choosing.chosen(lab)
    if isinstance(found, LocalLab):
        if environment:
            raise InputError(
                "the local lab has no environments", doing=_DOING, hint="--lab NAME means a lab in AWS"
            )
        return found, name or "default"
    return database(found, environment or _of_project(found.name), name)


def _of_project(lab: str) -> str:
    """The environment that the project here works in, if this is its lab."""
    project = LocalLab.around()
    return project.config.project.environment if project.configured and project.named == lab else ""


def database(lab: DeployedLab, environment: str, application: str = "") -> LabDatabase:
    """A database of the lab. Without an environment, the one that has a database, if there is just one.

    Raises `InputError` with what there is.
    """
    there = [one for one in ENVIRONMENTS if f"{one}/database/host" in lab.published]
    if not there:
        raise InputError(
            f"the lab {lab.name} has no database",
            doing=_DOING,
            hint="database = {} in an environment of lab.toml",
        )
    if not environment and len(there) > 1:
        raise InputError(
            f"{', '.join(there)} have databases: which one?", doing=_DOING, hint=f"--environment {there[0]}"
        )
    if environment and environment not in there:
        raise InputError(
            f"{environment} has no database",
            doing=_DOING,
            hint=did_you_mean(environment, there) or ", ".join(there),
        )
    found = LabDatabase(lab, environment or there[0], application)
    known = applications(lab, found.environment)
    if application and application not in known:
        raise InputError(
            f"{application} has no database of its own in {found.environment}",
            doing=_DOING,
            hint=did_you_mean(application, known) or "without a name, the environment's own is meant",
        )
    return found


def applications(lab: DeployedLab, environment: str) -> list[str]:
    """The applications whose databases stand apart in an environment."""
    prefix, end = f"{environment}/applications/", "/database/host"
    return sorted(
        key[len(prefix) : -len(end)] for key in lab.published if key.startswith(prefix) and key.endswith(end)
    )


def _below(found: dict[str, str], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in found.items() if key.startswith(prefix)}
