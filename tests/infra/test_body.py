from __future__ import annotations

import json

import pytest
from troposphere import Ref
from troposphere.sns import Topic

from stratolab.infra.body import Body, rendered, template
from stratolab.infra.values import Given, Output, taken

BUCKET = Output("foundation", "DataBucket", "Bucket of data", published="buckets/data")
SUBNETS = Output("network", "Subnets", "Subnets", "List<AWS::EC2::Subnet::Id>", published="subnets")
OWN = Output("account", "Alarms", "A topic")


def made(**changes):
    whole = {
        "about": "for a test",
        "inputs": (BUCKET, Given("AdoptedVpc", "A VPC", "vpc-1", "AWS::EC2::VPC::Id")),
        "resources": (Topic("T", DisplayName=taken(BUCKET)),),
        "outputs": {OWN: Ref("T"), **changes.pop("outputs", {})},
    }
    return template(Body(**{**whole, **changes}), lab="acme", environment="prod", own_tags={"a": "b"})


def test_inputs_are_parameters_of_their_type():
    assert made()["Parameters"] == {
        "FoundationDataBucket": {"Type": "String", "Description": "Bucket of data"},
        "AdoptedVpc": {"Type": "AWS::EC2::VPC::Id", "Description": "A VPC"},
    }


def test_resources_have_the_tags():
    assert made()["Resources"]["T"] == {
        "Type": "AWS::SNS::Topic",
        "Properties": {"DisplayName": {"Ref": "FoundationDataBucket"}, "Tags": [{"Key": "a", "Value": "b"}]},
    }


def test_outputs_are_published_where_programs_look():
    resources = made(outputs={SUBNETS: "a,b", BUCKET: "x"})["Resources"]
    assert resources["PublishedSubnets"]["Properties"]["Name"] == "/stratolab/acme/prod/subnets"
    assert resources["PublishedSubnets"]["Properties"]["Type"] == "StringList"
    assert resources["PublishedDataBucket"]["Properties"]["Type"] == "String"
    assert "PublishedAlarms" not in resources


def test_empty_parts_are_left_out():
    assert "Parameters" not in made(inputs=())


def test_one_title_is_one_resource():
    with pytest.raises(ValueError, match="the same title: T"):
        made(resources=(Topic("T"), Topic("T")))


def test_the_same_template_is_the_same_text():
    assert rendered(made()) == rendered(made())
    assert json.loads(rendered(made())) == made()
    assert "\n" not in rendered(made())
