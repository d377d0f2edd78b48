"""What is left of a lab once its stacks are gone: not what we remember, but what bears the lab's tag in the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stratolab.deploy.models import Left
from stratolab.infra import tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stratolab.aws.tagged import Tagged

_TYPES = {
    "ec2:volume": "AWS::EC2::Volume",
    "ecr:repository": "AWS::ECR::Repository",
    "kms:key": "AWS::KMS::Key",
    "logs:log-group": "AWS::Logs::LogGroup",
    "rds:db": "AWS::RDS::DBInstance",
    "rds:snapshot": "AWS::RDS::DBSnapshot",
    "s3:": "AWS::S3::Bucket",
    "secretsmanager:secret": "AWS::SecretsManager::Secret",
}
"""What may outlive a stack, by service and kind in its ARN. Anything else keeps that for its type."""


def left_of(lab: str, kept: Sequence[Left], regions: Iterable[Tagged]) -> list[Left]:
    """What stacks have just left behind, and whatever else of the lab AWS still knows of."""
    found = [arn for tagged in regions for arn in tagged.arns({tags.LAB: lab})]
    known = {one.physical for one in kept}
    more = [Left("-", _type(arn), _name(arn), "it bears the lab's tag") for arn in found]
    return [*kept, *(one for one in more if one.physical not in known and one.type != "cloudformation:stack")]


def _type(arn: str) -> str:
    service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
    kind = resource.replace("/", ":").partition(":")
    named = f"{service}:{kind[0] if kind[1] else ''}"
    return _TYPES.get(named, named.rstrip(":"))


def _name(arn: str) -> str:
    """What stacks call it: an ARN's last part, without the kind."""
    resource = arn.split(":", 5)[5]
    cut = min((place for place in (resource.find("/"), resource.find(":")) if place >= 0), default=-1)
    return resource[cut + 1 :]
