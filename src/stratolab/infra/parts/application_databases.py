"""Applications' databases: for each a database, a user of its own, a secret, and a topic of what becomes of it.

One function makes them, called by the deployment, and exchanges their passwords, called by Secrets Manager. It reaches
these secrets and the owners' of the instances that they are in, and no others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Join, Ref
from troposphere.awslambda import Permission
from troposphere.secretsmanager import RotationRules, RotationSchedule

from stratolab.config.labs.databases import rotation_of
from stratolab.infra import names
from stratolab.infra.arns import ACCOUNT, regional
from stratolab.infra.blocks.policies import Statement, allow
from stratolab.infra.blocks.secrets import empty_secret
from stratolab.infra.blocks.topics import topic
from stratolab.infra.code import DRIVERS, Code, code
from stratolab.infra.parts.functions import called, code_of, function, limit
from stratolab.infra.parts.general_roles import use_keys_through
from stratolab.runtime.functions import secret_rotation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.config.labs.databases import DatabaseConfig
    from stratolab.infra.parts.functions import Place
    from stratolab.infra.values import Given

FUNCTION = "RotationFunction"
NAME = "secret-rotation"
"""What the function is called, after lab and environment."""
SECONDS = 90
"""What making a database or a step of an exchange may take; both are a few statements."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where an application's database is, and who owns the instance. `shared` is the first database in it, if any."""

    application: str
    host: Any
    port: Any
    database: str
    owner: Any
    """The ARN of the owner's secret."""
    shared: str = ""

    def title(self, what: str) -> str:
        """The logical name of something of this application."""
        return names.title(what, self.application)


def users(
    place: Place, options: DatabaseConfig, homes: Sequence[Home], mail: Mapping[str, Sequence[str]]
) -> list[Any]:
    """Everything that these applications need. `mail` gives by application who reads notices along."""
    exchanging = rotation_of(options) == "lambda"
    return [
        *rotation_function(place, options, homes),
        *(part for home in homes for part in of_application(place, options, home, mail)),
        *([called_by_secrets_manager()] if exchanging else []),
        *(schedule(options, home) for home in homes if exchanging),
    ]


def rotation_function(place: Place, options: DatabaseConfig, homes: Sequence[Home]) -> list[Any]:
    """The function. Its settings name hosts, topics and canaries; nothing of a secret."""
    canaries = {name: given.model_dump(exclude_none=True) for name, given in options.canaries.items()}
    hosts = list({json.dumps(home.host.to_dict()): home.host for home in homes}.values())
    return function(
        FUNCTION,
        NAME,
        f"Makes applications' databases in {place.environment} and exchanges their passwords",
        place,
        _code(),
        may=may(place, options, homes),
        settings={
            secret_rotation.HOSTS: Join(",", hosts),
            secret_rotation.TOPICS: _topics(place, ""),
            secret_rotation.CANARIES: json.dumps(canaries, sort_keys=True),
            secret_rotation.LENGTHS: f"{options.username_length},{options.password_length}",
        },
        seconds=limit(SECONDS),
    )


def of_application(
    place: Place, options: DatabaseConfig, home: Home, mail: Mapping[str, Sequence[str]]
) -> list[Any]:
    """Its secret, the call that has its database made, and the topic of its notices."""
    about = f"The user of the database of {home.application} in {place.environment}"
    return [
        empty_secret(home.title("Secret"), secret_name(place, home), about, key=place.secrets_key),
        called(
            home.title("Users"),
            "ApplicationDatabase",
            FUNCTION,
            seconds=limit(SECONDS),
            Secret=Ref(home.title("Secret")),
            Engine=options.engine,
            Host=home.host,  # a new instance is empty, so all is made again
            Port=home.port,
            Database=home.database,
            Owner=home.owner,
            Shared=home.shared,
        ),
        *topic(
            home.title("Notices"),
            place.lab,
            f"{place.environment}-rotation-{home.application}",
            f"Exchanged passwords of {home.application}",
            key=place.logs_key,
            writers={},
            mail=mail.get(home.application, ()),
        ),
    ]


def called_by_secrets_manager() -> Any:
    """Secrets Manager of this account may call the function."""
    return Permission(
        f"{FUNCTION}Permission",
        FunctionName=GetAtt(FUNCTION, "Arn"),
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceAccount=ACCOUNT,
    )


def schedule(options: DatabaseConfig, home: Home) -> Any:
    """When its password is exchanged. The first value is new, so the first exchange waits for its day."""
    return RotationSchedule(
        home.title("Rotation"),
        SecretId=Ref(home.title("Secret")),
        RotationLambdaARN=GetAtt(FUNCTION, "Arn"),
        RotationRules=RotationRules(AutomaticallyAfterDays=options.rotate),
        RotateImmediatelyOnUpdate=False,
        DependsOn=[home.title("Users"), f"{FUNCTION}Permission"],
    )


def may(place: Place, options: DatabaseConfig, homes: Sequence[Home]) -> list[Statement]:
    """What the function may do."""
    keys = [use_keys_through("secretsmanager", "sns")] if place.secrets_key is not None else []
    called_ones = sorted({one.function for one in options.canaries.values() if one.function})
    owners = list({json.dumps(home.owner.to_dict()): home.owner for home in homes}.values())
    return [
        exchange_secrets(place),
        allow("ReadOwners", ["secretsmanager:GetSecretValue"], owners),
        allow("TellUsers", ["sns:Publish"], _topics(place, "*")),
        *([call_canaries(called_ones)] if called_ones else []),
        *keys,
    ]


def exchange_secrets(place: Place) -> Statement:
    """Exchange the secrets of this environment's databases. Six characters of chance end a secret's ARN."""
    actions = [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    ]
    where = regional("secretsmanager", f"secret:{place.lab}/*/{place.environment}/database-??????")
    return allow("ExchangeSecrets", actions, where)


def call_canaries(functions: Sequence[str]) -> Statement:
    """Call the functions that try new passwords out."""
    return allow(
        "CallCanaries",
        ["lambda:InvokeFunction"],
        [regional("lambda", f"function:{one}") for one in functions],
    )


def secret_name(place: Place, home: Home) -> str:
    """The name of its secret, below the application's, where that project's members and role read: no other's."""
    return names.secret(place.lab, home.application, place.environment, "database")


def inputs() -> tuple[Given, ...]:
    """The parameter of the function's code."""
    return (code_of(FUNCTION, _code()),)


def sources() -> tuple[Code, ...]:
    """What has to be in the bucket of code."""
    return (_code(),)


def _topics(place: Place, end: str) -> Any:
    return regional("sns", f"{place.lab}-{place.environment}-rotation-{end}")


def _code() -> Code:
    return code(NAME, "stratolab.runtime.functions.secret_rotation.handler", *DRIVERS.values())
