"""EC2: what ministack's does not keep or tell of NACLs and endpoints, and account-wide settings it lacks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from ministack.core.responses import new_uuid
from ministack.services import ec2
from tests.emulator.extension import stores

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = tuple[int, dict[str, str], bytes]
_settings = stores.table()


# -- NACL entries keep their ports --------------------------------------------------------------------


def _keeping_ports(action: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    def kept(params: Any) -> Answer:
        if action is ec2._create_network_acl_entry and _entry(params) is not None:
            return ec2._error(
                "NetworkAclEntryAlreadyExists",
                f"The network acl entry identified by {ec2._p(params, 'RuleNumber')} already exists.",
                400,
            )
        answer = action(params)
        entry = _entry(params)
        if answer[0] == 200 and entry is not None:
            for name in ("PortRange.From", "PortRange.To", "Icmp.Type", "Icmp.Code"):
                value = ec2._p(params, name)
                if value:
                    entry[name] = int(value)
        return answer

    return kept


def _entry(params: Any) -> dict[str, Any] | None:
    acl = ec2._network_acls.get(ec2._p(params, "NetworkAclId")) or {"Entries": []}
    wanted = (int(ec2._p(params, "RuleNumber") or 0), ec2._p(params, "Egress") == "true")
    return next((one for one in acl["Entries"] if (one["RuleNumber"], one["Egress"]) == wanted), None)


def _telling_ports(write: Callable[[Any], str]) -> Callable[[Any], str]:
    def written(entry: dict[str, Any]) -> str:
        more = ""
        if "PortRange.From" in entry:
            more += f"<portRange><from>{entry['PortRange.From']}</from><to>{entry['PortRange.To']}</to></portRange>"
        if "Icmp.Type" in entry:
            kind, code = entry["Icmp.Type"], entry.get("Icmp.Code", -1)
            more += f"<icmpTypeCode><type>{kind}</type><code>{code}</code></icmpTypeCode>"
        return write(entry).replace("</item>", f"{more}</item>")

    return written


ec2._ACTION_MAP["CreateNetworkAclEntry"] = _keeping_ports(ec2._create_network_acl_entry)
ec2._ACTION_MAP["ReplaceNetworkAclEntry"] = _keeping_ports(ec2._replace_network_acl_entry)
ec2._network_acl_entry_xml = _telling_ports(ec2._network_acl_entry_xml)


# -- endpoints keep and tell their policy, groups and DNS ----------------------------------------------


def _keeping_more(action: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    def created(params: Any) -> Answer:
        before = set(ec2._vpc_endpoints.keys())
        answer = action(params)
        for name in set(ec2._vpc_endpoints.keys()) - before:
            ec2._vpc_endpoints[name].update(
                PolicyDocument=ec2._p(params, "PolicyDocument") or None,
                SecurityGroupIds=ec2._parse_member_list(params, "SecurityGroupId"),
                PrivateDnsEnabled=ec2._p(params, "PrivateDnsEnabled") == "true",
            )
        return answer

    return created


def _telling_more(write: Callable[..., str]) -> Callable[..., str]:
    def written(endpoint: dict[str, Any], tag: str = "item") -> str:
        groups = "".join(
            f"<item><groupId>{one}</groupId></item>" for one in endpoint.get("SecurityGroupIds") or []
        )
        policy = endpoint.get("PolicyDocument")
        text = policy if isinstance(policy, str) else json.dumps(policy or {})
        more = (
            f"<groupSet>{groups}</groupSet><policyDocument>{escape(text)}</policyDocument>"
            f"<privateDnsEnabled>{str(endpoint.get('PrivateDnsEnabled', False)).lower()}</privateDnsEnabled>"
        )
        return write(endpoint, tag).replace(f"</{tag}>", f"{more}</{tag}>")

    return written


ec2._ACTION_MAP["CreateVpcEndpoint"] = _keeping_more(ec2._create_vpc_endpoint)
ec2._vpce_fields_xml = _telling_more(ec2._vpce_fields_xml)


# -- every subnet has a NACL: its VPC's default one until another is associated ------------------------


def _with_default_associations(action: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    def described(params: Any) -> Answer:
        taken = {one["SubnetId"] for acl in ec2._network_acls.values() for one in acl["Associations"]}
        defaults = {acl["VpcId"]: acl for acl in ec2._network_acls.values() if acl.get("IsDefault")}
        for subnet in ec2._subnets.values():
            acl = defaults.get(subnet["VpcId"])
            if acl is not None and subnet["SubnetId"] not in taken:
                acl["Associations"].append(
                    {
                        "NetworkAclAssociationId": f"aclassoc-{new_uuid().replace('-', '')[:17]}",
                        "SubnetId": subnet["SubnetId"],
                    }
                )
        return action(params)

    return described


ec2._ACTION_MAP["DescribeNetworkAcls"] = _with_default_associations(ec2._describe_network_acls)


# -- settings of the whole account in a region ---------------------------------------------------------


def _setting(name: str, tag: str, default: str, value_of: Callable[[Any], str]) -> tuple[Any, Any]:
    """A function that changes a setting and one that tells it, for two operations."""

    def change(operation: str) -> Callable[[Any], Answer]:
        def changed(params: Any) -> Answer:
            _settings[name] = value_of(params)
            return ec2._xml(200, f"{operation}Response", f"<{tag}>{_settings[name]}</{tag}>")

        return changed

    def tell(operation: str) -> Callable[[Any], Answer]:
        return lambda _params: ec2._xml(
            200, f"{operation}Response", f"<{tag}>{_settings.get(name, default)}</{tag}>"
        )

    return change, tell


def _serve_settings() -> None:
    actions = ec2._ACTION_MAP
    for name, tag, default, changes, tells in (
        (
            "ebs",
            "ebsEncryptionByDefault",
            "false",
            {
                "EnableEbsEncryptionByDefault": lambda _: "true",
                "DisableEbsEncryptionByDefault": lambda _: "false",
            },
            "GetEbsEncryptionByDefault",
        ),
        (
            "ebs-key",
            "kmsKeyId",
            "alias/aws/ebs",
            {
                "ModifyEbsDefaultKmsKeyId": lambda params: ec2._p(params, "KmsKeyId"),
                "ResetEbsDefaultKmsKeyId": lambda _: "alias/aws/ebs",
            },
            "GetEbsDefaultKmsKeyId",
        ),
        (
            "snapshots",
            "state",
            "unblocked",
            {
                "EnableSnapshotBlockPublicAccess": lambda params: ec2._p(params, "State"),
                "DisableSnapshotBlockPublicAccess": lambda _: "unblocked",
            },
            "GetSnapshotBlockPublicAccessState",
        ),
        (
            "images",
            "imageBlockPublicAccessState",
            "unblocked",
            {
                "EnableImageBlockPublicAccess": lambda params: ec2._p(params, "ImageBlockPublicAccessState"),
                "DisableImageBlockPublicAccess": lambda _: "unblocked",
            },
            "GetImageBlockPublicAccessState",
        ),
    ):
        for operation, value_of in changes.items():
            change, tell = _setting(name, tag, default, value_of)
            actions[operation] = change(operation)
        actions[tells] = tell(tells)
    actions["ModifyInstanceMetadataDefaults"] = _modify_metadata_defaults
    actions["GetInstanceMetadataDefaults"] = _get_metadata_defaults


_METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "InstanceMetadataTags")


def _modify_metadata_defaults(params: Any) -> Answer:
    given = {name: ec2._p(params, name) for name in _METADATA if ec2._p(params, name)}
    kept = {**_settings.get("metadata", {}), **given}
    _settings["metadata"] = {
        name: value for name, value in kept.items() if value not in {"no-preference", "-1"}
    }
    return ec2._xml(200, "ModifyInstanceMetadataDefaultsResponse", "<return>true</return>")


def _get_metadata_defaults(_params: Any) -> Answer:
    kept = _settings.get("metadata", {})
    inner = "".join(
        f"<{name[0].lower()}{name[1:]}>{kept[name]}</{name[0].lower()}{name[1:]}>" for name in kept
    )
    return ec2._xml(200, "GetInstanceMetadataDefaultsResponse", f"<accountLevel>{inner}</accountLevel>")


_serve_settings()


# -- what else is missing ------------------------------------------------------------------------------


def _modify_instance(params: Any) -> Answer:
    """ModifyInstanceAttribute, for the attributes that a workstation changes."""
    record = ec2._instances.get(ec2._p(params, "InstanceId"))
    if record is None:
        told = f"The instance ID '{ec2._p(params, 'InstanceId')}' does not exist"
        return ec2._error("InvalidInstanceID.NotFound", told, 400)
    if ec2._p(params, "InstanceType.Value"):
        record["InstanceType"] = ec2._p(params, "InstanceType.Value")
    groups = ec2._parse_member_list(params, "GroupId")
    if groups:
        record["SecurityGroups"] = [
            {"GroupId": one, "GroupName": ec2._security_groups[one]["GroupName"]} for one in groups
        ]
    return ec2._xml(200, "ModifyInstanceAttributeResponse", "<return>true</return>")


ec2._ACTION_MAP["ModifyInstanceAttribute"] = _modify_instance


def _keeping_metadata(action: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    """RunInstances: how the machine's metadata may be asked for, or what the account's default says."""

    def run(params: Any) -> Answer:
        before = set(ec2._instances.keys())
        answer = action(params)
        wanted = {name: ec2._p(params, f"MetadataOptions.{name}") for name in _METADATA}
        given = {name: value for name, value in wanted.items() if value}
        for identity in set(ec2._instances.keys()) - before:
            ec2._instances[identity]["MetadataOptions"] = {**_OPEN, **_settings.get("metadata", {}), **given}
        return answer

    return run


_OPEN = {"HttpTokens": "optional", "HttpPutResponseHopLimit": "1", "HttpEndpoint": "enabled"}


def _telling_metadata(write: Callable[[Any], str]) -> Callable[[Any], str]:
    def written(instance: dict[str, Any]) -> str:
        kept = instance.get("MetadataOptions") or {}
        inner = "".join(
            f"<{name[0].lower()}{name[1:]}>{value}</{name[0].lower()}{name[1:]}>"
            for name, value in kept.items()
        )
        text = write(instance)
        return f"{text.rstrip().removesuffix('</item>')}<metadataOptions>{inner}</metadataOptions></item>"

    return written


ec2._ACTION_MAP["RunInstances"] = _keeping_metadata(ec2._run_instances)
ec2._instance_xml = _telling_metadata(ec2._instance_xml)
