"""How a range is cut into subnets."""

from __future__ import annotations

import itertools
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.config.labs.cidrs import LEAST_PUBLIC, SMALLEST, plan, smallest

zones = st.integers(2, 6)


@st.composite
def ranges(draw: st.DrawFn, most: int) -> IPv4Network:
    length = draw(st.integers(16, most))
    number = draw(st.integers(0, 2 ** (length - 8) - 1))
    return IPv4Network((10 << 24 | number << (32 - length), length))


@given(st.data(), zones)
def test_subnets_lie_within_their_tier_and_apart(data: st.DataObject, count: int) -> None:
    vpc = data.draw(ranges(smallest(count)))
    cut = plan(vpc, count)
    every = [subnet for tier in cut.subnets.values() for subnet in tier]
    assert len(every) == 3 * count
    assert not any(one.overlaps(other) for one, other in itertools.combinations(every, 2))
    for tier, subnets in cut.subnets.items():
        assert all(subnet.subnet_of(cut.tiers[tier]) for subnet in subnets)
        assert cut.tiers[tier].subnet_of(vpc)
    assert all(subnet.prefixlen <= SMALLEST for subnet in every)
    assert all(subnet.prefixlen <= LEAST_PUBLIC for subnet in cut.subnets["public"])


@given(st.data(), zones, zones)
def test_a_zone_more_moves_no_subnet(data: st.DataObject, one: int, other: int) -> None:
    fewer, more = sorted((one, other))
    if (fewer > 4) != (more > 4):
        return  # above four zones the cut is another one, which the docs say
    vpc = data.draw(ranges(smallest(more)))
    for tier, subnets in plan(vpc, fewer).subnets.items():
        assert plan(vpc, more).subnets[tier][:fewer] == subnets


def test_private_is_the_largest() -> None:
    cut = plan(IPv4Network("10.0.0.0/16"), 2)
    assert {tier: str(part) for tier, part in cut.tiers.items()} == {
        "public": "10.0.0.0/18",
        "private": "10.0.128.0/17",
        "isolated": "10.0.64.0/18",
    }
    assert [str(one) for one in cut.subnets["private"]] == ["10.0.128.0/19", "10.0.160.0/19"]


@pytest.mark.parametrize(("count", "length"), [(2, 24), (3, 23), (4, 23), (5, 22), (6, 22)])
def test_the_smallest_range(count: int, length: int) -> None:
    assert smallest(count) == length
    plan(IPv4Network((10 << 24, length)), count)
    with pytest.raises(ValueError, match=f"at least a /{length}"):
        plan(IPv4Network((10 << 24, length + 1)), count)
