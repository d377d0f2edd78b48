"""The part of a network that ministack's CloudFormation lacks: addresses, NAT, NACLs, rules, flow logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.core.responses import new_uuid
from ministack.services import ec2
from tests.emulator.extension import readers
from tests.emulator.extension.client import call, gently
from tests.emulator.extension.conversion import Rules, parameters, truth
from tests.emulator.extension.registry import Made, Result, resource
from tests.emulator.extension.resources import tags

if TYPE_CHECKING:
    from collections.abc import Mapping


class MissingError(ValueError):
    """What is referred to is not there."""


@resource("AWS::EC2::EIP")
class Address:
    """Ref is the public address."""

    @staticmethod
    def create(made: Made) -> Result:
        domain = made.get("Domain", "vpc")
        found = call("ec2", "AllocateAddress", Domain=domain, **tags.at_creation(made, "elastic-ip"))
        if made.get("InstanceId"):
            call("ec2", "AssociateAddress", AllocationId=found["AllocationId"], InstanceId=made["InstanceId"])
        return found["PublicIp"], {"AllocationId": found["AllocationId"], "PublicIp": found["PublicIp"]}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        allocation = _allocation(made.physical_id)
        if allocation is None:
            raise MissingError(f"address {made.physical_id} was not found")
        tags.change(allocation, old, made)
        return made.physical_id, {"AllocationId": allocation, "PublicIp": made.physical_id}

    @staticmethod
    def delete(made: Made) -> None:
        allocation = _allocation(made.physical_id)
        if allocation is not None:
            gently("ec2", "ReleaseAddress", AllocationId=allocation)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        return {} if _allocation(made.physical_id) else None


def _allocation(address: str) -> str | None:
    found = gently("ec2", "DescribeAddresses", PublicIps=[address])
    addresses = [one for one in (found or {}).get("Addresses", []) if one["PublicIp"] == address]
    return str(addresses[0]["AllocationId"]) if addresses else None


@resource("AWS::EC2::NatGateway")
class NatGateway:
    """Ref is the id."""

    @staticmethod
    def create(made: Made) -> Result:
        wanted = parameters("ec2", "CreateNatGateway", made.properties, Rules(left_out=("Tags",)))
        found = call("ec2", "CreateNatGateway", **wanted, **tags.at_creation(made, "natgateway"))
        identity = found["NatGateway"]["NatGatewayId"]
        return identity, {"NatGatewayId": identity}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        tags.change(made.physical_id, old, made)
        return made.physical_id, {"NatGatewayId": made.physical_id}

    @staticmethod
    def delete(made: Made) -> None:
        gently("ec2", "DeleteNatGateway", NatGatewayId=made.physical_id)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("ec2", "DescribeNatGateways", NatGatewayIds=[made.physical_id])
        there = [
            one for one in (found or {}).get("NatGateways", []) if one["State"] not in {"deleted", "deleting"}
        ]
        return {"SubnetId": there[0]["SubnetId"]} if there else None


@resource("AWS::EC2::NetworkAcl")
class Acl:
    """Ref is the id."""

    @staticmethod
    def create(made: Made) -> Result:
        found = call("ec2", "CreateNetworkAcl", VpcId=made["VpcId"], **tags.at_creation(made, "network-acl"))
        identity = found["NetworkAcl"]["NetworkAclId"]
        return identity, {"Id": identity}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        tags.change(made.physical_id, old, made)
        return made.physical_id, {"Id": made.physical_id}

    @staticmethod
    def delete(made: Made) -> None:
        gently("ec2", "DeleteNetworkAcl", NetworkAclId=made.physical_id)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        return {} if _acl(made.physical_id) else None


def _acl(identity: str) -> dict[str, Any] | None:
    found = (gently("ec2", "DescribeNetworkAcls", NetworkAclIds=[identity]) or {}).get("NetworkAcls")
    return found[0] if found else None


_ENTRY = Rules(renamed={"Icmp": "IcmpTypeCode"})


@resource("AWS::EC2::NetworkAclEntry")
class AclEntry:
    """Ref is a made-up id; the entry is known by its ACL, number and direction."""

    @staticmethod
    def create(made: Made) -> Result:
        wanted = {"Egress": False, **made.properties}
        call("ec2", "CreateNetworkAclEntry", **parameters("ec2", "CreateNetworkAclEntry", wanted, _ENTRY))
        name = made.name("")
        return name, {"Id": name}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        wanted = {"Egress": False, **made.properties}
        call("ec2", "ReplaceNetworkAclEntry", **parameters("ec2", "ReplaceNetworkAclEntry", wanted, _ENTRY))
        return made.physical_id, {"Id": made.physical_id}

    @staticmethod
    def delete(made: Made) -> None:
        number, egress = int(made["RuleNumber"]), truth(made.get("Egress", False))
        gently(
            "ec2",
            "DeleteNetworkAclEntry",
            NetworkAclId=made["NetworkAclId"],
            RuleNumber=number,
            Egress=egress,
        )

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        acl = _acl(made["NetworkAclId"])
        wanted = (int(made["RuleNumber"]), truth(made.get("Egress", False)))
        found = [
            one for one in (acl or {}).get("Entries", []) if (one["RuleNumber"], one["Egress"]) == wanted
        ]
        if not found:
            return None
        keys = ("CidrBlock", "Ipv6CidrBlock", "Protocol", "RuleAction", "PortRange")
        return {key: found[0][key] for key in keys if key in found[0]}


@resource("AWS::EC2::SubnetNetworkAclAssociation")
class AclAssociation:
    """Written into ministack's records: its API moves no association of a subnet that has none yet."""

    @staticmethod
    def create(made: Made) -> Result:
        call("ec2", "DescribeNetworkAcls")  # gives every subnet its default association
        _forget(lambda one: one["SubnetId"] == made["SubnetId"])
        identity = f"aclassoc-{new_uuid().replace('-', '')[:17]}"
        association = {"NetworkAclAssociationId": identity, "SubnetId": made["SubnetId"]}
        ec2._network_acls[made["NetworkAclId"]]["Associations"].append(association)
        return identity, {"AssociationId": identity}

    @staticmethod
    def delete(made: Made) -> None:
        _forget(lambda one: one["NetworkAclAssociationId"] == made.physical_id)

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        acl = _acl(made["NetworkAclId"]) or {"Associations": []}
        there = any(one["NetworkAclAssociationId"] == made.physical_id for one in acl["Associations"])
        return {} if there else None


def _forget(matches: Any) -> None:
    for acl in ec2._network_acls.values():
        acl["Associations"] = [one for one in acl["Associations"] if not matches(one)]


def _rule(side: str) -> type:
    """A rule of a security group that stands in the template by itself."""
    word = "Ingress" if side == "Source" else "Egress"

    class SecurityGroupRule:
        @staticmethod
        def create(made: Made) -> Result:
            found = call(
                "ec2",
                f"AuthorizeSecurityGroup{word}",
                GroupId=made["GroupId"],
                IpPermissions=[_permission(made, side)],
            )
            rules = found.get("SecurityGroupRules") or [{}]
            identity = rules[0].get("SecurityGroupRuleId") or made.name("")
            return identity, {"Id": identity}

        @staticmethod
        def delete(made: Made) -> None:
            permission = _permission(made, side)
            gently("ec2", f"RevokeSecurityGroup{word}", GroupId=made["GroupId"], IpPermissions=[permission])

        @staticmethod
        def read(made: Made) -> dict[str, Any] | None:
            found = gently("ec2", "DescribeSecurityGroups", GroupIds=[made["GroupId"]])
            groups = (found or {}).get("SecurityGroups") or [{}]
            listed = groups[0].get("IpPermissions" if side == "Source" else "IpPermissionsEgress", [])
            wanted = readers.rule_of(made.properties, side)
            there = any(readers.rule_of(rule, side) == wanted for rule in readers._rules(listed, side))
            return {} if there else None

    return SecurityGroupRule


def _permission(made: Made, side: str) -> dict[str, Any]:
    found: dict[str, Any] = {"IpProtocol": str(made["IpProtocol"])}
    found |= {key: int(made[key]) for key in ("FromPort", "ToPort") if made.get(key) is not None}
    told = {"Description": made["Description"]} if made.get("Description") else {}
    for key, peers, name in (
        ("CidrIp", "IpRanges", "CidrIp"),
        ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        (f"{side}SecurityGroupId", "UserIdGroupPairs", "GroupId"),
        (f"{side}PrefixListId", "PrefixListIds", "PrefixListId"),
    ):
        if made.get(key):
            found[peers] = [{name: made[key], **told}]
    return found


resource("AWS::EC2::SecurityGroupIngress", also_replaces=("Description",))(_rule("Source"))
resource("AWS::EC2::SecurityGroupEgress", also_replaces=("Description",))(_rule("Destination"))


@resource("AWS::EC2::FlowLog")
class FlowLog:
    """Ref is the id. Nothing flows, so nothing is ever logged."""

    @staticmethod
    def create(made: Made) -> Result:
        rules = Rules(left_out=("ResourceId", "Tags"))
        wanted = parameters(
            "ec2", "CreateFlowLogs", {**made.properties, "ResourceIds": [made["ResourceId"]]}, rules
        )
        found = call("ec2", "CreateFlowLogs", **wanted, **tags.at_creation(made, "vpc-flow-log"))
        return found["FlowLogIds"][0], {"Id": found["FlowLogIds"][0]}

    @staticmethod
    def update(made: Made, old: Mapping[str, Any]) -> Result:
        tags.change(made.physical_id, old, made)
        return made.physical_id, {"Id": made.physical_id}

    @staticmethod
    def delete(made: Made) -> None:
        gently("ec2", "DeleteFlowLogs", FlowLogIds=[made.physical_id])

    @staticmethod
    def read(made: Made) -> dict[str, Any] | None:
        found = gently("ec2", "DescribeFlowLogs", FlowLogIds=[made.physical_id])
        return {} if found and found["FlowLogs"] else None
