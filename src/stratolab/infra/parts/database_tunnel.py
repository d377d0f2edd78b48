"""How a person reaches a private database: through a machine that is there for as long as somebody needs it.

The machine belongs to a group of none or one, and there is none until a person asks for it. It has no open port and no
key: Session Manager's agent in it calls out, and AWS checks who may come that way. Every night the group is put back to
none, so that what a broken-off session leaves behind does not cost for longer than a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref
from troposphere.autoscaling import (
    AutoScalingGroup,
    LaunchTemplateSpecification,
    ScheduledAction,
)
from troposphere.autoscaling import Tags as GroupTags
from troposphere.ec2 import (
    EBSBlockDevice,
    LaunchTemplate,
    LaunchTemplateBlockDeviceMapping,
    LaunchTemplateData,
    MetadataOptions,
    Monitoring,
    NetworkInterfaces,
    TagSpecifications,
)
from troposphere.ec2 import IamInstanceProfile as Profile
from troposphere.iam import InstanceProfile

from stratolab.infra import names, tags
from stratolab.infra.arns import regional
from stratolab.infra.blocks.policies import Statement, allow, managed
from stratolab.infra.blocks.roles import service_role

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "database-tunnel"
"""What the group is called, after lab and environment."""
DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
"""What a session may do: pass a port on to another host. It is no shell.
https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html"""
MACHINE = "t4g.nano"  # half a cent an hour; it only passes on
IMAGE = "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64}}"
"""Amazon Linux 2023, the newest at each deployment: Session Manager's agent is in it.
https://docs.aws.amazon.com/systems-manager/latest/userguide/ami-preinstalled-agent.html"""
DISK, GIB = "/dev/xvda", 8
NIGHT = "0 3 * * *"
GROUP, ROLE = "TunnelGroup", "TunnelRole"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the machine is: lab, environment; private subnets and the group that may call databases; the boundary."""

    lab: str
    environment: str
    subnets: Any
    group: Any
    boundary: Any
    tags: Mapping[str, str]


def tunnel(place: Place) -> list[Any]:
    """The group of none or one, its machine's template and role, and the night's end."""
    name = names.named("group", place.lab, place.environment, NAME)
    marked = {**place.tags, "Name": name, tags.TUNNEL: place.lab}
    return [
        managed("TunnelPolicy", place.lab, f"{place.environment}-{NAME}", *speak_with_session_manager()),
        service_role(
            ROLE,
            place.lab,
            f"{place.environment}-{NAME}",
            f"The machine by which people reach the database of {place.environment}",
            trusts="ec2",
            boundary=place.boundary,
            policies=[Ref("TunnelPolicy")],
        ),
        InstanceProfile(
            "TunnelProfile",
            InstanceProfileName=names.named("role", place.lab, f"{place.environment}-{NAME}"),
            Path=names.service_path(place.lab),
            Roles=[Ref(ROLE)],
        ),
        _template(place, marked),
        AutoScalingGroup(
            GROUP,
            AutoScalingGroupName=name,
            MinSize="0",
            MaxSize="1",
            DesiredCapacity="0",
            LaunchTemplate=LaunchTemplateSpecification(
                LaunchTemplateId=Ref("TunnelMachine"), Version=GetAtt("TunnelMachine", "LatestVersionNumber")
            ),
            VPCZoneIdentifier=place.subnets,
            HealthCheckType="EC2",
            Tags=GroupTags(**{"Name": name, tags.TUNNEL: place.lab}),
        ),
        ScheduledAction(
            "TunnelNight",
            AutoScalingGroupName=Ref(GROUP),
            DesiredCapacity=0,
            Recurrence=NIGHT,
            TimeZone="UTC",
        ),
    ]


def speak_with_session_manager() -> tuple[Statement, ...]:
    """What Session Manager's agent needs, from a machine only; and nothing of the rest of Systems Manager."""
    channels = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ]
    machines = regional("ec2", "instance/*")
    from_one = {"ArnLike": {"ec2:SourceInstanceARN": machines}}
    return (
        allow("TellOfItself", ["ssm:UpdateInstanceInformation"], machines, when=from_one),
        allow("KeepChannels", channels, "*", when=from_one),
    )


def _template(place: Place, marked: Mapping[str, str]) -> Any:
    """Credentials by IMDSv2 only, an encrypted disk, no address of its own, and no key to log in with."""
    tagged = [{"Key": key, "Value": value} for key, value in sorted(marked.items())]
    disk = EBSBlockDevice(VolumeSize=GIB, VolumeType="gp3", Encrypted=True, DeleteOnTermination=True)
    return LaunchTemplate(
        "TunnelMachine",
        LaunchTemplateData=LaunchTemplateData(
            ImageId=IMAGE,
            InstanceType=MACHINE,
            IamInstanceProfile=Profile(Arn=GetAtt("TunnelProfile", "Arn")),
            MetadataOptions=MetadataOptions(
                HttpEndpoint="enabled", HttpTokens="required", HttpPutResponseHopLimit=1
            ),
            Monitoring=Monitoring(Enabled=True),
            NetworkInterfaces=[
                NetworkInterfaces(
                    DeviceIndex=0,
                    AssociatePublicIpAddress=False,
                    DeleteOnTermination=True,
                    Groups=[place.group],
                )
            ],
            BlockDeviceMappings=[LaunchTemplateBlockDeviceMapping(DeviceName=DISK, Ebs=disk)],
            TagSpecifications=[
                TagSpecifications(ResourceType=what, Tags=tagged) for what in ("instance", "volume")
            ],
        ),
        TagSpecifications=[TagSpecifications(ResourceType="launch-template", Tags=tagged)],
    )
