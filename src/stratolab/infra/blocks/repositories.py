"""Repositories of images: scanned on push, tags that cannot be moved, an end for what nobody pulls any more."""

from __future__ import annotations

import json
from typing import Any

from troposphere.ecr import EncryptionConfiguration, ImageScanningConfiguration, LifecyclePolicy, Repository

UNTAGGED_DAYS = 7  # an image without a tag is a step of a build, or one that failed


def repository(title: str, name: str, *, keep: int) -> Any:
    """A repository that keeps its `keep` latest images, and outlives its stack with them.

    It is encrypted by KMS with AWS's own key for it: another key would need another repository, whose name is taken.
    """
    return Repository(
        title,
        RepositoryName=name,
        EncryptionConfiguration=EncryptionConfiguration(EncryptionType="KMS"),
        ImageScanningConfiguration=ImageScanningConfiguration(ScanOnPush=True),
        ImageTagMutability="IMMUTABLE",
        LifecyclePolicy=LifecyclePolicy(LifecyclePolicyText=json.dumps(_rules(keep), sort_keys=True)),
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
    )


def _rules(keep: int) -> dict[str, Any]:
    untagged = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days"}
    latest = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keep}
    expire = {"type": "expire"}
    return {
        "rules": [
            {"rulePriority": 1, "selection": {**untagged, "countNumber": UNTAGGED_DAYS}, "action": expire},
            {"rulePriority": 2, "selection": latest, "action": expire},
        ]
    }
