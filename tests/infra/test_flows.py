"""Network ACLs see packets, not connections: what a network is to carry arrives, and its answer too; nothing else.

The model that packets walk through is in `packets.py`, and reads rendered templates only.
"""

from __future__ import annotations

import itertools
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.infra.packets import WORLD, Net, Packet

from stratolab.infra import flows
from stratolab.infra.catalogue import find
from stratolab.testing.labs import largest, sample

CASES = [("lab", "dev"), ("bare", "dev"), ("standard", "prod"), ("hardened", "prod"), ("largest", "prod")]
NETS = {
    f"{name} {environment}": Net(
        find(largest() if name == "largest" else sample(name), f"network.{environment}").template
    )
    for name, environment in CASES
}
PLACE = {
    "BalancerGroup": "public",
    "ServiceGroup": "private",
    "JobGroup": "private",
    "FunctionGroup": "private",
    "EgressOnlyGroup": "private",
    "EndpointGroup": "private",
    "DatabaseGroup": "isolated",
}
SOMEBODY = IPv4Address("198.51.100.7")
CALLERS = st.integers(1024, 65_535) | st.sampled_from([1024, 3389, 65_535])
"""Ports that a caller may get."""
FAR_CALLERS = CALLERS.filter(lambda port: port not in flows.CLOSED)
"""The same where the answer comes from the internet. That of a remote console is none of them: see `flows.CLOSED`."""

nets = pytest.mark.parametrize("net", NETS.values(), ids=list(NETS))


def host(net: Net, tier: str, data: st.DataObject) -> IPv4Address:
    """Any host of a tier; AWS keeps the first four addresses of a subnet and the last."""
    cidr = net.subnets[data.draw(st.sampled_from(net.tier(tier)))]
    return cidr[data.draw(st.integers(4, cidr.num_addresses - 2))]


# -- what must arrive -----------------------------------------------------------------------------


@nets
@given(data=st.data(), port=CALLERS)
def test_what_security_groups_allow_arrives_and_is_answered(net: Net, data: st.DataObject, port: int) -> None:
    caller, called, low, high = data.draw(st.sampled_from(sorted(net.calls)))
    packet = Packet(
        host(net, PLACE[caller], data),
        port,
        host(net, PLACE[called], data),
        data.draw(st.integers(low, high)),
    )
    assert net.connects(packet), (caller, called, packet)


@nets
@given(data=st.data(), port=FAR_CALLERS, nat_port=FAR_CALLERS)
def test_what_may_call_the_internet_gets_there_by_nat(
    net: Net, data: st.DataObject, port: int, nat_port: int
) -> None:
    caller, called = data.draw(st.sampled_from(sorted(net.calls_to_world)))
    packet = Packet(host(net, PLACE[caller], data), port, SOMEBODY, called)
    assert net.connects(packet, nat_port=nat_port) == bool(net.of_type("NatGateway"))


@nets
@given(data=st.data(), port=CALLERS)
def test_people_reach_load_balancers(net: Net, data: st.DataObject, port: int) -> None:
    assert net.connects(Packet(SOMEBODY, port, host(net, "public", data), 443))


@nets
@given(data=st.data(), port=FAR_CALLERS)
def test_storage_answers_the_private_tier_without_nat(net: Net, data: st.DataObject, port: int) -> None:
    """S3's gateway endpoint is a route, so its packets pass the ACLs under S3's public addresses."""
    packet = Packet(host(net, "private", data), port, SOMEBODY, 443)
    assert net.passes(packet)
    assert net.passes(packet.answer)


# -- what must not --------------------------------------------------------------------------------


@nets
@given(data=st.data(), port=st.integers(0, 65_535), called=st.integers(0, 65_535))
def test_nothing_but_a_private_caller_reaches_a_database(
    net: Net, data: st.DataObject, port: int, called: int
) -> None:
    target = host(net, "isolated", data)
    for source in (SOMEBODY, host(net, "public", data)):
        assert not net.passes(Packet(source, port, target, called))
        assert not net.passes(Packet(target, port, source, called))


@nets
@given(data=st.data(), tier=st.sampled_from(["public", "private", "isolated"]), port=st.integers(0, 65_535))
def test_remote_consoles_are_closed_to_the_world(net: Net, data: st.DataObject, tier: str, port: int) -> None:
    for called in flows.CLOSED:
        assert not net.passes(Packet(SOMEBODY, port, host(net, tier, data), called))


@nets
@given(
    data=st.data(), port=st.integers(0, 65_535), called=st.integers(0, 1023).filter(lambda one: one != 443)
)
def test_of_the_low_ports_the_world_reaches_443_only(
    net: Net, data: st.DataObject, port: int, called: int
) -> None:
    for tier in ("public", "private", "isolated"):
        assert not net.passes(Packet(SOMEBODY, port, host(net, tier, data), called))


@nets
def test_only_the_public_tier_has_a_route_to_the_internet(net: Net) -> None:
    for title in net.subnets:
        route = net._routes[title].get(WORLD, {})
        assert ("GatewayId" in route) == (title in net.tier("public"))
        assert ("NatGatewayId" in route) == (title in net.tier("private") and bool(net.of_type("NatGateway")))
    assert not any(one["MapPublicIpOnLaunch"] for one in net.of_type("Subnet").values())


@nets
def test_no_group_lets_the_world_in(net: Net) -> None:
    assert {(group, port) for _, group, port in net.addresses_let_in()} <= {("BalancerGroup", 443)}
    assert not any(source in {"0.0.0.0/0", "::/0"} for source, _, _ in net.addresses_let_in())


@nets
def test_only_the_environments_own_call_its_database(net: Net) -> None:
    """R18: by groups of this template, so that no other environment's can be meant."""
    callers = {caller for caller, called, _, _ in net.calls if called == "DatabaseGroup"}
    assert callers <= {"ServiceGroup", "JobGroup", "FunctionGroup"}
    assert not any(caller == "DatabaseGroup" for caller, _, _, _ in net.calls)


# -- no rule too many -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["standard prod", "lab dev"])
def test_every_rule_of_an_acl_carries_something(name: str) -> None:
    net = NETS[name]
    for title, entry in net.of_type("NetworkAclEntry").items():
        if entry["Protocol"] == flows.ICMP:
            continue  # the message that a packet is too large belongs to no connection
        assert not all_well(net.without(title)), f"{title} could be left out: {entry}"
    assert all_well(net)


def all_well(net: Net) -> bool:
    """Whether everything works that must, with callers' ports from both ends of each range."""
    near, far = (1024, 3389, 65_535), (1024, 3388, 3390, 65_535)
    first = {
        tier: [net.subnets[title][10] for title in net.tier(tier)]
        for tier in ("public", "private", "isolated")
    }
    inside = [
        Packet(source, port, target, called)
        for caller, callee, low, high in net.calls
        for source, target in itertools.product(first[PLACE[caller]], first[PLACE[callee]])
        for port in near
        for called in (low, high)
    ]
    world = [(Packet(source, port, SOMEBODY, called), port) for source in first["private"] for port in far
             for _, called in net.calls_to_world]  # fmt: skip
    storage = [Packet(source, port, SOMEBODY, 443) for source in first["private"] for port in far]
    people = [Packet(SOMEBODY, port, target, 443) for target in first["public"] for port in far]
    return (
        all(map(net.connects, inside))
        and all(map(net.connects, people))
        and all(net.passes(one) and net.passes(one.answer) for one in storage)
        and (not net.of_type("NatGateway") or all(net.connects(one, nat_port=port) for one, port in world))
    )


@nets
def test_an_acl_has_no_more_rules_than_aws_takes(net: Net) -> None:
    """20 in each direction. https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""
    for acl in net.of_type("NetworkAcl"):
        for egress in (False, True):
            rules = [
                one
                for one in net.of_type("NetworkAclEntry").values()
                if one["NetworkAclId"] == {"Ref": acl} and one["Egress"] is egress
            ]
            assert len(rules) <= 20
            assert len({one["RuleNumber"] for one in rules}) == len(rules)


@nets
def test_a_group_has_no_more_rules_than_aws_takes(net: Net) -> None:
    """60 in each direction."""
    for group in net.of_type("SecurityGroup"):
        into = [
            one
            for one in net.of_type("SecurityGroupIngress").values()
            if one["GroupId"]["Fn::GetAtt"][0] == group
        ]
        assert len(into) <= 60
