"""An environment's database: each option in its place, and what stays the same whatever they are."""

from __future__ import annotations

import pytest

from stratolab.config.labs.load import lab_from_mapping
from stratolab.core.errors import InputError
from stratolab.infra.blocks.databases import OWNER
from stratolab.infra.catalogue import find, stacks
from stratolab.runtime.databases.setup import Script
from stratolab.testing.labs import sample


class _Everything(dict):
    """Outputs of every stack, whatever is asked for."""

    def __missing__(self, _key) -> _Everything:
        return self


EVERYTHING = _Everything()
LAB = {"name": "acme", "region": "eu-west-1", "profile": "standard"}


def stack(*, lab=None, **options):
    tables = {"lab": {**LAB, **(lab or {})}, "environments": {"prod": {"database": options}}}
    return find(lab_from_mapping(tables, "here"), "database.prod")


def properties(title="Database", **options):
    return stack(**options).template["Resources"][title]["Properties"]


def of_type(made, kind):
    return [one["Properties"] for one in made.template["Resources"].values() if one["Type"] == kind]


def test_an_environment_without_one_has_no_stack():
    assert "database.dev" not in {one.key for one in stacks(sample("standard"))}


@pytest.mark.parametrize(
    ("engine", "family", "forced"),
    [("postgres", "postgres17", "rds.force_ssl"), ("mysql", "mysql8.4", "require_secure_transport")],
)
def test_nobody_gets_in_without_tls(engine, family, forced):
    made = stack(engine=engine)
    (group,) = of_type(made, "AWS::RDS::DBParameterGroup")
    assert group["Family"] == family
    assert group["Parameters"][forced] == "1"
    assert properties(engine=engine)["DBParameterGroupName"] == {"Ref": "Parameters"}


def test_it_is_where_nothing_leads_out():
    made = stack()
    (group,) = of_type(made, "AWS::RDS::DBSubnetGroup")
    assert group["SubnetIds"] == {"Ref": "NetworkIsolatedSubnets"}
    one = properties()
    assert one["VPCSecurityGroups"] == [{"Ref": "NetworkDatabaseGroup"}]
    assert one["PubliclyAccessible"] is False
    assert {(taken.stack, taken.output) for taken in made.inputs} >= {
        ("network.prod", "IsolatedSubnets"),
        ("network.prod", "DatabaseGroup"),
    }


def test_the_owners_password_is_never_ours():
    one = properties()
    assert one["ManageMasterUserPassword"] is True
    assert one["MasterUsername"] == OWNER
    assert "MasterUserPassword" not in one


@pytest.mark.parametrize(("keys", "own"), [("aws", False), ("one", True), ("each", True)])
def test_whose_keys(keys, own):
    tables = {"lab": LAB, "security": {"keys": keys}, "environments": {"prod": {"database": {}}}}
    one = find(lab_from_mapping(tables, "here"), "database.prod").template["Resources"]["Database"][
        "Properties"
    ]
    assert one["StorageEncrypted"] is True
    assert ("KmsKeyId" in one, "MasterUserSecret" in one, "PerformanceInsightsKMSKeyId" in one) == (
        own,
        own,
        own,
    )


def test_backups_come_before_updates_also_at_midnight():
    assert properties(backup_hour=2, maintenance="sun")["PreferredMaintenanceWindow"] == "sun:03:00-sun:03:30"
    late = properties(backup_hour=23, maintenance="sun")
    assert (late["PreferredBackupWindow"], late["PreferredMaintenanceWindow"]) == (
        "23:00-23:30",
        "mon:00:00-mon:00:30",
    )


@pytest.mark.parametrize(("snapshot", "policy"), [(True, "Snapshot"), (False, "Delete")])
def test_what_is_left_of_it(snapshot, policy):
    one = stack(snapshot=snapshot).template["Resources"]["Database"]
    assert (one["DeletionPolicy"], one["UpdateReplacePolicy"]) == (policy, "Snapshot")


def test_a_snapshot_brings_its_own_database_owner_and_key():
    one = properties(restore_from="acme-prod-before")
    assert one["DBSnapshotIdentifier"] == "acme-prod-before"
    assert not {"DBName", "MasterUsername", "KmsKeyId", "StorageEncrypted"} & set(one)
    assert one["ManageMasterUserPassword"] is True


@pytest.mark.parametrize("snapshot", ["two words", "arn:aws:s3:::bucket", ""])
def test_what_is_no_snapshot(snapshot):
    with pytest.raises(InputError) as caught:
        stack(restore_from=snapshot)
    assert "is no name or ARN of a snapshot" in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"engine": "mysql"},
        {"name": "other"},
        {"zone": "eu-west-1b"},
        {"restore_from": "snap"},
        {"lab": {"profile": "hardened"}, "class": "db.t4g.medium", "multi_zone": False},
    ],
)
def test_what_only_a_new_instance_can_have_changes_the_name(change):
    assert properties(**change)["DBInstanceIdentifier"] != properties()["DBInstanceIdentifier"]


@pytest.mark.parametrize(
    "change",
    [{"class": "db.m7g.large"}, {"version": "18"}, {"storage": 100}, {"multi_zone": True}, {"port": 16_000}],
)
def test_what_changes_in_place_keeps_the_name(change):
    assert properties(**change)["DBInstanceIdentifier"] == properties()["DBInstanceIdentifier"]


def test_its_logs_have_an_end_and_are_there_before_it():
    made = stack().template["Resources"]
    names = {
        one["Properties"]["LogGroupName"]
        for title, one in made.items()
        if one["Type"] == "AWS::Logs::LogGroup" and title.startswith("Database")
    }
    here = made["Database"]["Properties"]["DBInstanceIdentifier"]
    assert names == {f"/aws/rds/instance/{here}/{log}" for log in ("postgresql", "upgrade")}
    assert made["Database"]["DependsOn"] == ["DatabasePostgresqlLog", "DatabaseUpgradeLog"]
    assert made["DatabasePostgresqlLog"]["Properties"]["RetentionInDays"] == 365


def test_without_monitoring_there_is_no_role():
    assert "MonitoringRole" not in stack(monitoring=0).template["Resources"]
    assert "MonitoringRoleArn" not in properties(monitoring=0)
    role = stack(monitoring=15).template["Resources"]["MonitoringRole"]["Properties"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {
        "Service": "monitoring.rds.amazonaws.com"
    }


def test_applications_apart_have_instances_of_their_own():
    made = stack(applications=["world-series", "churn"], apart=True, rotation="managed")
    instances = of_type(made, "AWS::RDS::DBInstance")
    assert sorted(one["DBName"] for one in instances) == ["churn", "lab", "world_series"]
    assert len({one["DBInstanceIdentifier"] for one in instances}) == 3
    published = {one.published for one in made.outputs}
    assert {f"applications/churn/database/{what}" for what in ("host", "secret")} <= published


def functions_of(made):
    return {
        title: one["Properties"]
        for title, one in made.template["Resources"].items()
        if one["Type"] == "AWS::Lambda::Function"
    }


def test_every_database_has_its_test_and_only_one_with_scripts_its_set_up():
    assert set(functions_of(stack())) == {"TestFunction"}
    made = stack(setup="sql", setup_timeout="2m")
    assert set(functions_of(made)) == {"TestFunction", "SetupFunction"}
    called = made.template["Resources"]["Setup"]
    assert called["Type"] == "Custom::DatabaseSetup"
    assert called["Properties"]["Scripts"] == {"Ref": "SetupScripts"}
    assert called["Properties"]["Host"] == {"Fn::GetAtt": ["Database", "Endpoint.Address"]}
    limit = functions_of(made)["SetupFunction"]["Timeout"]
    assert 120 < limit <= 900
    assert called["Properties"]["ServiceTimeout"] >= 3 * limit  # Lambda calls a killed one twice more
    assert functions_of(stack(setup="sql"))["SetupFunction"]["Timeout"] == 900


def test_functions_are_in_the_private_network_and_hold_no_secret():
    for one in functions_of(stack(setup="sql")).values():
        assert one["VpcConfig"] == {
            "SubnetIds": {"Ref": "NetworkPrivateSubnets"},
            "SecurityGroupIds": [{"Ref": "NetworkFunctionGroup"}],
        }
        assert one["Environment"]["Variables"]["STRATOLAB_DATABASE_SECRET"] == {
            "Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]
        }


def test_a_changed_script_is_another_value_of_a_parameter():
    def of(*scripts):
        tables = {"lab": LAB, "environments": {"prod": {"database": {"setup": "sql"}}}}
        made = stacks(lab_from_mapping(tables, "here"), scripts={"prod": {"": scripts}})
        return next(one for one in made if one.key == "database.prod")

    first, other = of(Script("a.sql", "SELECT 1")), of(Script("a.sql", "SELECT 2"))
    assert first.body == other.body
    assert first.parameters(EVERYTHING)["SetupScripts"] != other.parameters(EVERYTHING)["SetupScripts"]
    assert of(Script("b.sql", "SELECT 1")).parameters(EVERYTHING) != first.parameters(EVERYTHING)
    keys = {one.key for one in first.code}
    assert first.parameters(EVERYTHING)["SetupScripts"] in keys
    assert f"scripts/{Script('a.sql', 'SELECT 1').checksum}.sql" in keys


def test_applications_apart_have_functions_and_scripts_of_their_own():
    made = stack(applications=["world-series"], apart=True, rotation="managed", setup="sql")
    title = next(one for one in functions_of(made) if one.startswith("SetupFunctionworld"))
    own = functions_of(made)[title]["Environment"]["Variables"]
    assert own["STRATOLAB_DATABASE_NAME"] == "world_series"
    assert functions_of(made)[title]["FunctionName"] == "acme-prod-database-setup-world-series"
    published = {one.published for one in made.outputs}
    assert {f"applications/world-series/database/{what}" for what in ("setup", "test-function")} <= published


def test_the_way_in_is_a_group_of_none():
    assert of_type(stack(), "AWS::AutoScaling::AutoScalingGroup") == []
    made = stack(tunnel=True)
    (group,) = of_type(made, "AWS::AutoScaling::AutoScalingGroup")
    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == ("0", "0", "1")
    (night,) = of_type(made, "AWS::AutoScaling::ScheduledAction")
    assert night["DesiredCapacity"] == 0
    data = made.template["Resources"]["TunnelMachine"]["Properties"]["LaunchTemplateData"]
    assert "KeyName" not in data
    assert data["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is False
