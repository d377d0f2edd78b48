"""Which of the usual families of machines AWS has in which region: no environment of Batch takes one that is not there.

From the price list of EC2 by way of cfn-lint's data, November 2026; a test holds the table equal to that data. What is
not in it is taken as it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ABSENT: dict[str, frozenset[str]] = {
    "c7i": frozenset(["cn-north-1", "cn-northwest-1", "me-south-1"]),
    "m7i": frozenset(["ca-west-1", "cn-north-1", "cn-northwest-1", "me-south-1"]),
    "r7i": frozenset(
        [
            "af-south-1",
            "ap-east-1",
            "ca-west-1",
            "cn-north-1",
            "cn-northwest-1",
            "eu-central-2",
            "il-central-1",
            "me-central-1",
            "me-south-1",
        ]
    ),
    "c6i": frozenset(["ap-southeast-3", "ap-southeast-4", "eu-central-2", "eu-south-2", "me-central-1"]),
    "m6i": frozenset(["ap-southeast-4", "eu-south-2"]),
    "r6i": frozenset(["ap-southeast-3", "ap-southeast-4", "eu-south-2"]),
    "g4dn": frozenset(
        [
            "ap-east-2",
            "ap-south-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-west-1",
            "eu-central-2",
            "eu-south-2",
            "il-central-1",
            "me-central-1",
            "mx-central-1",
        ]
    ),
    "g5": frozenset(
        [
            "af-south-1",
            "ap-east-2",
            "ap-northeast-3",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-west-1",
            "eu-central-2",
            "eu-south-1",
            "me-south-1",
            "mx-central-1",
            "us-gov-east-1",
            "us-gov-west-1",
            "us-west-1",
        ]
    ),
    "g6": frozenset(
        [
            "af-south-1",
            "ap-east-1",
            "ap-east-2",
            "ap-northeast-3",
            "ap-southeast-1",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-west-1",
            "cn-north-1",
            "cn-northwest-1",
            "eu-south-1",
            "eu-west-1",
            "il-central-1",
            "me-south-1",
            "mx-central-1",
            "us-west-1",
        ]
    ),
}
"""By family, the regions in which it is not."""


def there(families: Sequence[str], region: str) -> tuple[str, ...]:
    """Those of the families that the region has."""
    return tuple(family for family in families if region not in ABSENT.get(family, ()))
