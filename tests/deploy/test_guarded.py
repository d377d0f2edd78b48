"""A database that is protected from deletion stops a deletion before it begins."""

from __future__ import annotations

import pytest
from tests.deploy.conftest import stack, topic

from stratolab.core.errors import RefusedError
from stratolab.deploy import guarded, teardown

DATABASE = {
    "Type": "AWS::RDS::DBInstance",
    "Properties": {
        "DBInstanceIdentifier": "acme-dev-a1",
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "AllocatedStorage": "20",
        "MasterUsername": "keeper",
        "ManageMasterUserPassword": True,
        "DeletionProtection": True,
    },
}


@pytest.fixture
def lab(account):
    account.up([stack("ground", {"Topic": topic("acme-news")}), stack("database", {"Database": DATABASE})])
    return account


def test_nothing_goes_while_one_is_protected(lab, emulator):
    plan = teardown.plan("acme", lab.cloud.region, "", lab.tools)
    with pytest.raises(RefusedError, match=r"Database \(AWS::RDS::DBInstance\) in acme-database") as caught:
        teardown.take_down(plan, lab.tools, delete_data=True)
    assert "deletion_protection = false" in caught.value.hint
    assert set(lab.statuses()) == {"acme-ground", "acme-database"}
    emulator.client("rds").modify_db_instance(DBInstanceIdentifier="acme-dev-a1", DeletionProtection=False)
    teardown.take_down(plan, lab.tools, delete_data=True)
    assert lab.statuses() == {}


def test_up_is_told_before_it_would_delete_one(lab):
    plan = lab.plan([stack("ground", {"Topic": topic("acme-news")})])
    (found,) = guarded.obstacles(plan, lab.tools.databases)
    assert "protected from deletion" in found.what
    assert "put it back" in found.fix


def test_one_that_is_gone_protects_nothing(account):
    assert account.tools.databases.protected("acme-dev-a1") is False
