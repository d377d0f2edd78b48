"""Types that ministack carries out, but not all of: a wrong `Ref`, or properties that it passes over.

A correction stands around ministack's handler: after it, the missing properties are put by the service's API.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners
from tests.emulator.extension.client import call, gently
from tests.emulator.extension.services import databases

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Properties = "Mapping[str, Any]"


def _same(value: str, _properties: Mapping[str, Any]) -> str:
    return value


def _no_more(_physical_id: str) -> dict[str, Any]:
    return {}


def _anything(_physical_id: str) -> None:
    return None


def _nothing(_physical_id: str, _old: Mapping[str, Any], _new: Mapping[str, Any]) -> None:
    return None


@dataclass(frozen=True)
class Correction:
    """What to put right about one type.

    `outer` makes what Ref should give of ministack's physical id, `inner` the other way round; `put` carries
    out the properties named in `reads`, and undoes those that are gone; `attributes` are given besides
    ministack's; `before_deletion` may refuse it.
    """

    outer: Callable[[str, Mapping[str, Any]], str] = _same
    inner: Callable[[str, Mapping[str, Any]], str] = _same
    put: Callable[[str, Mapping[str, Any], Mapping[str, Any]], None] = _nothing
    reads: tuple[str, ...] = ()
    attributes: Callable[[str], dict[str, Any]] = _no_more
    before_deletion: Callable[[str], None] = _anything


def attach() -> None:
    for type_, correction in CORRECTIONS.items():
        handler = provisioners._RESOURCE_HANDLERS[type_]
        provisioners._RESOURCE_HANDLERS[type_] = {**handler, **_corrected(handler, correction)}


def _corrected(handler: Mapping[str, Any], correction: Correction) -> dict[str, Any]:
    def create(logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        physical_id, attributes = handler["create"](logical_id, properties, stack)
        for name in correction.reads:
            properties.get(name)  # so that it counts as read
        outer = correction.outer(physical_id, properties)
        correction.put(outer, {}, properties)
        return outer, {**(attributes or {}), **correction.attributes(outer)}

    def update(physical_id: str, old: Any, new: Any, stack: str, *logical_id: str) -> Any:
        inner = correction.inner(physical_id, old)
        made, attributes = handler["update"](inner, old, new, stack, *logical_id)
        outer = correction.outer(made, new)
        correction.put(outer, old, new)
        return outer, {**(attributes or {}), **correction.attributes(outer)}

    def delete(physical_id: str, properties: Any, *logical_id: str) -> None:
        correction.before_deletion(physical_id)
        handler["delete"](correction.inner(physical_id, properties), properties, *logical_id)

    return {"create": create, "delete": delete, **({"update": update} if "update" in handler else {})}


# -- IAM ----------------------------------------------------------------------------------------------


def _profile_arn(name: str, properties: Mapping[str, Any]) -> str:
    return f"arn:aws:iam::{get_account_id()}:instance-profile{properties.get('Path', '/')}{name}"


def _role_boundary(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    if new.get("PermissionsBoundary"):
        call(
            "iam", "PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=new["PermissionsBoundary"]
        )
    elif old.get("PermissionsBoundary"):
        gently("iam", "DeleteRolePermissionsBoundary", RoleName=name)


def _managed_policies_exist(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for arn in new.get("ManagedPolicyArns") or []:
        call("iam", "GetPolicy", PolicyArn=arn)


def _role(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    _managed_policies_exist(name, old, new)
    _role_boundary(name, old, new)


# -- messages, names, certificates --------------------------------------------------------------------


def _topic(arn: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for name in ("KmsMasterKeyId", "TracingConfig", "SignatureVersion"):
        if new.get(name) != old.get(name):
            value = str(new.get(name) or "")
            call("sns", "SetTopicAttributes", TopicArn=arn, AttributeName=name, AttributeValue=value)


def _zone(identity: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    before, tags = (
        {tag["Key"]: tag["Value"] for tag in one.get("HostedZoneTags") or []} for one in (old, new)
    )
    if before != tags:
        call(
            "route53",
            "ChangeTagsForResource",
            ResourceType="hostedzone",
            ResourceId=identity,
            **({"AddTags": [{"Key": key, "Value": value} for key, value in tags.items()]} if tags else {}),
            **({"RemoveTagKeys": sorted(before.keys() - tags.keys())} if before.keys() - tags.keys() else {}),
        )


def _certificate(arn: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Where the domain's zone is named, CloudFormation itself makes the record that proves the ownership."""
    zones = {one["DomainName"]: one.get("HostedZoneId") for one in new.get("DomainValidationOptions") or []}
    if new.get("ValidationMethod") != "DNS" or not any(zones.values()):
        return
    for option in call("acm", "DescribeCertificate", CertificateArn=arn)["Certificate"].get(
        "DomainValidationOptions", []
    ):
        record, zone = option.get("ResourceRecord"), zones.get(option["DomainName"])
        if record and zone:
            change = {
                "Action": "UPSERT",
                "ResourceRecordSet": {
                    "Name": record["Name"],
                    "Type": record["Type"],
                    "TTL": 300,
                    "ResourceRecords": [{"Value": record["Value"]}],
                },
            }
            call("route53", "ChangeResourceRecordSets", HostedZoneId=zone, ChangeBatch={"Changes": [change]})


def _function(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    keys = ("VpcConfig", "KmsKeyArn", "DeadLetterConfig")
    changed = {key: new[key] for key in keys if new.get(key) != old.get(key) and new.get(key)}
    changed = {"KMSKeyArn" if key == "KmsKeyArn" else key: value for key, value in changed.items()}
    if "VpcConfig" in changed:
        changed["VpcConfig"] = {
            key: value for key, value in changed["VpcConfig"].items() if key != "Ipv6AllowedForDualStack"
        }
    if changed:
        call("lambda", "UpdateFunctionConfiguration", FunctionName=name, **changed)
    reserved = new.get("ReservedConcurrentExecutions")
    if reserved is not None and reserved != old.get("ReservedConcurrentExecutions"):
        call(
            "lambda", "PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=int(reserved)
        )
    elif reserved is None and old.get("ReservedConcurrentExecutions") is not None:
        call("lambda", "DeleteFunctionConcurrency", FunctionName=name)


def _mapping_tags(identity: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    tags, before = ({tag["Key"]: str(tag["Value"]) for tag in one.get("Tags") or []} for one in (new, old))
    arn = f"arn:aws:lambda:{get_region()}:{get_account_id()}:event-source-mapping:{identity}"
    if before.keys() - tags.keys():
        call("lambda", "UntagResource", Resource=arn, TagKeys=sorted(before.keys() - tags.keys()))
    if tags:
        call("lambda", "TagResource", Resource=arn, Tags=tags)


def _bucket_policy(_bucket: str, _old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Through the API, which looks whether the bucket is there and the policy makes sense."""
    call("s3", "PutBucketPolicy", Bucket=new["Bucket"], Policy=json.dumps(new["PolicyDocument"]))


def _rule_tags(arn: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    tags = [{"Key": tag["Key"], "Value": str(tag["Value"])} for tag in new.get("Tags") or []]
    gone = {tag["Key"] for tag in old.get("Tags") or []} - {tag["Key"] for tag in tags}
    if gone:
        call("elbv2", "RemoveTags", ResourceArns=[arn], TagKeys=sorted(gone))
    if tags:
        call("elbv2", "AddTags", ResourceArns=[arn], Tags=tags)


CORRECTIONS: dict[str, Correction] = {
    "AWS::ElasticLoadBalancingV2::ListenerRule": Correction(put=_rule_tags, reads=("Tags",)),
    "AWS::IAM::InstanceProfile": Correction(outer=lambda arn, _: arn.rpartition("/")[2], inner=_profile_arn),
    "AWS::IAM::Role": Correction(put=_role, reads=("PermissionsBoundary",)),
    "AWS::IAM::User": Correction(put=_managed_policies_exist),
    "AWS::KMS::Key": Correction(reads=("PendingWindowInDays",)),  # read when it is deleted
    "AWS::SNS::Topic": Correction(put=_topic, reads=("KmsMasterKeyId", "TracingConfig", "SignatureVersion")),
    "AWS::Route53::HostedZone": Correction(put=_zone, reads=("HostedZoneTags",)),
    "AWS::Route53::RecordSet": Correction(reads=("Comment",)),  # a word in a change, kept nowhere
    "AWS::CertificateManager::Certificate": Correction(put=_certificate, reads=("DomainValidationOptions",)),
    "AWS::Lambda::Function": Correction(
        put=_function, reads=("VpcConfig", "KmsKeyArn", "DeadLetterConfig", "ReservedConcurrentExecutions")
    ),
    "AWS::Lambda::EventSourceMapping": Correction(put=_mapping_tags, reads=("Tags",)),
    "AWS::RDS::DBInstance": Correction(
        put=databases.finish,
        reads=("ManageMasterUserPassword", "MasterUserSecret", "EnableCloudwatchLogsExports"),
        attributes=databases.attributes,
        before_deletion=databases.before_deletion,
    ),
    "AWS::S3::BucketPolicy": Correction(
        outer=lambda _, properties: properties["Bucket"],
        inner=lambda bucket, _: f"{bucket}-policy",
        put=_bucket_policy,
    ),
}
