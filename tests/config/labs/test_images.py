"""Where images are built: the environment that costs least of those that have a way out."""

from __future__ import annotations

from typing import Any

import pytest

from stratolab.config.labs.images import home_of_builds
from stratolab.config.labs.load import lab_from_mapping

OUT, IN = {"nat": "one"}, {"nat": "none"}


@pytest.mark.parametrize(
    ("environments", "named", "home"),
    [
        ({"prod": OUT, "dev": OUT}, None, "dev"),
        ({"prod": OUT, "stage": OUT, "dev": IN}, None, "stage"),
        ({"prod": OUT, "dev": OUT}, "prod", "prod"),
        ({"dev": IN}, None, None),
        ({"dev": {"vpc": {"id": "vpc-0123456789abcdef0", "cidr": "10.0.0.0/16",
                          "private": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]}}}, None, "dev"),
    ],
)  # fmt: skip
def test_where_builds_run(environments: dict[str, Any], named: str | None, home: str | None) -> None:
    images = {"images": {"environment": named}} if named else {}
    lab = lab_from_mapping(
        {"lab": {"name": "acme", "region": "eu-west-1"}, "environments": environments, **images}, "lab.toml"
    )
    assert home_of_builds(lab.images, lab.environments) == home
