from __future__ import annotations

import pytest

from stratolab.cost import prices
from stratolab.cost.computing import KIND, busy, idle
from stratolab.cost.rates import Rates
from stratolab.cost.standing import HOURS, standing


def environment(**resources):
    return {"ComputeEnvironmentName": "acme-dev-one", "ComputeResources": resources}


@pytest.mark.parametrize(
    ("resources", "region", "dollars"),
    [
        ({"Type": "FARGATE"}, "eu-west-1", 64 * (0.04048 + 2 * 0.004445)),
        ({"Type": "FARGATE_SPOT"}, "sa-east-1", 64 * (0.04048 + 2 * 0.004445) * prices.SPOT_SHARE),
        ({"Type": "EC2", "InstanceTypes": ["c7i", "r7i"]}, "us-east-1", 64 * 0.1323 / 2),
        ({"Type": "EC2", "InstanceTypes": ["g5.4xlarge"]}, "us-east-1", 64 * 1.624 / 16),
        ({"Type": "SPOT", "InstanceTypes": ["m7i", "x9"]}, "eu-west-1", 64 * 0.1008 / 2 * prices.SPOT_SHARE),
    ],
)
def test_a_busy_hour(resources, region, dollars):
    told = busy(environment(MaxvCpus=64, **resources), region)
    assert f"about ${dollars:.2f} in an hour in which all 64 vCPUs run" in told
    assert ("estimate" in told) == ("SPOT" in resources["Type"])
    assert ("us-east-1" in told) == (region != "eu-west-1" or "m7i" in resources.get("InstanceTypes", ()))


def test_machines_of_ones_own_cost_whoever_runs_them():
    assert busy({"Type": "UNMANAGED", "UnmanagedvCpus": 8}, "eu-west-1") == ""


def test_scaled_to_zero_costs_nothing():
    assert idle(environment(Type="EC2", MinvCpus=0, InstanceTypes=["c7i"]), "us-east-1")[0] == 0


def test_what_always_runs_is_in_the_months_price():
    one = environment(Type="EC2", MinvCpus=4, MaxvCpus=8, InstanceTypes=["c7i"])
    found = standing([{"Resources": {"A": {"Type": KIND, "Properties": one}}}], Rates("us-east-1"))
    assert found.dollars == pytest.approx(4 * 0.08925 / 2 * HOURS)
    assert any("all 8 vCPUs" in note for note in found.notes)


def test_a_price_that_is_not_known_is_said():
    one = environment(Type="EC2", MinvCpus=4, MaxvCpus=8, InstanceTypes=["x9"])
    assert idle(one, "us-east-1") == (
        0.0,
        "4 vCPUs always run, of machines whose price stratolab does not know",
    )
    assert "does not know" in busy(one, "us-east-1")
