"""The table of families by region, held against what EC2 has where, by cfn-lint's data and botocore's model."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import cfnlint
import pytest

from stratolab.config.labs.families import ABSENT, there
from stratolab.config.labs.queues import FARGATE, USUAL_TYPES, ComputeConfig, types_of, usual_types
from stratolab.config.labs.regions import ZONES

DATA = Path(cfnlint.__file__).parent / "data" / "schemas" / "extensions" / "aws_ec2_instance"
USUAL = {family for families in USUAL_TYPES.values() for family in families}


def families_by_region():
    table = json.loads((DATA / "instancetype_enum.json").read_text("utf-8"))
    return {
        region: {kind.partition(".")[0] for kind in part["enum"]}
        for region, part in table.items()
        if region in ZONES
    }


def test_the_table_is_what_the_price_list_says():
    found = families_by_region()
    assert len(found) > 35
    absent = {family: {region for region in found if family not in found[region]} for family in USUAL}
    assert {family: set(regions) for family, regions in ABSENT.items()} == absent


def test_every_usual_family_is_one_of_today():
    kinds = botocore.session.get_session().get_service_model("ec2").shape_for("InstanceType").enum
    assert {kind.partition(".")[0] for kind in kinds} >= USUAL


@pytest.mark.parametrize("region", families_by_region())
def test_what_is_taken_is_there(region):
    for kind in USUAL_TYPES:
        taken = set(usual_types(kind, region))
        assert taken <= families_by_region()[region]
        assert taken or kind in FARGATE or kind.startswith("gpu"), kind


def test_an_older_family_where_there_is_no_newer_one():
    assert usual_types("ec2", "me-south-1") == ("c6i", "m6i", "r6i")
    assert usual_types("gpu", "us-west-1") == ("g4dn",)
    assert usual_types("gpu", "mx-central-1") == ()
    assert types_of(ComputeConfig(kind="ec2", instance_types=("x9",)), "me-south-1") == ("x9",)
    assert there(["x9", "g6"], "eu-west-1") == ("x9",)
