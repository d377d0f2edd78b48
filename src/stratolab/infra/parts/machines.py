"""Compute environments of AWS Batch: Fargate, or machines with a launch template, on demand or spare.

Whatever AWS can change in place is changed in place. What it cannot (whether Batch looks after the machines, the tags)
is a part of the name, so that a new environment can stand beside the old one until its queues have moved.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import Base64, GetAtt, Ref
from troposphere.batch import (
    ComputeEnvironment,
    ComputeResources,
    Ec2ConfigurationObject,
    LaunchTemplateSpecification,
    UpdatePolicy,
)
from troposphere.ec2 import (
    EBSBlockDevice,
    LaunchTemplate,
    LaunchTemplateBlockDeviceMapping,
    LaunchTemplateData,
    MetadataOptions,
    TagSpecifications,
)

from stratolab.config.labs.queues import FARGATE, types_of
from stratolab.infra import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stratolab.config.labs.queues import ComputeConfig, ComputeKind

TYPES: Mapping[ComputeKind, str] = {
    "fargate": "FARGATE",
    "fargate-spot": "FARGATE_SPOT",
    "ec2": "EC2",
    "spot": "SPOT",
    "gpu": "EC2",
    "gpu-spot": "SPOT",
}
IMAGES: Mapping[ComputeKind, str] = {
    "ec2": "ECS_AL2023",
    "spot": "ECS_AL2023",
    "gpu": "ECS_AL2023_NVIDIA",
    "gpu-spot": "ECS_AL2023_NVIDIA",
}
"""Amazon Linux 2, which Batch used to take, ends in June 2026."""
STRATEGIES = {"EC2": "BEST_FIT_PROGRESSIVE", "SPOT": "SPOT_PRICE_CAPACITY_OPTIMIZED"}
"""The two with which Batch changes an environment in place; the second needs no role of a Spot fleet."""
JOBS_GO_ON = 360
"""Minutes that running jobs have when their machines are exchanged: the longest that Batch gives."""
DISK = "/dev/xvda"  # the root of Amazon Linux
SETTINGS = """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=="

--==
Content-Type: text/x-shellscript; charset="us-ascii"

#!/bin/sh
echo ECS_AWSVPC_BLOCK_IMDS=true >> /etc/ecs/ecs.config
--==--
"""
"""What a machine is told before it joins, in the one form that Batch merges with its own: a container with a network
interface of its own (a node of a job of several) gets no credentials of the machine. Other jobs share the machine's
network and cannot be told from it, so its role may do little."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where machines stand: lab, environment, region; subnets and group; the tags of what AWS makes there."""

    lab: str
    environment: str
    region: str
    subnets: Any
    group: Any
    tags: Mapping[str, str]


def title(name: str, compute: ComputeConfig) -> str:
    """The logical name: another one for another sort, as Batch makes no machines of Fargate."""
    return names.title("Compute", f"{name} {sort(compute)}")


def sort(compute: ComputeConfig) -> str:
    """`fargate` or `machines`: what no queue can mix and no environment can change."""
    return "fargate" if compute.kind in FARGATE else "machines"


def compute_environment(name: str, compute: ComputeConfig, place: Place) -> list[Any]:
    """A compute environment, and the launch template of its machines if Batch starts them."""
    if not compute.managed:
        return [_environment(name, compute, place, UnmanagedvCpus=compute.max_vcpus)]
    if compute.kind in FARGATE:
        return [_environment(name, compute, place, ComputeResources=_fargate(compute, place))]
    environment = _environment(name, compute, place, ComputeResources=_machines(name, compute, place))
    # A property of Batch's, which has the name of an attribute that troposphere would put elsewhere.
    environment.properties["UpdatePolicy"] = UpdatePolicy(
        TerminateJobsOnUpdate=False, JobExecutionTimeoutMinutes=JOBS_GO_ON
    )
    return [_launch_template(name, compute, place), environment]


def _environment(name: str, compute: ComputeConfig, place: Place, **properties: Any) -> Any:
    """Without a service role it has Batch's service-linked one, without which nothing is changed in place."""
    kind = "MANAGED" if compute.managed else "UNMANAGED"
    fixed = hashlib.sha256(json.dumps([kind, dict(place.tags)]).encode()).hexdigest()[:6]
    return ComputeEnvironment(
        title(name, compute),
        ComputeEnvironmentName=names.named(
            "compute environment", place.lab, place.environment, name, sort(compute), fixed
        ),
        Type=kind,
        State="ENABLED",
        ReplaceComputeEnvironment=False,
        **properties,
    )


def _fargate(compute: ComputeConfig, place: Place) -> Any:
    return ComputeResources(
        Type=TYPES[compute.kind],
        MaxvCpus=compute.max_vcpus,
        Subnets=place.subnets,
        SecurityGroupIds=[place.group],
    )


def _machines(name: str, compute: ComputeConfig, place: Place) -> Any:
    kind, template = TYPES[compute.kind], _template_title(name)
    return ComputeResources(
        Type=kind,
        AllocationStrategy=STRATEGIES[kind],
        MinvCpus=compute.min_vcpus,
        MaxvCpus=compute.max_vcpus,
        InstanceTypes=list(types_of(compute, place.region)),
        InstanceRole=GetAtt("MachineProfile", "Arn"),
        Ec2Configuration=[Ec2ConfigurationObject(ImageType=IMAGES[compute.kind])],
        UpdateToLatestImageVersion=True,
        LaunchTemplate=LaunchTemplateSpecification(
            LaunchTemplateId=Ref(template), Version=GetAtt(template, "LatestVersionNumber")
        ),
        Subnets=place.subnets,
        SecurityGroupIds=[place.group],
    )


def _template_title(name: str) -> str:
    return names.title("Machines", name)


def _launch_template(name: str, compute: ComputeConfig, place: Place) -> Any:
    """Credentials by IMDSv2 only and one hop far, an encrypted disk that goes with the machine.

    The disk has AWS's own key: machines come from a scaling group of Batch's, which may use no key of the lab's.
    """
    disk = EBSBlockDevice(VolumeSize=compute.disk, VolumeType="gp3", Encrypted=True, DeleteOnTermination=True)
    tagged = [
        {"Key": key, "Value": value}
        for key, value in sorted({**place.tags, "Name": f"{place.lab}-{place.environment}-{name}"}.items())
    ]
    return LaunchTemplate(
        _template_title(name),
        LaunchTemplateData=LaunchTemplateData(
            MetadataOptions=MetadataOptions(
                HttpEndpoint="enabled", HttpTokens="required", HttpPutResponseHopLimit=1
            ),
            BlockDeviceMappings=[LaunchTemplateBlockDeviceMapping(DeviceName=DISK, Ebs=disk)],
            UserData=Base64(SETTINGS),
            TagSpecifications=[
                TagSpecifications(ResourceType=what, Tags=tagged) for what in ("instance", "volume")
            ],
        ),
        TagSpecifications=[TagSpecifications(ResourceType="launch-template", Tags=tagged)],
    )
