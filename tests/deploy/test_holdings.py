"""What becomes of data when the resource that holds it goes."""

from __future__ import annotations

import pytest

from stratolab.deploy.holdings import fate
from stratolab.deploy.models import Data, Effect

DATABASE = "AWS::RDS::DBInstance"


@pytest.mark.parametrize(
    ("kind", "effect", "policy", "data"),
    [
        (DATABASE, Effect.DELETE, "Snapshot", Data.SNAPSHOT),
        (DATABASE, Effect.DELETE, "Delete", Data.LOST),
        (DATABASE, Effect.REPLACE, "ReplaceAndSnapshot", Data.LOST),
        (DATABASE, Effect.PERHAPS, "Snapshot", Data.LOST),
        (DATABASE, Effect.CHANGE, "", Data.SAFE),
        ("AWS::S3::Bucket", Effect.REPLACE, "ReplaceAndRetain", Data.KEPT),
        ("AWS::S3::Bucket", Effect.DELETE, "Delete", Data.LOST),
        ("AWS::EC2::VPC", Effect.DELETE, "Delete", Data.SAFE),
    ],
)
def test_the_fate_of_data(kind, effect, policy, data):
    assert fate(kind, effect, policy) is data
