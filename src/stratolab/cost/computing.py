"""What compute environments of Batch cost: nothing idle, unless some vCPUs always run; and at most in a busy hour.

The price of a vCPU stands for the machine around it: on Fargate with 2 GB of memory, the least that it comes with, on
EC2 as the dearest of its families that the price table knows. Spare capacity is an estimate (`prices.SPOT_SHARE`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stratolab.core.errors import InputError
from stratolab.core.units import format_money
from stratolab.cost import prices

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND: Final = "AWS::Batch::ComputeEnvironment"
_BASE: Final = "us-east-1"
_VCPUS: Final = {"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16}
_LEAST_GB: Final = 2.0


@dataclass(frozen=True, slots=True)
class Rate:
    """Dollars an hour for one vCPU, and what that rests on."""

    dollars: float
    words: str


def idle(properties: Mapping[str, Any], region: str) -> tuple[float, str]:
    """Dollars an hour for the vCPUs that always run, and why."""
    resources = properties.get("ComputeResources", {})
    least, rate = resources.get("MinvCpus", 0), _rate(resources, region)
    if not least:
        return 0.0, "nothing while no job runs"
    if rate is None:
        return 0.0, f"{least} vCPUs always run, of machines whose price stratolab does not know"
    return (
        least * rate.dollars,
        f"{least} vCPUs always run, at {format_money(rate.dollars)} an hour {rate.words}",
    )


def busy(properties: Mapping[str, Any], region: str) -> str:
    """What an hour costs in which all vCPUs run, in words; empty for machines of one's own."""
    resources = properties.get("ComputeResources", {})
    most, rate = resources.get("MaxvCpus", 0), _rate(resources, region)
    name = properties.get("ComputeEnvironmentName", "a compute environment")
    if not most:
        return ""
    if rate is None:
        return f"{name}: machines whose price stratolab does not know"
    return f"{name}: about {format_money(most * rate.dollars)} in an hour in which all {most} vCPUs run, {rate.words}"


def full(properties: Mapping[str, Any], region: str) -> tuple[float, str]:
    """Dollars an hour for the vCPUs that do not always run, when all of them do, and what that rests on."""
    resources = properties.get("ComputeResources", {})
    more, rate = resources.get("MaxvCpus", 0) - resources.get("MinvCpus", 0), _rate(resources, region)
    if not more or rate is None:
        return 0.0, "nothing that stratolab knows the price of"
    return more * rate.dollars, f"all its vCPUs run, {rate.words}"


def _rate(resources: Mapping[str, Any], region: str) -> Rate | None:
    kind = str(resources.get("Type", ""))
    spare = kind.endswith("SPOT")
    found = _of_fargate(region) if kind.startswith("FARGATE") else _of_machines(resources, region)
    if found is None:
        return None
    dollars, where = found
    words = f"at list prices of {where}"
    return (
        Rate(dollars * prices.SPOT_SHARE, f"an estimate for spare ones {words}")
        if spare
        else Rate(dollars, words)
    )


def _of_fargate(region: str) -> tuple[float, str]:
    for where in (region, _BASE):
        try:
            rate = prices.fargate(where)
        except InputError:
            continue
        return rate.vcpu + _LEAST_GB * rate.gb, where
    raise AssertionError(_BASE)


def _of_machines(resources: Mapping[str, Any], region: str) -> tuple[float, str] | None:
    """The dearest vCPU of the given types, by the prices of the region or of the base."""
    for where in (region, _BASE):
        known = [price for name in resources.get("InstanceTypes", ()) for price in _vcpu(str(name), where)]
        if known:
            return max(known), where
    return None


def _vcpu(name: str, region: str) -> list[float]:
    """A vCPU's price by a type, or by the smallest size of a family; nothing if the table has none."""
    sizes = [name] if "." in name else [f"{name}.large", f"{name}.xlarge"]
    for one in sizes:
        try:
            return [prices.ec2(one, region) / _VCPUS[one.partition(".")[2]]]
        except (InputError, KeyError):
            continue
    return []
