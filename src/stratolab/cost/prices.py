"""The price table: list prices of AWS with region, date and source, and the sizes that Fargate offers.

Checked on the day named in `CHECKED`. What could not be found in a source is left out and not guessed; asking for it
is an `InputError` that names what there is. Prices are in US dollars an hour.

Fargate: https://aws.amazon.com/fargate/pricing/, per vCPU and per GB of memory (2**30 bytes), by the second, rounded
up, and at least one minute for Linux (also https://www.vantage.sh/blog/fargate-pricing). The figures are the price
list's usage types `Fargate-vCPU-Hours:perCPU`, `Fargate-GB-Hours` and their `ARM` forms (offer AmazonECS), which are
the same in the two regions.
Sizes: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html

EC2: on demand, Linux, shared tenancy, as the price list (offer AmazonEC2) had it; billed per second, at least one
minute. us-east-1 as of 2026-01-19 by way of
https://github.com/aws/karpenter-provider-aws/blob/main/pkg/providers/pricing/zz_generated.pricing_aws.go, eu-west-1 by
way of https://github.com/skypilot-org/skypilot-catalog/blob/master/catalogs/v8/aws/vms.csv, where a family is priced by
the vCPU: its sizes are the listed one times a power of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stratolab.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKED: Final = "2026-05-01"
SOURCE: Final = "https://aws.amazon.com/fargate/pricing/"
EC2_CHECKED: Final = "2026-01-19"
EC2_SOURCE: Final = "https://aws.amazon.com/ec2/pricing/on-demand/"
DEFAULT_REGION: Final = "eu-west-1"

MINIMUM_SECONDS: Final = 60  # billed at least, Fargate for Linux and EC2
INCLUDED_STORAGE: Final = 20  # GB of disk that every Fargate task has without charge

# An estimate: the price page says "up to a 70% discount" and the price moves with demand. Prices seen elsewhere were
# 30% (us-west-2, 2023) and 34% (sa-east-1) of the list price; a little more than those promises nothing.
SPOT_SHARE: Final = 0.35


@dataclass(frozen=True, slots=True)
class FargateRate:
    """Dollars an hour for one vCPU and for one GB of memory, for Linux."""

    vcpu: float
    gb: float


_X86: Final = FargateRate(vcpu=0.04048, gb=0.004445)
_ARM: Final = FargateRate(vcpu=0.03238, gb=0.00356)
_FARGATE: Final[Mapping[tuple[str, str], FargateRate]] = {
    ("us-east-1", "x86"): _X86,
    ("us-east-1", "arm"): _ARM,
    ("eu-west-1", "x86"): _X86,
    ("eu-west-1", "arm"): _ARM,
}
_STORAGE: Final[Mapping[str, float]] = {"us-east-1": 0.000111}  # a GB and hour, above the included ones


def _family(large: float, name: str) -> dict[str, float]:
    """The sizes of a family that is priced by the vCPU, from its smallest one."""
    return {
        f"{name}.{size}": large * times
        for size, times in (("large", 1), ("xlarge", 2), ("2xlarge", 4), ("4xlarge", 8))
    }


_EC2: Final[Mapping[str, Mapping[str, float]]] = {
    "us-east-1": {
        **_family(0.08925, "c7i"),
        **_family(0.1008, "m7i"),
        **_family(0.1323, "r7i"),
        "g5.xlarge": 1.006,
        "g5.2xlarge": 1.212,
        "g5.4xlarge": 1.624,
        "g6.xlarge": 0.8048,
        "g6.2xlarge": 0.9776,
        "g6.4xlarge": 1.3232,
    },
    "eu-west-1": {
        **_family(0.09576, "c7i"),
        "g5.xlarge": 1.123,
    },
}

# vCPUs -> memory in GB: the least, the most, the step. 0.25 vCPU also has 0.5 GB.
_SIZES: Final[Mapping[float, tuple[float, float, float]]] = {
    0.25: (0.5, 2, 1),
    0.5: (1, 4, 1),
    1: (2, 8, 1),
    2: (4, 16, 1),
    4: (8, 30, 1),
    8: (16, 60, 4),
    16: (32, 120, 8),
}


@dataclass(frozen=True, slots=True, order=True)
class FargateSize:
    """One of the sizes that a Fargate task can have."""

    vcpus: float
    gb: float

    def __str__(self) -> str:
        return f"{self.vcpus:g} vCPU, {self.gb:g} GB"


def fargate(region: str, *, arm: bool = False) -> FargateRate:
    """On-demand price of Fargate for Linux. Raises `InputError` for a region that is not in the table."""
    rate = _FARGATE.get((region, "arm" if arm else "x86"))
    if rate is None:
        raise _unknown("Fargate", region, sorted({name for name, _ in _FARGATE}))
    return rate


def fargate_spot(region: str, *, arm: bool = False) -> FargateRate:
    """An estimate of Fargate's Spot price: `SPOT_SHARE` of the list price. Raises as `fargate`."""
    rate = fargate(region, arm=arm)
    return FargateRate(vcpu=rate.vcpu * SPOT_SHARE, gb=rate.gb * SPOT_SHARE)


def fargate_storage(region: str, gb: float) -> float:
    """Dollars an hour for a task's disk of `gb`, of which 20 are included. Raises `InputError`."""
    billed = max(gb - INCLUDED_STORAGE, 0)
    if billed and region not in _STORAGE:
        raise _unknown("Fargate's disk", region, sorted(_STORAGE))
    return billed * _STORAGE.get(region, 0.0)


def ec2(instance_type: str, region: str) -> float:
    """On-demand price of an EC2 instance with Linux. Raises `InputError` if it is not in the table."""
    if region not in _EC2:
        raise _unknown("EC2", region, sorted(_EC2))
    if instance_type not in _EC2[region]:
        raise _unknown("EC2", f"{instance_type} in {region}", list(_EC2[region]))
    return _EC2[region][instance_type]


def fargate_sizes() -> list[FargateSize]:
    """All sizes, smallest first."""
    return [FargateSize(vcpus, gb) for vcpus, limits in _SIZES.items() for gb in _memories(*limits)]


def _memories(least: float, most: float, step: float) -> list[float]:
    steps = [least + step * count for count in range(int((most - least) // step) + 1)]
    return [0.5, 1.0, 2.0] if least == 0.5 else steps


def _unknown(what: str, asked: str, known: list[str]) -> InputError:
    return InputError(
        f"the price table of {CHECKED} has no price of {what} for {asked}",
        doing="estimating a price",
        hint=f"it has {', '.join(known)}",
    )
