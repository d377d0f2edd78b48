"""The stacks of a lab: their order, what they take from one another, and what a planner gets."""

from __future__ import annotations

import subprocess
import sys

import pytest

from stratolab.config.labs.load import lab_from_mapping
from stratolab.core.errors import InputError
from stratolab.infra.catalogue import environments, find, stacks
from stratolab.testing.labs import SAMPLES, every_kind_of_lab, largest, sample

LABS = [*SAMPLES, "largest"]


def lab(name):
    return largest() if name == "largest" else sample(name)


def test_a_planner_gets_all_it_needs():
    made = {stack.key: stack for stack in stacks(sample("standard"))}
    assert list(made) == [
        "foundation",
        "account",
        "spending",
        "network.dev",
        "network.prod",
        "database.prod",
        "compute.dev",
        "compute.prod",
        "project.churn",
        "project.world-series",
        "tracking.prod",
    ]
    network = made["network.prod"]
    assert (network.name, network.environment, network.concern) == ("acme-network-prod", "prod", "network")
    assert network.needs == ("foundation",)
    assert network.tags["stratolab:environment"] == "prod"
    assert network.tags["cost-centre"] == "4711"
    given = {"foundation": {"Boundary": "arn:b", "LogsKey": "arn:k", "More": "x"}}
    assert network.parameters(given) == {"FoundationBoundary": "arn:b", "FoundationLogsKey": "arn:k"}
    assert network.body.startswith('{"AWSTemplateFormatVersion":"2010-09-09"')


def test_an_adopted_network_is_given_by_parameters():
    network = find(sample("adopted"), "network.prod")
    assert network.needs == ()
    assert network.parameters({})["AdoptedVpc"] == "vpc-0123456789abcdef0"
    assert (
        network.parameters({})["AdoptedPrivateSubnets"] == "subnet-0123456789abcdef0,subnet-0123456789abcdef1"
    )


def test_an_output_that_is_not_there_yet_is_named():
    account = find(sample("standard"), "account")
    with pytest.raises(InputError, match="foundation has not given its output CodeBucket yet") as caught:
        account.parameters({"foundation": {}})
    assert caught.value.hint == "stratolab up foundation"


def test_a_stack_that_is_not_there():
    with pytest.raises(InputError, match=r"there is no stack 'network\.stage'") as caught:
        find(sample("standard"), "network.stage")
    assert "did you mean" in caught.value.hint


@pytest.mark.parametrize("name", LABS)
def test_every_stack_comes_after_what_it_needs(name):
    seen = {}
    for stack in stacks(lab(name)):
        for taken in stack.inputs:
            assert bool(taken.stack) != bool(taken.value), taken
            if taken.stack:
                output = {one.name: one for one in seen[taken.stack].outputs}[taken.output]
                assert output.type == taken.type
        seen[stack.key] = stack


@pytest.mark.parametrize("name", LABS)
def test_every_output_and_parameter_is_in_the_template(name):
    for stack in stacks(lab(name)):
        assert {one.name for one in stack.outputs} == set(stack.template.get("Outputs", {}))
        assert {one.parameter for one in stack.inputs} == set(stack.template.get("Parameters", {}))


def test_names_are_one_to_a_stack():
    for one in every_kind_of_lab():
        made = stacks(one)
        assert len({stack.name for stack in made}) == len({stack.key for stack in made}) == len(made)


def test_budgets_are_made_where_the_bill_is():
    assert [find(sample(name), "spending").region for name in ("lab", "elsewhere")] == [
        "eu-west-1",
        "us-east-1",
    ]
    assert {stack.region for stack in stacks(sample("elsewhere"))} == {"eu-north-1", "us-east-1"}
    assert find(sample("standard"), "spending").needs == ("foundation",)  # for its key
    gov = lab_from_mapping({"lab": {"name": "a", "region": "us-gov-west-1"}}, "here")
    assert [stack.key for stack in stacks(gov)] == ["foundation", "account", "network.dev"]


def test_environments_come_in_order():
    assert environments(sample("hardened")) == ["dev", "stage", "prod"]


def test_the_same_configuration_gives_the_same_bytes():
    """In another process too, where sets and hashes have another order."""
    program = (
        "import hashlib\nfrom stratolab.infra.catalogue import stacks\nfrom stratolab.testing.labs import largest\n"
        "print(hashlib.sha256(''.join(stack.body for stack in stacks(largest())).encode()).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
