"""Service-linked roles that a plan's resources need: made before them, since some services fail on their first use.

ECS is the one that is known for it: its first cluster in an account may fail with "Unable to assume the service linked
role", and goes on once the role is there. Which service needs which is in each service's user guide, under
"Using service-linked roles".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.core.errors import RemoteError
from stratolab.deploy.models import Effect, Noted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from stratolab.aws.linked import LinkedRoles
    from stratolab.deploy.models import Event, Plan
    from stratolab.infra.catalogue import Stack

_OF_TYPES: Mapping[str, tuple[str, ...]] = {
    "AWS::AccessAnalyzer::Analyzer": ("access-analyzer.amazonaws.com",),
    "AWS::AutoScaling::AutoScalingGroup": ("autoscaling.amazonaws.com",),
    "AWS::ECS::Cluster": ("ecs.amazonaws.com",),
    "AWS::ECS::Service": ("ecs.amazonaws.com",),
    "AWS::EFS::FileSystem": ("elasticfilesystem.amazonaws.com",),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("elasticloadbalancing.amazonaws.com",),
    "AWS::GuardDuty::Detector": ("guardduty.amazonaws.com",),
    "AWS::RDS::DBCluster": ("rds.amazonaws.com",),
    "AWS::RDS::DBInstance": ("rds.amazonaws.com",),
    "AWS::RDS::DBProxy": ("rds.amazonaws.com",),
    "AWS::SecurityHub::Hub": ("securityhub.amazonaws.com",),
    "AWS::WAFv2::LoggingConfiguration": ("wafv2.amazonaws.com",),
}
_SCALED = "AWS::ApplicationAutoScaling::ScalableTarget"
_COMPUTE = "AWS::Batch::ComputeEnvironment"
_MADE = {Effect.CREATE, Effect.REPLACE, Effect.PERHAPS}


def needed(plan: Plan, stacks: Iterable[Stack]) -> list[str]:
    """The services whose roles the resources need that a plan makes, sorted."""
    templates = {stack.key: stack.template["Resources"] for stack in stacks}
    return sorted(
        {
            service
            for stack in plan.stacks
            for change in stack.changes
            if change.effect in _MADE and change.logical in templates.get(stack.key, {})
            for service in _services(templates[stack.key][change.logical])
        }
    )


def make(services: Iterable[str], roles: LinkedRoles, tell: Callable[[Event], None]) -> None:
    """Make the roles of these services. One that cannot be made is told, with the command for somebody who can.

    It is no reason to stop: most services make theirs themselves, if whoever deploys may have that done.
    """
    for service in services:
        try:
            roles.make(service)
        except RemoteError as error:
            tell(Noted(f"the service-linked role of {service} lacks, and could not be made: {error.what}"))
            tell(Noted(f"  if what follows fails for it: {command(service)}"))
        else:
            tell(Noted(f"made the service-linked role of {service}"))


def command(service: str) -> str:
    """What somebody types who may make it."""
    return f"aws iam create-service-linked-role --aws-service-name {service}"


def _services(resource: Mapping[str, Any]) -> Iterator[str]:
    kind, properties = resource["Type"], resource.get("Properties", {})
    yield from _OF_TYPES.get(kind, ())
    if kind == _SCALED:
        yield f"{properties['ServiceNamespace']}.application-autoscaling.amazonaws.com"
    if kind == _COMPUTE:
        yield from ("batch.amazonaws.com", "ecs.amazonaws.com")
        yield from _BY_CAPACITY.get(str(properties.get("ComputeResources", {}).get("Type", "")), ())


_BY_CAPACITY: Mapping[str, tuple[str, ...]] = {
    "EC2": ("autoscaling.amazonaws.com",),
    "SPOT": ("autoscaling.amazonaws.com", "spot.amazonaws.com"),
}
