"""Machines and disks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.control import REGION
from tests.emulator.types import MINE, OTHER_TAGS, OTHERS, TAGS, Case, Cases, World, live, own

if TYPE_CHECKING:
    from tests.emulator.control import Emulator

case = Cases()


def _instance(world: World, ref: str) -> Any:
    found = world.client("ec2").describe_instances(InstanceIds=[ref])["Reservations"][0]["Instances"][0]
    if found["State"]["Name"] == "terminated":
        return None
    return found["InstanceType"], found["MetadataOptions"]["HttpTokens"], own(found["Tags"])


def _instance_properties(kind: str, tags: Any) -> Any:
    return lambda world: {
        "ImageId": world.image,
        "InstanceType": kind,
        "SubnetId": world.subnets[0],
        "SecurityGroupIds": [world.group],
        "MetadataOptions": {"HttpTokens": "required"},
        "UserData": "IyEvYmluL3No",
        "Tags": tags,
        "AvailabilityZone": f"{REGION}a",
    }


case(
    "AWS::EC2::Instance",
    _instance_properties("t3.micro", TAGS),
    _instance,
    ("t3.micro", "required", MINE),
    _instance_properties("t3.large", OTHER_TAGS),
    ("t3.large", "required", OTHERS),
    "i-",
    attributes={"PrivateIp": ""},
)


def _volume(world: World, ref: str) -> Any:
    found = world.client("ec2").describe_volumes(VolumeIds=[ref])["Volumes"]
    return [(one["Size"], one["VolumeType"], one["Encrypted"]) for one in found]


case(
    "AWS::EC2::Volume",
    lambda _: {
        "AvailabilityZone": f"{REGION}a",
        "Size": 5,
        "VolumeType": "gp3",
        "Encrypted": True,
        "Tags": TAGS,
    },
    _volume,
    [(5, "gp3", True)],
    lambda _: {
        "AvailabilityZone": f"{REGION}a",
        "Size": 9,
        "VolumeType": "gp3",
        "Encrypted": True,
        "Tags": TAGS,
    },
    [(9, "gp3", True)],
    "vol-",
)


def _attachment(world: World) -> dict[str, Any]:
    return {"InstanceId": world.instance, "VolumeId": world.disk, "Device": "/dev/sdf"}


case(
    "AWS::EC2::VolumeAttachment",
    _attachment,
    lambda world, _: [
        one["InstanceId"] == world.instance
        for one in world.client("ec2").describe_volumes(VolumeIds=[world.disk])["Volumes"][0]["Attachments"]
    ],
    [True],
)
case(
    "AWS::EC2::EIPAssociation",
    lambda world: {"AllocationId": world.allocation, "InstanceId": world.instance},
    lambda world, _: (
        world.client("ec2")
        .describe_addresses(AllocationIds=[world.allocation])["Addresses"][0]
        .get("InstanceId")
        == world.instance
    ),
    True,
    ref="eipassoc-",
)


def _launch(world: World, ref: str) -> Any:
    found = world.client("ec2").describe_launch_template_versions(LaunchTemplateId=ref, Versions=["$Latest"])[
        "LaunchTemplateVersions"
    ]
    return [
        (
            one["LaunchTemplateData"]["InstanceType"],
            one["LaunchTemplateData"]["MetadataOptions"]["HttpTokens"],
        )
        for one in found
    ]


def _launch_properties(kind: str) -> Any:
    return lambda _: {
        "LaunchTemplateName": "lt",
        "LaunchTemplateData": {
            "InstanceType": kind,
            "MetadataOptions": {"HttpTokens": "required"},
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30, "Encrypted": True, "VolumeType": "gp3"}}
            ],
        },
    }


case(
    "AWS::EC2::LaunchTemplate",
    _launch_properties("t3.micro"),
    _launch,
    [("t3.micro", "required")],
    _launch_properties("t3.large"),
    [("t3.large", "required")],
    "lt-",
    attributes={"LatestVersionNumber": "1"},
)


@pytest.mark.parametrize("one", case, ids=str)
def test_its_life(one: Case, emulator: Emulator) -> None:
    live(one, emulator)
