"""The price of jobs and sweeps, computed by hand and held by properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolab.core.errors import InputError
from stratolab.cost import prices, service

GIB = 2**30
KINDS = ("fargate", "fargate-spot", "fargate-arm", "fargate-arm-spot")

cpus = st.floats(0.01, 16)
memory = st.integers(0, 120 * GIB)
seconds = st.floats(0, 10**6)


def test_one_vcpu_for_an_hour():
    price = service.job_price(cpus=1, wall_seconds=3600)
    # 1 vCPU comes with 2 GB at least: 0.04048 + 2 * 0.004445
    assert price.per_hour == pytest.approx(0.04937)
    assert price.dollars == pytest.approx(0.04937)
    assert price.size == "1 vCPU, 2 GB"
    assert str(price) == "$0.05 at AWS Fargate list prices of 2026-05-01, eu-west-1 (1 vCPU, 2 GB)"


def test_a_short_job_is_billed_for_a_minute():
    # 0.25 vCPU, 0.5 GB: (0.25 * 0.04048 + 0.5 * 0.004445) / 60
    assert service.job_price(cpus=0.1, wall_seconds=0.4).dollars == pytest.approx(0.0123425 / 60)


def test_each_attempt_is_billed_for_a_minute():
    once = service.job_price(cpus=1, wall_seconds=9)
    assert service.job_price(cpus=1, wall_seconds=9, attempts=3).dollars == pytest.approx(3 * once.dollars)
    long = service.job_price(cpus=1, wall_seconds=900)
    assert service.job_price(cpus=1, wall_seconds=900, attempts=3) == long


def test_a_begun_second_counts_whole():
    assert service.job_price(cpus=1, wall_seconds=60.01).dollars == pytest.approx(0.04937 * 61 / 3600)


def test_memory_makes_the_task_larger():
    # 10 GB need 2 vCPUs: 2 * 0.04048 + 10 * 0.004445
    price = service.job_price(cpus=1, wall_seconds=3600, memory=10 * GIB)
    assert (price.size, price.dollars) == ("2 vCPU, 10 GB", pytest.approx(0.12541))


def test_the_larger_of_limit_and_measured_peak_decides():
    limit = service.job_price(cpus=1, wall_seconds=60, memory=3 * GIB, peak_memory=GIB)
    peak = service.job_price(cpus=1, wall_seconds=60, memory=GIB, peak_memory=3 * GIB)
    assert limit == peak
    assert limit.size == "1 vCPU, 3 GB"


def test_just_over_a_gigabyte_needs_the_next_size():
    assert service.job_price(cpus=1, wall_seconds=60, peak_memory=2 * GIB).size == "1 vCPU, 2 GB"
    assert service.job_price(cpus=1, wall_seconds=60, peak_memory=2 * GIB + 1).size == "1 vCPU, 3 GB"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_assumes(kind):
    told = service.assumption("us-east-1", kind)
    assert prices.CHECKED in told
    assert "us-east-1" in told
    assert ("estimate" in told and "35%" in told) == kind.endswith("spot")
    assert ("ARM" in told) == ("arm" in kind)


def test_the_largest_task_is_the_limit():
    assert service.job_price(cpus=16, wall_seconds=60, memory=120 * GIB).size == "16 vCPU, 120 GB"
    with pytest.raises(InputError, match="no Fargate task has 17 vCPUs") as caught:
        service.job_price(cpus=17, wall_seconds=60)
    assert "16 vCPU, 120 GB" in caught.value.what
    with pytest.raises(InputError, match="121GiB of memory"):
        service.job_price(cpus=1, wall_seconds=60, memory=121 * GIB)


@given(cpus, memory, seconds, seconds, st.sampled_from(KINDS))
def test_longer_is_never_cheaper(cpu, size, one, other, kind):
    short, long = (
        service.job_price(cpus=cpu, memory=size, wall_seconds=wall, kind=kind)
        for wall in sorted((one, other))
    )
    assert short.dollars <= long.dollars
    assert short.per_hour == long.per_hour


@given(cpus, cpus, memory, memory, st.sampled_from(KINDS))
def test_larger_is_never_cheaper(one, other, little, much, kind):
    small_cpu, large_cpu = sorted((one, other))
    small, large = sorted((little, much))
    cheap = service.job_price(cpus=small_cpu, memory=small, wall_seconds=60, kind=kind)
    dear = service.job_price(cpus=large_cpu, memory=large, wall_seconds=60, kind=kind)
    assert cheap.dollars <= dear.dollars


@given(cpus, memory, st.floats(0, 60), st.sampled_from(KINDS))
def test_a_minute_is_the_least(cpu, size, wall, kind):
    price = service.job_price(cpus=cpu, memory=size, wall_seconds=wall, kind=kind)
    assert price.dollars == pytest.approx(price.per_hour / 60)


def test_a_sweep_costs_what_its_jobs_cost():
    assert service.sweep_price([0.01, None, 0.02]) == pytest.approx(0.03)
    assert service.sweep_price([]) == 0


def test_the_rest_of_a_sweep_at_the_mean_of_what_is_done():
    assert service.expected([0.01, 0.03], 50) == pytest.approx(1.0)
    assert service.expected([], 50) is None
    assert service.expected([0.01], 0) == 0
    assert service.expected([], 0) == 0
