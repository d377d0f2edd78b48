"""S3 buckets with every setting that a template gives, and a deletion that a full bucket refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.core.responses import get_region
from tests.emulator.extension import readers
from tests.emulator.extension.client import call, gently
from tests.emulator.extension.conversion import parameters, truth
from tests.emulator.extension.registry import Made, Result, resource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_US_EAST_1 = "us-east-1"  # the one region that may not be named as a location


class NotEmptyError(ValueError):
    """A bucket that holds something cannot be deleted."""


class UnknownSettingError(ValueError):
    """A property that the emulator does not carry out."""


@resource("AWS::S3::Bucket")
class Bucket:
    """Ref is the name. Settings are put by the API, one call each."""

    @staticmethod
    def create(made: Made) -> Result:
        name = made.name("BucketName", lowercase=True, longest=63)
        place = (
            {}
            if get_region() == _US_EAST_1
            else {"CreateBucketConfiguration": {"LocationConstraint": get_region()}}
        )
        locked = {"ObjectLockEnabledForBucket": True} if truth(made.get("ObjectLockEnabled", False)) else {}
        call("s3", "CreateBucket", Bucket=name, **place, **locked)
        _put_settings(name, {}, made.properties)
        return name, _attributes(name)

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        _put_settings(made.physical_id, old, made.properties)
        return made.physical_id, _attributes(made.physical_id)

    @staticmethod
    def delete(made: Made) -> None:
        name = made.physical_id
        if gently("s3", "GetBucketLocation", Bucket=name) is None:
            return
        found = call("s3", "ListObjectVersions", Bucket=name, MaxKeys=1)
        if found.get("Versions") or found.get("DeleteMarkers") or _objects(name):
            raise NotEmptyError(
                'Resource handler returned message: "The bucket you tried to delete is not empty (Service: S3, '
                'Status Code: 409, Error Code: BucketNotEmpty)"'
            )
        call("s3", "DeleteBucket", Bucket=name)

    read = staticmethod(readers.READERS["AWS::S3::Bucket"])


def _objects(name: str) -> int:
    return int(call("s3", "ListObjectsV2", Bucket=name, MaxKeys=1).get("KeyCount", 0))


def _attributes(name: str) -> dict[str, Any]:
    return {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{get_region()}.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.{get_region()}.amazonaws.com",
        "WebsiteURL": f"http://{name}.s3-website-{get_region()}.amazonaws.com",
    }


def _put_settings(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for key in dict.fromkeys([*old, *new]):
        if key in {"BucketName", "ObjectLockEnabled"} or old.get(key) == new.get(key):
            continue
        if key not in _SETTINGS:
            raise UnknownSettingError(f"the emulator does not carry out AWS::S3::Bucket.{key}")
        put, remove = _SETTINGS[key]
        if key in new:
            operation, parameter, value = put(new[key])
            call("s3", operation, Bucket=name, **{parameter: value})
        elif remove:
            call("s3", remove, Bucket=name)


Put = tuple[str, str, Any]


def _encryption(value: Any) -> Put:
    rules = [
        {
            ("ApplyServerSideEncryptionByDefault" if key == "ServerSideEncryptionByDefault" else key): part
            for key, part in rule.items()
        }
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    wanted = parameters(
        "s3", "PutBucketEncryption", {"Bucket": "-", "ServerSideEncryptionConfiguration": {"Rules": rules}}
    )
    return (
        "PutBucketEncryption",
        "ServerSideEncryptionConfiguration",
        wanted["ServerSideEncryptionConfiguration"],
    )


def _as_is(operation: str, parameter: str) -> Callable[[Any], Put]:
    def put(value: Any) -> Put:
        return operation, parameter, parameters("s3", operation, {parameter: value})[parameter]

    return put


def _tags(value: Any) -> Put:
    return (
        "PutBucketTagging",
        "Tagging",
        {"TagSet": [{"Key": tag["Key"], "Value": tag["Value"]} for tag in value]},
    )


def _logging(value: Any) -> Put:
    target = {
        "TargetBucket": value.get("DestinationBucketName", ""),
        "TargetPrefix": value.get("LogFilePrefix", ""),
    }
    return "PutBucketLogging", "BucketLoggingStatus", {"LoggingEnabled": target}


def _lifecycle(value: Any) -> Put:
    return (
        "PutBucketLifecycleConfiguration",
        "LifecycleConfiguration",
        {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]},
    )


_RULE_KEYS = {
    "Id",
    "Status",
    "Prefix",
    "TagFilters",
    "ExpirationInDays",
    "ExpiredObjectDeleteMarker",
    "Transitions",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionExpirationInDays",
    "NoncurrentVersionTransitions",
    "AbortIncompleteMultipartUpload",
    "ObjectSizeGreaterThan",
    "ObjectSizeLessThan",
}


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(rule) - _RULE_KEYS
    if unknown:
        raise UnknownSettingError(f"the emulator does not carry out {sorted(unknown)} of a lifecycle rule")
    made: dict[str, Any] = {"Status": rule["Status"], "Filter": _filter(rule)}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    expiration = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = int(rule["ExpirationInDays"])
    if "ExpiredObjectDeleteMarker" in rule:
        expiration["ExpiredObjectDeleteMarker"] = truth(rule["ExpiredObjectDeleteMarker"])
    if expiration:
        made["Expiration"] = expiration
    old = rule.get("NoncurrentVersionExpiration") or {}
    days = old.get("NoncurrentDays", rule.get("NoncurrentVersionExpirationInDays"))
    if days is not None:
        kept = (
            {"NewerNoncurrentVersions": int(old["NewerNoncurrentVersions"])}
            if "NewerNoncurrentVersions" in old
            else {}
        )
        made["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(days), **kept}
    if "AbortIncompleteMultipartUpload" in rule:
        days = rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        made["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": int(days)}
    if "Transitions" in rule:
        made["Transitions"] = [
            {"Days": int(one["TransitionInDays"]), "StorageClass": one["StorageClass"]}
            for one in rule["Transitions"]
        ]
    if "NoncurrentVersionTransitions" in rule:
        made["NoncurrentVersionTransitions"] = [
            {"NoncurrentDays": int(one["TransitionInDays"]), "StorageClass": one["StorageClass"]}
            for one in rule["NoncurrentVersionTransitions"]
        ]
    return made


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if "Prefix" in rule:
        parts["Prefix"] = rule["Prefix"]
    for key in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if key in rule:
            parts[key] = int(rule[key])
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in rule.get("TagFilters", [])]
    if len(parts) + len(tags) > 1:
        return {"And": {**parts, **({"Tags": tags} if tags else {})}}
    return parts or ({"Tag": tags[0]} if tags else {"Prefix": ""})


def _cors(value: Any) -> Put:
    names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds", "Id": "ID"}
    rules = [{names.get(key, key): part for key, part in rule.items()} for rule in value["CorsRules"]]
    wanted = parameters("s3", "PutBucketCors", {"CORSConfiguration": {"CORSRules": rules}})
    return "PutBucketCors", "CORSConfiguration", wanted["CORSConfiguration"]


def _notification(value: Any) -> Put:
    made: dict[str, Any] = {}
    events = value.get("EventBridgeConfiguration")
    if events and truth(events.get("EventBridgeEnabled", True)):
        made["EventBridgeConfiguration"] = {}
    for name, target, parameter in (
        ("LambdaConfigurations", "Function", "LambdaFunctionArn"),
        ("QueueConfigurations", "Queue", "QueueArn"),
        ("TopicConfigurations", "Topic", "TopicArn"),
    ):
        listed = "LambdaFunctionConfigurations" if name == "LambdaConfigurations" else name
        entries = [
            {parameter: one[target], "Events": [one["Event"]], **_key_filter(one)}
            for one in value.get(name) or []
        ]
        if entries:
            made[listed] = entries
    return "PutBucketNotificationConfiguration", "NotificationConfiguration", made


def _key_filter(one: Mapping[str, Any]) -> dict[str, Any]:
    rules = ((one.get("Filter") or {}).get("S3Key") or {}).get("Rules")
    return {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}


_SETTINGS: dict[str, tuple[Callable[[Any], Put], str]] = {
    "BucketEncryption": (_encryption, "DeleteBucketEncryption"),
    "VersioningConfiguration": (_as_is("PutBucketVersioning", "VersioningConfiguration"), ""),
    "PublicAccessBlockConfiguration": (
        _as_is("PutPublicAccessBlock", "PublicAccessBlockConfiguration"),
        "DeletePublicAccessBlock",
    ),
    "OwnershipControls": (
        _as_is("PutBucketOwnershipControls", "OwnershipControls"),
        "DeleteBucketOwnershipControls",
    ),
    "LifecycleConfiguration": (_lifecycle, "DeleteBucketLifecycle"),
    "LoggingConfiguration": (_logging, ""),
    "Tags": (_tags, "DeleteBucketTagging"),
    "NotificationConfiguration": (_notification, ""),
    "CorsConfiguration": (_cors, "DeleteBucketCors"),
    "ObjectLockConfiguration": (_as_is("PutObjectLockConfiguration", "ObjectLockConfiguration"), ""),
    "AccelerateConfiguration": (_as_is("PutBucketAccelerateConfiguration", "AccelerateConfiguration"), ""),
    "WebsiteConfiguration": (_as_is("PutBucketWebsite", "WebsiteConfiguration"), "DeleteBucketWebsite"),
}
