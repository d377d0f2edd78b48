"""A project's job definitions: one for each environment and sort of queue there, all of the project's one image.

What a job runs, and how large it is, comes with the job: `SubmitJob` overrides command, variables, CPUs and memory. Who
it is, what it may write, and that it ends, does not. Secrets are named by a variable of the job, and read by the job's
own role.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere.batch import (
    ContainerProperties,
    Environment,
    EvaluateOnExit,
    FargatePlatformConfiguration,
    JobDefinition,
    LinuxParameters,
    LogConfiguration,
    MountPoints,
    NetworkConfiguration,
    ResourceRequirement,
    RetryStrategy,
    RuntimePlatform,
    Timeout,
    Volumes,
    VolumesHost,
)

from stratolab.infra import names, tags
from stratolab.infra.arns import REGION
from stratolab.infra.blocks.containers import SCRATCH, USER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SORTS = ("fargate", "machines")
ATTEMPTS = 3
DAY = 86_400
"""Seconds after which an attempt is ended whose job says nothing else."""
AGAIN = ("Host EC2*", "Your Spot Task was interrupted*")
"""Why an attempt is repeated: the machine under it was taken away. Whatever else ends it, ends the job."""
_SIZE = {"VCPU": "1", "MEMORY": "2048"}


@dataclass(frozen=True, slots=True)
class JobPlace:
    """Where jobs of a project run: a sort of queue in an environment."""

    environment: str
    sort: str
    """`fargate` or `machines`: a definition is of one of the two, as a queue is."""


def definition_name(lab: str, project: str, place: JobPlace) -> str:
    """The name of a job definition; no other project's is matched by it with a star behind."""
    return names.named("job definition", lab, place.environment, place.sort, project)


def job_definitions(
    lab: str,
    project: str,
    places: Sequence[JobPlace],
    *,
    image: Any,
    role: Any,
    start_role: Any,
    **attributes: Any,
) -> list[Any]:
    """The definitions. `image` is by digest, and the roles are ARNs."""
    return [
        JobDefinition(
            f"Job{place.environment.capitalize()}{place.sort.capitalize()}",
            JobDefinitionName=definition_name(lab, project, place),
            Type="container",
            PlatformCapabilities=["FARGATE" if place.sort == "fargate" else "EC2"],
            PropagateTags=True,
            Tags={tags.ENVIRONMENT: place.environment},  # else the stack's, which is of none
            Timeout=Timeout(AttemptDurationSeconds=DAY),
            RetryStrategy=_retries(),
            ContainerProperties=ContainerProperties(
                Image=image,
                JobRoleArn=role,
                ExecutionRoleArn=start_role,
                User=USER,
                ReadonlyRootFilesystem=True,
                Privileged=False,
                ResourceRequirements=[
                    ResourceRequirement(Type=kind, Value=value) for kind, value in _SIZE.items()
                ],
                Environment=[
                    Environment(Name=name, Value=value)
                    for name, value in sorted(_variables(lab, project, place).items())
                ],
                LinuxParameters=LinuxParameters(InitProcessEnabled=True),
                MountPoints=[MountPoints(SourceVolume=SCRATCH, ContainerPath="/tmp", ReadOnly=False)],  # noqa: S108
                LogConfiguration=LogConfiguration(
                    LogDriver="awslogs",
                    Options={
                        "awslogs-group": names.pathed("log group", lab, place.environment, "jobs"),
                        "awslogs-region": REGION,
                        "awslogs-stream-prefix": project,
                    },
                ),
                **_OF_SORT[place.sort](),
            ),
            **attributes,
        )
        for place in places
    ]


def _retries() -> Any:
    """Batch repeats what no rule speaks of, so the last one speaks of everything."""
    return RetryStrategy(
        Attempts=ATTEMPTS,
        EvaluateOnExit=[
            *(EvaluateOnExit(OnStatusReason=reason, Action="RETRY") for reason in AGAIN),
            EvaluateOnExit(OnExitCode="*", Action="EXIT"),
        ],
    )


def _variables(lab: str, project: str, place: JobPlace) -> Mapping[str, Any]:
    return {
        "AWS_DEFAULT_REGION": REGION,
        "HOME": "/tmp",  # noqa: S108 - the only folder of the container that can be written to
        "STRATOLAB_ENVIRONMENT": place.environment,
        "STRATOLAB_LAB": lab,
        "STRATOLAB_PROJECT": project,
    }


def _of_fargate() -> dict[str, Any]:
    """Fargate gives a volume without a host a place on the task's own disk."""
    return {
        "FargatePlatformConfiguration": FargatePlatformConfiguration(PlatformVersion="LATEST"),
        "NetworkConfiguration": NetworkConfiguration(AssignPublicIp="DISABLED"),
        "RuntimePlatform": RuntimePlatform(CpuArchitecture="X86_64", OperatingSystemFamily="LINUX"),
        "Volumes": [Volumes(Name=SCRATCH)],
    }


def _of_machines() -> dict[str, Any]:
    """An empty host: Docker makes a folder for the container, and takes it away with it."""
    return {"Volumes": [Volumes(Name=SCRATCH, Host=VolumesHost())]}


_OF_SORT = {"fargate": _of_fargate, "machines": _of_machines}
