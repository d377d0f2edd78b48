"""A function: its code, a role of its own, its log group. It runs in the private network or nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref
from troposphere.awslambda import Code as CodeProperty
from troposphere.awslambda import Environment, Function, LoggingConfig, VPCConfig

from stratolab.infra import names
from stratolab.infra.arns import regional
from stratolab.infra.blocks.logs import log_group
from stratolab.infra.blocks.policies import Statement, allow, managed
from stratolab.infra.blocks.roles import service_role
from stratolab.infra.parts.general_roles import join_networks, see_networks
from stratolab.infra.values import Given, taken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.infra.code import Code

RUNTIME, ARCHITECTURE = "python3.13", "arm64"
"""The newest Python that Lambda has, on the processor that costs less.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""


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
        managed(
            policy, place.lab, f"{full}-function", write_log(logs), see_networks(), join_networks(), *may
        ),
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
            LoggingConfig=LoggingConfig(LogFormat="JSON", LogGroup=Ref(logs)),
            VpcConfig=VPCConfig(SubnetIds=place.subnets, SecurityGroupIds=[place.group]),
            **({"KmsKeyArn": place.secrets_key} if place.secrets_key is not None else {}),
            **({"ReservedConcurrentExecutions": at_once} if at_once is not None else {}),
        ),
    ]


def write_log(logs: str) -> Statement:
    """Write to the function's log group."""
    return allow("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], GetAtt(logs, "Arn"))
