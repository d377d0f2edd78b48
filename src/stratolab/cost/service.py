"""What a job would have cost on AWS, what a sweep has cost so far, and what the rest of it will.

A local job is priced as the cheapest Fargate task that would have held it. The time is its own run time: pulling the
image and starting, which Fargate bills too, are not in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from stratolab.core.errors import InputError
from stratolab.core.units import format_money, format_size
from stratolab.cost import prices

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["fargate", "fargate-spot", "fargate-arm", "fargate-arm-spot"]
_GB: Final = 2**30


@dataclass(frozen=True, slots=True)
class Price:
    """An amount and what it rests on. `dollars` for the whole, `per_hour` while it runs."""

    dollars: float
    per_hour: float
    size: str  # "1 vCPU, 2 GB"
    assumption: str  # "at AWS Fargate list prices of 2026-05-01, eu-west-1"

    def __str__(self) -> str:
        return f"{format_money(self.dollars)} {self.assumption} ({self.size})"


def job_price(
    *,
    cpus: float,
    wall_seconds: float,
    memory: int | None = None,
    peak_memory: int | None = None,
    attempts: int = 1,
    region: str = prices.DEFAULT_REGION,
    kind: Kind = "fargate",
) -> Price:
    """What a job would have cost on Fargate.

    `cpus` are those that it reserved, `memory` its limit and `peak_memory` what it was seen to use, in bytes: the task
    has room for the larger one. `wall_seconds` is the sum of all attempts; each is rounded up to a second and billed
    for a minute at least. Raises `InputError` if no size of Fargate is large enough, or for a region without prices.
    """
    per_hour, size = _cheapest(cpus, max(memory or 0, peak_memory or 0), region, kind)
    seconds = max(math.ceil(wall_seconds), prices.MINIMUM_SECONDS * max(attempts, 1))
    return Price(
        dollars=per_hour * seconds / 3600,
        per_hour=per_hour,
        size=str(size),
        assumption=assumption(region, kind),
    )


def sweep_price(jobs: Iterable[float | None]) -> float:
    """Dollars of all jobs of a sweep; one whose price is not known counts nothing."""
    return math.fsum(price for price in jobs if price is not None)


def expected(finished: Sequence[float], remaining: int) -> float | None:
    """Dollars for `remaining` more trials at the mean of the finished ones; None before the first."""
    if not finished:
        return None if remaining else 0.0
    return math.fsum(finished) / len(finished) * remaining


@lru_cache(maxsize=16)
def assumption(region: str = prices.DEFAULT_REGION, kind: Kind = "fargate") -> str:
    """What an amount rests on, for the reader: "at AWS Fargate list prices of 2026-05-01, eu-west-1"."""
    arm = " (ARM)" if "arm" in kind else ""
    if kind.endswith("spot"):
        share = f"{prices.SPOT_SHARE:.0%}"
        return f"at an estimate of AWS Fargate Spot{arm}, {share} of the list prices of {prices.CHECKED}, {region}"
    return f"at AWS Fargate{arm} list prices of {prices.CHECKED}, {region}"


def _cheapest(cpus: float, memory: int, region: str, kind: Kind) -> tuple[float, prices.FargateSize]:
    """Dollars an hour and size of the cheapest task that holds so much; of equals, the smallest."""
    step = _GB // 2  # all sizes are multiples of half a gigabyte
    found = _cheapest_from(cpus, -(-memory // step) * step, region, kind)
    if found is None:
        largest = prices.fargate_sizes()[-1]
        raise InputError(
            f"no Fargate task has {cpus:g} vCPUs and {format_size(memory)} of memory; the largest has {largest}",
            doing="estimating a price",
            hint="on AWS, a queue of kind ec2 or spot takes larger jobs",
        )
    return found


@lru_cache(maxsize=64)  # the trials of a sweep nearly agree; looking through all sizes took 0.1 ms of each
def _cheapest_from(
    cpus: float, memory: int, region: str, kind: Kind
) -> tuple[float, prices.FargateSize] | None:
    rate_of = prices.fargate_spot if kind.endswith("spot") else prices.fargate
    rate = rate_of(region, arm="arm" in kind)
    fitting = [size for size in prices.fargate_sizes() if size.vcpus >= cpus and size.gb * _GB >= memory]
    return min(((size.vcpus * rate.vcpu + size.gb * rate.gb, size) for size in fitting), default=None)
