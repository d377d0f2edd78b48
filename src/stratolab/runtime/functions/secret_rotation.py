"""The function that makes applications' databases and exchanges their users: whoever asks, one secret at a time.

    CloudFormation      a database, its first user and the secret's first value (a custom resource)
    Secrets Manager     one of the four steps of a rotation; an error is told, and the next schedule tries again
    a person            {"Step": "rehearse", "SecretId": ...}: all of it up to the canaries, and back

It speaks to the databases of its own stack only: a secret that names another host is refused, for the owner's password
would go there.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stratolab.core.errors import InputError, RefusedError, RemoteError, StratolabError
from stratolab.runtime.functions import answering, entering
from stratolab.runtime.functions.kept import Kept, Topic, log
from stratolab.runtime.rotation import credentials
from stratolab.runtime.rotation.canaries import CanaryError
from stratolab.runtime.rotation.databases import Databases
from stratolab.runtime.rotation.steps import Rotation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stratolab.runtime.rotation.canaries import Canary, Candidate
    from stratolab.runtime.rotation.credentials import Login
    from stratolab.runtime.rotation.steps import Step

PREFIX = "STRATOLAB_ROTATION_"
HOSTS, TOPICS, CANARIES, LENGTHS, AUTHORITIES = (
    f"{PREFIX}{name}" for name in ("HOSTS", "TOPICS", "CANARIES", "LENGTHS", "AUTHORITIES")
)
"""Settings: the hosts with commas, what topics' ARNs begin with, canaries by application as JSON, the lengths of names
and of passwords with a comma. AUTHORITIES is a file of certificates in place of RDS's."""
REHEARSE = "rehearse"
_STEPS: dict[str, Step] = {
    "createSecret": "create",
    "setSecret": "set",
    "testSecret": "test",
    "finishSecret": "finish",
}
_DIALECTS = {"postgres": "postgresql", "mysql": "mysql"}


class RotationError(Exception):
    """What a step ends with, for Secrets Manager and the log. Its text holds no value."""


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """What Lambda calls."""
    work = Work(os.environ, entering.client)
    if answering.is_of_cloudformation(event):
        return dict(answering.answered(event, work.begin))
    try:
        return work.step(event)
    except StratolabError as error:
        told = answering.told(error)
        kind = {"kind": type(error).__name__}
        log({"secret": str(event.get("SecretId", "")), "version": _version(event), "failed": told, **kind})
        if event.get("Step") == REHEARSE:
            return {"ok": False, "kind": type(error).__name__, "reason": told}
        raise RotationError(told) from None
    except Exception as error:  # noqa: BLE001 - a driver's own words may hold what it was given
        told = f"{type(error).__name__} in the function"
        log({"secret": str(event.get("SecretId", "")), "version": _version(event), "failed": told})
        raise RotationError(told) from None


@dataclass(frozen=True, slots=True)
class Work:
    """The function's settings, and how it gets clients of AWS."""

    settings: Mapping[str, str]
    client: Callable[[str], Any]

    def begin(self, event: Mapping[str, Any]) -> dict[str, str]:
        """Have an application's database, its user and the secret's value there, as a deployment asks."""
        given = event["ResourceProperties"]
        seed = credentials.login(
            {
                "engine": given["Engine"],
                "host": given["Host"],
                "port": given["Port"],
                "dbname": given["Database"],
                "username": "",
                "password": "",
                "masterarn": given["Owner"],
            }
        )
        secret = str(given["Secret"])
        rotation = self._rotation(secret, seed=seed, shared=str(given.get("Shared") or ""))
        rotation.begin(secret, str(event["RequestId"]))
        log({"secret": secret, "done": "begin"})
        return {"Answer": f"{application_of(secret)} has its database {seed.database} and its user"}

    def step(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Take a step of a rotation, or rehearse one."""
        secret, step = str(event["SecretId"]), str(event["Step"])
        rotation = self._rotation(secret)
        if step == REHEARSE:
            token = str(event.get("ClientRequestToken") or uuid.uuid4())
            who = rotation.rehearse(secret, token)
            log({"secret": secret, "version": token, "done": step})
            return {"ok": True, "who": who, "version": token}
        if step not in _STEPS:
            raise InputError(f"there is no step {step!r}", doing="rotating a secret")
        rotation.take(_STEPS[step], secret, str(event["ClientRequestToken"]))
        told = {"who": rotation.who(secret, _version(event))} if step == "finishSecret" else {}
        log({"secret": secret, "version": _version(event), "done": step, **told})
        return {}

    def _rotation(self, secret: str, *, seed: Login | None = None, shared: str = "") -> Rotation:
        application = application_of(secret)
        secrets = self.client("secretsmanager")
        of_name, of_password = map(int, self.settings[LENGTHS].split(","))
        exchange = Databases(
            self._connect,
            lambda login: self._owner(login, secrets),
            of_name,
            of_password,
            seed,
            shared,
        )
        wanted = json.loads(self.settings[CANARIES]).get(application, {})
        asked: list[Canary] = [exchange.canary(wanted["query"])] if wanted.get("query") else []
        if wanted.get("function"):
            asked.append(self._consumer(wanted["function"]))
        if seed is not None:
            asked = []  # there are no tables yet
        topic = Topic(lambda: self.client("sns"), f"{self.settings[TOPICS]}{application}", log)
        return Rotation(Kept(secrets), exchange, tuple(asked), topic.tell)

    def _connect(self, login: Login) -> Any:
        if login.host not in self.settings[HOSTS].split(","):
            raise RefusedError(
                "the secret names a host that is none of this stack's",
                doing="connecting to the database",
                hint="who has changed the secret? stratolab secrets get NAME --previous has the one before",
            )
        place = entering.Database(
            dialect=_DIALECTS[login.family],  # type: ignore[arg-type]
            host=login.host,
            port=login.port,
            name=login.database,
            secret="",
            authorities=self.settings.get(AUTHORITIES) or str(entering.AUTHORITIES),
        )
        return entering.connect(place, entering.Login(login.name, login.password))

    @staticmethod
    def _owner(login: Login, secrets: Any) -> Login:
        found = entering.login(login.owner, secrets)
        return replace(login, name=found.user, password=found.password)

    def _consumer(self, function: str) -> Canary:
        """A canary that is a function of the application's: it reads the version that it is told, and uses it."""

        def ask(candidate: Candidate) -> None:
            told = {"secret": candidate.secret, "version": candidate.version, "stage": "AWSPENDING"}
            try:
                answer = self.client("lambda").invoke(
                    FunctionName=function, Payload=json.dumps(told).encode()
                )
            except entering.failures() as error:
                what = entering.code_of(error) or type(error).__name__
                raise CanaryError(f"{function} cannot be called: {what}", doing="the canary") from None
            answer["Payload"].close()  # nobody reads what it says, which may quote the secret
            if answer.get("FunctionError"):
                raise CanaryError(
                    f"{function} ended with an error", doing="the canary", hint="its log group has more"
                )

        return ask


def application_of(secret: str) -> str:
    """The application whose secret an ARN is: `acme/world-series/prod/database-AbCdEf` is of world-series."""
    parts = secret.rpartition(":secret:")[2].split("/")
    if len(parts) != 4:
        raise RemoteError("that is no secret of an application's database", doing="rotating a secret")
    return parts[1]


def _version(event: Mapping[str, Any]) -> str:
    return str(event.get("ClientRequestToken", ""))
