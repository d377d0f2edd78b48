"""Which resources hold data, and what becomes of it when they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stratolab.deploy.models import Data, Effect

if TYPE_CHECKING:
    from collections.abc import Mapping

HOLDINGS = {
    "AWS::CodeCommit::Repository": "source code",
    "AWS::DynamoDB::Table": "records",
    "AWS::EC2::Volume": "a disk",
    "AWS::ECR::Repository": "images",
    "AWS::EFS::FileSystem": "files",
    "AWS::KMS::Key": "the key to everything that was encrypted with it",
    "AWS::Logs::LogGroup": "logs",
    "AWS::RDS::DBCluster": "a database",
    "AWS::RDS::DBInstance": "a database",
    "AWS::Route53::HostedZone": "names that others may use",
    "AWS::S3::Bucket": "objects",
    "AWS::SecretsManager::Secret": "a secret",
}
"""Types of resources that hold what cannot be made again from a template, and what that is."""

EMPTY_AGAIN = frozenset({"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"})
"""Types of which a new one takes the old one's place under the same outputs and is empty: everybody who asks for the
data finds none, and a snapshot helps only who knows of it. So its replacement counts as a loss."""
_KINDER = {"Retain": Data.KEPT, "Snapshot": Data.SNAPSHOT, "RetainExceptOnCreate": Data.KEPT}


def fate(kind: str, effect: Effect, policy: str) -> Data:
    """What becomes of the data in a resource of type `kind`.

    `policy` is its deletion policy, or CloudFormation's word for what it would do (`ReplaceAndDelete`).
    """
    if kind not in HOLDINGS or effect not in {Effect.DELETE, Effect.REPLACE, Effect.PERHAPS}:
        return Data.SAFE
    if kind in EMPTY_AGAIN and effect is not Effect.DELETE:
        return Data.LOST
    return _KINDER.get(policy.removeprefix("ReplaceAnd"), Data.LOST)


def deletion_policy(resource: Mapping[str, Any]) -> str:
    """What CloudFormation does with a resource of a template when its stack is deleted.

    Without a policy it deletes, but for database clusters and instances outside of one, of which it takes a snapshot.
    """
    given = resource.get("DeletionPolicy")
    if given:
        return str(given)
    kind, properties = resource.get("Type"), resource.get("Properties", {})
    snapshots = kind == "AWS::RDS::DBCluster" or (
        kind == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in properties
    )
    return "Snapshot" if snapshots else "Delete"


def holds_data(template: Mapping[str, Any]) -> bool:
    """Whether any resource of a template holds data."""
    return any(resource["Type"] in HOLDINGS for resource in template["Resources"].values())
