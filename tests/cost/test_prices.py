"""The price table: what it says, what it does not know, and that it is dated."""

import datetime as dt

import pytest

from stratolab.core.errors import InputError
from stratolab.cost import prices


def test_the_table_is_dated_and_names_its_source():
    for day in (prices.CHECKED, prices.EC2_CHECKED):
        assert dt.date(2025, 1, 1) < dt.date.fromisoformat(day)
    assert prices.SOURCE.startswith("https://aws.amazon.com/")
    assert prices.EC2_SOURCE.startswith("https://aws.amazon.com/")


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_fargate_rates(region):
    assert prices.fargate(region) == prices.FargateRate(vcpu=0.04048, gb=0.004445)
    assert prices.fargate(region, arm=True) == prices.FargateRate(vcpu=0.03238, gb=0.00356)


def test_spot_is_a_stated_share_of_the_list_price():
    spot = prices.fargate_spot("eu-west-1")
    assert spot.vcpu == pytest.approx(0.04048 * 0.35)
    assert spot.gb == pytest.approx(0.004445 * 0.35)
    assert spot.vcpu >= 0.3 * 0.04048  # AWS promises "up to 70%" off, never more


def test_fargate_has_the_sizes_of_its_documentation():
    sizes = prices.fargate_sizes()
    by_cpu = {vcpus: [size.gb for size in sizes if size.vcpus == vcpus] for vcpus in {s.vcpus for s in sizes}}
    assert by_cpu == {
        0.25: [0.5, 1, 2],
        0.5: [1, 2, 3, 4],
        1: [2, 3, 4, 5, 6, 7, 8],
        2: list(range(4, 17)),
        4: list(range(8, 31)),
        8: list(range(16, 61, 4)),
        16: list(range(32, 121, 8)),
    }
    assert sizes == sorted(sizes)


def test_twenty_gigabytes_of_disk_are_included():
    assert prices.fargate_storage("eu-west-1", 20) == 0
    assert prices.fargate_storage("us-east-1", 120) == pytest.approx(100 * 0.000111)


def test_a_price_that_was_not_found_is_not_guessed():
    with pytest.raises(InputError, match="no price of Fargate's disk for eu-west-1"):
        prices.fargate_storage("eu-west-1", 21)
    with pytest.raises(InputError, match="no price of Fargate for mars-north-1") as caught:
        prices.fargate("mars-north-1")
    assert "eu-west-1, us-east-1" in caught.value.hint
    with pytest.raises(InputError, match=r"no price of EC2 for m7i\.large in eu-west-1"):
        prices.ec2("m7i.large", "eu-west-1")
    with pytest.raises(InputError, match="no price of EC2 for mars-north-1"):
        prices.ec2("m7i.large", "mars-north-1")


@pytest.mark.parametrize(
    ("kind", "region", "dollars"),
    [
        ("c7i.large", "us-east-1", 0.08925),
        ("c7i.4xlarge", "us-east-1", 0.714),
        ("m7i.xlarge", "us-east-1", 0.2016),
        ("r7i.2xlarge", "us-east-1", 0.5292),
        ("g5.xlarge", "us-east-1", 1.006),
        ("g6.4xlarge", "us-east-1", 1.3232),
        ("c7i.xlarge", "eu-west-1", 0.19152),
        ("g5.xlarge", "eu-west-1", 1.123),
    ],
)
def test_ec2_prices(kind, region, dollars):
    assert prices.ec2(kind, region) == pytest.approx(dollars)
