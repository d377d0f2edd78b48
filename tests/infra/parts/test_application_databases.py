"""Applications' databases in a template: who reaches what, when passwords are exchanged, who is told."""

from __future__ import annotations

import json

import pytest

from stratolab.config.labs.load import lab_from_mapping
from stratolab.infra.catalogue import find
from stratolab.infra.names import title

LAB = {"name": "acme", "region": "eu-west-1", "profile": "standard"}
SCHEDULE = "AWS::SecretsManager::RotationSchedule"


def stack(**options):
    tables = {
        "lab": LAB,
        "projects": {"world-series": {}, "churn": {}},
        "people": {
            "ana": {"projects": ["world-series"], "mail": "ana@example.com"},
            "bo": {"projects": ["churn"], "mail": "bo@example.com"},
            "cy": {"projects": ["world-series"]},
        },
        "environments": {"prod": {"database": {"applications": ["world-series", "churn"], **options}}},
    }
    return find(lab_from_mapping(tables, "here"), "database.prod")


def of_type(made, kind):
    return {
        name: one["Properties"] for name, one in made.template["Resources"].items() if one["Type"] == kind
    }


def test_each_has_a_secret_that_only_its_project_reads():
    made = of_type(stack(), "AWS::SecretsManager::Secret")
    assert {one["Name"] for one in made.values()} == {
        "acme/world-series/prod/database",
        "acme/churn/prod/database",
    }
    assert not any({"SecretString", "GenerateSecretString"} & one.keys() for one in made.values())
    (role,) = [
        one["PolicyDocument"]["Statement"]
        for name, one in of_type(
            find(
                lab_from_mapping(
                    {"lab": LAB, "projects": {"churn": {}}, "environments": {"prod": {"database": {}}}},
                    "here",
                ),
                "project.churn",
            ),
            "AWS::IAM::ManagedPolicy",
        ).items()
        if name == "Policy"
    ]
    (reads,) = [one["Resource"] for one in role if one["Sid"] == "ReadSecrets"]
    assert [one["Fn::Sub"].rpartition(":secret:")[2] for one in reads] == ["acme/churn/*", "acme/general/*"]


def test_they_share_an_instance_or_stand_apart():
    shared, apart = stack(), stack(apart=True, rotation="lambda")
    assert len(of_type(shared, "AWS::RDS::DBInstance")) == 1
    assert len(of_type(apart, "AWS::RDS::DBInstance")) == 3
    calls = of_type(shared, "Custom::ApplicationDatabase")
    assert {(one["Database"], one["Shared"]) for one in calls.values()} == {
        ("world_series", "lab"),
        ("churn", "lab"),
    }
    hosts = {json.dumps(one["Host"]) for one in of_type(apart, "Custom::ApplicationDatabase").values()}
    assert len(hosts) == 2
    assert of_type(stack(apart=True), "Custom::ApplicationDatabase") == {}  # RDS exchanges the owners'


def test_the_function_reaches_these_secrets_and_owners_and_nothing_else():
    made = stack(canaries={"churn": {"function": "acme-prod-churn-canary"}})
    statements = of_type(made, "AWS::IAM::ManagedPolicy")["RotationFunctionPolicy"]["PolicyDocument"][
        "Statement"
    ]
    may = {one["Sid"]: one for one in statements}
    assert may["ExchangeSecrets"]["Resource"]["Fn::Sub"].endswith(":secret:acme/*/prod/database-??????")
    assert may["ReadOwners"]["Resource"] == {"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]}
    assert may["TellUsers"]["Resource"]["Fn::Sub"].endswith(":acme-prod-rotation-*")
    assert may["CallCanaries"]["Resource"]["Fn::Sub"].endswith(":function:acme-prod-churn-canary")
    told = [
        action
        for one in statements
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    ]
    assert not any(action.endswith("*") or action.startswith("iam:") for action in told)


@pytest.mark.parametrize(("options", "count"), [({}, 2), ({"rotation": "none"}, 0), ({"rotate": 3}, 2)])
def test_passwords_are_exchanged_when_it_is_said(options, count):
    made = of_type(stack(**options), SCHEDULE)
    assert len(made) == count
    assert {one["RotationRules"]["AutomaticallyAfterDays"] for one in made.values()} <= {
        options.get("rotate", 7)
    }
    assert not any(one["RotateImmediatelyOnUpdate"] for one in made.values())


def test_the_projects_people_are_told():
    made = of_type(stack(), "AWS::SNS::Subscription")
    assert sorted((one["TopicArn"]["Ref"], one["Endpoint"]) for one in made.values()) == sorted(
        [(title("Notices", "world-series"), "ana@example.com"), (title("Notices", "churn"), "bo@example.com")]
    )


def test_no_setting_is_secret():
    settings = of_type(stack(), "AWS::Lambda::Function")["RotationFunction"]["Environment"]["Variables"]
    assert settings["STRATOLAB_ROTATION_LENGTHS"] == "12,32"
    assert set(settings) == {
        f"STRATOLAB_ROTATION_{name}" for name in ("CANARIES", "HOSTS", "LENGTHS", "TOPICS")
    }
