"""AWS's regions, and how many availability zones an account has at least in each.

From https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html, as of November 2026. A region
that is newer than this table is taken with a warning: only its number of zones is not known.
"""

from __future__ import annotations

import re

REGION = re.compile(r"[a-z]{2,5}(?:-[a-z]{2,10}){1,2}-[1-9]")
ZONES = {
    "af-south-1": 3,
    "ap-east-1": 3,
    "ap-east-2": 3,
    "ap-northeast-1": 3,
    "ap-northeast-2": 4,
    "ap-northeast-3": 3,
    "ap-south-1": 3,
    "ap-south-2": 3,
    "ap-southeast-1": 3,
    "ap-southeast-2": 3,
    "ap-southeast-3": 3,
    "ap-southeast-4": 3,
    "ap-southeast-5": 3,
    "ap-southeast-6": 3,
    "ap-southeast-7": 3,
    "ca-central-1": 3,
    "ca-west-1": 3,
    "cn-north-1": 2,
    "cn-northwest-1": 3,
    "eu-central-1": 3,
    "eu-central-2": 3,
    "eu-north-1": 3,
    "eu-south-1": 3,
    "eu-south-2": 3,
    "eu-west-1": 3,
    "eu-west-2": 3,
    "eu-west-3": 3,
    "eusc-de-east-1": 2,
    "il-central-1": 3,
    "me-central-1": 3,
    "me-south-1": 3,
    "mx-central-1": 3,
    "sa-east-1": 3,
    "us-east-1": 6,
    "us-east-2": 3,
    "us-gov-east-1": 3,
    "us-gov-west-1": 3,
    "us-west-1": 2,
    "us-west-2": 4,
}
WITHOUT_BUDGETS = frozenset(
    {
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-northeast-3",
        "ap-south-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "il-central-1",
        "me-central-1",
        "mx-central-1",
        "us-gov-east-1",
        "us-gov-west-1",
    }
)
"""Regions in which CloudFormation cannot make budgets: it has no such type there. A test asks cfn-lint's data."""
WITHOUT_CODECOMMIT = frozenset(
    {
        "af-south-1",
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
    }
)
"""Regions in which CloudFormation cannot make repositories of CodeCommit. A test asks cfn-lint's data."""
WITHOUT_RDS_ROOT = frozenset(
    {
        "ap-east-2",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "cn-north-1",
        "cn-northwest-1",
        "eusc-de-east-1",
        "il-central-1",
        "mx-central-1",
        "us-gov-east-1",
        "us-gov-west-1",
    }
)
"""Regions whose root of RDS's authority is not among those that are packed with functions. A test compares."""
_BILLING = "us-east-1"


def regions_of(region: str) -> tuple[str, ...]:
    """Every region in which a lab of this one may have stacks, its own first."""
    budgets = budgets_region(region)
    return (region,) if budgets in {None, region} else (region, str(budgets))


def budgets_region(region: str) -> str | None:
    """The region in which the budgets of a lab are made; None where the bill belongs to another account (GovCloud)."""
    if region.startswith("us-gov-"):
        return None
    return _BILLING if region in WITHOUT_BUDGETS or region not in ZONES else region
