"""EC2 machines and disks. Records: nothing starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.services import ec2
from tests.emulator.extension.client import call, gently
from tests.emulator.extension.conversion import Rules, parameters
from tests.emulator.extension.registry import Made, Result, resource
from tests.emulator.extension.resources import tags
from tests.emulator.extension.resources.plain import Plain, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

_APART = ("AvailabilityZone", "IamInstanceProfile", "PropagateTagsToVolumeOnCreation", "Tags")


@resource("AWS::EC2::Instance", in_place=("InstanceType",))
class Instance:
    """Ref is the id."""

    @staticmethod
    def create(made: Made) -> Result:
        wanted = parameters("ec2", "RunInstances", made.properties, Rules(left_out=_APART))
        if made.get("AvailabilityZone"):
            wanted["Placement"] = {"AvailabilityZone": made["AvailabilityZone"]}
        if made.get("IamInstanceProfile"):
            wanted["IamInstanceProfile"] = {"Name": made["IamInstanceProfile"]}
        found = call(
            "ec2", "RunInstances", MinCount=1, MaxCount=1, **wanted, **tags.at_creation(made, "instance")
        )
        return found["Instances"][0]["InstanceId"], _attributes(found["Instances"][0])

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        if old.get("InstanceType") != made.get("InstanceType"):
            call(
                "ec2",
                "ModifyInstanceAttribute",
                InstanceId=made.physical_id,
                InstanceType={"Value": made["InstanceType"]},
            )
        tags.change(made.physical_id, old, made)
        found = call("ec2", "DescribeInstances", InstanceIds=[made.physical_id])
        return made.physical_id, _attributes(found["Reservations"][0]["Instances"][0])

    @staticmethod
    def delete(made: Made) -> None:
        gently("ec2", "TerminateInstances", InstanceIds=[made.physical_id])

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        record = ec2._instances.get(made.physical_id)
        if record is None or record["State"]["Name"] in {"terminated", "shutting-down"}:
            return None
        return {"InstanceType": record["InstanceType"]}


def _attributes(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "InstanceId": found["InstanceId"],
        "PrivateIp": found.get("PrivateIpAddress", ""),
        "PublicIp": found.get("PublicIpAddress", ""),
        "PrivateDnsName": found.get("PrivateDnsName", ""),
        "PublicDnsName": found.get("PublicDnsName", ""),
        "VpcId": found.get("VpcId", ""),
        "AvailabilityZone": found.get("Placement", {}).get("AvailabilityZone", ""),
    }


@resource("AWS::EC2::Volume")
class Volume:
    """Ref is the id."""

    @staticmethod
    def create(made: Made) -> Result:
        wanted = parameters("ec2", "CreateVolume", made.properties, Rules(left_out=("Tags", "AutoEnableIO")))
        identity = call("ec2", "CreateVolume", **wanted, **tags.at_creation(made, "volume"))["VolumeId"]
        return identity, {"VolumeId": identity}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        changes = {
            key: made[key]
            for key in ("Size", "VolumeType", "Iops", "Throughput")
            if key in made.properties and made[key] != old.get(key)
        }
        if changes:
            call(
                "ec2", "ModifyVolume", VolumeId=made.physical_id, **parameters("ec2", "ModifyVolume", changes)
            )
        tags.change(made.physical_id, old, made)
        return made.physical_id, {"VolumeId": made.physical_id}

    @staticmethod
    def delete(made: Made) -> None:
        gently("ec2", "DeleteVolume", VolumeId=made.physical_id)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("ec2", "DescribeVolumes", VolumeIds=[made.physical_id])
        return {"Size": found["Volumes"][0]["Size"]} if found and found["Volumes"] else None


plain(
    "AWS::EC2::VolumeAttachment",
    Plain(
        "ec2",
        "AttachVolume",
        "DetachVolume",
        ref=lambda made, _: f"{made['VolumeId']}|{made['InstanceId']}",
        key=lambda made: {"VolumeId": made["VolumeId"], "InstanceId": made["InstanceId"]},
        wrap=lambda made: {"Device": "/dev/sdf", **made.properties},
    ),
)
plain(
    "AWS::EC2::EIPAssociation",
    Plain(
        "ec2",
        "AssociateAddress",
        "DisassociateAddress",
        ref=lambda _, answer: answer["AssociationId"],
        key=lambda made: {"AssociationId": made.physical_id},
        attributes=lambda _made, _answer, ref: {"Id": ref},
        rules=Rules(renamed={"EIP": "PublicIp"}),
    ),
)
