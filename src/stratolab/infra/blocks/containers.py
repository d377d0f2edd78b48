"""Containers on Fargate: a cluster, tasks that change nothing of their image, services that turn a bad one back.

How many copies of a service run is said by its scaling alone: a target for CPU and one for memory, each with a pause
after a copy was added and one after it was taken away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from troposphere import Join, Ref
from troposphere.applicationautoscaling import (
    PredefinedMetricSpecification,
    ScalableTarget,
    ScalingPolicy,
    TargetTrackingScalingPolicyConfiguration,
)
from troposphere.ecs import (
    AwsvpcConfiguration,
    CapacityProviderStrategyItem,
    Cluster,
    ClusterSetting,
    ContainerDefinition,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    Environment,
    LinuxParameters,
    LoadBalancer,
    LogConfiguration,
    MountPoint,
    NetworkConfiguration,
    RuntimePlatform,
    Secret,
    Service,
    TaskDefinition,
    Volume,
)

from stratolab.infra.arns import REGION
from stratolab.infra.flows import APP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stratolab.config.labs.tracking import TasksConfig

USER = "1000"
"""Who containers run as; images make their folder /tmp a volume, which Fargate then hands over writable."""
SCRATCH = "scratch"
_METRICS = {"cpu": "ECSServiceAverageCPUUtilization", "memory": "ECSServiceAverageMemoryUtilization"}


def cluster(title: str, name: str, *, insights: bool) -> Any:
    """A cluster of Fargate's machines. With `insights`, figures of each task, which cost."""
    return Cluster(
        title,
        ClusterName=name,
        CapacityProviders=["FARGATE", "FARGATE_SPOT"],
        ClusterSettings=[
            ClusterSetting(Name="containerInsights", Value="enabled" if insights else "disabled")
        ],
    )


def container(
    name: str,
    *,
    image: Any,
    command: Sequence[str],
    variables: Mapping[str, Any],
    secrets: Mapping[str, Any],
    logs: str,
    **more: Any,
) -> Any:
    """A container that cannot write but to /tmp, is nobody special, and gets secrets by their ARN.

    `logs` is the title of its log group.
    """
    return ContainerDefinition(
        Name=name,
        Image=image,
        Command=list(command),
        User=USER,
        WorkingDirectory="/tmp",  # noqa: S108 - in the container, which has one for itself
        ReadonlyRootFilesystem=True,
        MountPoints=[MountPoint(SourceVolume=SCRATCH, ContainerPath="/tmp", ReadOnly=False)],  # noqa: S108
        LinuxParameters=LinuxParameters(InitProcessEnabled=True),
        Environment=[Environment(Name=key, Value=value) for key, value in sorted(variables.items())],
        Secrets=[Secret(Name=key, ValueFrom=arn) for key, arn in sorted(secrets.items())],
        LogConfiguration=LogConfiguration(
            LogDriver="awslogs",
            Options={"awslogs-group": Ref(logs), "awslogs-region": REGION, "awslogs-stream-prefix": name},
        ),
        **more,
    )


def task(
    title: str,
    family: str,
    containers: Sequence[Any],
    *,
    cpu: int,
    memory: int,
    execution_role: Any,
    role: Any,
    **attributes: Any,
) -> Any:
    """A task. A change of it makes a new revision; the old ones stay, so that there is a way back."""
    return TaskDefinition(
        title,
        Family=family,
        Cpu=str(cpu),
        Memory=str(memory),
        NetworkMode="awsvpc",
        RequiresCompatibilities=["FARGATE"],
        RuntimePlatform=RuntimePlatform(CpuArchitecture="X86_64", OperatingSystemFamily="LINUX"),
        ExecutionRoleArn=execution_role,
        TaskRoleArn=role,
        ContainerDefinitions=list(containers),
        Volumes=[Volume(Name=SCRATCH)],
        **attributes,
    )


def service(
    title: str,
    name: str,
    *,
    cluster_title: str,
    task_title: str,
    targets_title: str,
    container_name: str,
    subnets: Any,
    group: Any,
    spot: bool,
    patience: int,
    **attributes: Any,
) -> Any:
    """A service behind a load balancer. New copies have to be well before old ones go, else it stays with the old.

    It does not say how many copies there are: that would take back what scaling did, with every change.
    `patience` are the seconds that a copy may take to begin.
    """
    return Service(
        title,
        ServiceName=name,
        Cluster=Ref(cluster_title),
        TaskDefinition=Ref(task_title),
        CapacityProviderStrategy=[
            CapacityProviderStrategyItem(CapacityProvider="FARGATE_SPOT" if spot else "FARGATE", Weight=1)
        ],
        PlatformVersion="LATEST",
        EnableExecuteCommand=False,
        PropagateTags="SERVICE",
        HealthCheckGracePeriodSeconds=patience,
        DeploymentConfiguration=DeploymentConfiguration(
            MinimumHealthyPercent=100,
            MaximumPercent=200,
            DeploymentCircuitBreaker=DeploymentCircuitBreaker(Enable=True, Rollback=True),
        ),
        NetworkConfiguration=NetworkConfiguration(
            AwsvpcConfiguration=AwsvpcConfiguration(
                AssignPublicIp="DISABLED", SecurityGroups=[group], Subnets=subnets
            )
        ),
        LoadBalancers=[
            LoadBalancer(ContainerName=container_name, ContainerPort=APP, TargetGroupArn=Ref(targets_title))
        ],
        **attributes,
    )


def scaling(
    title: str, name: str, *, cluster_title: str, service_name: Any, tasks: TasksConfig, **attributes: Any
) -> list[Any]:
    """How many copies there are at least and at most, and the two policies that choose between."""
    target = ScalableTarget(
        title,
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId=Join("/", ["service", Ref(cluster_title), service_name]),
        MinCapacity=tasks.min,
        MaxCapacity=tasks.max,
        **attributes,
    )
    waits: dict[Literal["cpu", "memory"], tuple[int, int, int]] = {
        "cpu": (tasks.cpu_target, tasks.in_cooldown, tasks.out_cooldown),
        "memory": (
            tasks.memory_target,
            tasks.in_cooldown if tasks.memory_in_cooldown is None else tasks.memory_in_cooldown,
            tasks.out_cooldown if tasks.memory_out_cooldown is None else tasks.memory_out_cooldown,
        ),
    }
    return [
        target,
        *(
            ScalingPolicy(
                f"{title}By{by.capitalize()}",
                PolicyName=f"{name}-{by}",
                PolicyType="TargetTrackingScaling",
                ScalingTargetId=Ref(title),
                TargetTrackingScalingPolicyConfiguration=TargetTrackingScalingPolicyConfiguration(
                    PredefinedMetricSpecification=PredefinedMetricSpecification(
                        PredefinedMetricType=_METRICS[by]
                    ),
                    TargetValue=float(aim),
                    ScaleInCooldown=wait_in,
                    ScaleOutCooldown=wait_out,
                ),
                **attributes,
            )
            for by, (aim, wait_in, wait_out) in waits.items()
        ),
    ]
