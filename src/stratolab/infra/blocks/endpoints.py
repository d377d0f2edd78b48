"""Private ways to AWS's services, open to this account only: what runs here cannot carry data into another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Join, Split, Sub
from troposphere.ec2 import VPCEndpoint

from stratolab.infra.arns import ACCOUNT, REGION
from stratolab.infra.blocks.policies import Statement, allow, document

if TYPE_CHECKING:
    from collections.abc import Sequence

NEEDED = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
"""Services without which no container starts in a network without a way out."""
ALL = (*NEEDED, "ec2messages", "kms", "ssm", "ssmmessages", "sts")
"""The same, and those that sessions and keys use."""


def gateway(
    title: str, service: str, *, vpc: Any, tables: Sequence[Any], also: Sequence[Statement] = ()
) -> Any:
    """A way to S3 or DynamoDB by routes. It costs nothing."""
    return VPCEndpoint(
        title,
        VpcEndpointType="Gateway",
        ServiceName=_name(service),
        VpcId=vpc,
        RouteTableIds=list(tables),
        PolicyDocument=document(this_account(), *also),
    )


def interface(service: str, *, vpc: Any, subnets: Sequence[Any], group: Any) -> Any:
    """A way to a service by an address in the network, under the service's usual name."""
    title = "".join(part.capitalize() for part in service.split("."))
    return VPCEndpoint(
        f"{title}Endpoint",
        VpcEndpointType="Interface",
        ServiceName=_name(service),
        VpcId=vpc,
        SubnetIds=list(subnets),
        SecurityGroupIds=[group],
        PrivateDnsEnabled=True,
        PolicyDocument=document(this_account()),
    )


def this_account() -> Statement:
    """Whoever belongs to this account, as far as its own policies go."""
    return allow(
        "ThisAccount", ["*"], "*", who={"AWS": "*"}, when={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    )


def layers_of_images() -> Statement:
    """Anybody may read images' layers from the registry's own bucket: AWS signs those calls, not we."""
    layers = Sub("arn:${AWS::Partition}:s3:::prod-${AWS::Region}-starport-layer-bucket/*")
    return allow("LayersOfImages", ["s3:GetObject"], layers, who={"AWS": "*"})


def answers_to_cloudformation() -> Statement:
    """Anybody may answer CloudFormation, at addresses in its own bucket that it signs and hands to a function.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/vpc-interface-endpoints.html says the bucket's name.
    """
    here = Join("", Split("-", REGION))
    bucket = Sub("arn:${AWS::Partition}:s3:::cloudformation-custom-resource-response-${Here}/*", Here=here)
    return allow("AnswersToCloudFormation", ["s3:PutObject"], bucket, who={"AWS": "*"})


def _name(service: str) -> Any:
    return Sub(f"com.amazonaws.${{AWS::Region}}.{service}")
