"""The present state of resources that ministack carries out itself, in the template's form, for drift.

A reader gives the properties that it can read, or None when the resource is gone.
"""

from __future__ import annotations

import contextvars
import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from tests.emulator.extension.client import call, gently

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.emulator.extension.registry import Made

others: contextvars.ContextVar[list[dict[str, Any]]] = contextvars.ContextVar("others", default=[])  # noqa: B039
"""The records of the other resources of the stack whose drift is looked for."""


def _of_stack(*types: str) -> Iterator[Mapping[str, Any]]:
    """The properties of the other resources of these types."""
    return (record["Properties"] for record in others.get() if record["ResourceType"] in types)


def _bucket(made: Made) -> dict[str, Any] | None:
    name = made.physical_id
    if gently("s3", "GetBucketLocation", Bucket=name) is None:
        return None
    state: dict[str, Any] = {
        "Tags": _perhaps("s3", "GetBucketTagging", "TagSet", Bucket=name) or [],
        "VersioningConfiguration": {"Status": call("s3", "GetBucketVersioning", Bucket=name).get("Status")},
        "PublicAccessBlockConfiguration": _perhaps(
            "s3", "GetPublicAccessBlock", "PublicAccessBlockConfiguration", Bucket=name
        ),
        "OwnershipControls": _perhaps("s3", "GetBucketOwnershipControls", "OwnershipControls", Bucket=name),
    }
    encryption = _perhaps("s3", "GetBucketEncryption", "ServerSideEncryptionConfiguration", Bucket=name)
    state["BucketEncryption"] = encryption and {
        "ServerSideEncryptionConfiguration": [
            {**rule, "ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"]}
            for rule in encryption["Rules"]
        ]
    }
    return state


def _bucket_policy(made: Made) -> dict[str, Any] | None:
    policy = _perhaps("s3", "GetBucketPolicy", "Policy", Bucket=made["Bucket"])
    return policy and {"PolicyDocument": json.loads(policy)}


def _security_group(made: Made) -> dict[str, Any] | None:
    answer = gently("ec2", "DescribeSecurityGroups", GroupIds=[made.physical_id])
    if not answer or not answer["SecurityGroups"]:
        return None
    group = answer["SecurityGroups"][0]
    return {
        "GroupDescription": group["Description"],
        "SecurityGroupIngress": _own_rules(made, group["IpPermissions"], "Source"),
        "SecurityGroupEgress": _own_rules(made, group["IpPermissionsEgress"], "Destination"),
        "Tags": group.get("Tags", []),
    }


def _own_rules(made: Made, permissions: list[dict[str, Any]], side: str) -> list[dict[str, Any]]:
    """A group's rules without those that rules of the same stack, standing by themselves, have made."""
    type_ = f"AWS::EC2::SecurityGroup{'Ingress' if side == 'Source' else 'Egress'}"
    apart = [rule_of(one, side) for one in _of_stack(type_) if one.get("GroupId") == made.physical_id]
    return [rule for rule in _rules(permissions, side) if rule_of(rule, side) not in apart]


def rule_of(rule: Mapping[str, Any], side: str) -> dict[str, str]:
    """What makes a rule this rule and no other, as text."""
    peers = ("CidrIp", "CidrIpv6", f"{side}SecurityGroupId", f"{side}PrefixListId")
    keys = ("IpProtocol", "FromPort", "ToPort", *peers)
    return {key: str(rule[key]) for key in keys if rule.get(key) is not None}


def _rules(permissions: list[dict[str, Any]], side: str) -> list[dict[str, Any]]:
    """EC2 groups rules by protocol and ports; a template has one for each address."""
    found = []
    for permission in permissions:
        ports = {key: permission[key] for key in ("FromPort", "ToPort") if key in permission}
        common = {"IpProtocol": permission["IpProtocol"], **ports}
        for list_name, key, name in (
            ("IpRanges", "CidrIp", "CidrIp"),
            ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
            ("UserIdGroupPairs", "GroupId", f"{side}SecurityGroupId"),
            ("PrefixListIds", "PrefixListId", f"{side}PrefixListId"),
        ):
            for peer in permission.get(list_name) or []:
                told = {"Description": peer["Description"]} if peer.get("Description") else {}
                found.append({**common, name: peer[key], **told})
    return found


def _role(made: Made) -> dict[str, Any] | None:
    answer = gently("iam", "GetRole", RoleName=made.physical_id)
    if answer is None:
        return None
    role, name = answer["Role"], made.physical_id
    attached = call("iam", "ListAttachedRolePolicies", RoleName=name)["AttachedPolicies"]
    inline = call("iam", "ListRolePolicies", RoleName=name)["PolicyNames"]
    own = {policy["PolicyName"] for policy in made.get("Policies", [])}
    state = {
        "AssumeRolePolicyDocument": role["AssumeRolePolicyDocument"],
        "MaxSessionDuration": role.get("MaxSessionDuration", 3600),
        "Description": role.get("Description", ""),
        "PermissionsBoundary": (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        "Policies": [
            {
                "PolicyName": policy,
                "PolicyDocument": call("iam", "GetRolePolicy", RoleName=name, PolicyName=policy)[
                    "PolicyDocument"
                ],
            }
            for policy in inline
            if policy in own
        ],
        "Tags": role.get("Tags", []),
    }
    if made.get("ManagedPolicyArns"):
        state["ManagedPolicyArns"] = [
            arn for arn in arns_of(attached) if arn not in _attached_by_stack("Roles", name)
        ]
    return state


def arns_of(attached: list[dict[str, Any]]) -> list[str]:
    return [policy["PolicyArn"] for policy in attached]


def _attached_by_stack(holders: str, name: str) -> set[str]:
    """The ARNs of the managed policies of the same stack that name this holder themselves."""
    return {
        record["PhysicalResourceId"]
        for record in others.get()
        if record["ResourceType"] == "AWS::IAM::ManagedPolicy"
        and name in (record["Properties"].get(holders) or [])
    }


def _managed_policy(made: Made) -> dict[str, Any] | None:
    answer = gently("iam", "GetPolicy", PolicyArn=made.physical_id)
    if answer is None:
        return None
    version = call(
        "iam", "GetPolicyVersion", PolicyArn=made.physical_id, VersionId=answer["Policy"]["DefaultVersionId"]
    )
    return {"PolicyDocument": version["PolicyVersion"]["Document"]}


def _key(made: Made) -> dict[str, Any] | None:
    answer = gently("kms", "DescribeKey", KeyId=made.physical_id)
    if answer is None or answer["KeyMetadata"]["KeyState"] == "PendingDeletion":
        return None
    policy = call("kms", "GetKeyPolicy", KeyId=made.physical_id, PolicyName="default")["Policy"]
    rotation = call("kms", "GetKeyRotationStatus", KeyId=made.physical_id)["KeyRotationEnabled"]
    return {
        "KeyPolicy": json.loads(policy),
        "EnableKeyRotation": rotation,
        "Enabled": answer["KeyMetadata"]["Enabled"],
    }


def _vpc(made: Made) -> dict[str, Any] | None:
    answer = gently("ec2", "DescribeVpcs", VpcIds=[made.physical_id])
    if not answer or not answer["Vpcs"]:
        return None
    state = {"CidrBlock": answer["Vpcs"][0]["CidrBlock"], "Tags": answer["Vpcs"][0].get("Tags", [])}
    for name, attribute in (
        ("EnableDnsHostnames", "enableDnsHostnames"),
        ("EnableDnsSupport", "enableDnsSupport"),
    ):
        found = call("ec2", "DescribeVpcAttribute", VpcId=made.physical_id, Attribute=attribute)
        state[name] = found[name]["Value"]
    return state


def _subnet(made: Made) -> dict[str, Any] | None:
    answer = gently("ec2", "DescribeSubnets", SubnetIds=[made.physical_id])
    if not answer or not answer["Subnets"]:
        return None
    subnet = answer["Subnets"][0]
    return {
        name: subnet.get(name) for name in ("CidrBlock", "AvailabilityZone", "MapPublicIpOnLaunch", "Tags")
    }


def _alarm(made: Made) -> dict[str, Any] | None:
    alarms = call("cloudwatch", "DescribeAlarms", AlarmNames=[made.physical_id])["MetricAlarms"]
    return alarms[0] if alarms else None


def _there(
    service: str, operation: str, parameter: str, result: str = ""
) -> Callable[[Made], dict[str, Any] | None]:
    """A reader that only looks whether the resource is there."""

    def read(made: Made) -> dict[str, Any] | None:
        plural = parameter.endswith("s")
        answer = gently(service, operation, **{parameter: [made.physical_id] if plural else made.physical_id})
        return None if answer is None or (result and not answer[result]) else {}

    return read


def _perhaps(service: str, operation: str, result: str, **parameters: Any) -> Any:
    """One part of an answer, or None where the service says that there is no such configuration."""
    try:
        return call(service, operation, **parameters)[result]
    except ClientError as error:
        if (
            error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
            or "NotFound" in error.response["Error"]["Code"]
        ):
            return None
        raise


READERS: dict[str, Callable[[Made], Any]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::EC2::SecurityGroup": _security_group,
    "AWS::EC2::VPC": _vpc,
    "AWS::EC2::Subnet": _subnet,
    "AWS::EC2::RouteTable": _there("ec2", "DescribeRouteTables", "RouteTableIds", "RouteTables"),
    "AWS::EC2::InternetGateway": _there(
        "ec2", "DescribeInternetGateways", "InternetGatewayIds", "InternetGateways"
    ),
    "AWS::EC2::VPCEndpoint": _there("ec2", "DescribeVpcEndpoints", "VpcEndpointIds", "VpcEndpoints"),
    "AWS::IAM::Role": _role,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::User": _there("iam", "GetUser", "UserName"),
    "AWS::KMS::Key": _key,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::Route53::HostedZone": _there("route53", "GetHostedZone", "Id"),
    "AWS::CertificateManager::Certificate": _there("acm", "DescribeCertificate", "CertificateArn"),
}

TAGS_ARE_READ = frozenset(
    {"AWS::S3::Bucket", "AWS::EC2::SecurityGroup", "AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::IAM::Role"}
)
"""The types whose readers give the tags too; of the others' tags no drift is found."""
