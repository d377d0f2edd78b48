"""cfn-lint has nothing to say of any stack of the sample labs: no error, no warning, and three more checks."""

from __future__ import annotations

import pytest
from tests.infra.linting import findings

from stratolab.infra.catalogue import stacks
from stratolab.testing.labs import SAMPLES, largest, sample

ALL = [(name, stack.key) for name in SAMPLES for stack in stacks(sample(name))]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("name", "key"), ALL)
def test_a_sample_is_clean(name: str, key: str) -> None:
    lab = sample(name)
    (stack,) = [one for one in stacks(lab) if one.key == key]
    assert findings(stack.body, stack.region) == []


@pytest.mark.timeout(300)
def test_the_largest_is_clean() -> None:
    lab = largest()
    for stack in stacks(lab):
        if stack.environment in {None, "prod"}:
            assert findings(stack.body, stack.region) == [], stack.key


@pytest.mark.timeout(300)
def test_a_misspelt_property_is_seen() -> None:
    body = stacks(sample("smallest"))[0].body.replace("BucketEncryption", "BucketEncription")
    assert any("BucketEncription" in one for one in findings(body, "eu-west-1"))
