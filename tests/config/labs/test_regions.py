"""The table of regions, held to what cfn-lint knows of them."""

from __future__ import annotations

import pytest

from stratolab.config.labs.regions import REGION, WITHOUT_BUDGETS, WITHOUT_CODECOMMIT, ZONES, budgets_region


def test_the_regions_are_those_that_cloudformation_has() -> None:
    from cfnlint.helpers import REGIONS  # noqa: PLC0415 - three seconds, for this test only

    secret = {region for region in REGIONS if "-iso" in region}
    assert set(ZONES) == set(REGIONS) - secret
    assert all(map(REGION.fullmatch, ZONES))


@pytest.mark.parametrize(
    ("kind", "told"),
    [("AWS::Budgets::Budget", WITHOUT_BUDGETS), ("AWS::CodeCommit::Repository", WITHOUT_CODECOMMIT)],
)
def test_the_regions_without_a_service_are_those_without_the_type(kind: str, told: frozenset[str]) -> None:
    from cfnlint.schema import ResourceNotFoundError  # noqa: PLC0415
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER as SCHEMAS  # noqa: PLC0415

    without = set()
    for region in ZONES:
        try:
            SCHEMAS.get_resource_schema(region, kind)
        except ResourceNotFoundError:
            without.add(region)
    assert without == told


@pytest.mark.parametrize(
    ("region", "where"),
    [
        ("eu-west-1", "eu-west-1"),
        ("eu-north-1", "us-east-1"),
        ("us-gov-west-1", None),
        ("xx-new-1", "us-east-1"),
    ],
)
def test_where_budgets_are_made(region: str, where: str | None) -> None:
    assert budgets_region(region) == where
    assert where not in WITHOUT_BUDGETS
