"""A function: its code, a role of its own, its log group; and a deployment that calls it and waits for its answer.

A function runs in the private network or nowhere. The handlers are in `stratolab.runtime.functions`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import AWSObject, GetAtt, Ref
from troposphere.awslambda import Code as CodeProperty
from troposphere.awslambda import Environment, Function, LoggingConfig, VPCConfig

from stratolab.infra import names
from stratolab.infra.arns import regional
from stratolab.infra.blocks.logs import log_group
from stratolab.infra.blocks.policies import Statement, allow, managed
from stratolab.infra.blocks.roles import service_role
from stratolab.infra.parts.general_roles import join_networks, see_networks
from stratolab.infra.values import Given, taken
from stratolab.runtime.functions.answering import MARGIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.infra.code import Code

RUNTIME, ARCHITECTURE = "python3.14", "arm64"
"""A Python that Lambda keeps up to date until 2029, on the processor that costs less.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""
LONGEST = 900
"""Seconds that Lambda lets a function run at most."""
_WAITS_MOST = 3600
"""Seconds that CloudFormation waits for a custom resource at most."""
_CALLS = 3
"""Times that Lambda calls a function that was killed, with these minutes between: 1 and 2."""
_BETWEEN = 180


@dataclass(frozen=True, slots=True)
class Place:
    """What functions of an environment share: whose they are, where they run and what for."""

    lab: str
    environment: str
    bucket: Any
    """The bucket of code."""
    subnets: Any
    group: Any
    boundary: Any
    log_days: int
    logs_key: Any | None = None
    secrets_key: Any | None = None


def code_of(title: str, code: Code) -> Given:
    """The parameter by which a stack is told where the code of its function is: a new version is a new value."""
    return Given(f"{title}Code", f"Where the code of {code.name} is in the bucket of code", code.key)


def function(
    title: str,
    name: str,
    about: str,
    place: Place,
    code: Code,
    *,
    may: Sequence[Statement],
    settings: Mapping[str, Any],
    seconds: int,
    memory: int = 256,
    at_once: int | None = None,
) -> list[Any]:
    """A function `LAB-ENVIRONMENT-NAME` and what belongs to it: `{title}Logs`, `{title}Role`, `{title}Policy`.

    `memory` is in MiB; `settings` are its environment variables, none of them secret; `at_once` reserves so many
    copies and allows no more.
    """
    full, own = (
        f"{place.environment}-{name}",
        names.named("function", place.lab, f"{place.environment}-{name}"),
    )
    role, policy, logs = f"{title}Role", f"{title}Policy", f"{title}Logs"
    return [
        log_group(
            logs, place.lab, place.environment, f"functions/{name}", days=place.log_days, key=place.logs_key
        ),
        managed(policy, place.lab, f"{full}-function", write_log(logs), see_networks(), lambda_joins(), *may),
        service_role(
            role,
            place.lab,
            f"{full}-function",
            about,
            trusts="lambda",
            boundary=place.boundary,
            policies=[Ref(policy)],
            sources=[regional("lambda", f"function:{own}")],
        ),
        Function(
            title,
            FunctionName=own,
            Description=about,
            Runtime=RUNTIME,
            Architectures=[ARCHITECTURE],
            Handler=code.handler,
            Code=CodeProperty(S3Bucket=place.bucket, S3Key=taken(code_of(title, code))),
            Role=GetAtt(role, "Arn"),
            Timeout=seconds,
            MemorySize=memory,
            Environment=Environment(Variables=dict(settings)),
            LoggingConfig=_Logging(LogFormat="JSON", LogGroup=Ref(logs)),
            VpcConfig=VPCConfig(SubnetIds=place.subnets, SecurityGroupIds=[place.group]),
            **({"KmsKeyArn": place.secrets_key} if place.secrets_key is not None else {}),
            **({"ReservedConcurrentExecutions": at_once} if at_once is not None else {}),
        ),
    ]


def limit(seconds: float) -> int:
    """The limit of a function whose work may take so long: what stopping it and answering need comes on top."""
    return min(LONGEST, math.ceil(seconds + 2 * MARGIN))


def called(title: str, kind: str, function_title: str, *, seconds: int, **given: Any) -> Any:
    """A custom resource `Custom::KIND`: a deployment calls the function when what is `given` is new or has changed.

    It waits for the answer, whose attributes `GetAtt` gives. `seconds` is the function's limit; one that was killed is
    called again, so CloudFormation waits that long.
    """
    props = {**_Custom.props, **dict.fromkeys(given, (object, False))}
    made = type(kind, (_Custom,), {"resource_type": f"Custom::{kind}", "props": props})
    return made(
        title,
        ServiceToken=GetAtt(function_title, "Arn"),
        ServiceTimeout=min(_WAITS_MOST, _CALLS * seconds + _BETWEEN),
        **given,
    )


class _Logging(LoggingConfig):  # type: ignore[misc] # troposphere ships no types
    """As CloudFormation has it. In troposphere, one that capacity providers have took its place."""

    props = {**LoggingConfig.props, "LogFormat": (str, False)}  # noqa: RUF012 - troposphere's way


class _Custom(AWSObject):  # type: ignore[misc]
    """What every custom resource has."""

    props = {"ServiceToken": (object, True), "ServiceTimeout": (int, False)}  # noqa: RUF012 - troposphere's way


def lambda_joins() -> Statement:
    """Lambda may join the function to its network; the function's own code, whose calls name it, may not.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    return {**join_networks(), "Condition": {"Null": {"lambda:SourceFunctionArn": "true"}}}


def write_log(logs: str) -> Statement:
    """Write to the function's log group."""
    return allow("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], GetAtt(logs, "Arn"))
