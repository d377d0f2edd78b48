from __future__ import annotations

from troposphere import Tags
from troposphere.ec2 import VPC
from troposphere.ec2 import NetworkAclEntry as Entry
from troposphere.route53 import HostedZone
from troposphere.ssm import Parameter

from stratolab.infra import tags
from stratolab.testing.labs import sample

OURS = {"stratolab:environment": "prod", "stratolab:lab": "acme"}


def put(resource):
    made = resource.to_dict()
    return tags.put_on(made.get("Properties", {}), made["Type"], resource.props, OURS)


def test_a_list_of_tags_is_merged_in_order():
    made = put(VPC("A", CidrBlock="10.0.0.0/16", Tags=Tags(Name="net")))
    assert made["Tags"] == [
        {"Key": "Name", "Value": "net"},
        {"Key": "stratolab:environment", "Value": "prod"},
        {"Key": "stratolab:lab", "Value": "acme"},
    ]


def test_some_types_have_a_table_of_tags():
    assert put(Parameter("A", Type="String", Value="x", Tags={"own": "1"}))["Tags"] == {**OURS, "own": "1"}


def test_some_types_have_another_name_for_them():
    assert put(HostedZone("A", Name="a.example"))["HostedZoneTags"][0]["Key"] == "stratolab:environment"


def test_some_types_have_none():
    entry = Entry(
        "A",
        NetworkAclId="a",
        Protocol=6,
        RuleAction="allow",
        RuleNumber=1,
        CidrBlock="10.0.0.0/8",
        Egress=True,
    )
    assert put(entry) == entry.to_dict()["Properties"]


def test_owners_tags_are_the_stacks_and_never_ours():
    lab = sample("standard")
    assert tags.of_stack(lab)["cost-centre"] == "4711"
    assert set(tags.of_resources(lab)) == {tags.LAB, tags.ENVIRONMENT, tags.PROJECT, tags.OWNER}
    assert tags.of_resources(lab, environment="prod")[tags.ENVIRONMENT] == "prod"
    assert tags.of_resources(lab)[tags.ENVIRONMENT] == tags.SHARED
    assert tags.of_resources(lab)[tags.OWNER] == "data-team"
    assert tags.of_resources(sample("lab"))[tags.OWNER] == "acme"
