"""Any valid `lab.toml` gives templates that are whole, fit AWS's limits and pass cfn-lint.

60 labs by default, of which six are linted, always the same; 2,000 and 100 with STRATOLAB_CHAOS=full.
"""

from __future__ import annotations

import itertools
import os
import re
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.infra.labs import Tables, labs
from tests.infra.linting import findings
from tests.infra.test_limits import check_limits

from stratolab.config.labs.load import lab_from_mapping
from stratolab.infra.catalogue import stacks

FULL = os.environ.get("STRATOLAB_CHAOS") == "full"
slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
many = settings(max_examples=2000 if FULL else 60, suppress_health_check=slow)
unshrunk = [Phase.explicit, Phase.generate]  # each smaller lab would take cfn-lint ten seconds
few = settings(
    max_examples=100 if FULL else 6, suppress_health_check=slow, derandomize=not FULL, phases=unshrunk
)


@pytest.mark.timeout(3600)
@many
@given(labs())
def test_it_renders_and_fits(tables: Tables) -> None:
    lab = lab_from_mapping(tables, "any lab")
    for stack in stacks(lab):
        check_limits(stack)
        check_references(stack.template)
        check_ranges(stack.template)


@pytest.mark.timeout(3600)
@few
@given(labs())
def test_it_passes_cfn_lint(tables: Tables) -> None:
    lab = lab_from_mapping(tables, "any lab")
    for stack in stacks(lab):
        assert findings(stack.body, stack.region) == [], stack.key


def check_references(template: dict[str, Any]) -> None:
    """Whatever is referred to is there, and every parameter is used."""
    known = {*template["Resources"], *template.get("Parameters", {})}
    used = set(references({key: template[key] for key in ("Resources", "Outputs") if key in template}))
    assert {name for name in used if "::" not in name} <= known
    assert set(template.get("Parameters", {})) <= used


def references(value: Any) -> Any:
    """Every name that a template refers to."""
    if isinstance(value, list):
        for part in value:
            yield from references(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            if key in {"Ref", "DependsOn"} and isinstance(part, str):
                yield part
            elif key == "Fn::GetAtt":
                yield part[0]
            elif key == "Fn::Sub":
                text, own = (part, {}) if isinstance(part, str) else part
                yield from (name for name in re.findall(r"\$\{(\w[\w:]*)\}", text) if name not in own)
                yield from references(own)
            else:
                yield from references(part)


def check_ranges(template: dict[str, Any]) -> None:
    """No two subnets overlap, and each lies in the network."""
    ranges = [
        IPv4Network(one["Properties"]["CidrBlock"])
        for one in template["Resources"].values()
        if one["Type"] == "AWS::EC2::Subnet"
    ]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(ranges, 2))
    for vpc in (one for one in template["Resources"].values() if one["Type"] == "AWS::EC2::VPC"):
        assert all(one.subnet_of(IPv4Network(vpc["Properties"]["CidrBlock"])) for one in ranges)
