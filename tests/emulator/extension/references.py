"""What a property refers to must exist: the VPC, the subnet, the group, the role.

cfn-lint's schemas mark such properties with a format (`AWS::EC2::Subnet.Id`). CloudFormation does not look;
the service does, with the error that its handler then reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.services import ec2, iam, s3
from tests.emulator.extension import schemas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class NotThereError(ValueError):
    """A property refers to something that does not exist."""


def check(region: str, resource_type: str, properties: Mapping[str, Any]) -> None:
    """Refuse references to what is not there.

    Raises:
        NotThereError: in the words of the service.
    """
    try:
        schema = schemas.schema(region, resource_type)
    except schemas.NoSchemaError:
        return
    own = {path.rpartition("/")[2] for path in schema.get("primaryIdentifier") or []}
    foreign = {name: value for name, value in properties.items() if name not in own}
    found = [(_CHECKS[kind], value) for kind, value in _marked(schema, schema, foreign)]
    if resource_type.startswith("AWS::EC2::"):
        found += [(look, properties[name]) for name, look in _EC2_NAMES.items() if name in properties]
    for look, value in found:
        problem = look(value)
        if problem:
            raise NotThereError(f'Resource handler returned message: "{problem}"')


def _in_ec2(store: Callable[[], Mapping[str, Any]], noun: str, code: str) -> Callable[[str], str | None]:
    def look(value: str) -> str | None:
        if value in store():
            return None
        return f"The {noun} ID '{value}' does not exist (Service: Ec2, Status Code: 400, Error Code: {code})"

    return look


def _role(arn: str) -> str | None:
    if not arn.startswith("arn:") or ":role/" not in arn or "/aws-service-role/" in arn:
        return None
    name = arn.rsplit("/", 1)[-1]
    if name in iam._roles:
        return None
    return f"The role with name {name} cannot be found. (Service: Iam, Status Code: 404)"


def _bucket(name: str) -> str | None:
    if s3._bucket_owner_account(name) is not None:
        return None
    return f"The specified bucket does not exist: {name} (Service: S3, Status Code: 404, Error Code: NoSuchBucket)"


_CHECKS: dict[str, Callable[[str], str | None]] = {
    "AWS::EC2::VPC.Id": _in_ec2(lambda: ec2._vpcs, "vpc", "InvalidVpcID.NotFound"),
    "AWS::EC2::Subnet.Id": _in_ec2(lambda: ec2._subnets, "subnet", "InvalidSubnetID.NotFound"),
    "AWS::EC2::SecurityGroup.Id": _in_ec2(
        lambda: ec2._security_groups, "security group", "InvalidGroup.NotFound"
    ),
    "AWS::IAM::Role.Arn": _role,
    "AWS::S3::Bucket.Name": _bucket,
}
# Not marked in the schemas; the names mean the same in every type of EC2's.
_EC2_NAMES: dict[str, Callable[[str], str | None]] = {
    "RouteTableId": _in_ec2(lambda: ec2._route_tables, "routeTable", "InvalidRouteTableID.NotFound"),
    "NetworkAclId": _in_ec2(lambda: ec2._network_acls, "networkAcl", "InvalidNetworkAclID.NotFound"),
    "InternetGatewayId": _in_ec2(
        lambda: ec2._internet_gateways, "internetGateway", "InvalidInternetGatewayID.NotFound"
    ),
    "NatGatewayId": _in_ec2(lambda: ec2._nat_gateways, "nat gateway", "InvalidNatGatewayID.NotFound"),
    "AllocationId": _in_ec2(lambda: ec2._addresses, "allocation", "InvalidAllocationID.NotFound"),
}


def _marked(root: dict[str, Any], node: Any, value: Any) -> Iterator[tuple[str, str]]:
    """The values whose schema has a format that we can look up."""
    if not isinstance(node, dict):
        return
    node = schemas._resolved(root, node)
    if isinstance(value, str):
        formats = {node.get("format"), *(part.get("format") for part in _branches(root, node))}
        known = formats & _CHECKS.keys()
        # Where a schema allows several forms, one that fits is enough, and we cannot tell which was meant.
        if len(known) == 1 and len(formats - {None}) == 1:
            yield known.pop(), value
    elif isinstance(value, list):
        for item in value:
            yield from _marked(root, node.get("items"), item)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _marked(root, (node.get("properties") or {}).get(name), part)


def _branches(root: dict[str, Any], node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for word in ("anyOf", "oneOf", "allOf"):
        for part in node.get(word) or []:
            yield schemas._resolved(root, part)
